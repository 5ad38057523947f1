//! Whether the queue takes another request.
//!
//! Two measures, count and bytes, each with a high and a low mark. Above the high mark the gate closes, and
//! it opens again only at the low mark: a queue that hovers around one limit would refuse every other caller.

use std::time::Duration;

/// How much the queue may hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Requests without an outcome.
    pub max_requests: u64,
    /// Their bytes.
    pub max_bytes: u64,
    /// The share of either limit at which the gate closes: more than `low`, at most 1.
    pub high: f64,
    /// The share of both limits at which it opens again.
    pub low: f64,
}

/// How full the queue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Level {
    /// Requests without an outcome, those being accepted included.
    pub requests: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// Too many requests.
    Requests,
    /// Too many bytes.
    Bytes,
    /// The gate has closed and the queue has not drained to its low mark.
    Draining,
}

impl Full {
    /// The name in answers and as a metric label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Bytes => "bytes",
            Self::Draining => "draining",
        }
    }
}

/// Whether the gate is open. Start with the default: open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gate {
    closed: bool,
}

/// The shortest pause that a refused caller is told.
pub const MIN_RETRY_AFTER: Duration = Duration::from_secs(1);
/// The longest; what the seed's service told its callers.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(300);

impl Limits {
    fn high_mark(&self, max: u64) -> u64 {
        ((max as f64 * self.high.clamp(0.0, 1.0)).ceil() as u64).clamp(1, max.max(1))
    }

    fn low_mark(&self, max: u64) -> u64 {
        ((max as f64 * self.low.clamp(0.0, 1.0)).floor() as u64).min(self.high_mark(max) - 1)
    }

    /// How long until the queue has drained to its low mark, at `per_second` outcomes.
    pub fn retry_after(&self, level: Level, per_second: f64) -> Duration {
        let surplus = level.requests.saturating_sub(self.low_mark(self.max_requests)).max(1) as f64;
        if per_second <= 0.0 || !per_second.is_finite() {
            return Duration::from_secs(30);
        }
        let seconds = (surplus / per_second).ceil().clamp(0.0, MAX_RETRY_AFTER.as_secs_f64());
        Duration::from_secs_f64(seconds).clamp(MIN_RETRY_AFTER, MAX_RETRY_AFTER)
    }
}

impl Gate {
    /// Whether a request of `bytes` may enter a queue that stands at `level`.
    pub fn admit(&mut self, limits: &Limits, level: Level, bytes: u64) -> Result<(), Full> {
        if self.closed
            && level.requests <= limits.low_mark(limits.max_requests)
            && level.bytes <= limits.low_mark(limits.max_bytes)
        {
            self.closed = false;
        }
        let full = if self.closed {
            Some(Full::Draining)
        } else if level.requests >= limits.high_mark(limits.max_requests) {
            Some(Full::Requests)
        } else if level.bytes.saturating_add(bytes) > limits.high_mark(limits.max_bytes) {
            Some(Full::Bytes)
        } else {
            None
        };
        match full {
            None => Ok(()),
            Some(full) => {
                // A single large request that does not fit must not shut the small ones out.
                self.closed |= full == Full::Requests || level.bytes >= limits.high_mark(limits.max_bytes);
                Err(full)
            }
        }
    }

    /// Whether it refuses until the queue has drained.
    pub const fn is_closed(self) -> bool {
        self.closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits { max_requests: 100, max_bytes: 1_000, high: 0.9, low: 0.5 };

    #[test]
    fn closes_at_the_high_mark_and_opens_at_the_low_one() {
        let mut gate = Gate::default();
        let mut at = |requests| gate.admit(&LIMITS, Level { requests, bytes: 0 }, 1);
        assert_eq!(at(89), Ok(()));
        assert_eq!(at(90), Err(Full::Requests));
        assert_eq!(at(51), Err(Full::Draining));
        assert_eq!(at(50), Ok(()));
        assert_eq!(at(89), Ok(()));
    }

    #[test]
    fn bytes_count_too_and_a_giant_does_not_close_the_gate() {
        let mut gate = Gate::default();
        let level = Level { requests: 1, bytes: 400 };
        assert_eq!(gate.admit(&LIMITS, level, 501), Err(Full::Bytes));
        assert_eq!(gate.admit(&LIMITS, level, 500), Ok(()));
        assert_eq!(gate.admit(&LIMITS, Level { requests: 1, bytes: 900 }, 1), Err(Full::Bytes));
        assert_eq!(gate.admit(&LIMITS, Level { requests: 1, bytes: 501 }, 1), Err(Full::Draining));
        assert_eq!(gate.admit(&LIMITS, Level { requests: 1, bytes: 500 }, 1), Ok(()));
    }

    #[test]
    fn tells_when_to_come_back() {
        let level = Level { requests: 90, bytes: 0 };
        assert_eq!(LIMITS.retry_after(level, 4.0), Duration::from_secs(10));
        assert_eq!(LIMITS.retry_after(level, 1e9), MIN_RETRY_AFTER);
        assert_eq!(LIMITS.retry_after(level, 1e-9), MAX_RETRY_AFTER);
        assert_eq!(LIMITS.retry_after(level, 0.0), Duration::from_secs(30));
    }

    proptest! {
        #[test]
        fn never_above_the_limit_and_never_stuck(
            max in 1_u64..500, high in 0.01_f64..=1.0, low in 0.0_f64..1.0,
            moves in prop::collection::vec((any::<bool>(), 0_u64..50), 1..300),
        ) {
            let limits = Limits { max_requests: max, max_bytes: 10_000, high, low };
            let (mut gate, mut level) = (Gate::default(), Level::default());
            for (arrive, n) in moves {
                if !arrive {
                    level.requests = level.requests.saturating_sub(n);
                    level.bytes = level.bytes.min(level.requests * 50);
                } else if gate.admit(&limits, level, n).is_ok() {
                    level.requests += 1;
                    level.bytes += n;
                }
                prop_assert!(level.requests <= max && level.bytes <= 10_000);
            }
            prop_assert_eq!(gate.admit(&limits, Level::default(), 1), Ok(()), "an empty queue always opens");
        }
    }
}
