//! What the writer can be asked for, and what it answers.

use crate::{
    Accepted, AssessmentStep, Claim, Created, Error, Fenced, JobState, JobStep, Leased, LeasedAssessment,
    LeasedBatch, LeasedDelivery, NewAssessment, NewBatch, NewRequest, NewTopicEvent, Resource, Settlement,
    Woken,
};
use docket_types::{AssessmentId, BatchId, RequestId, Timestamp};

/// One write. Kept until it is committed, so that it can be tried again alone.
pub(super) enum Op {
    Accept(NewRequest),
    Settle(Vec<Settlement>),
    Claim(Claim),
    Renew { leases: Vec<(RequestId, i64)>, lease_until: Timestamp },
    Take { id: RequestId, now: Timestamp, lease_until: Timestamp },
    Expire { now: Timestamp, lease_until: Timestamp, limit: u32 },
    Wake { now: Timestamp },
    Prune { before: Timestamp, limit: u32 },
    Plan(NewBatch),
    ClaimJobs { now: Timestamp, lease_until: Timestamp, limit: u32 },
    RenewJob { id: BatchId, epoch: i64, lease_until: Timestamp },
    SaveStep { id: BatchId, epoch: i64, step: JobStep, release: bool },
    FinishJob { id: BatchId, epoch: i64, state: JobState, now: Timestamp },
    ClaimDeliveries { now: Timestamp, lease_until: Timestamp, limit: u32 },
    Delivered { id: String, now: Timestamp },
    Undelivered { id: String, next_at: Option<Timestamp>, error: String },
    Postpone { id: String, at: Timestamp },
    Redeliver { id: String, now: Timestamp },
    CreateAssessment(NewAssessment),
    ClaimAssessments { now: Timestamp, lease_until: Timestamp, limit: u32 },
    RenewAssessment { id: AssessmentId, epoch: i64, lease_until: Timestamp },
    StepAssessment(AssessmentStep),
    TellAssessment { id: AssessmentId, event: NewTopicEvent, now: Timestamp },
    PutResource(Resource),
    DeleteResource { kind: String, scope: String, key: String },
}

impl Op {
    /// The first part of the names of its crash points.
    #[cfg(debug_assertions)]
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Accept(_) => "accept",
            Self::Settle(_) => "settle",
            Self::Claim(_) => "claim",
            Self::Renew { .. } => "renew",
            Self::Take { .. } => "take",
            Self::Expire { .. } => "expire",
            Self::Wake { .. } => "wake",
            Self::Prune { .. } => "prune",
            Self::Plan(_) => "plan",
            Self::ClaimJobs { .. } | Self::RenewJob { .. } => "job",
            Self::SaveStep { .. } => "step",
            Self::FinishJob { .. } => "finish",
            Self::ClaimDeliveries { .. } => "outbox.claim",
            Self::Delivered { .. } => "outbox.delivered",
            Self::Undelivered { .. } => "outbox.undelivered",
            Self::Postpone { .. } => "outbox.postpone",
            Self::Redeliver { .. } => "outbox.redeliver",
            Self::CreateAssessment(_) => "assessment.create",
            Self::ClaimAssessments { .. } => "assessment.claim",
            Self::RenewAssessment { .. } => "assessment.renew",
            Self::StepAssessment(_) => "assessment.step",
            Self::TellAssessment { .. } => "assessment.tell",
            Self::PutResource(_) => "resource.put",
            Self::DeleteResource { .. } => "resource.delete",
        }
    }
}

macro_rules! answers {
    ($($variant:ident: $type:ty),+ $(,)?) => {
        /// What came of an [`Op`]: one type each, so that a caller gets back what it asked for.
        pub(super) enum Answer {
            $($variant($type)),+
        }

        $(impl From<$type> for Answer {
            fn from(value: $type) -> Self {
                Self::$variant(value)
            }
        }

        impl TryFrom<Answer> for $type {
            type Error = Error;
            fn try_from(answer: Answer) -> Result<Self, Error> {
                match answer {
                    Answer::$variant(value) => Ok(value),
                    _ => Err(Error::Internal("the writer answered another question".into())),
                }
            }
        })+
    };
}

answers! {
    Accepted: Accepted,
    Settled: Vec<Fenced>,
    Leased: Vec<Leased>,
    Taken: Option<Leased>,
    Ids: Vec<RequestId>,
    Woken: Woken,
    Jobs: Vec<LeasedBatch>,
    Fenced: Fenced,
    Deliveries: Vec<LeasedDelivery>,
    Created: Created,
    Assessments: Vec<LeasedAssessment>,
    Yes: bool,
    Count: u64,
    Done: (),
}
