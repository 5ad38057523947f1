//! An assignment's instructions: by what its essays are assessed, on which scale, with which prompt and rubric.

use crate::error::{ApiError, ApiResult};
use crate::state::Shared;
use serde::{Deserialize, Serialize};

const KIND: &str = "instructions";

/// The scale where nothing is said.
pub(crate) const DEFAULT_SCALE: &str = "swedish_8_anchor";

/// Where the instructions come from, where nothing is said.
pub(crate) const DEFAULT_ORIGIN: &str = "research_experiment";

/// The origin whose materials no request may replace.
const CANONICAL: &str = "canonical_national";

/// An assignment's instructions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Instructions {
    pub(crate) assignment_id: String,
    pub(crate) instructions_text: String,
    /// Never changes.
    pub(crate) grade_scale: String,
    /// Never changes.
    pub(crate) context_origin: String,
    pub(crate) student_prompt_storage_id: Option<String>,
    pub(crate) judge_rubric_storage_id: Option<String>,
    /// RFC 3339, UTC.
    pub(crate) created_at: String,
    /// RFC 3339, UTC.
    pub(crate) updated_at: String,
}

impl Instructions {
    /// Whether a request may bring materials of its own.
    pub(crate) fn is_canonical(&self) -> bool {
        self.context_origin == CANONICAL
    }
}

/// Writes an assignment's instructions.
pub(crate) async fn save(app: &Shared, instructions: &Instructions) -> ApiResult<()> {
    super::put(app, KIND, &instructions.assignment_id, "", instructions).await
}

/// An assignment's instructions.
pub(crate) async fn find(app: &Shared, assignment_id: &str) -> ApiResult<Option<Instructions>> {
    super::get(app, KIND, assignment_id, "").await
}

/// An assignment's instructions, or 404.
pub(crate) async fn require(app: &Shared, assignment_id: &str) -> ApiResult<Instructions> {
    find(app, assignment_id).await?.ok_or_else(|| missing(assignment_id))
}

/// Everybody's instructions, by assignment.
pub(crate) async fn all(app: &Shared) -> ApiResult<Vec<Instructions>> {
    super::all(app, KIND, None).await
}

/// Deletes an assignment's instructions. False: there are none.
pub(crate) async fn delete(app: &Shared, assignment_id: &str) -> ApiResult<bool> {
    Ok(app.handle.store().delete_resource(KIND, assignment_id, "").await?)
}

/// 404.
pub(crate) fn missing(assignment_id: &str) -> ApiError {
    let id: String = assignment_id.chars().take(100).collect();
    ApiError::not_found(format!("assignment `{id}` has no instructions")).detail("assignment_id", id)
}
