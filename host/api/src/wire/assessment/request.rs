//! The body of `POST /api/v1/assessments`.

use super::spelling::Spelling;
use crate::body::Object;
use crate::error::{ApiError, ApiResult};
use docket_types::ProviderName;
use docket_types::assessment::{AssessmentRequest, Attribution, BatchingMode, Essay, Judging, Materials};
use docket_types::submission::Overrides;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A request for an assessment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assessment {
    /// The caller's name of it. The same name with the same content is the same assessment.
    name: String,
    /// At least two, anchors included.
    #[schema(value_type = Vec<EssayBody>)]
    essays: Vec<Object<EssayBody>>,
    /// Its stored instructions, prompt, rubric and anchors are used.
    #[serde(default)]
    assignment_id: Option<String>,
    /// What the judge reads beside the essays.
    #[serde(default)]
    #[schema(value_type = Option<MaterialsBody>)]
    materials: Option<Object<MaterialsBody>>,
    /// How it is judged. What is absent is the operator's choice.
    #[serde(default)]
    #[schema(value_type = Option<JudgingBody>)]
    judging: Option<Object<JudgingBody>>,
    /// Whose it is, for the events.
    #[serde(default)]
    #[schema(value_type = Option<AttributionBody>)]
    attribution: Option<Object<AttributionBody>>,
}

/// An essay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EssayBody {
    /// The caller's name of it, unique within the assessment. The judge never sees it.
    id: String,
    /// The text. This or `text_storage_id` is required.
    #[serde(default)]
    text: Option<String>,
    /// Where the text is stored.
    #[serde(default)]
    text_storage_id: Option<String>,
    /// The known grade of an anchor essay; absent for a student's.
    #[serde(default)]
    anchor_grade: Option<String>,
}

/// What the judge reads beside the essays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MaterialsBody {
    /// The assignment that the students were given.
    student_prompt: Option<String>,
    /// By what the essays are assessed.
    instructions: Option<String>,
    /// How the judge is to go about it.
    rubric: Option<String>,
}

/// How it is judged.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct JudgingBody {
    /// A configured provider.
    provider: Option<String>,
    /// What differs from the provider's defaults.
    #[schema(value_type = Option<OverridesBody>)]
    overrides: Option<Object<OverridesBody>>,
    /// `per_request`, `serial_bundle` or `provider_batch_api`.
    #[schema(value_type = Option<String>)]
    batching_mode: Option<BatchingMode>,
    /// The most requests, retries included.
    max_comparisons: Option<u32>,
    /// `adaptive`, `coverage`, `random` or `swiss`.
    design: Option<String>,
    /// `ep` or `ilsr`.
    scorer: Option<String>,
    /// `winner` or `confidence`.
    evidence: Option<String>,
    /// `reliability` or `reference` (stability and passes).
    stopping: Option<String>,
    /// The reliability at which it may stop, 0 to 1.
    reliability: Option<f64>,
    /// The scale of the anchors' grades and of the grades to give.
    grade_scale: Option<String>,
    /// `ordinal` or `gaussian_mixture`.
    grading: Option<String>,
    /// The seed of everything that is drawn.
    seed: Option<u64>,
    /// Cacheable parts of the prompt may be kept for an hour.
    #[serde(default)]
    long_cache: bool,
}

/// What differs from the provider's defaults.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OverridesBody {
    /// The provider's name for a model.
    model: Option<String>,
    /// 0 to 2.
    temperature: Option<f64>,
    /// In place of the default instructions to the judge.
    system_prompt: Option<String>,
    /// At least 1.
    max_tokens: Option<u32>,
    /// `none`, `low`, `medium` or `high`.
    reasoning_effort: Option<String>,
    /// `low`, `medium` or `high`.
    output_verbosity: Option<String>,
}

/// Whose it is, for the events.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AttributionBody {
    /// The user.
    user_id: Option<String>,
    /// The user's organisation.
    org_id: Option<String>,
    /// The assignment, where nothing stored is to be used.
    assignment_id: Option<String>,
    /// The course.
    course_code: Option<String>,
    /// The essays' language.
    language: Option<String>,
    /// The request that caused it; every event carries it.
    #[schema(value_type = Option<String>, format = "uuid")]
    correlation_id: Option<Uuid>,
}

/// A text that is to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// Which essay, by its place.
    pub(crate) essay: usize,
    /// Where its text is stored.
    pub(crate) storage_id: String,
}

/// What was asked for, before what is stored is filled in.
#[derive(Debug)]
pub(crate) struct Draft {
    /// Texts that are to be fetched are empty.
    pub(crate) request: AssessmentRequest,
    /// Essays whose texts are stored.
    pub(crate) references: Vec<Reference>,
    /// Where the student prompt is stored.
    pub(crate) prompt_storage_id: Option<String>,
    /// The assignment whose instructions and anchors are used.
    pub(crate) assignment_id: Option<String>,
    /// How the caller calls the fields.
    pub(crate) spelling: Spelling,
}

impl Assessment {
    /// What was asked for.
    pub(crate) fn into_draft(self) -> ApiResult<Draft> {
        let mut references = Vec::new();
        let mut essays = Vec::with_capacity(self.essays.len());
        for (at, Object(essay)) in self.essays.into_iter().enumerate() {
            let text = match (essay.text, essay.text_storage_id) {
                (Some(text), None) => text,
                (None, Some(storage_id)) => {
                    references.push(Reference { essay: at, storage_id });
                    String::new()
                }
                _ => {
                    let message = "either `text` or `text_storage_id` is required, and not both";
                    return Err(ApiError::invalid(format!("essays[{at}].text"), message));
                }
            };
            essays.push(Essay { id: essay.id, text, anchor_grade: essay.anchor_grade });
        }
        let mut attribution = Attribution::from(self.attribution.unwrap_or_default().0);
        if let Some(assignment) = &self.assignment_id {
            if attribution.assignment_id.as_ref().is_some_and(|other| other != assignment) {
                return Err(ApiError::invalid("attribution.assignment_id", "differs from `assignment_id`"));
            }
            attribution.assignment_id = Some(assignment.clone());
        }
        let request = AssessmentRequest {
            name: self.name,
            essays,
            materials: self.materials.unwrap_or_default().0.into(),
            judging: self.judging.unwrap_or_default().0.into(),
            attribution,
        };
        let (assignment_id, spelling) = (self.assignment_id, Spelling::Own);
        Ok(Draft { request, references, prompt_storage_id: None, assignment_id, spelling })
    }
}

impl From<MaterialsBody> for Materials {
    fn from(body: MaterialsBody) -> Self {
        Self { student_prompt: body.student_prompt, instructions: body.instructions, rubric: body.rubric }
    }
}

impl From<JudgingBody> for Judging {
    fn from(body: JudgingBody) -> Self {
        Self {
            provider: body.provider.map(ProviderName),
            overrides: body.overrides.unwrap_or_default().0.into(),
            batching_mode: body.batching_mode,
            max_comparisons: body.max_comparisons,
            design: body.design,
            scorer: body.scorer,
            evidence: body.evidence,
            stopping: body.stopping,
            reliability: body.reliability,
            grade_scale: body.grade_scale,
            grading: body.grading,
            seed: body.seed,
            long_cache: body.long_cache,
        }
    }
}

impl From<OverridesBody> for Overrides {
    fn from(body: OverridesBody) -> Self {
        Self {
            model: body.model,
            temperature: body.temperature,
            system_prompt: body.system_prompt,
            max_tokens: body.max_tokens,
            reasoning_effort: body.reasoning_effort,
            output_verbosity: body.output_verbosity,
        }
    }
}

impl From<AttributionBody> for Attribution {
    fn from(body: AttributionBody) -> Self {
        Self {
            user_id: body.user_id,
            org_id: body.org_id,
            assignment_id: body.assignment_id,
            course_code: body.course_code,
            language: body.language,
            correlation_id: body.correlation_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(body: &Value) -> ApiResult<Draft> {
        crate::body::parse::<Assessment>(body.to_string().as_bytes()).and_then(Assessment::into_draft)
    }

    #[test]
    fn every_field_arrives() {
        let id = "4c0b1a3e-8a53-4f0b-9a51-0d4c5e7a9b10";
        // The domain's own reading of the same members is the oracle.
        let own = json!({
            "name": "n",
            "essays": [{"id": "a", "text": "x", "anchor_grade": "B"}, {"id": "b", "text": "y"}],
            "materials": {"student_prompt": "p", "instructions": "i", "rubric": "r"},
            "judging": {
                "provider": "mock", "batching_mode": "provider_batch_api", "max_comparisons": 9,
                "design": "swiss", "scorer": "ilsr", "evidence": "confidence", "stopping": "reference",
                "reliability": 0.7, "grade_scale": "s", "grading": "ordinal", "seed": 5, "long_cache": true,
                "overrides": {"model": "m", "temperature": 0.0, "system_prompt": "s", "max_tokens": 3,
                    "reasoning_effort": "low", "output_verbosity": "high"},
            },
            "attribution": {"user_id": "u", "org_id": "o", "assignment_id": "as", "course_code": "c",
                "language": "sv", "correlation_id": id},
        });
        let draft = read(&own).unwrap();
        assert_eq!(draft.request, serde_json::from_value::<AssessmentRequest>(own).unwrap());
        assert_eq!(draft.request.judging.overrides.temperature, Some(0.0));
        assert_eq!((draft.references, draft.assignment_id), (vec![], None));
    }

    #[test]
    fn texts_come_inline_or_by_reference() {
        let draft = read(&json!({
            "name": "n", "assignment_id": "as", "essays": [{"id": "a", "text": "x"}, {"id": "b", "text_storage_id": "s"}],
        }))
        .unwrap();
        assert_eq!(draft.references, [Reference { essay: 1, storage_id: "s".into() }]);
        assert_eq!(draft.request.attribution.assignment_id.as_deref(), Some("as"));
        assert_eq!(draft.assignment_id.as_deref(), Some("as"));
        for essay in [json!({"id": "a"}), json!({"id": "a", "text": "x", "text_storage_id": "s"})] {
            assert!(read(&json!({"name": "n", "essays": [essay]})).is_err());
        }
        let torn =
            json!({"name": "n", "essays": [], "assignment_id": "a", "attribution": {"assignment_id": "b"}});
        assert!(read(&torn).is_err());
    }
}
