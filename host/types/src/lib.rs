//! The words that docket's crates share: ids, time, requests, exchanges, failures, usage, outcomes.
//!
//! Pure: no I/O, no clock, no randomness. Ids and timestamps are minted at the edges and passed in.

pub mod assessment;
pub mod chat;
pub mod comparison;
pub mod exchange;
pub mod failure;
pub mod ids;
pub mod manifest;
pub mod mode;
pub mod money;
pub mod outcome;
pub mod stream;
pub mod submission;
pub mod time;
pub mod usage;

pub use failure::{Failure, FailureClass, RetryAdvice};
pub use ids::{AssessmentId, BatchId, ProviderName, RequestId};
pub use mode::QueueMode;
pub use money::MicroUsd;
pub use outcome::{Outcome, RequestState};
pub use submission::Submission;
pub use time::Timestamp;
pub use usage::Usage;
