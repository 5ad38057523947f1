//! A mock provider that misbehaves as its settings say: as providers do, and as broken adapters do.
//!
//! Otherwise it answers like `mock-default`. What goes wrong at an attempt is a pure function of the seed and the
//! attempt, [`choose`], so that a test can predict it.
#![forbid(unsafe_code)]

mod misbehave;
mod settings;

pub use settings::{Fault, Settings, choose};

use docket_sdk::mock::{self, Profile};
use docket_sdk::{
    Adapter, BatchAdapter, Body, ChatRequest, Completion, Context, Event, Failure, ItemResult, JobEvent,
    JobStep,
};
use docket_sdk::{Limits, Manifest, Step};

/// The adapter.
#[derive(Debug)]
pub struct Chaos;
docket_sdk::export_adapter!(Chaos, batch);

const PROFILE: Profile = Profile::new(
    "chaos",
    env!("CARGO_PKG_VERSION"),
    "A mock provider that misbehaves at given rates, for tests of whatever stands before it.",
);

impl Adapter for Chaos {
    fn manifest() -> Manifest {
        PROFILE.manifest().settings(settings::schema())
    }

    fn start(context: &Context, request: ChatRequest) -> Step {
        let words = request.user_words();
        let settings: Settings = match context.settings() {
            Ok(settings) => settings,
            Err(failure) => return Step::fail(failure),
        };
        match choose(&settings, context.seed, context.attempt) {
            None => mock::start(context, &PROFILE, words),
            Some(Fault::Slow) => Step::wait(settings.slow_ms).with_state(words.to_le_bytes()),
            Some(Fault::OversizedState) => {
                mock::start(context, &PROFILE, words).with_state(misbehave::oversized_state())
            }
            Some(fault) => Step::from_answer(faulty(context, &settings, fault, words)),
        }
    }

    fn resume(context: &Context, state: &[u8], event: Event) -> Step {
        mock::resume(context, &PROFILE, state, event)
    }
}

impl BatchAdapter for Chaos {
    fn limits(_context: &Context) -> Limits {
        mock::limits()
    }

    /// An item has no time and no state of its own: the slow and the oversized ones are answered as usual.
    fn encode_item(context: &Context, custom_id: &str, request: ChatRequest) -> Result<Body, Failure> {
        let settings: Settings = context.settings()?;
        let words = request.user_words();
        let answer = match choose(&settings, context.seed, context.attempt) {
            None | Some(Fault::Slow | Fault::OversizedState) => usual(context, words),
            Some(fault) => faulty(context, &settings, fault, words),
        };
        mock::encode_line(custom_id, answer)
    }

    fn decode_line(_context: &Context, line: &str) -> Result<Option<ItemResult>, Failure> {
        mock::decode_line(line)
    }

    fn step(context: &Context, state: &[u8], event: JobEvent) -> JobStep {
        match context.settings() {
            Ok(settings) => mock::job_step(context, &settings, state, event),
            Err(failure) => JobStep::fail(failure),
        }
    }
}

fn usual(context: &Context, words: u64) -> Result<Completion, Failure> {
    mock::answer(context, &PROFILE, &context.settings()?, words)
}

/// What a fault makes of the answer. The sandbox's faults do not return.
fn faulty(context: &Context, settings: &Settings, fault: Fault, words: u64) -> Result<Completion, Failure> {
    match fault {
        Fault::RateLimit | Fault::Overload | Fault::ServerError => Err(misbehave::failure(fault, settings)),
        Fault::BadJson => misbehave::bad_json(usual(context, words)?),
        Fault::Truncate => misbehave::truncated(usual(context, words)?),
        Fault::Slow | Fault::OversizedState => usual(context, words),
        Fault::Trap => std::process::abort(),
        Fault::Loop => misbehave::forever(),
        Fault::Grow => misbehave::grow(),
    }
}

#[cfg(test)]
mod tests;
