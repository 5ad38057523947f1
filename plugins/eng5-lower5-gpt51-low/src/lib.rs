//! A mock provider with the shape of GPT-5.1 (low effort) on the five lowest ENG5 essays.
#![forbid(unsafe_code)]

use docket_sdk::mock::{Mock, Profile, WinnerRule};

/// The adapter.
#[derive(Debug)]
pub struct Eng5Lower5;
docket_sdk::export_adapter!(Eng5Lower5, batch);

impl Mock for Eng5Lower5 {
    const PROFILE: Profile = Profile {
        errors: false,
        winner: WinnerRule::Share { below: 4, of: 10 },
        latency_ms: 1000,
        latency_jitter_ms: 1000,
        min_prompt_tokens: 1000,
        min_completion_tokens: 30,
        ..Profile::new(
            "eng5-lower5-gpt51-low",
            env!("CARGO_PKG_VERSION"),
            "A mock provider with the shape of GPT-5.1 (low effort) on the five lowest ENG5 essays.",
        )
    };
}

#[cfg(test)]
mod tests;
