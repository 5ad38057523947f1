//! A circuit breaker: a provider that keeps failing is left alone for a while.
//!
//! It counts failures on the provider's side only. A refusal of one request, or a rate limit, says nothing
//! about the health of the provider.

use docket_types::{Failure, FailureClass, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// When a breaker opens and closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Failures in a row that open it.
    pub failures: u32,
    /// How long it stays open.
    pub open_for: Duration,
    /// Successes in a row that close it again.
    pub successes: u32,
}

impl Default for Policy {
    /// Ten failures in a row, half a minute, two successes.
    fn default() -> Self {
        Self { failures: 10, open_for: Duration::from_secs(30), successes: 2 }
    }
}

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// Calls pass.
    #[default]
    Closed,
    /// No call passes.
    Open,
    /// One call at a time passes, to see whether it works again.
    HalfOpen,
}

impl State {
    /// The name on the wire and as a metric label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }

    /// The number in the metric.
    pub const fn as_f64(self) -> f64 {
        match self {
            Self::Closed => 0.0,
            Self::Open => 1.0,
            Self::HalfOpen => 2.0,
        }
    }
}

/// One breaker. Start with the default: closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Breaker {
    state: State,
    failures: u32,
    successes: u32,
    until: Timestamp,
    probing: bool,
}

/// Whether a failure counts against the provider's health.
pub fn counts(failure: &Failure) -> bool {
    matches!(failure.class, FailureClass::Server | FailureClass::Overloaded | FailureClass::Timeout)
}

impl Breaker {
    /// Where it stands.
    pub const fn state(&self) -> State {
        self.state
    }

    /// Whether a call may be made now; if not, when to ask again. A call that may be made must be reported, by
    /// [`Self::record`] or [`Self::forget`].
    pub fn allow(&mut self, now: Timestamp) -> Result<(), Option<Timestamp>> {
        if self.state == State::Open && now >= self.until {
            self.state = State::HalfOpen;
            (self.successes, self.probing) = (0, false);
        }
        match self.state {
            State::Closed => Ok(()),
            State::Open => Err(Some(self.until)),
            State::HalfOpen if self.probing => Err(None),
            State::HalfOpen => {
                self.probing = true;
                Ok(())
            }
        }
    }

    /// A call ended. `healthy`: it did not fail on the provider's side.
    pub fn record(&mut self, policy: &Policy, healthy: bool, now: Timestamp) {
        self.probing = false;
        if healthy {
            self.failures = 0;
            self.successes = self.successes.saturating_add(1);
            if self.state == State::HalfOpen && self.successes >= policy.successes {
                self.state = State::Closed;
            }
        } else {
            self.successes = 0;
            self.failures = self.failures.saturating_add(1);
            let opens = match self.state {
                State::Closed => self.failures >= policy.failures.max(1),
                State::HalfOpen => true,
                State::Open => false,
            };
            if opens {
                self.state = State::Open;
                self.until = now + policy.open_for;
            }
        }
    }

    /// An allowed call was not made, or nobody knows how it ended.
    pub fn forget(&mut self) {
        self.probing = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_types::RetryAdvice;
    use proptest::prelude::*;

    const POLICY: Policy = Policy { failures: 3, open_for: Duration::from_secs(10), successes: 2 };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn opens_waits_probes_and_closes() {
        let mut breaker = Breaker::default();
        for healthy in [false, false, true, false, false, false] {
            assert_eq!(breaker.allow(at(0)), Ok(()));
            breaker.record(&POLICY, healthy, at(0));
        }
        assert_eq!(breaker.state(), State::Open);
        assert_eq!(breaker.allow(at(9)), Err(Some(at(10))));
        assert_eq!(breaker.allow(at(10)), Ok(()));
        assert_eq!(breaker.allow(at(10)), Err(None), "one probe at a time");
        breaker.record(&POLICY, true, at(11));
        assert_eq!(breaker.state(), State::HalfOpen);
        assert_eq!(breaker.allow(at(11)), Ok(()));
        breaker.record(&POLICY, true, at(11));
        assert_eq!(breaker.state(), State::Closed);
    }

    #[test]
    fn a_failed_probe_opens_again_and_a_lost_one_frees_its_place() {
        let mut breaker = Breaker::default();
        (0..3).for_each(|_| breaker.record(&POLICY, false, at(0)));
        assert_eq!(breaker.allow(at(10)), Ok(()));
        breaker.forget();
        assert_eq!(breaker.allow(at(10)), Ok(()));
        breaker.record(&POLICY, false, at(12));
        assert_eq!(breaker.allow(at(13)), Err(Some(at(22))));
    }

    #[test]
    fn only_the_providers_own_failures_count() {
        use FailureClass as C;
        let of = |class| counts(&Failure::new(class, RetryAdvice::Backoff, ""));
        assert!(of(C::Server) && of(C::Overloaded) && of(C::Timeout));
        assert!(!of(C::RateLimited) && !of(C::Auth) && !of(C::Adapter) && !of(C::BadResponse));
    }

    proptest! {
        #[test]
        fn is_never_stuck(results in prop::collection::vec(any::<bool>(), 0..100)) {
            let mut breaker = Breaker::default();
            let mut now = 0;
            for healthy in results {
                if breaker.allow(at(now)).is_ok() {
                    breaker.record(&POLICY, healthy, at(now));
                }
                now += 1;
            }
            prop_assert_eq!(breaker.allow(at(now + 10)), Ok(()));
        }
    }
}
