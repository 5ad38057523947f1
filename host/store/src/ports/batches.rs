//! Jobs at batch APIs.

use super::{Fenced, Leased, Result};
use async_trait::async_trait;
use docket_types::{BatchId, ProviderName, RequestId, Timestamp};

/// Where a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobState {
    /// Steps are still to come.
    Open,
    /// Every item has its outcome.
    Completed,
    /// It failed as a whole.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl JobState {
    /// The name on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A job to store together with its members, which must be leased.
#[derive(Debug, Clone)]
pub struct NewBatch {
    /// Minted by the caller; also the adapter's submission id.
    pub id: BatchId,
    /// Whose batch API.
    pub provider: ProviderName,
    /// For which model; the metric label.
    pub model: String,
    /// The adapter that began it: `id@version`, and the component's digest.
    pub adapter: String,
    /// Members under their leases.
    pub members: Vec<(RequestId, i64)>,
    /// Now.
    pub now: Timestamp,
}

/// Where a job's step machine stands. Intent is stored before an effect, its outcome after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobStep {
    /// How many steps were made.
    pub seq: u32,
    /// The adapter's state after the last step.
    pub state: Vec<u8>,
    /// The stored effect that is to be, or may have been, performed. None: `start` is next.
    pub effect: Option<Vec<u8>>,
    /// The effect was begun and its outcome is not stored.
    pub in_doubt: bool,
    /// When to go on.
    pub next_at: Timestamp,
    /// Stored progress.
    pub progress: Vec<u8>,
}

/// A job in someone's hands.
#[derive(Debug, Clone)]
pub struct LeasedBatch {
    /// Which.
    pub id: BatchId,
    /// Fences the lease.
    pub epoch: i64,
    /// Whose batch API.
    pub provider: ProviderName,
    /// For which model.
    pub model: String,
    /// The adapter that began it.
    pub adapter: String,
    /// Its members at the start.
    pub items: u32,
    /// When it began.
    pub created_at: Timestamp,
    /// Where it stands.
    pub step: JobStep,
}

/// A job as operators see it.
#[derive(Debug, Clone)]
pub struct BatchView {
    /// Which.
    pub id: BatchId,
    /// Where it is.
    pub state: JobState,
    /// Whose batch API.
    pub provider: ProviderName,
    /// For which model.
    pub model: String,
    /// The adapter that began it.
    pub adapter: String,
    /// Its members at the start.
    pub items: u32,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Stored progress.
    pub progress: Vec<u8>,
}

/// Jobs at batch APIs. A row owns a job, not a worker: any replica goes on with any job.
#[async_trait]
pub trait Batches: Send + Sync {
    /// Stores the job and moves its members from running to batched. Members whose lease was lost stay out;
    /// their ids are returned.
    async fn plan(&self, batch: NewBatch) -> Result<Vec<RequestId>>;
    /// Leases open jobs whose time has come.
    async fn claim_jobs(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<LeasedBatch>>;
    /// Extends the lease of a job.
    async fn renew_job(&self, id: BatchId, epoch: i64, lease_until: Timestamp) -> Result<Fenced>;
    /// Stores where the job stands; `release` ends the lease.
    async fn save_step(&self, id: BatchId, epoch: i64, step: JobStep, release: bool) -> Result<Fenced>;
    /// Members without an outcome, by id, after `after`.
    async fn members(&self, id: BatchId, after: Option<RequestId>, limit: u32) -> Result<Vec<Leased>>;
    /// Ends the job. Members must have been settled before.
    async fn finish_job(&self, id: BatchId, epoch: i64, state: JobState, now: Timestamp) -> Result<Fenced>;
    /// One job.
    async fn get_job(&self, id: BatchId) -> Result<Option<BatchView>>;
    /// Jobs, newest first.
    async fn list_jobs(&self, limit: u32) -> Result<Vec<BatchView>>;
}
