//! The life of a request, as a table: (state, event) -> state.
//!
//! The store compares the state and the lease's epoch with each write; this table says which changes exist.

use docket_types::RequestState as S;

/// What can happen to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// A worker took it.
    Claimed,
    /// It became a member of a job.
    Planned,
    /// It was answered.
    Answered,
    /// Its attempt failed for good.
    GaveUp,
    /// Its attempt failed and is to be repeated.
    Backoff,
    /// Its retry time came.
    Due,
    /// Its worker gave it back without an attempt.
    Released,
    /// Its worker was not heard of.
    LeaseLost,
    /// Its time ran out.
    RanOut,
    /// Its caller gave up.
    Cancelled,
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 10] = [
        Self::Claimed,
        Self::Planned,
        Self::Answered,
        Self::GaveUp,
        Self::Backoff,
        Self::Due,
        Self::Released,
        Self::LeaseLost,
        Self::RanOut,
        Self::Cancelled,
    ];
}

/// The state after the event; none when it cannot happen there, and nothing changes.
pub const fn next(state: S, event: Event) -> Option<S> {
    use Event as E;
    if state.is_terminal() {
        return None;
    }
    match (state, event) {
        (S::Queued, E::Claimed) => Some(S::Running),
        (S::Waiting, E::Due) => Some(S::Queued),
        (S::Running, E::Planned) => Some(S::Batched),
        (S::Running, E::LeaseLost) => Some(S::Queued),
        (S::Running | S::Batched, E::Answered) => Some(S::Succeeded),
        (S::Running | S::Batched, E::GaveUp) => Some(S::Failed),
        (S::Running | S::Batched, E::Backoff) => Some(S::Waiting),
        (S::Running | S::Batched, E::Released) => Some(S::Queued),
        (_, E::RanOut) => Some(S::Expired),
        (_, E::Cancelled) => Some(S::Cancelled),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn events() -> impl Strategy<Value = Vec<Event>> {
        prop::collection::vec(prop::sample::select(Event::ALL.to_vec()), 0..60)
    }

    proptest! {
        #[test]
        fn a_terminal_state_never_changes(events in events()) {
            let mut state = S::Queued;
            let mut ended = None;
            for event in events {
                if let Some(to) = next(state, event) {
                    prop_assert_eq!(ended, None, "{} left {}", event_name(event), state);
                    state = to;
                    ended = to.is_terminal().then_some(to);
                }
            }
            prop_assert!(ended.is_none_or(|end| end == state));
        }

        #[test]
        fn an_answer_needs_a_claim(events in events()) {
            let mut state = S::Queued;
            let mut claimed = false;
            for event in events {
                if let Some(to) = next(state, event) {
                    claimed |= event == Event::Claimed;
                    prop_assert!(claimed || !matches!(to, S::Succeeded | S::Failed));
                    state = to;
                }
            }
        }
    }

    fn event_name(event: Event) -> String {
        format!("{event:?}")
    }

    #[test]
    fn every_open_state_can_expire_be_cancelled_and_reach_an_answer() {
        for state in S::ALL.into_iter().filter(|s| !s.is_terminal()) {
            assert_eq!(next(state, Event::RanOut), Some(S::Expired));
            assert_eq!(next(state, Event::Cancelled), Some(S::Cancelled));
            let mut seen = vec![state];
            let mut at = 0;
            while let Some(&from) = seen.get(at) {
                let more: Vec<_> = Event::ALL.iter().filter_map(|e| next(from, *e)).collect();
                seen.extend(
                    more.into_iter().filter(|s| !seen.contains(s)).collect::<std::collections::BTreeSet<_>>(),
                );
                at += 1;
            }
            assert!(seen.contains(&S::Succeeded), "{state} is a dead end");
        }
    }
}
