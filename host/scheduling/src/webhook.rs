//! When a webhook is tried again: the schedule that Standard Webhooks recommends.

use crate::jitter;
use docket_types::Timestamp;
use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;

/// Seconds before each try. Their number is the number of tries.
const SCHEDULE: [u64; 10] =
    [0, 5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

/// How often a webhook is tried in all.
pub const MAX_TRIES: u32 = SCHEDULE.len() as u32;

/// The most that a receiver's `Retry-After` can ask for.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * HOUR);

/// What a receiver said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It answered.
    Status {
        /// The HTTP status.
        status: u16,
        /// Its `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// It did not answer.
    None,
}

/// What happens to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The receiver has it.
    Delivered,
    /// Again at this moment.
    At(Timestamp),
    /// Given up: the receiver is gone (410) or the schedule is used up.
    Dead,
}

/// What follows try number `tries` (from 1, this one included).
///
/// Any 2xx is a receipt. 410 means that the receiver wants no more. A redirect is not followed and counts as a
/// failure. `Retry-After` can only put the next try off.
pub fn after_try(tries: u32, answer: Answer, now: Timestamp, seed: u64) -> Next {
    let retry_after = match answer {
        Answer::Status { status: 200..=299, .. } => return Next::Delivered,
        Answer::Status { status: 410, .. } => return Next::Dead,
        Answer::Status { retry_after, .. } => retry_after.unwrap_or_default().min(MAX_RETRY_AFTER),
        Answer::None => Duration::ZERO,
    };
    let Some(seconds) = SCHEDULE.get(tries.max(1) as usize) else { return Next::Dead };
    let pause = Duration::from_secs(*seconds);
    Next::At(now + (pause + jitter::up_to(pause / 10, seed, tries)).max(retry_after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_millis(0);

    fn status(tries: u32, status: u16, retry_after: Option<Duration>) -> Next {
        after_try(tries, Answer::Status { status, retry_after }, NOW, 3)
    }

    #[test]
    fn the_schedule_is_the_recommended_one() {
        let mut gaps = Vec::new();
        let mut tries = 1;
        while let Next::At(at) = after_try(tries, Answer::None, NOW, 3) {
            gaps.push(at.since(NOW).as_secs());
            tries += 1;
        }
        assert_eq!(tries, MAX_TRIES);
        for (gap, planned) in gaps.iter().zip(&SCHEDULE[1..]) {
            assert!((*planned..=planned + planned / 10 + 1).contains(gap), "{gap} {planned}");
        }
    }

    #[test]
    fn statuses_decide() {
        assert_eq!(status(1, 204, None), Next::Delivered);
        assert_eq!(status(1, 410, None), Next::Dead);
        assert!(matches!(status(1, 302, None), Next::At(_)));
        assert!(matches!(status(9, 500, None), Next::At(_)));
        assert_eq!(status(10, 500, None), Next::Dead);
    }

    proptest! {
        #[test]
        fn retry_after_only_delays(tries in 1_u32..10, seconds in 0_u64..1_000_000, seed: u64) {
            let plain = after_try(tries, Answer::None, NOW, seed);
            let asked = Duration::from_secs(seconds);
            let told = after_try(tries, Answer::Status { status: 503, retry_after: Some(asked) }, NOW, seed);
            match (plain, told) {
                (Next::At(plain), Next::At(told)) => {
                    prop_assert!(told >= plain && told >= NOW + asked.min(MAX_RETRY_AFTER));
                }
                _ => prop_assert!(false),
            }
        }
    }
}
