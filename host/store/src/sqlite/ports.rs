//! The ports: writes go to the writer, reads to the readers.

use super::op::Op;
use super::{SqliteStore, assessment_views, batches, outbox, requests, resources, settle, topics};
use crate::{
    Accepted, AssessmentRow, AssessmentStep, Assessments, BatchView, Batches, Change, Claim, ComparisonRow,
    Created, DeliveryState, DeliveryView, Fenced, JobState, JobStep, Leased, LeasedAssessment, LeasedBatch,
    LeasedDelivery, Load, LogEntry, NewAssessment, NewBatch, NewRequest, NewTopicEvent, Outbox, RequestView,
    Requests, Resource, Result, Settlement, Store, TopicEvent, Topics, Woken,
};
use async_trait::async_trait;
use docket_types::{AssessmentId, BatchId, RequestId, Timestamp};
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
impl Assessments for SqliteStore {
    async fn create_assessment(&self, new: NewAssessment) -> Result<Created> {
        self.writer.call(Op::CreateAssessment(new)).await
    }

    async fn claim_assessments(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<LeasedAssessment>> {
        self.writer.call(Op::ClaimAssessments { now, lease_until, limit }).await
    }

    async fn renew_assessment(&self, id: AssessmentId, epoch: i64, lease_until: Timestamp) -> Result<Fenced> {
        self.writer.call(Op::RenewAssessment { id, epoch, lease_until }).await
    }

    async fn step_assessment(&self, step: AssessmentStep) -> Result<Fenced> {
        self.writer.call(Op::StepAssessment(step)).await
    }

    async fn tell_assessment(&self, id: AssessmentId, event: NewTopicEvent, now: Timestamp) -> Result<bool> {
        self.writer.call(Op::TellAssessment { id, event, now }).await
    }

    async fn assessment(&self, id: AssessmentId) -> Result<Option<AssessmentRow>> {
        assessment_views::find(&self.readers, id).await
    }

    async fn assessment_spec(&self, id: AssessmentId) -> Result<Option<Vec<u8>>> {
        assessment_views::spec(&self.readers, id).await
    }

    async fn assessment_named(&self, tenant: &str, name: &str) -> Result<Option<AssessmentRow>> {
        assessment_views::named(&self.readers, tenant, name).await
    }

    async fn list_assessments(&self, before: Option<AssessmentId>, limit: u32) -> Result<Vec<AssessmentRow>> {
        assessment_views::list(&self.readers, before, limit).await
    }

    async fn comparisons(&self, id: AssessmentId, from: u32, limit: u32) -> Result<Vec<ComparisonRow>> {
        assessment_views::comparisons(&self.readers, id, from, limit).await
    }

    async fn assessment_log(&self, id: AssessmentId, from: u32, limit: u32) -> Result<Vec<LogEntry>> {
        assessment_views::log(&self.readers, id, from, limit).await
    }

    async fn put_resource(&self, resource: Resource) -> Result<()> {
        self.writer.call(Op::PutResource(resource)).await
    }

    async fn resource(&self, kind: &str, scope: &str, key: &str) -> Result<Option<Resource>> {
        resources::find(&self.readers, kind, scope, key).await
    }

    async fn resources(
        &self,
        kind: &str,
        scope: Option<&str>,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<Resource>> {
        resources::list(&self.readers, kind, scope, after, limit).await
    }

    async fn delete_resource(&self, kind: &str, scope: &str, key: &str) -> Result<bool> {
        let (kind, scope, key) = (kind.to_owned(), scope.to_owned(), key.to_owned());
        self.writer.call(Op::DeleteResource { kind, scope, key }).await
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
