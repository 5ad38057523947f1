//! Reading assessments, and giving one up.

use super::{TOPIC_PREFIX, admit, event, spec::Spec, topic};
use docket_judgement::session::Decided;
use docket_store::{AssessmentRow, AssessmentState, Error, NewTopicEvent, SharedStore};
use docket_types::assessment::{AssessmentRequest, AssessmentView, ComparisonView, State};
use docket_types::{AssessmentId, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A decision of an assessment, with everything that it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionView {
    /// Counts from 0 within the assessment.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// What, and why.
    pub decision: Decided,
}

/// What became of the wish to give an assessment up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssessmentCancel {
    /// It ends as soon as its holder reads it.
    Requested,
    /// It had ended.
    AlreadyEnded(State),
    /// There is no such assessment.
    NotFound,
}

/// The view of a row.
pub(crate) fn view(row: &AssessmentRow) -> Result<AssessmentView, Error> {
    stored(row.id, "view", &row.view)
}

/// Reads what is stored of an assessment.
pub(super) fn stored<T: DeserializeOwned>(id: AssessmentId, what: &str, bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|e| Error::Corrupt(format!("assessment {id}: its {what}: {e}")))
}

pub(crate) async fn assessment(
    store: &SharedStore,
    id: AssessmentId,
) -> Result<Option<AssessmentView>, Error> {
    store.assessment(id).await?.as_ref().map(view).transpose()
}

pub(crate) async fn named(store: &SharedStore, name: &str) -> Result<Option<AssessmentView>, Error> {
    store.assessment_named(admit::TENANT, name).await?.as_ref().map(view).transpose()
}

pub(crate) async fn list(
    store: &SharedStore,
    before: Option<AssessmentId>,
    limit: u32,
) -> Result<Vec<AssessmentView>, Error> {
    store.list_assessments(before, limit).await?.iter().map(view).collect()
}

pub(crate) async fn comparisons(
    store: &SharedStore,
    id: AssessmentId,
    from: u32,
    limit: u32,
) -> Result<Vec<ComparisonView>, Error> {
    let rows = store.comparisons(id, from, limit).await?;
    rows.iter().map(|row| stored(id, "comparison", &row.body)).collect()
}

pub(crate) async fn log(
    store: &SharedStore,
    id: AssessmentId,
    from: u32,
    limit: u32,
) -> Result<Vec<DecisionView>, Error> {
    let rows = store.assessment_log(id, from, limit).await?;
    let one = |row: &docket_store::LogEntry| {
        let decision = stored(id, "decision", &row.body)?;
        Ok(DecisionView { number: row.number, at: row.at, decision })
    };
    rows.iter().map(one).collect()
}

pub(crate) async fn request(
    store: &SharedStore,
    id: AssessmentId,
) -> Result<Option<AssessmentRequest>, Error> {
    let Some(bytes) = store.assessment_spec(id).await? else { return Ok(None) };
    let spec: Spec = stored(id, "spec", &bytes)?;
    Ok(Some(spec.request))
}

/// Gives an assessment up: a command on its topic, in order with everything else that it hears.
pub(crate) async fn cancel(
    store: &SharedStore,
    id: AssessmentId,
    now: Timestamp,
) -> Result<AssessmentCancel, Error> {
    let Some(row) = store.assessment(id).await? else { return Ok(AssessmentCancel::NotFound) };
    let ended = match row.state {
        AssessmentState::Running => None,
        AssessmentState::Completed => Some(State::Completed),
        AssessmentState::Failed => Some(State::Failed),
        AssessmentState::Cancelled => Some(State::Cancelled),
    };
    if let Some(state) = ended {
        return Ok(AssessmentCancel::AlreadyEnded(state));
    }
    let event_id = Uuid::now_v7();
    let body =
        serde_json::to_vec(&event::cancel(event_id, now)).map_err(|e| Error::Internal(e.to_string()))?;
    let event = NewTopicEvent { topic: topic(id), id: format!("{TOPIC_PREFIX}{id}/{event_id}"), body };
    Ok(match store.tell_assessment(id, event, now).await? {
        true => AssessmentCancel::Requested,
        false => AssessmentCancel::NotFound,
    })
}
