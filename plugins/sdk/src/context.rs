//! What a step may know of the world.

use crate::random::Random;
use crate::{Context, Failure, FailureClass};
use serde::Deserialize;

impl Context {
    /// The operator's settings. They satisfy the manifest's schema, so a failure is a disagreement between the schema
    /// and `T`.
    pub fn settings<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Failure> {
        serde_json::from_str(&self.settings).map_err(|error| {
            let place = format!("at line {} column {}", error.line(), error.column());
            Failure::new(FailureClass::InvalidRequest, format!("the adapter's settings do not fit, {place}"))
        })
    }

    /// Random numbers for `purpose`: the same for the same submission and purpose, whatever else was drawn. Mix
    /// [`Context::attempt`] into the purpose where a retry shall differ.
    pub fn random(&self, purpose: u64) -> Random {
        Random::new(self.seed).branch(purpose)
    }
}
