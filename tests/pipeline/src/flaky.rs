//! A store that fails when it is told to, before or after the work is done.

use async_trait::async_trait;
use docket_store::{
    Accepted, AssessmentRow, AssessmentStep, Assessments, BatchView, Batches, Change, Claim, ComparisonRow,
    Created, DeliveryState, DeliveryView, Error, Fenced, JobState, JobStep, Leased, LeasedAssessment,
    LeasedBatch, LeasedDelivery, Load, LogEntry, NewAssessment, NewBatch, NewRequest, NewTopicEvent, Outbox,
    RequestView, Requests, Resource, Result, Settlement, SharedStore, Store, TopicEvent, Topics, Woken,
};
use docket_types::{AssessmentId, BatchId, RequestId, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::broadcast;

/// When a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done.
    Before,
    /// It is done, and the caller does not hear of it.
    After,
}

/// A store around another one.
pub struct Flaky {
    inner: SharedStore,
    faults: Mutex<BTreeMap<&'static str, Vec<Fault>>>,
}

macro_rules! through {
    ($self:ident, $name:ident($($arg:expr),*)) => {{
        let fault = $self.next(stringify!($name));
        if fault == Some(Fault::Before) {
            return Err(Error::Unavailable("told to fail".into()));
        }
        let done = $self.inner.$name($($arg),*).await?;
        if fault == Some(Fault::After) { Err(Error::Unavailable("told to fail".into())) } else { Ok(done) }
    }};
}

impl Flaky {
    pub(crate) fn new(inner: SharedStore) -> Self {
        Self { inner, faults: Mutex::default() }
    }

    /// The next calls of this operation fail like this, the last one first.
    pub fn fail(&self, operation: &'static str, faults: &[Fault]) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).insert(operation, faults.to_vec());
    }

    /// How many faults have not been met yet.
    pub fn left(&self) -> usize {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).values().map(Vec::len).sum()
    }

    fn next(&self, operation: &str) -> Option<Fault> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).get_mut(operation)?.pop()
    }
}

#[async_trait]
impl Requests for Flaky {
    async fn accept(&self, request: NewRequest) -> Result<Accepted> {
        through!(self, accept(request))
    }
    async fn claim(&self, claim: Claim) -> Result<Vec<Leased>> {
        through!(self, claim(claim))
    }
    async fn renew(&self, leases: Vec<(RequestId, i64)>, until: Timestamp) -> Result<Vec<RequestId>> {
        through!(self, renew(leases, until))
    }
    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Fenced>> {
        through!(self, settle(settlements))
    }
    async fn take(&self, id: RequestId, now: Timestamp, until: Timestamp) -> Result<Option<Leased>> {
        through!(self, take(id, now, until))
    }
    async fn claim_expired(&self, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<Leased>> {
        through!(self, claim_expired(now, until, limit))
    }
    async fn wake_due(&self, now: Timestamp) -> Result<Woken> {
        through!(self, wake_due(now))
    }
    async fn prune(&self, before: Timestamp, limit: u32) -> Result<u64> {
        through!(self, prune(before, limit))
    }
    async fn get(&self, id: RequestId) -> Result<Option<RequestView>> {
        through!(self, get(id))
    }
    fn load(&self) -> Load {
        self.inner.load()
    }
}

#[async_trait]
impl Batches for Flaky {
    async fn plan(&self, batch: NewBatch) -> Result<Vec<RequestId>> {
        through!(self, plan(batch))
    }
    async fn claim_jobs(&self, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<LeasedBatch>> {
        through!(self, claim_jobs(now, until, limit))
    }
    async fn renew_job(&self, id: BatchId, epoch: i64, until: Timestamp) -> Result<Fenced> {
        through!(self, renew_job(id, epoch, until))
    }
    async fn save_step(&self, id: BatchId, epoch: i64, step: JobStep, release: bool) -> Result<Fenced> {
        through!(self, save_step(id, epoch, step, release))
    }
    async fn members(&self, id: BatchId, after: Option<RequestId>, limit: u32) -> Result<Vec<Leased>> {
        through!(self, members(id, after, limit))
    }
    async fn finish_job(&self, id: BatchId, epoch: i64, state: JobState, now: Timestamp) -> Result<Fenced> {
        through!(self, finish_job(id, epoch, state, now))
    }
    async fn get_job(&self, id: BatchId) -> Result<Option<BatchView>> {
        through!(self, get_job(id))
    }
    async fn list_jobs(&self, limit: u32) -> Result<Vec<BatchView>> {
        through!(self, list_jobs(limit))
    }
}

#[async_trait]
impl Outbox for Flaky {
    async fn claim_deliveries(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<LeasedDelivery>> {
        through!(self, claim_deliveries(now, until, limit))
    }
    async fn delivered(&self, id: &str, now: Timestamp) -> Result<()> {
        through!(self, delivered(id, now))
    }
    async fn undelivered(&self, id: &str, next_at: Option<Timestamp>, error: &str) -> Result<()> {
        through!(self, undelivered(id, next_at, error))
    }
    async fn postpone(&self, id: &str, at: Timestamp) -> Result<()> {
        through!(self, postpone(id, at))
    }
    async fn redeliver(&self, id: &str, now: Timestamp) -> Result<bool> {
        through!(self, redeliver(id, now))
    }
    async fn list_deliveries(&self, state: DeliveryState, limit: u32) -> Result<Vec<DeliveryView>> {
        through!(self, list_deliveries(state, limit))
    }
    async fn deliveries_of(&self, id: RequestId) -> Result<Vec<DeliveryView>> {
        through!(self, deliveries_of(id))
    }
}

#[async_trait]
impl Topics for Flaky {
    async fn read(&self, topic: &str, after: i64, limit: u32) -> Result<Vec<TopicEvent>> {
        through!(self, read(topic, after, limit))
    }
}

#[async_trait]
impl Assessments for Flaky {
    async fn create_assessment(&self, new: NewAssessment) -> Result<Created> {
        through!(self, create_assessment(new))
    }
    async fn claim_assessments(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<LeasedAssessment>> {
        through!(self, claim_assessments(now, until, limit))
    }
    async fn renew_assessment(&self, id: AssessmentId, epoch: i64, until: Timestamp) -> Result<Fenced> {
        through!(self, renew_assessment(id, epoch, until))
    }
    async fn step_assessment(&self, step: AssessmentStep) -> Result<Fenced> {
        through!(self, step_assessment(step))
    }
    async fn tell_assessment(&self, id: AssessmentId, event: NewTopicEvent, now: Timestamp) -> Result<bool> {
        through!(self, tell_assessment(id, event, now))
    }
    async fn assessment(&self, id: AssessmentId) -> Result<Option<AssessmentRow>> {
        through!(self, assessment(id))
    }
    async fn assessment_spec(&self, id: AssessmentId) -> Result<Option<Vec<u8>>> {
        through!(self, assessment_spec(id))
    }
    async fn assessment_named(&self, tenant: &str, name: &str) -> Result<Option<AssessmentRow>> {
        through!(self, assessment_named(tenant, name))
    }
    async fn list_assessments(&self, before: Option<AssessmentId>, limit: u32) -> Result<Vec<AssessmentRow>> {
        through!(self, list_assessments(before, limit))
    }
    async fn comparisons(&self, id: AssessmentId, from: u32, limit: u32) -> Result<Vec<ComparisonRow>> {
        through!(self, comparisons(id, from, limit))
    }
    async fn assessment_log(&self, id: AssessmentId, from: u32, limit: u32) -> Result<Vec<LogEntry>> {
        through!(self, assessment_log(id, from, limit))
    }
    async fn put_resource(&self, resource: Resource) -> Result<()> {
        through!(self, put_resource(resource))
    }
    async fn resource(&self, kind: &str, scope: &str, key: &str) -> Result<Option<Resource>> {
        through!(self, resource(kind, scope, key))
    }
    async fn resources(
        &self,
        kind: &str,
        scope: Option<&str>,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<Resource>> {
        through!(self, resources(kind, scope, after, limit))
    }
    async fn delete_resource(&self, kind: &str, scope: &str, key: &str) -> Result<bool> {
        through!(self, delete_resource(kind, scope, key))
    }
}

#[async_trait]
impl Store for Flaky {
    fn changes(&self) -> broadcast::Receiver<Change> {
        self.inner.changes()
    }
    async fn close(&self) {
        self.inner.close().await;
    }
}
