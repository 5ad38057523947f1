//! Assessments: comparative judgement on top of the queue. What they contain is opaque bytes here.

use super::{Fenced, Result};
use async_trait::async_trait;
use docket_types::{AssessmentId, Timestamp};

/// Where an assessment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssessmentState {
    /// Comparisons are asked for, or answers waited for.
    Running,
    /// It ended with scores.
    Completed,
    /// It ended without.
    Failed,
    /// Its caller gave up.
    Cancelled,
}

impl AssessmentState {
    /// The name on the wire and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// An assessment to store.
#[derive(Debug, Clone)]
pub struct NewAssessment {
    /// Minted by the caller, version 7.
    pub id: AssessmentId,
    /// Whose it is.
    pub tenant: String,
    /// The caller's name of it: the same name with the same hash is the same assessment.
    pub name: String,
    /// SHA-256 of what was asked for.
    pub hash: [u8; 32],
    /// What was asked for, with the texts. Never changes.
    pub spec: Vec<u8>,
    /// Where it stands at the start.
    pub session: Vec<u8>,
    /// What callers see at the start.
    pub view: Vec<u8>,
    /// Now; it is due at once.
    pub now: Timestamp,
}

/// What became of a [`NewAssessment`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// It is stored, durably.
    New,
    /// The same was asked for before, as this assessment.
    Replayed(AssessmentId),
    /// The name was used for something else.
    NameConflict(AssessmentId),
}

/// An assessment in someone's hands.
#[derive(Debug, Clone)]
pub struct LeasedAssessment {
    /// Which.
    pub id: AssessmentId,
    /// Fences the lease: it grows with every claim.
    pub epoch: i64,
    /// What was asked for.
    pub spec: Vec<u8>,
    /// Where it stands.
    pub session: Vec<u8>,
    /// When it was stored.
    pub created_at: Timestamp,
}

/// One comparison of an assessment, as its owner wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparisonRow {
    /// Counts from 0 within the assessment.
    pub number: u32,
    /// Opaque.
    pub body: Vec<u8>,
}

/// One entry of an assessment's log of decisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Counts from 0 within the assessment.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// Opaque.
    pub body: Vec<u8>,
}

/// An event for a topic's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTopicEvent {
    /// The topic.
    pub topic: String,
    /// Unique within the store; a second event with the same id is not written.
    pub id: String,
    /// The bytes.
    pub body: Vec<u8>,
}

/// What changes in one transaction when an assessment goes on.
#[derive(Debug, Clone)]
pub struct AssessmentStep {
    /// Which.
    pub id: AssessmentId,
    /// Under which lease.
    pub epoch: i64,
    /// Now.
    pub now: Timestamp,
    /// The new state. Anything but `Running` ends it for good.
    pub state: AssessmentState,
    /// Where it stands now.
    pub session: Vec<u8>,
    /// What callers see now.
    pub view: Vec<u8>,
    /// Comparisons that are new, or that changed: written over the row with the same number.
    pub comparisons: Vec<ComparisonRow>,
    /// Decisions to add; an entry whose number exists is not written again.
    pub log: Vec<LogEntry>,
    /// Events to publish.
    pub events: Vec<NewTopicEvent>,
    /// When to look at it again at the latest. Told while it was held, it is due no later than it was told for, so
    /// that a holder who did not see the event is followed by one who does.
    pub next_at: Timestamp,
    /// Give the lease back.
    pub release: bool,
}

/// An assessment as callers see it.
#[derive(Debug, Clone)]
pub struct AssessmentRow {
    /// Which.
    pub id: AssessmentId,
    /// The caller's name of it.
    pub name: String,
    /// Where it is.
    pub state: AssessmentState,
    /// What its owner shows of it.
    pub view: Vec<u8>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When it was stored or last took a step. Leases do not count.
    pub updated_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// Something kept under a name for assessments to come: instructions, a prompt, a rubric, an anchor essay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its kind.
    pub kind: String,
    /// What it belongs to.
    pub scope: String,
    /// Its name there.
    pub key: String,
    /// Opaque.
    pub body: Vec<u8>,
    /// When it was written.
    pub updated_at: Timestamp,
}

/// Assessments and what they are made of. One holder at a time goes on with one; who lost the lease changes nothing.
#[async_trait]
pub trait Assessments: Send + Sync {
    /// Stores an assessment; it is durable when this returns.
    async fn create_assessment(&self, new: NewAssessment) -> Result<Created>;
    /// Leases running assessments whose time has come and that nobody holds, the longest due first.
    async fn claim_assessments(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<LeasedAssessment>>;
    /// Extends the lease of an assessment.
    async fn renew_assessment(&self, id: AssessmentId, epoch: i64, lease_until: Timestamp) -> Result<Fenced>;
    /// Stores a step, all of it or nothing.
    async fn step_assessment(&self, step: AssessmentStep) -> Result<Fenced>;
    /// Publishes an event, and makes the assessment due if it runs. False: there is no such assessment.
    async fn tell_assessment(&self, id: AssessmentId, event: NewTopicEvent, now: Timestamp) -> Result<bool>;
    /// One assessment.
    async fn assessment(&self, id: AssessmentId) -> Result<Option<AssessmentRow>>;
    /// What was asked for, with the texts.
    async fn assessment_spec(&self, id: AssessmentId) -> Result<Option<Vec<u8>>>;
    /// The newest assessment with this name.
    async fn assessment_named(&self, tenant: &str, name: &str) -> Result<Option<AssessmentRow>>;
    /// Assessments, newest first, older than `before`.
    async fn list_assessments(&self, before: Option<AssessmentId>, limit: u32) -> Result<Vec<AssessmentRow>>;
    /// Comparisons with `number >= from`, in order.
    async fn comparisons(&self, id: AssessmentId, from: u32, limit: u32) -> Result<Vec<ComparisonRow>>;
    /// Decisions with `number >= from`, in order.
    async fn assessment_log(&self, id: AssessmentId, from: u32, limit: u32) -> Result<Vec<LogEntry>>;
    /// Writes a resource over what has its name.
    async fn put_resource(&self, resource: Resource) -> Result<()>;
    /// One resource.
    async fn resource(&self, kind: &str, scope: &str, key: &str) -> Result<Option<Resource>>;
    /// Resources of a kind, of one scope or of all, by scope and key, after `after`.
    async fn resources(
        &self,
        kind: &str,
        scope: Option<&str>,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<Resource>>;
    /// Deletes a resource. False: there is none.
    async fn delete_resource(&self, kind: &str, scope: &str, key: &str) -> Result<bool>;
}
