//! What is asked for: essays, what they are judged by, and how.

use crate::ProviderName;
use crate::submission::Overrides;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An essay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Essay {
    /// The caller's name of it, unique within the assessment. The judge never sees it.
    pub id: String,
    /// The text.
    pub text: String,
    /// The known grade of an anchor essay; none for a student's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor_grade: Option<String>,
}

/// How comparisons travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchingMode {
    /// Each on its own.
    PerRequest,
    /// Waves of a matching, in bundles.
    #[default]
    SerialBundle,
    /// As many different pairs as the budget allows in one go, by the provider's batch API.
    ProviderBatchApi,
}

impl BatchingMode {
    /// The name on the wire, in metadata and as a metric label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PerRequest => "per_request",
            Self::SerialBundle => "serial_bundle",
            Self::ProviderBatchApi => "provider_batch_api",
        }
    }

    /// The mode of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::PerRequest, Self::SerialBundle, Self::ProviderBatchApi]
            .into_iter()
            .find(|mode| mode.as_str() == name)
    }
}

/// What the judge reads beside the essays.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Materials {
    /// The assignment that the students were given.
    pub student_prompt: Option<String>,
    /// By what the essays are assessed.
    pub instructions: Option<String>,
    /// How the judge is to go about it.
    pub rubric: Option<String>,
}

/// How it is judged. What is absent is the operator's choice.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Judging {
    /// Who judges.
    pub provider: Option<ProviderName>,
    /// What differs from the provider's defaults.
    pub overrides: Overrides,
    /// How comparisons travel.
    pub batching_mode: Option<BatchingMode>,
    /// The most requests, retries included.
    pub max_comparisons: Option<u32>,
    /// `adaptive`, `coverage`, `random` or `swiss`.
    pub design: Option<String>,
    /// `ep` or `ilsr`.
    pub scorer: Option<String>,
    /// `winner` or `confidence`.
    pub evidence: Option<String>,
    /// `reliability` or `reference` (stability and passes).
    pub stopping: Option<String>,
    /// The reliability at which it may stop, 0 to 1.
    pub reliability: Option<f64>,
    /// The scale of the anchors' grades and of the grades to give.
    pub grade_scale: Option<String>,
    /// `ordinal` or `gaussian_mixture`.
    pub grading: Option<String>,
    /// The seed of everything that is drawn.
    pub seed: Option<u64>,
    /// Cacheable parts of the prompt may be kept for an hour.
    pub long_cache: bool,
}

/// Whose it is, for the events.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Attribution {
    /// The user.
    pub user_id: Option<String>,
    /// The user's organisation.
    pub org_id: Option<String>,
    /// The assignment.
    pub assignment_id: Option<String>,
    /// The course.
    pub course_code: Option<String>,
    /// The essays' language.
    pub language: Option<String>,
    /// The request that caused it; every event carries it.
    pub correlation_id: Option<Uuid>,
}

/// One assessment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssessmentRequest {
    /// The caller's name of it: the same name with the same content is the same assessment.
    pub name: String,
    /// The essays.
    pub essays: Vec<Essay>,
    /// What the judge reads beside them.
    #[serde(default)]
    pub materials: Materials,
    /// How it is judged.
    #[serde(default)]
    pub judging: Judging,
    /// Whose it is.
    #[serde(default)]
    pub attribution: Attribution,
}
