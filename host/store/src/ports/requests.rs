//! The queue.

use super::Result;
use async_trait::async_trait;
use docket_types::{BatchId, MicroUsd, ProviderName, QueueMode, RequestId, RequestState, Timestamp};

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
    /// them. One that has a delivery still to make, or a dead one, stays. Returns how many were deleted. Jobs
    /// and assessments that ended as long ago go with it, uncounted and bounded; what does not fit goes the next time.
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
