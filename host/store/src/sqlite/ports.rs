//! The ports: writes go to the writer, reads to the readers.

use super::op::Op;
use super::{SqliteStore, batches, outbox, requests, settle, topics};
use crate::{
    Accepted, BatchView, Batches, Change, Claim, DeliveryState, DeliveryView, Fenced, JobState, JobStep,
    Leased, LeasedBatch, LeasedDelivery, Load, NewBatch, NewRequest, Outbox, RequestView, Requests, Result,
    Settlement, Store, TopicEvent, Topics, Woken,
};
use async_trait::async_trait;
use docket_types::{BatchId, RequestId, Timestamp};
use tokio::sync::broadcast;

#[async_trait]
impl Requests for SqliteStore {
    async fn accept(&self, request: NewRequest) -> Result<Accepted> {
        self.writer.call(Op::Accept(request)).await
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<Leased>> {
        self.writer.call(Op::Claim(claim)).await
    }

    async fn renew(&self, leases: Vec<(RequestId, i64)>, lease_until: Timestamp) -> Result<Vec<RequestId>> {
        self.writer.call(Op::Renew { leases, lease_until }).await
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Fenced>> {
        settle::check(&settlements)?;
        self.writer.call(Op::Settle(settlements)).await
    }

    async fn take(&self, id: RequestId, now: Timestamp, lease_until: Timestamp) -> Result<Option<Leased>> {
        self.writer.call(Op::Take { id, now, lease_until }).await
    }

    async fn claim_expired(&self, now: Timestamp, lease_until: Timestamp, limit: u32) -> Result<Vec<Leased>> {
        self.writer.call(Op::Expire { now, lease_until, limit }).await
    }

    async fn wake_due(&self, now: Timestamp) -> Result<Woken> {
        self.writer.call(Op::Wake { now }).await
    }

    async fn prune(&self, before: Timestamp, limit: u32) -> Result<u64> {
        self.writer.call(Op::Prune { before, limit }).await
    }

    async fn get(&self, id: RequestId) -> Result<Option<RequestView>> {
        requests::find(&self.readers, id).await
    }

    fn load(&self) -> Load {
        self.shared.load()
    }
}

#[async_trait]
impl Batches for SqliteStore {
    async fn plan(&self, batch: NewBatch) -> Result<Vec<RequestId>> {
        self.writer.call(Op::Plan(batch)).await
    }

    async fn claim_jobs(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<LeasedBatch>> {
        self.writer.call(Op::ClaimJobs { now, lease_until, limit }).await
    }

    async fn renew_job(&self, id: BatchId, epoch: i64, lease_until: Timestamp) -> Result<Fenced> {
        self.writer.call(Op::RenewJob { id, epoch, lease_until }).await
    }

    async fn save_step(&self, id: BatchId, epoch: i64, step: JobStep, release: bool) -> Result<Fenced> {
        self.writer.call(Op::SaveStep { id, epoch, step, release }).await
    }

    async fn members(&self, id: BatchId, after: Option<RequestId>, limit: u32) -> Result<Vec<Leased>> {
        batches::members(&self.readers, id, after, limit).await
    }

    async fn finish_job(&self, id: BatchId, epoch: i64, state: JobState, now: Timestamp) -> Result<Fenced> {
        self.writer.call(Op::FinishJob { id, epoch, state, now }).await
    }

    async fn get_job(&self, id: BatchId) -> Result<Option<BatchView>> {
        batches::get_job(&self.readers, id).await
    }

    async fn list_jobs(&self, limit: u32) -> Result<Vec<BatchView>> {
        batches::list_jobs(&self.readers, limit).await
    }
}

#[async_trait]
impl Outbox for SqliteStore {
    async fn claim_deliveries(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<LeasedDelivery>> {
        self.writer.call(Op::ClaimDeliveries { now, lease_until, limit }).await
    }

    async fn delivered(&self, id: &str, now: Timestamp) -> Result<()> {
        self.writer.call(Op::Delivered { id: id.to_owned(), now }).await
    }

    async fn undelivered(&self, id: &str, next_at: Option<Timestamp>, error: &str) -> Result<()> {
        self.writer.call(Op::Undelivered { id: id.to_owned(), next_at, error: error.to_owned() }).await
    }

    async fn postpone(&self, id: &str, at: Timestamp) -> Result<()> {
        self.writer.call(Op::Postpone { id: id.to_owned(), at }).await
    }

    async fn redeliver(&self, id: &str, now: Timestamp) -> Result<bool> {
        self.writer.call(Op::Redeliver { id: id.to_owned(), now }).await
    }

    async fn list_deliveries(&self, state: DeliveryState, limit: u32) -> Result<Vec<DeliveryView>> {
        outbox::list(&self.readers, state, limit).await
    }

    async fn deliveries_of(&self, id: RequestId) -> Result<Vec<DeliveryView>> {
        outbox::of(&self.readers, id).await
    }
}

#[async_trait]
impl Topics for SqliteStore {
    async fn read(&self, topic: &str, after: i64, limit: u32) -> Result<Vec<TopicEvent>> {
        topics::read(&self.readers, topic, after, limit).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn changes(&self) -> broadcast::Receiver<Change> {
        self.shared.changes.subscribe()
    }

    async fn close(&self) {
        // Readers first: the last connection to close folds the log in.
        self.readers.close().await;
        self.writer.close().await;
    }
}
