//! A mock provider for comparative judgement: never fails, and essay A always wins.
#![forbid(unsafe_code)]

use docket_sdk::mock::{Mock, Profile, WinnerRule};

/// The adapter.
#[derive(Debug)]
pub struct CjGenericBatch;
docket_sdk::export_adapter!(CjGenericBatch, batch);

impl Mock for CjGenericBatch {
    const PROFILE: Profile = Profile {
        errors: false,
        winner: WinnerRule::AlwaysA,
        min_prompt_tokens: 5,
        min_completion_tokens: 17,
        ..Profile::new(
            "cj-generic-batch",
            env!("CARGO_PKG_VERSION"),
            "A mock provider for comparative judgement: never fails, and essay A always wins.",
        )
    };
}

#[cfg(test)]
mod tests;
