//! Guests that misbehave, written as core modules in text and wrapped as components, and what a test needs to run them.
//!
//! A guest is a module with the exports of the canonical ABI. Its results are written by hand, which is the
//! point: a lie cannot be told in a language with a type system.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod guest;
mod layout;

pub use guest::{Guest, component, contract_as};
pub use layout::{NEXT, SCRATCH, call, data, fail, finish, finish_at, store32, wait};

use docket_adapter::{Adapter, Engine, EngineOptions, Grants, Limits, LoadError};
use docket_types::chat::Texts;
use docket_types::exchange::{Context, Effect, Event, Next};
use std::sync::Arc;
use std::time::Duration;

/// How long a hostile step may run: long enough for a busy machine, short enough for a test.
pub const STEP_TIME: Duration = Duration::from_millis(100);

/// Limits that hostile guests meet soon.
pub fn tight() -> Limits {
    Limits { memory_bytes: 8 << 20, step_time: STEP_TIME, ..Limits::default() }
}

/// An engine for hostile guests.
pub fn engine() -> Engine {
    Engine::new(options()).expect("the engine starts")
}

/// Its options.
pub fn options() -> EngineOptions {
    EngineOptions { max_instances: 16, canary_time: Duration::from_millis(500), ..EngineOptions::default() }
}

/// Loads with [`tight`] limits and no grants.
pub fn load(engine: &Engine, component: &[u8]) -> Result<Arc<Adapter>, LoadError> {
    engine.load("hostile", component, Grants::default(), tight())
}

/// A guest that behaves.
pub fn good(engine: &Engine) -> Arc<Adapter> {
    let limits = Limits { step_time: Duration::from_secs(5), ..Limits::default() };
    engine.load("good", &Guest::new(wait(1)).build(), Grants::default(), limits).expect("it loads")
}

/// Some context.
pub fn context() -> Context {
    Context {
        submission_id: "s".into(),
        attempt: 1,
        now_ms: 0,
        seed: 1,
        model: "m".into(),
        settings: "{}".into(),
        prompt_sha256: String::new(),
    }
}

/// Texts to be read, or not.
pub fn texts(all: &[&str]) -> Texts {
    Texts(all.iter().map(|&text| Arc::from(text)).collect())
}

/// One step without texts.
///
/// # Errors
/// As the step's.
pub async fn step(adapter: &Adapter) -> Result<Next<Effect>, docket_adapter::StepError> {
    adapter.step(&context(), &[], Event::Start("{}".into()), &Texts::default()).await
}
