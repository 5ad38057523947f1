//! Deliveries: the outbox of webhooks and the topic logs.

use super::Result;
use async_trait::async_trait;
use docket_types::{RequestId, Timestamp};

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
    async fn postpone(&self, id: &str, at: Timestamp) -> Result<()>;
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
