//! How far a step machine may go, and how long a wait of it may be.

use docket_types::Timestamp;
use std::time::Duration;

/// What a step machine may use up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Steps.
    pub max_steps: u32,
    /// Not after this moment.
    pub until: Timestamp,
}

/// The steps of one request: a call and an answer are two; look-ups and polls need more.
pub const REQUEST_STEPS: u32 = 256;

/// The steps of one job: a poll every 30 seconds for two days, with room.
pub const JOB_STEPS: u32 = 16_384;

/// Why a machine must stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Exhausted {
    /// Too many steps.
    #[error("the adapter made {0} steps without an end")]
    Steps(u32),
    /// No time left.
    #[error("the time ran out")]
    Time,
}

impl Budget {
    /// Whether step number `steps` (from 1) may be made now.
    pub fn check(&self, steps: u32, now: Timestamp) -> Result<(), Exhausted> {
        if steps > self.max_steps {
            Err(Exhausted::Steps(self.max_steps))
        } else if now >= self.until {
            Err(Exhausted::Time)
        } else {
            Ok(())
        }
    }

    /// The time that is left.
    pub fn left(&self, now: Timestamp) -> Duration {
        self.until.since(now)
    }
}

/// The shortest pause between two polls of a job: an adapter that asks for less would turn in a busy loop.
pub const MIN_JOB_WAIT: Duration = Duration::from_millis(1);
/// The longest: a job is looked at once in a while even if its adapter would sleep.
pub const MAX_JOB_WAIT: Duration = Duration::from_secs(15 * 60);

/// A job's wait, brought into bounds.
pub fn job_wait(ms: u64) -> Duration {
    Duration::from_millis(ms).clamp(MIN_JOB_WAIT, MAX_JOB_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ends_by_steps_and_by_time() {
        let budget = Budget { max_steps: 2, until: Timestamp::from_millis(10) };
        assert_eq!(budget.check(2, Timestamp::from_millis(9)), Ok(()));
        assert_eq!(budget.check(3, Timestamp::from_millis(9)), Err(Exhausted::Steps(2)));
        assert_eq!(budget.check(1, Timestamp::from_millis(10)), Err(Exhausted::Time));
        assert_eq!(budget.left(Timestamp::from_millis(7)), Duration::from_millis(3));
        assert_eq!(budget.left(Timestamp::from_millis(70)), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn waits_are_bounded(ms: u64) {
            prop_assert!((MIN_JOB_WAIT..=MAX_JOB_WAIT).contains(&job_wait(ms)));
        }
    }
}
