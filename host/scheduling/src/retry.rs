//! Whether a failed attempt is repeated, and when.
//!
//! Exponential backoff with full jitter; a provider's `retry-after` wins over it. What cannot succeed is
//! not repeated: it would cost money and time for the same answer.

use crate::jitter;
use docket_types::{Failure, FailureClass, RetryAdvice, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How often, and how soon, failed attempts are repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Attempts in all, the first included.
    pub max_attempts: u32,
    /// The longest pause before the first repetition; it doubles with each.
    pub base: Duration,
    /// The longest pause of the backoff. A provider's `retry-after` may be longer.
    pub cap: Duration,
}

impl Default for Policy {
    /// Four attempts, as the seed's service made; one second, doubling up to a minute.
    fn default() -> Self {
        Self { max_attempts: 4, base: Duration::from_secs(1), cap: Duration::from_secs(60) }
    }
}

/// What is known when an attempt has failed.
#[derive(Debug, Clone, Copy)]
pub struct Failed<'a> {
    /// Why.
    pub failure: &'a Failure,
    /// Which attempt failed, from 1.
    pub attempt: u32,
    /// How many of the attempts ended with a lost lease: nobody knows that they failed, so they do not count.
    pub lost_leases: u32,
    /// Now.
    pub now: Timestamp,
    /// After this the answer is worthless.
    pub expires_at: Timestamp,
    /// Of the request.
    pub seed: u64,
}

/// What to do about a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Again, not before this moment.
    RetryAt(Timestamp),
    /// It has failed for good.
    GiveUp(Reason),
}

/// Why an attempt is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The same request would fail again.
    NotRetryable,
    /// All attempts are used.
    AttemptsUsed,
    /// It would come too late.
    TooLate,
}

impl Reason {
    /// The name in callbacks.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotRetryable => "not_retryable",
            Self::AttemptsUsed => "attempts_used",
            Self::TooLate => "too_late",
        }
    }
}

impl Policy {
    /// Decides about one failed attempt.
    pub fn decide(&self, failed: &Failed<'_>) -> Decision {
        if !may_retry(failed.failure) {
            return Decision::GiveUp(Reason::NotRetryable);
        }
        let attempt = failed.attempt.saturating_sub(failed.lost_leases).max(1);
        // A step is a pure function: what trapped twice will trap a third time.
        let most = if failed.failure.class == FailureClass::Adapter { 2 } else { self.max_attempts };
        if attempt >= most.min(self.max_attempts) {
            return Decision::GiveUp(Reason::AttemptsUsed);
        }
        let at = failed.now + self.pause(failed.failure.retry, attempt, failed.seed);
        if at >= failed.expires_at { Decision::GiveUp(Reason::TooLate) } else { Decision::RetryAt(at) }
    }

    fn pause(&self, advice: RetryAdvice, attempt: u32, seed: u64) -> Duration {
        match advice {
            // A little later than asked for, so that all who were told the same do not come at once.
            RetryAdvice::AfterMs(ms) => {
                Duration::from_millis(ms).saturating_add(jitter::up_to(self.base, seed, attempt))
            }
            _ => jitter::up_to(self.backoff(attempt), seed, attempt),
        }
    }

    /// The longest pause after this attempt.
    pub fn backoff(&self, attempt: u32) -> Duration {
        let factor = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
        self.base.saturating_mul(factor).min(self.cap)
    }
}

/// Whether repeating may help. The class has the last word over an adapter's advice.
///
/// There is no second credential or provider to turn to, so those two advices mean never.
pub fn may_retry(failure: &Failure) -> bool {
    use FailureClass as C;
    let advised = matches!(failure.retry, RetryAdvice::Backoff | RetryAdvice::AfterMs(_));
    advised
        && match failure.class {
            C::RateLimited
            | C::Overloaded
            | C::Timeout
            | C::Server
            | C::BadResponse
            | C::Adapter
            | C::Other(_) => true,
            // A quota comes back at a known moment, or not by waiting.
            C::QuotaExhausted => matches!(failure.retry, RetryAdvice::AfterMs(_)),
            C::InvalidRequest
            | C::Auth
            | C::Permission
            | C::NotFound
            | C::ContextLength
            | C::ContentPolicy
            | C::Unsupported
            | C::Cancelled => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn decide(class: FailureClass, retry: RetryAdvice, attempt: u32, lost: u32, left: Duration) -> Decision {
        let failure = Failure::new(class, retry, "");
        let failed = Failed {
            failure: &failure,
            attempt,
            lost_leases: lost,
            now: NOW,
            expires_at: NOW + left,
            seed: 7,
        };
        Policy::default().decide(&failed)
    }

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn what_cannot_help_is_not_repeated() {
        use FailureClass as C;
        for class in
            [C::InvalidRequest, C::Auth, C::Permission, C::NotFound, C::ContextLength, C::ContentPolicy]
        {
            let decision = decide(class, RetryAdvice::Backoff, 1, 0, HOUR);
            assert_eq!(decision, Decision::GiveUp(Reason::NotRetryable));
        }
        for advice in [RetryAdvice::Never, RetryAdvice::OtherCredential, RetryAdvice::OtherProvider] {
            assert_eq!(decide(C::Server, advice, 1, 0, HOUR), Decision::GiveUp(Reason::NotRetryable));
        }
        assert_eq!(
            decide(C::QuotaExhausted, RetryAdvice::Backoff, 1, 0, HOUR),
            Decision::GiveUp(Reason::NotRetryable)
        );
        assert!(matches!(
            decide(C::QuotaExhausted, RetryAdvice::AfterMs(5), 1, 0, HOUR),
            Decision::RetryAt(_)
        ));
    }

    #[test]
    fn a_trap_is_repeated_once() {
        let of = |attempt, lost| decide(FailureClass::Adapter, RetryAdvice::Backoff, attempt, lost, HOUR);
        assert!(matches!(of(1, 0), Decision::RetryAt(_)));
        assert_eq!(of(2, 0), Decision::GiveUp(Reason::AttemptsUsed));
        assert!(matches!(of(2, 1), Decision::RetryAt(_)), "a lost lease does not count");
    }

    #[test]
    fn four_attempts_and_no_more() {
        let of = |attempt| decide(FailureClass::Server, RetryAdvice::Backoff, attempt, 0, HOUR);
        assert!(matches!(of(3), Decision::RetryAt(_)));
        assert_eq!(of(4), Decision::GiveUp(Reason::AttemptsUsed));
    }

    #[test]
    fn too_late_is_given_up() {
        let left = Duration::from_secs(9);
        let decision = decide(FailureClass::RateLimited, RetryAdvice::AfterMs(9_000), 1, 0, left);
        assert_eq!(decision, Decision::GiveUp(Reason::TooLate));
    }

    proptest! {
        #[test]
        fn retry_after_is_never_undercut(ms in 0_u64..10_000_000, attempt in 1_u32..4, seed: u64) {
            let failure = Failure::new(FailureClass::RateLimited, RetryAdvice::AfterMs(ms), "");
            let expires_at = NOW + Duration::from_secs(1_000_000);
            let failed = Failed { failure: &failure, attempt, lost_leases: 0, now: NOW, expires_at, seed };
            let asked = Duration::from_millis(ms);
            match Policy::default().decide(&failed) {
                Decision::RetryAt(at) => {
                    prop_assert!(at >= NOW + asked);
                    prop_assert!(at <= NOW + asked + Policy::default().base);
                }
                Decision::GiveUp(reason) => prop_assert!(false, "gave up: {reason:?}"),
            }
        }

        #[test]
        fn backoff_stays_under_its_cap_and_the_deadline(attempt in 1_u32..100, max in 1_u32..100, seed: u64, left in 1_u64..200_000) {
            let policy = Policy { max_attempts: max, ..Policy::default() };
            let failure = Failure::new(FailureClass::Overloaded, RetryAdvice::Backoff, "");
            let expires_at = NOW + Duration::from_millis(left);
            let failed = Failed { failure: &failure, attempt, lost_leases: 0, now: NOW, expires_at, seed };
            match policy.decide(&failed) {
                Decision::RetryAt(at) => {
                    prop_assert!(attempt < max);
                    prop_assert!(at < expires_at && at >= NOW && at <= NOW + policy.cap);
                    prop_assert!(at <= NOW + policy.backoff(attempt));
                }
                Decision::GiveUp(Reason::AttemptsUsed) => prop_assert!(attempt >= max),
                Decision::GiveUp(Reason::TooLate) => prop_assert!(attempt < max),
                Decision::GiveUp(Reason::NotRetryable) => prop_assert!(false),
            }
        }
    }
}
