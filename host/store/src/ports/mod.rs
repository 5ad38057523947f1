//! The ports. Payloads, outcomes and delivery bodies are opaque bytes here.

mod assessments;
mod batches;
mod outbox;
mod requests;

pub use assessments::*;
pub use batches::*;
pub use outbox::*;
pub use requests::*;

use async_trait::async_trait;
use docket_types::{AssessmentId, ProviderName, RequestId, RequestState};
use std::sync::Arc;
use tokio::sync::broadcast;

/// Why a store call failed. None of them says that anything was half done.
#[derive(Debug, thiserror::Error, Clone)]
#[non_exhaustive]
pub enum Error {
    /// The disk, or the quota, is full. Nothing was written; it works again when there is room.
    #[error("the store has no room left: {0}")]
    Full(String),
    /// The store cannot be reached or did not answer in time.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// The store's content is damaged or of a version that this docket does not know.
    #[error("the store is damaged or foreign: {0}")]
    Corrupt(String),
    /// Anything else: a bug.
    #[error("the store failed: {0}")]
    Internal(String),
}

/// Result of a store call.
pub type Result<T> = std::result::Result<T, Error>;

/// Something changed. A hint: it may be lost, and nothing may depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Work for this provider is ready.
    Ready(ProviderName),
    /// A request changed its state.
    Request(RequestId, RequestState),
    /// A topic has a new event.
    Topic(String),
    /// A webhook is to be delivered.
    Delivery,
    /// A job is due.
    Job,
    /// An assessment is due, or will be once its holder lets go of it.
    Assessment,
    /// An assessment took a step: who watches it may look.
    Stepped(AssessmentId),
}

/// Everything that a store does, for the composition root.
#[async_trait]
pub trait Store: Requests + Batches + Outbox + Topics + Assessments {
    /// Hints of changes made through this handle.
    fn changes(&self) -> broadcast::Receiver<Change>;
    /// Ends what was asked for before, and lets go of the store. Later calls fail with [`Error::Unavailable`].
    async fn close(&self) {}
}

/// A shared store.
pub type SharedStore = Arc<dyn Store>;
