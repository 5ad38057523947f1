//! What is known of a provider's health: the numbers behind its status.

use docket_types::Timestamp;

/// The window of the availability, in calls.
const WINDOW: u32 = 128;

/// Since the start of this process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stats {
    /// The last calls, newest in the lowest bit; a set bit failed on the provider's side.
    failed: u128,
    seen: u32,
    pub(crate) failures_in_a_row: u32,
    pub(crate) last_success: Option<Timestamp>,
    pub(crate) last_failure: Option<Timestamp>,
    answers: u64,
    answer_ms: u64,
}

impl Stats {
    /// An attempt was answered.
    pub(crate) fn success(&mut self, now: Timestamp, response_time_ms: u64) {
        self.push(false);
        self.failures_in_a_row = 0;
        self.last_success = Some(now);
        self.answers += 1;
        self.answer_ms = self.answer_ms.saturating_add(response_time_ms);
    }

    /// An attempt failed. `unhealthy`: on the provider's side.
    pub(crate) fn failure(&mut self, now: Timestamp, unhealthy: bool) {
        self.push(unhealthy);
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        self.last_failure = Some(now);
    }

    fn push(&mut self, failed: bool) {
        self.failed = self.failed << 1 | u128::from(failed);
        self.seen = (self.seen + 1).min(WINDOW);
    }

    /// The share of recent calls that did not fail on the provider's side, 0 to 100.
    pub(crate) fn availability(&self) -> f64 {
        if self.seen == 0 {
            return 100.0;
        }
        let failed = self.failed.count_ones().min(self.seen);
        100.0 * f64::from(self.seen - failed) / f64::from(self.seen)
    }

    /// The mean of all answers.
    pub(crate) fn mean_ms(&self) -> Option<f64> {
        (self.answers > 0).then(|| self.answer_ms as f64 / self.answers as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn availability_forgets() {
        let (mut stats, now) = (Stats::default(), Timestamp::default());
        assert_eq!(stats.availability(), 100.0);
        stats.failure(now, true);
        stats.success(now, 30);
        assert_eq!(stats.availability(), 50.0);
        stats.failure(now, false);
        stats.success(now, 10);
        assert_eq!(stats.availability(), 75.0);
        assert_eq!(stats.mean_ms(), Some(20.0));
        (0..128).for_each(|_| stats.success(now, 0));
        assert_eq!(stats.availability(), 100.0);
    }
}
