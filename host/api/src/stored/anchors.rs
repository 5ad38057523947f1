//! Anchor essays: essays of an assignment whose grades are known.

use crate::error::ApiResult;
use crate::state::Shared;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const KIND: &str = "anchor";

/// With what the id of an anchor essay begins within an assessment.
pub(crate) const PREFIX: &str = "ANCHOR_";

/// An anchor essay. Its assignment, scale and label name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Anchor {
    pub(crate) anchor_id: Uuid,
    pub(crate) assignment_id: String,
    pub(crate) anchor_label: String,
    pub(crate) grade: String,
    pub(crate) grade_scale: String,
    pub(crate) text_storage_id: String,
}

impl Anchor {
    /// Its id within an assessment.
    pub(crate) fn essay_id(&self) -> String {
        format!("{PREFIX}{}", self.anchor_label)
    }
}

/// A scale's id has no slash, so that no two anchors share a key.
fn key(grade_scale: &str, label: &str) -> String {
    format!("{grade_scale}/{label}")
}

/// Writes an anchor.
pub(crate) async fn save(app: &Shared, anchor: &Anchor) -> ApiResult<()> {
    let key = key(&anchor.grade_scale, &anchor.anchor_label);
    super::put(app, KIND, &anchor.assignment_id, &key, anchor).await
}

/// The anchor with this label.
pub(crate) async fn find(
    app: &Shared,
    assignment_id: &str,
    grade_scale: &str,
    label: &str,
) -> ApiResult<Option<Anchor>> {
    super::get(app, KIND, assignment_id, &key(grade_scale, label)).await
}

/// An assignment's anchors, by scale and label.
pub(crate) async fn all(app: &Shared, assignment_id: &str) -> ApiResult<Vec<Anchor>> {
    super::all(app, KIND, Some(assignment_id)).await
}
