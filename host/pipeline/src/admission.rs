//! Keeps count of what is being accepted right now, so that many callers at once cannot overshoot the limit.

use crate::options::Options;
use docket_scheduling::admission::{Full, Gate, Level, Limits};
use docket_store::Load;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The gate and what is on its way through it.
pub(crate) struct Admission {
    limits: Limits,
    state: Mutex<State>,
    /// Outcomes per second, as the bits of a double.
    rate: AtomicU64,
}

#[derive(Default)]
struct State {
    gate: Gate,
    entering: Level,
}

/// A place in the queue, until the store has counted the request.
pub(crate) struct Place<'a> {
    admission: &'a Admission,
    bytes: u64,
}

impl Admission {
    pub(crate) fn new(options: &Options) -> Self {
        let limits = Limits {
            max_requests: options.max_requests,
            max_bytes: options.max_bytes,
            high: options.high_watermark,
            low: options.low_watermark,
        };
        Self { limits, state: Mutex::new(State::default()), rate: AtomicU64::new(0) }
    }

    /// Asks for a place.
    pub(crate) fn enter(&self, load: Load, bytes: u64) -> Result<Place<'_>, (Full, Duration)> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let level = Level {
            requests: load.open.saturating_add(state.entering.requests),
            bytes: load.bytes.saturating_add(state.entering.bytes),
        };
        match state.gate.admit(&self.limits, level, bytes) {
            Ok(()) => {
                state.entering.requests += 1;
                state.entering.bytes += bytes;
                Ok(Place { admission: self, bytes })
            }
            Err(full) => Err((full, self.limits.retry_after(level, self.rate()))),
        }
    }

    /// Outcomes per second.
    pub(crate) fn rate(&self) -> f64 {
        f64::from_bits(self.rate.load(Ordering::Relaxed))
    }

    pub(crate) fn set_rate(&self, per_second: f64) {
        self.rate.store(per_second.to_bits(), Ordering::Relaxed);
    }

    /// How long `open` requests take at the present rate.
    pub(crate) fn estimate(&self, open: u64) -> Option<Duration> {
        let rate = self.rate();
        (rate > 0.0).then(|| Duration::from_secs_f64((open as f64 / rate).clamp(0.0, 86_400.0)))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.admission.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.entering.requests = state.entering.requests.saturating_sub(1);
        state.entering.bytes = state.entering.bytes.saturating_sub(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_until_they_are_given_back() {
        let options =
            Options { max_requests: 2, high_watermark: 1.0, low_watermark: 0.5, ..Options::default() };
        let admission = Admission::new(&options);
        let empty = Load::default();
        let one = admission.enter(empty, 1).ok();
        let two = admission.enter(empty, 1).ok();
        assert!(one.is_some() && two.is_some());
        assert_eq!(admission.enter(empty, 1).err().map(|e| e.0), Some(Full::Requests));
        drop(one);
        assert!(admission.enter(empty, 1).is_ok(), "down to the low mark");
    }

    #[test]
    fn no_rate_no_estimate() {
        let admission = Admission::new(&Options::default());
        assert_eq!(admission.estimate(5), None);
        admission.set_rate(2.0);
        assert_eq!(admission.estimate(5), Some(Duration::from_millis(2500)));
    }
}
