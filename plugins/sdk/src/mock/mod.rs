//! Mock providers: adapters that answer comparisons by themselves, with `wait` and `finish` and never a call.
//!
//! A mock provider is a [`Profile`]: how it picks a winner, how slow it is, whether it fails. Everything else is a
//! pure function of the step's context (the prompt's hash, the seed, the attempt, the settings) and of the prompt's
//! word count, so two runs, two processes and two machines give the same bytes, and the batch API gives what the
//! realtime machine gives. A mock provider reads no text.
//!
//! ```
//! #![forbid(unsafe_code)]
//! use docket_sdk::mock::{Mock, Profile, WinnerRule};
//!
//! struct AlwaysA;
//! docket_sdk::export_adapter!(AlwaysA, batch);
//!
//! impl Mock for AlwaysA {
//!     const PROFILE: Profile = Profile {
//!         winner: WinnerRule::AlwaysA,
//!         ..Profile::new("always-a", "1.0.0", "Answers every comparison with Essay A.")
//!     };
//! }
//! # fn main() {}
//! ```

mod answer;
mod job;
mod settings;

pub use answer::{Winner, answer, latency_ms};
pub use job::{decode_line, encode_line, job_step, limits};
pub use settings::{Settings, settings_schema};

use crate::{
    Adapter, BatchAdapter, Body, ChatRequest, Context, Event, Failure, ItemResult, JobEvent, JobStep, Limits,
    Manifest, Step,
};

/// The model that a mock provider serves when the request names none. It takes any other name too.
pub const MODEL: &str = "mock-model-v1";

/// What is particular to one mock provider.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// The plugin's name.
    pub id: &'static str,
    /// Its version.
    pub version: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// Whether the error settings count.
    pub errors: bool,
    /// Who wins.
    pub winner: WinnerRule,
    /// Milliseconds, used when the settings `latency_ms` and `latency_jitter_ms` are both 0.
    pub latency_ms: u64,
    /// As `latency_ms`.
    pub latency_jitter_ms: u64,
    /// The fewest tokens that a prompt has.
    pub min_prompt_tokens: u64,
    /// The fewest tokens that an answer has.
    pub min_completion_tokens: u64,
}

/// Picks the winner from the first 32 bits of the prompt's SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WinnerRule {
    /// Essay A when they are an even number.
    Even,
    /// Always essay A.
    AlwaysA,
    /// Essay A when the remainder of the division by `of` is below `below`.
    Share {
        /// Essay A wins this many ...
        below: u32,
        /// ... of so many.
        of: u32,
    },
}

impl Profile {
    /// A provider that fails as its settings say, does not wait, and picks by [`WinnerRule::Even`].
    pub const fn new(id: &'static str, version: &'static str, description: &'static str) -> Self {
        Self {
            id,
            version,
            description,
            errors: true,
            winner: WinnerRule::Even,
            latency_ms: 0,
            latency_jitter_ms: 0,
            min_prompt_tokens: 1,
            min_completion_tokens: 1,
        }
    }

    /// Its manifest: no endpoint, no credential, any model.
    pub fn manifest(&self) -> Manifest {
        Manifest::new(self.id, self.version, self.description)
            .mock()
            .default_model(MODEL)
            .settings(settings_schema(&[], self.errors))
    }
}

/// A mock provider. It is an [`Adapter`] and a [`BatchAdapter`].
pub trait Mock {
    /// What is particular to it.
    const PROFILE: Profile;
}

impl<M: Mock> Adapter for M {
    fn manifest() -> Manifest {
        M::PROFILE.manifest()
    }

    fn start(context: &Context, request: ChatRequest) -> Step {
        start(context, &M::PROFILE, request.user_words())
    }

    fn resume(context: &Context, state: &[u8], event: Event) -> Step {
        resume(context, &M::PROFILE, state, event)
    }
}

impl<M: Mock> BatchAdapter for M {
    fn limits(_context: &Context) -> Limits {
        limits()
    }

    fn encode_item(context: &Context, custom_id: &str, request: ChatRequest) -> Result<Body, Failure> {
        let settings: Settings = context.settings()?;
        encode_line(custom_id, answer(context, &M::PROFILE, &settings, request.user_words()))
    }

    fn decode_line(_context: &Context, line: &str) -> Result<Option<ItemResult>, Failure> {
        decode_line(line)
    }

    fn step(context: &Context, state: &[u8], event: JobEvent) -> JobStep {
        match context.settings() {
            Ok(settings) => job_step(context, &settings, state, event),
            Err(failure) => JobStep::fail(failure),
        }
    }
}

/// The first realtime step for a prompt of so many words: a wait, or the answer at once.
pub fn start(context: &Context, profile: &Profile, words: u64) -> Step {
    let settings: Settings = match context.settings() {
        Ok(settings) => settings,
        Err(failure) => return Step::fail(failure),
    };
    match latency_ms(context, profile, &settings) {
        0 => Step::from_answer(answer(context, profile, &settings, words)),
        // The word count is all that the answer needs and the next step is not given again.
        ms => Step::wait(ms).with_state(words.to_le_bytes()),
    }
}

/// The realtime step after the wait.
pub fn resume(context: &Context, profile: &Profile, state: &[u8], event: Event) -> Step {
    match (event, state.try_into().map(u64::from_le_bytes)) {
        // Whether a wait has happened does no harm to anyone.
        (Event::Elapsed | Event::UnknownOutcome, Ok(words)) => Step::from_answer(
            context.settings().and_then(|settings| answer(context, profile, &settings, words)),
        ),
        (event, _) => Step::unanswered(event),
    }
}

#[cfg(test)]
mod tests;
