//! A mock provider with the shape of GPT-5.1 (low effort) on ENG5 anchor essays.
#![forbid(unsafe_code)]

use docket_sdk::mock::{Mock, Profile, WinnerRule};

/// The adapter.
#[derive(Debug)]
pub struct Eng5Anchor;
docket_sdk::export_adapter!(Eng5Anchor, batch);

impl Mock for Eng5Anchor {
    const PROFILE: Profile = Profile {
        errors: false,
        winner: WinnerRule::Share { below: 35, of: 66 },
        latency_ms: 1200,
        latency_jitter_ms: 800,
        min_prompt_tokens: 1100,
        min_completion_tokens: 40,
        ..Profile::new(
            "eng5-anchor-gpt51-low",
            env!("CARGO_PKG_VERSION"),
            "A mock provider with the shape of GPT-5.1 (low effort) on ENG5 anchor essays.",
        )
    };
}

#[cfg(test)]
mod tests;
