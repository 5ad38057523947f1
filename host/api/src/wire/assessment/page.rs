//! Assessments in lists, in answers for many, in receipts and in streams.

use super::shown::Shown as _;
use super::view::{ComparisonInfo, EndInfo, ProgressInfo};
use docket_pipeline::{AssessmentReceipt, DecisionView};
use docket_types::assessment::{AssessmentView, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A state's name on the wire.
pub(crate) fn state_name(state: State) -> &'static str {
    state.shown()
}

/// An assessment was accepted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssessmentAccepted {
    /// Its id.
    #[schema(format = "uuid")]
    id: String,
    /// The caller's name of it.
    name: String,
    /// RFC 3339, UTC.
    created_at: String,
    /// The same was asked for before; this is the receipt of then.
    pub(crate) replayed: bool,
    /// Where to look.
    pub(crate) links: AssessmentLinks,
}

/// Where to find an assessment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssessmentLinks {
    /// State, progress, scores.
    #[serde(rename = "self")]
    pub(crate) this: String,
    /// Its progress as server-sent events.
    events: String,
    /// Its comparisons.
    comparisons: String,
    /// Why each wave, retry and stop happened.
    decisions: String,
    /// All of it as a page for people.
    report: String,
    /// Ends it with POST.
    cancel: String,
}

impl AssessmentAccepted {
    pub(crate) fn new(receipt: &AssessmentReceipt, name: String) -> Self {
        let this = format!("/api/v1/assessments/{}", receipt.id);
        let below = |part: &str| format!("{this}/{part}");
        Self {
            id: receipt.id.to_string(),
            name,
            created_at: receipt.created_at.to_string(),
            replayed: receipt.replayed,
            links: AssessmentLinks {
                events: below("events"),
                comparisons: below("comparisons"),
                decisions: below("decisions"),
                report: below("report"),
                cancel: below("cancel"),
                this,
            },
        }
    }
}

/// An assessment in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssessmentSummary {
    /// Its id.
    #[schema(format = "uuid")]
    id: String,
    /// The caller's name of it.
    name: String,
    /// `running`, `completed`, `failed` or `cancelled`.
    state: &'static str,
    /// `cj_assessment` while it runs, then null.
    current_phase: Option<&'static str>,
    /// How far it is.
    progress: ProgressInfo,
    /// Who judges.
    provider: String,
    /// RFC 3339, UTC.
    created_at: String,
    /// RFC 3339, UTC.
    updated_at: String,
    /// RFC 3339, UTC.
    ended_at: Option<String>,
    /// How it ended; null while it runs.
    end: Option<EndInfo>,
}

impl From<AssessmentView> for AssessmentSummary {
    fn from(view: AssessmentView) -> Self {
        Self {
            id: view.id.shown(),
            name: view.name,
            state: view.state.shown(),
            current_phase: view.current_phase.shown(),
            progress: view.progress.shown(),
            provider: view.provider.shown(),
            created_at: view.created_at.shown(),
            updated_at: view.updated_at.shown(),
            ended_at: view.ended_at.shown(),
            end: view.end.shown(),
        }
    }
}

/// A page of assessments, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssessmentPage {
    pub(crate) assessments: Vec<AssessmentSummary>,
    /// Pass it as `before` to go on; null when there is nothing more.
    #[schema(format = "uuid")]
    pub(crate) next: Option<String>,
}

impl AssessmentPage {
    pub(crate) fn new(views: Vec<AssessmentView>, limit: u32) -> Self {
        let full = views.len() >= limit as usize;
        let next = views.last().filter(|_| full).map(|view| view.id.to_string());
        Self { assessments: views.into_iter().map(Into::into).collect(), next }
    }
}

/// A page of comparisons, by number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComparisonPage {
    pub(crate) comparisons: Vec<ComparisonInfo>,
    /// Pass it as `from` to go on: the number after the last one, or the given `from` when there is none.
    pub(crate) next: u32,
}

/// A page of decisions, by number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DecisionPage {
    pub(crate) decisions: Vec<DecisionInfo>,
    /// Pass it as `from` to go on: the number after the last one, or the given `from` when there is none.
    pub(crate) next: u32,
}

/// One decision.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DecisionInfo {
    /// Counts from 0 within the assessment.
    pub(crate) number: u32,
    /// When it was made; RFC 3339, UTC.
    at: String,
    /// What it rests on (`context`, `facts`), why (`reason`), and what it is (`action`, `asked`, `kind`).
    #[schema(value_type = Object)]
    decision: Value,
}

impl DecisionInfo {
    pub(crate) fn new(view: &DecisionView) -> Result<Self, serde_json::Error> {
        let decision = serde_json::to_value(&view.decision)?;
        Ok(Self { number: view.number, at: view.at.to_string(), decision })
    }
}

/// Assessments that somebody wants to know about.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatusQuestion {
    /// Their ids, at most 500.
    pub(crate) ids: Vec<String>,
}

/// Where many assessments are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusAnswer {
    /// By id, as it was asked for; null where there is no such assessment.
    #[schema(value_type = BTreeMap<String, StatusInfo>)]
    pub(crate) assessments: BTreeMap<String, Option<StatusInfo>>,
}

/// Where an assessment is; also the data of the events of its stream.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct StatusInfo {
    /// `running`, `completed`, `failed` or `cancelled`.
    pub(crate) state: &'static str,
    /// `cj_assessment` while it runs, then null.
    pub(crate) current_phase: Option<&'static str>,
    /// How far it is.
    pub(crate) progress: ProgressInfo,
}

impl From<&AssessmentView> for StatusInfo {
    fn from(view: &AssessmentView) -> Self {
        Self {
            state: view.state.shown(),
            current_phase: view.current_phase.shown(),
            progress: view.progress.shown(),
        }
    }
}

/// The data of the last event of a stream.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EndEvent {
    /// `completed`, `failed` or `cancelled`.
    pub(crate) state: &'static str,
    /// How it ended.
    pub(crate) end: Option<EndInfo>,
}

/// The assessment will end.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssessmentCancelled {
    /// Its id.
    #[schema(format = "uuid")]
    pub(crate) id: String,
    /// `cancel_requested`: it ends as `cancelled` in a moment.
    pub(crate) status: &'static str,
}
