//! A mock provider whose every behaviour is a setting.
#![forbid(unsafe_code)]

use docket_sdk::mock::{Mock, Profile};

/// The adapter.
#[derive(Debug)]
pub struct MockDefault;
docket_sdk::export_adapter!(MockDefault, batch);

impl Mock for MockDefault {
    const PROFILE: Profile = Profile::new(
        "mock-default",
        env!("CARGO_PKG_VERSION"),
        "A mock provider whose every behaviour is a setting.",
    );
}

#[cfg(test)]
mod tests;
