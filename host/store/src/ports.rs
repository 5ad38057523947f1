//! The ports. Payloads, outcomes and delivery bodies are opaque bytes here.

use async_trait::async_trait;
use docket_types::{BatchId, MicroUsd, ProviderName, QueueMode, RequestId, RequestState, Timestamp};
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

/// Requests with equal keys may share a bundle or a batch job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CompatKey(pub i64);

/// A caller's own key for a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// At most 255 characters.
    pub key: String,
    /// SHA-256 of the request's body.
    pub body_hash: [u8; 32],
}

/// A request to accept.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// Minted by the caller, version 7.
    pub id: RequestId,
    /// Whose it is.
    pub tenant: String,
    /// The caller's key.
    pub idempotency: Option<IdempotencyKey>,
    /// Who shall answer.
    pub provider: ProviderName,
    /// Which requests may travel with it.
    pub compat: CompatKey,
    /// 0 to 10, higher first.
    pub priority: u8,
    /// The stored submission.
    pub payload: Vec<u8>,
    /// Now.
    pub accepted_at: Timestamp,
    /// When it is worthless.
    pub expires_at: Timestamp,
}

/// What became of a [`NewRequest`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// It is stored, durably.
    New,
    /// The same key with the same body was accepted before, as this request.
    Replayed {
        /// The earlier request.
        id: RequestId,
        /// When.
        accepted_at: Timestamp,
    },
    /// The same key was used with another body.
    KeyConflict,
}

/// Which requests to claim: ready ones of one provider, by priority and then age.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Of this provider.
    pub provider: ProviderName,
    /// Only those with this key.
    pub compat: Option<CompatKey>,
    /// At most so many.
    pub limit: u32,
    /// Who claims: random per process start.
    pub worker: String,
    /// Now.
    pub now: Timestamp,
    /// The lease's end.
    pub lease_until: Timestamp,
}

/// A request in someone's hands.
#[derive(Debug, Clone)]
pub struct Leased {
    /// Which.
    pub id: RequestId,
    /// Fences the lease: it grows with every claim.
    pub epoch: i64,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// How often a lease on it ran out, in all.
    pub lost_leases: u32,
    /// Who shall answer.
    pub provider: ProviderName,
    /// Which requests may travel with it.
    pub compat: CompatKey,
    /// 0 to 10.
    pub priority: u8,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// Since when it could be claimed: the start of its wait.
    pub ready_at: Timestamp,
    /// When it is worthless.
    pub expires_at: Timestamp,
    /// The stored submission.
    pub payload: Vec<u8>,
}

/// One attempt, for the ledger. Recorded once per (request, epoch).
#[derive(Debug, Clone)]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// How it travelled.
    pub mode: QueueMode,
    /// In which job.
    pub batch_id: Option<BatchId>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// The provider's id of the answer.
    pub provider_request_id: Option<String>,
    /// The failure's class, if it failed.
    pub failure_class: Option<String>,
    /// Stored usage.
    pub usage: Option<Vec<u8>>,
    /// What it cost.
    pub cost: MicroUsd,
}

/// Where a delivery goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sink {
    /// The durable log of this topic; written in the same transaction.
    Topic(String),
    /// A webhook to this URL; delivered from the outbox.
    Webhook(String),
}

/// A delivery that a settlement causes.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// Stable over every try; the receiver's key against duplicates.
    pub id: String,
    /// Where.
    pub sink: Sink,
    /// The bytes, the same at every try.
    pub body: Vec<u8>,
}

/// What happens to a leased request.
#[derive(Debug, Clone)]
pub enum Transition {
    /// A terminal state, with its outcome and deliveries, in one transaction.
    Finish {
        /// Terminal.
        state: RequestState,
        /// The stored outcome.
        outcome: Vec<u8>,
        /// To deliver.
        deliveries: Vec<NewDelivery>,
    },
    /// Back to the queue, ready at this moment.
    RetryAt(Timestamp),
    /// Back to the queue at once, as if never claimed: the attempt does not count.
    Release,
}

/// The end of a lease.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// Which request.
    pub id: RequestId,
    /// Under which lease.
    pub epoch: i64,
    /// Now.
    pub at: Timestamp,
    /// The attempt to record; none when no provider could have been asked.
    pub attempt: Option<Attempt>,
    /// What happens to it.
    pub transition: Transition,
}

/// Whether a fenced write took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fenced {
    /// It did.
    Done,
    /// Somebody else has the row, or it is terminal: nothing changed.
    Stale,
}

/// How full the queue is. Kept by the store, never counted by a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Requests that are not terminal.
    pub open: u64,
    /// Of these, ready or waiting for their retry time.
    pub queued: u64,
    /// Payload bytes of the requests that are not terminal.
    pub bytes: u64,
}

/// A request as callers see it.
#[derive(Debug, Clone)]
pub struct RequestView {
    /// Which.
    pub id: RequestId,
    /// Where it is.
    pub state: RequestState,
    /// How many attempts have begun.
    pub attempts: u32,
    /// Who shall answer.
    pub provider: ProviderName,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When it is worthless.
    pub expires_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// In which job it is, or was.
    pub batch_id: Option<BatchId>,
    /// The stored submission.
    pub payload: Vec<u8>,
    /// The stored outcome, once terminal.
    pub outcome: Option<Vec<u8>>,
    /// What all attempts cost.
    pub cost: MicroUsd,
}

/// The queue.
#[async_trait]
pub trait Requests: Send + Sync {
    /// Stores a request; it is durable when this returns. Callers may run many at once: they share commits.
    async fn accept(&self, request: NewRequest) -> Result<Accepted>;
    /// Leases ready requests.
    async fn claim(&self, claim: Claim) -> Result<Vec<Leased>>;
    /// Extends leases; returns those that were lost.
    async fn renew(&self, leases: Vec<(RequestId, i64)>, lease_until: Timestamp) -> Result<Vec<RequestId>>;
    /// Ends leases, or the membership in a job. One answer per settlement, in order.
    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Fenced>>;
    /// Takes a request that is not terminal out of whoever's hands, for cancelling it.
    async fn take(&self, id: RequestId, now: Timestamp, lease_until: Timestamp) -> Result<Option<Leased>>;
    /// Leases requests whose time ran out (of any state but terminal and running), for expiring them.
    async fn claim_expired(&self, now: Timestamp, lease_until: Timestamp, limit: u32) -> Result<Vec<Leased>>;
    /// Makes waiting requests whose time has come ready, and requeues those whose lease ran out.
    async fn wake_due(&self, now: Timestamp) -> Result<Woken>;
    /// Deletes at most `limit` terminal requests that ended before `before`, with everything that belongs to
    /// them. One that has a delivery still to make, or a dead one, stays. Returns how many were deleted.
    async fn prune(&self, before: Timestamp, limit: u32) -> Result<u64>;
    /// One request.
    async fn get(&self, id: RequestId) -> Result<Option<RequestView>>;
    /// How full the queue is, from counters.
    fn load(&self) -> Load;
}

/// What [`Requests::wake_due`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Woken {
    /// Retry times that came.
    pub retried: u64,
    /// Leases that ran out.
    pub reclaimed: u64,
    /// When the next retry time comes or the next lease runs out, if any.
    pub next_at: Option<Timestamp>,
}

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

/// Where a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// To be tried.
    Pending,
    /// The receiver has it.
    Delivered,
    /// Given up; it can be asked for again.
    Dead,
}

/// A delivery in someone's hands.
#[derive(Debug, Clone)]
pub struct LeasedDelivery {
    /// Its id.
    pub id: String,
    /// Of which request.
    pub request_id: RequestId,
    /// To which URL.
    pub url: String,
    /// The bytes.
    pub body: Vec<u8>,
    /// Tries so far.
    pub tries: u32,
    /// When it was written.
    pub created_at: Timestamp,
}

/// A delivery as operators see it.
#[derive(Debug, Clone)]
pub struct DeliveryView {
    /// Its id.
    pub id: String,
    /// Of which request.
    pub request_id: RequestId,
    /// Where it is.
    pub state: DeliveryState,
    /// To which URL.
    pub url: String,
    /// Tries so far.
    pub tries: u32,
    /// What the last try said.
    pub last_error: Option<String>,
    /// The next try.
    pub next_at: Timestamp,
}

/// The outbox of webhooks.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Leases deliveries whose time has come.
    async fn claim_deliveries(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<LeasedDelivery>>;
    /// The receiver has it.
    async fn delivered(&self, id: &str, now: Timestamp) -> Result<()>;
    /// Try again at `next_at`; none: dead.
    async fn undelivered(&self, id: &str, next_at: Option<Timestamp>, error: &str) -> Result<()>;
    /// Gives a leased delivery back untried, due again at `at`; the try does not count. A hint: without it, the
    /// delivery is due again when its lease ends.
    async fn postpone(&self, _id: &str, _at: Timestamp) -> Result<()> {
        Ok(())
    }
    /// Makes a delivery pending again, from the first try. False: no such delivery.
    async fn redeliver(&self, id: &str, now: Timestamp) -> Result<bool>;
    /// Deliveries of this state, newest first.
    async fn list_deliveries(&self, state: DeliveryState, limit: u32) -> Result<Vec<DeliveryView>>;
    /// Deliveries of one request, topic ones excluded.
    async fn deliveries_of(&self, id: RequestId) -> Result<Vec<DeliveryView>>;
}

/// An event of a topic log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicEvent {
    /// Grows within the store; the cursor of readers.
    pub seq: i64,
    /// The delivery's id.
    pub id: String,
    /// The bytes.
    pub body: Vec<u8>,
}

/// The durable topic logs.
#[async_trait]
pub trait Topics: Send + Sync {
    /// Events with `seq > after`, in order.
    async fn read(&self, topic: &str, after: i64, limit: u32) -> Result<Vec<TopicEvent>>;
}

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
}

/// Everything that a store does, for the composition root.
#[async_trait]
pub trait Store: Requests + Batches + Outbox + Topics {
    /// Hints of changes made through this handle.
    fn changes(&self) -> broadcast::Receiver<Change>;
    /// Ends what was asked for before, and lets go of the store. Later calls fail with [`Error::Unavailable`].
    async fn close(&self) {}
}

/// A shared store.
pub type SharedStore = Arc<dyn Store>;
