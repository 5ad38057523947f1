//! The realtime machine: one request, one answer.

use crate::{
    Call, ChatRequest, Completion, Context, Effect, Event, Failure, FailureClass, Manifest, Reply,
    RetryAdvice, Step,
};

/// A provider adapter.
///
/// Write [`encode`](Adapter::encode) and [`decode`](Adapter::decode) where one call gives the answer. Write
/// [`start`](Adapter::start) and [`resume`](Adapter::resume) where it takes more, or none.
pub trait Adapter {
    /// What the adapter is. Called once, when it is loaded.
    fn manifest() -> Manifest;

    /// The one call of a request.
    fn encode(_context: &Context, _request: &ChatRequest) -> Result<Call, Failure> {
        Err(Failure::unsupported("this adapter does not encode requests"))
    }

    /// The answer in the reply. A status of 400 and more comes here too; [`Reply::ok`] turns it into a failure.
    fn decode(_context: &Context, _reply: &Reply) -> Result<Completion, Failure> {
        Err(Failure::unsupported("this adapter does not decode replies"))
    }

    /// The first step.
    fn start(context: &Context, request: ChatRequest) -> Step {
        Step::from_call(Self::encode(context, &request))
    }

    /// Every further step. `state` is what the last step left; the instance may be another one.
    fn resume(context: &Context, _state: &[u8], event: Event) -> Step {
        match event {
            Event::Reply(reply) => Step::from_answer(Self::decode(context, &reply)),
            other => Step::unanswered(other),
        }
    }
}

impl Step {
    /// Send this.
    pub fn call(call: Call) -> Self {
        Effect::Call(call).into()
    }

    /// Wait so many milliseconds.
    pub fn wait(milliseconds: u64) -> Self {
        Effect::Wait(milliseconds).into()
    }

    /// Done.
    pub fn finish(completion: Completion) -> Self {
        Effect::Finish(completion).into()
    }

    /// Failed.
    pub fn fail(failure: Failure) -> Self {
        Effect::Fail(failure).into()
    }

    /// A call, or why there is none.
    pub fn from_call(call: Result<Call, Failure>) -> Self {
        call.map_or_else(Self::fail, Self::call)
    }

    /// An answer, or why there is none.
    pub fn from_answer(answer: Result<Completion, Failure>) -> Self {
        answer.map_or_else(Self::fail, Self::finish)
    }

    /// What an event means to a machine that waits for the reply of its one call.
    pub fn unanswered(event: Event) -> Self {
        Self::fail(match event {
            Event::Transport(error) => Failure::from_transport(&error),
            Event::Cancel => Failure::cancelled(),
            Event::UnknownOutcome => Failure::new(
                FailureClass::Other("unknown-outcome".to_owned()),
                "the host stopped before the answer was stored",
            )
            .retry(RetryAdvice::Backoff),
            Event::Start(_) | Event::Reply(_) | Event::Elapsed => {
                Failure::unsupported("the adapter did not expect this event")
            }
        })
    }

    /// With this state for the next step; at most 64 KiB.
    pub fn with_state(mut self, state: impl Into<Vec<u8>>) -> Self {
        self.state = state.into();
        self
    }
}

impl From<Effect> for Step {
    fn from(effect: Effect) -> Self {
        Self { state: Vec::new(), effect }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Payload, TransportError};

    struct Bare;
    impl Adapter for Bare {
        fn manifest() -> Manifest {
            Manifest::new("bare", "0.0.0", "")
        }
    }

    fn class(step: &Step) -> (&FailureClass, &RetryAdvice) {
        let Effect::Fail(failure) = &step.effect else { panic!("{:?}", step.effect) };
        (&failure.class, &failure.retry)
    }

    #[test]
    fn every_event_has_an_answer_by_default() {
        let context = crate::fixtures::context();
        let reply = Reply { status: 200, headers: Vec::new(), body: Payload::Text(String::new()) };
        let unknown = FailureClass::Other("unknown-outcome".to_owned());
        for (event, expected) in [
            (Event::Reply(reply), (&FailureClass::Unsupported, &RetryAdvice::Never)),
            (Event::Transport(TransportError::Timeout), (&FailureClass::Timeout, &RetryAdvice::Backoff)),
            (Event::Transport(TransportError::TooLarge), (&FailureClass::BadResponse, &RetryAdvice::Never)),
            (Event::Cancel, (&FailureClass::Cancelled, &RetryAdvice::Never)),
            (Event::UnknownOutcome, (&unknown, &RetryAdvice::Backoff)),
            (Event::Elapsed, (&FailureClass::Unsupported, &RetryAdvice::Never)),
        ] {
            assert_eq!(class(&Bare::resume(&context, &[], event.clone())), expected, "{event:?}");
        }
    }

    #[test]
    fn only_a_get_is_repeatable_by_itself() {
        assert!(Call::get("api", "/").repeatable);
        assert!(!Call::post("api", "/").repeatable);
        assert!(Call::post("api", "/").repeatable(true).repeatable);
    }
}
