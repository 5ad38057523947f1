//! What operators keep for assessments: instructions, prompts, rubrics, anchors, texts.

use crate::stored::anchors::Anchor;
use crate::stored::instructions::Instructions;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Instructions to write. What is absent stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewInstructions {
    /// At most 100 characters.
    pub(crate) assignment_id: String,
    /// By what the essays are assessed; at least 10 characters.
    pub(crate) instructions_text: String,
    /// `swedish_8_anchor` (the default), `eng5_np_legacy_9_step` or `eng5_np_national_9_step`. Never changes.
    #[serde(default)]
    pub(crate) grade_scale: Option<String>,
    /// `research_experiment` (the default) or a name of the operator's. Never changes. The materials of
    /// `canonical_national` cannot be replaced by a request.
    #[serde(default)]
    pub(crate) context_origin: Option<String>,
    /// Where the student prompt is stored.
    #[serde(default)]
    pub(crate) student_prompt_storage_id: Option<String>,
    /// Where the rubric is stored.
    #[serde(default)]
    pub(crate) judge_rubric_storage_id: Option<String>,
}

/// An assignment's instructions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InstructionsInfo {
    assignment_id: String,
    instructions_text: String,
    grade_scale: String,
    context_origin: String,
    student_prompt_storage_id: Option<String>,
    judge_rubric_storage_id: Option<String>,
    /// RFC 3339, UTC.
    created_at: String,
    /// RFC 3339, UTC.
    updated_at: String,
}

impl From<Instructions> for InstructionsInfo {
    fn from(stored: Instructions) -> Self {
        Self {
            assignment_id: stored.assignment_id,
            instructions_text: stored.instructions_text,
            grade_scale: stored.grade_scale,
            context_origin: stored.context_origin,
            student_prompt_storage_id: stored.student_prompt_storage_id,
            judge_rubric_storage_id: stored.judge_rubric_storage_id,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
        }
    }
}

/// A page of instructions, by assignment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InstructionsPage {
    pub(crate) items: Vec<InstructionsInfo>,
    /// How many there are on all pages.
    pub(crate) total: usize,
    /// Counts from 1.
    pub(crate) page: usize,
    pub(crate) page_size: usize,
}

/// A student prompt to store.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPrompt {
    /// An assignment with instructions.
    pub(crate) assignment_id: String,
    /// At least 10 characters.
    pub(crate) prompt_text: String,
}

/// An assignment's student prompt.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PromptInfo {
    pub(crate) prompt_text: String,
    #[serde(flatten)]
    pub(crate) instructions: InstructionsInfo,
}

/// A rubric to store.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRubric {
    /// An assignment with instructions.
    pub(crate) assignment_id: String,
    /// At least 10 characters.
    pub(crate) rubric_text: String,
}

/// An assignment's rubric.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RubricInfo {
    pub(crate) rubric_text: String,
    #[serde(flatten)]
    pub(crate) instructions: InstructionsInfo,
}

/// An anchor essay to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAnchor {
    /// An assignment with instructions.
    pub(crate) assignment_id: String,
    /// A grade of the assignment's scale.
    pub(crate) grade: String,
    /// Names the anchor within its assignment; the grade when absent. The same label replaces.
    #[serde(default)]
    pub(crate) anchor_label: Option<String>,
    /// At least 100 characters.
    pub(crate) essay_text: String,
}

/// An anchor essay was registered.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnchorRegistered {
    /// Stays the same when the label is registered again.
    #[schema(format = "uuid")]
    pub(crate) anchor_id: String,
    /// Where its text is stored.
    pub(crate) storage_id: String,
    pub(crate) grade_scale: String,
    /// `registered`.
    pub(crate) status: &'static str,
}

/// An anchor essay.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnchorInfo {
    #[schema(format = "uuid")]
    anchor_id: String,
    anchor_label: String,
    grade: String,
    grade_scale: String,
    text_storage_id: String,
    /// Its id within an assessment.
    essay_id: String,
}

impl From<Anchor> for AnchorInfo {
    fn from(anchor: Anchor) -> Self {
        Self {
            essay_id: anchor.essay_id(),
            anchor_id: anchor.anchor_id.to_string(),
            anchor_label: anchor.anchor_label,
            grade: anchor.grade,
            grade_scale: anchor.grade_scale,
            text_storage_id: anchor.text_storage_id,
        }
    }
}

/// An assignment's anchor essays.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnchorList {
    pub(crate) assignment_id: String,
    /// The assignment's scale.
    pub(crate) grade_scale: String,
    /// How many are on that scale.
    pub(crate) anchor_count: usize,
    /// These.
    pub(crate) anchors: Vec<AnchorInfo>,
    /// How many there are on all scales.
    pub(crate) anchor_count_total: usize,
    /// How many there are on each.
    pub(crate) anchor_count_by_scale: BTreeMap<String, usize>,
}

/// A text to store.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewContent {
    /// Not empty.
    pub(crate) text: String,
}

/// A text was stored.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContentStored {
    /// SHA-256 of the text, as hexadecimal digits: the same text has the same id.
    pub(crate) storage_id: String,
}
