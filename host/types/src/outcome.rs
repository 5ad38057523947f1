//! What becomes of a request.

use crate::comparison::Judgement;
use crate::exchange::Completion;
use crate::{Failure, MicroUsd};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a request is. The last four are terminal and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Ready to be claimed.
    Queued,
    /// Waits for its retry time.
    Waiting,
    /// Leased by a worker.
    Running,
    /// Part of a job at a provider's batch API.
    Batched,
    /// Answered.
    Succeeded,
    /// Failed for good.
    Failed,
    /// Its time ran out.
    Expired,
    /// The caller gave up.
    Cancelled,
}

impl RequestState {
    /// Every state, in the order of a request's life.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Waiting,
        Self::Running,
        Self::Batched,
        Self::Succeeded,
        Self::Failed,
        Self::Expired,
        Self::Cancelled,
    ];

    /// The name on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Batched => "batched",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it never changes again.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Expired | Self::Cancelled)
    }
}

impl fmt::Display for RequestState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The terminal outcome of a request, as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Outcome {
    /// Answered.
    Succeeded(Box<Success>),
    /// Failed for good.
    Failed {
        /// The last failure.
        failure: Failure,
    },
    /// Its time ran out.
    Expired,
    /// The caller gave up.
    Cancelled,
}

impl Outcome {
    /// The state that it stands for.
    pub const fn state(&self) -> RequestState {
        match self {
            Self::Succeeded(_) => RequestState::Succeeded,
            Self::Failed { .. } => RequestState::Failed,
            Self::Expired => RequestState::Expired,
            Self::Cancelled => RequestState::Cancelled,
        }
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Success {
    /// What the model decided.
    pub judgement: Judgement,
    /// The answer as the adapter gave it.
    pub completion: Completion,
    /// The model that answered, or was asked when the provider does not say.
    pub model: String,
    /// From the attempt's start to its answer, waits of a mock included.
    pub response_time_ms: u64,
    /// By the manifest's prices; zero when unknown.
    pub cost: MicroUsd,
}
