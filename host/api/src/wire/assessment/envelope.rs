//! The event envelope that asks for an assessment: `ELS_CJAssessmentRequestV1`. Others write it, so that what it has
//! besides is none of docket's business.

use super::request::{Draft, Reference};
use super::spelling::Spelling;
use crate::body::Object;
use crate::error::{ApiError, ApiResult};
use docket_types::ProviderName;
use docket_types::assessment::{AssessmentRequest, Attribution, BatchingMode, Essay, Judging, Materials};
use docket_types::submission::Overrides;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// The names of the one event that is taken in: its type, and the topic on which the seed's service reads it.
const EVENT_TYPES: [&str; 2] = ["ELS_CJAssessmentRequestV1", "huleedu.els.cj_assessment.requested.v1"];

/// Under which the prompt is referred to.
const PROMPT_REFERENCE: &str = "student_prompt_text";

/// An event.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Envelope {
    /// The event's own id.
    #[schema(value_type = String, format = "uuid")]
    event_id: Uuid,
    /// `ELS_CJAssessmentRequestV1` or `huleedu.els.cj_assessment.requested.v1`.
    event_type: String,
    /// 1.
    #[serde(default)]
    schema_version: Option<u32>,
    /// Every event of the assessment carries it.
    #[schema(value_type = String, format = "uuid")]
    correlation_id: Uuid,
    /// The request.
    #[schema(value_type = AssessmentEvent)]
    data: Object<AssessmentEvent>,
    /// `max_comparisons`, `batch_config_overrides.llm_batching_mode_override` and `llm_batching_mode_hint` are read.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
}

/// What an event asks for.
#[derive(Debug, Deserialize, ToSchema)]
struct AssessmentEvent {
    /// The batch; it names the assessment.
    entity_id: String,
    /// The students' essays.
    #[schema(value_type = Vec<EssayReference>)]
    essays_for_cj: Vec<Object<EssayReference>>,
    /// Their language.
    #[serde(default)]
    language: Option<String>,
    /// The course.
    #[serde(default)]
    course_code: Option<String>,
    /// Where the student prompt is stored; not read where there is an assignment.
    #[serde(default)]
    #[schema(value_type = Option<PromptReferences>)]
    student_prompt_ref: Option<Object<PromptReferences>>,
    /// How it is judged.
    #[serde(default)]
    #[schema(value_type = Option<EventOverrides>)]
    llm_config_overrides: Option<Object<EventOverrides>>,
    /// Its stored instructions, prompt, rubric and anchors are used.
    #[serde(default)]
    assignment_id: Option<String>,
    /// Who is charged.
    user_id: String,
    /// The user's organisation.
    #[serde(default)]
    org_id: Option<String>,
}

/// An essay whose text is stored.
#[derive(Debug, Deserialize, ToSchema)]
struct EssayReference {
    /// The caller's name of it.
    essay_id: String,
    /// Where its text is stored.
    text_storage_id: String,
}

/// Where texts are stored, by what they are.
#[derive(Debug, Deserialize, ToSchema)]
struct PromptReferences {
    /// `student_prompt_text` is read.
    #[serde(default)]
    #[schema(value_type = Object)]
    references: BTreeMap<String, Object<StorageReference>>,
}

/// Where a text is stored.
#[derive(Debug, Deserialize, ToSchema)]
struct StorageReference {
    #[serde(default)]
    storage_id: Option<String>,
}

/// How an event wants it judged.
#[derive(Debug, Default, Deserialize, ToSchema)]
struct EventOverrides {
    /// A configured provider.
    provider_override: Option<String>,
    /// The provider's name for a model.
    model_override: Option<String>,
    /// 0 to 2.
    temperature_override: Option<f64>,
    /// At least 1.
    max_tokens_override: Option<u32>,
    /// In place of the default instructions to the judge.
    system_prompt_override: Option<String>,
    /// In place of the assignment's rubric.
    judge_rubric_override: Option<String>,
    /// `none`, `low`, `medium` or `high`.
    reasoning_effort: Option<String>,
    /// `low`, `medium` or `high`.
    output_verbosity: Option<String>,
}

/// Whether it is an event that docket takes in. Asked first: another event's data has another shape.
pub(crate) fn check_envelope(bytes: &[u8]) -> ApiResult<()> {
    #[derive(Deserialize)]
    struct Kind {
        event_type: String,
    }
    let kind = crate::body::parse::<Kind>(bytes)?.event_type;
    if EVENT_TYPES.contains(&kind.as_str()) {
        return Ok(());
    }
    let message = format!("must be one of: {}", EVENT_TYPES.join(", "));
    Err(ApiError::invalid("event_type", message))
}

impl Envelope {
    /// What was asked for, with at most `cap` comparisons.
    pub(crate) fn into_draft(self, cap: u32) -> ApiResult<Draft> {
        let correlation_id = self.correlation_id;
        tracing::debug!(event_id = %self.event_id, event_type = self.event_type, "an event was taken in");
        self.draft(cap).map_err(|error| error.correlated(correlation_id))
    }

    fn draft(self, cap: u32) -> ApiResult<Draft> {
        if self.schema_version.is_some_and(|version| version != 1) {
            return Err(ApiError::invalid("schema_version", "must be 1"));
        }
        let metadata = self.metadata.unwrap_or_default();
        let Object(data) = self.data;
        if data.user_id.trim().is_empty() {
            return Err(ApiError::invalid("data.user_id", "must not be empty"));
        }
        let Object(wanted) = data.llm_config_overrides.unwrap_or_default();
        let references = data.essays_for_cj.iter().enumerate();
        let references = references
            .map(|(essay, one)| Reference { essay, storage_id: one.0.text_storage_id.clone() })
            .collect();
        let essays = data.essays_for_cj.into_iter();
        let essays =
            essays.map(|one| Essay { id: one.0.essay_id, text: String::new(), anchor_grade: None }).collect();
        let prompt = data.student_prompt_ref.and_then(|mut all| all.0.references.remove(PROMPT_REFERENCE));
        let prompt = prompt.and_then(|reference| reference.0.storage_id);
        let judging = Judging {
            provider: wanted.provider_override.map(ProviderName),
            overrides: Overrides {
                model: wanted.model_override,
                temperature: wanted.temperature_override,
                system_prompt: wanted.system_prompt_override,
                max_tokens: wanted.max_tokens_override,
                reasoning_effort: wanted.reasoning_effort,
                output_verbosity: wanted.output_verbosity,
            },
            batching_mode: batching_mode(&metadata)?,
            max_comparisons: Some(budget(&metadata, cap)),
            // What the seed's service does; callers of its events rely on it.
            design: Some("coverage".to_owned()),
            stopping: Some("reference".to_owned()),
            ..Judging::default()
        };
        let attribution = Attribution {
            user_id: Some(data.user_id),
            org_id: data.org_id,
            assignment_id: data.assignment_id.clone(),
            course_code: data.course_code,
            language: data.language,
            correlation_id: Some(self.correlation_id),
        };
        let materials = Materials { rubric: wanted.judge_rubric_override, ..Materials::default() };
        Ok(Draft {
            request: AssessmentRequest { name: data.entity_id, essays, materials, judging, attribution },
            references,
            prompt_storage_id: prompt.filter(|_| data.assignment_id.is_none()),
            assignment_id: data.assignment_id,
            spelling: Spelling::Envelope,
        })
    }
}

/// An event can lower the operator's cap, never raise it.
fn budget(metadata: &Map<String, Value>, cap: u32) -> u32 {
    let wanted = metadata.get("max_comparisons").and_then(Value::as_u64).filter(|n| *n > 0);
    wanted.and_then(|n| u32::try_from(n).ok()).map_or(cap, |n| n.min(cap))
}

/// A hint wins over the override, as in the seed's service; a hint that is none is no error.
fn batching_mode(metadata: &Map<String, Value>) -> ApiResult<Option<BatchingMode>> {
    let hint = metadata.get("llm_batching_mode_hint").and_then(Value::as_str);
    if let Some(mode) = hint.and_then(|hint| BatchingMode::parse(&hint.trim().to_ascii_lowercase())) {
        return Ok(Some(mode));
    }
    let given = metadata.get("batch_config_overrides").and_then(|all| all.get("llm_batching_mode_override"));
    match given {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_str().and_then(BatchingMode::parse).map(Some).ok_or_else(|| {
            let message = "must be one of: per_request, serial_bundle, provider_batch_api";
            ApiError::invalid(Spelling::Envelope.field("judging.batching_mode"), message)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ID: &str = "4c0b1a3e-8a53-4f0b-9a51-0d4c5e7a9b10";

    fn envelope() -> Value {
        json!({
            "event_id": ID, "event_type": "ELS_CJAssessmentRequestV1", "event_timestamp": "2026-11-23T10:00:00Z",
            "source_service": "essay_lifecycle_service", "schema_version": 1, "correlation_id": ID,
            "data": {
                "event_name": "els.cj_assessment.requested", "entity_id": "batch-1", "entity_type": "batch",
                "essays_for_cj": [{"essay_id": "a", "text_storage_id": "s1", "spellcheck_metrics": null},
                    {"essay_id": "b", "text_storage_id": "s2"}],
                "language": "en", "course_code": "ENG5", "user_id": "u", "org_id": null,
                "student_prompt_ref": {"references": {"student_prompt_text": {"storage_id": "p", "path": ""}}},
                "llm_config_overrides": {"temperature_override": 0.0, "judge_rubric_override": "r",
                    "provider_override": "mock", "max_tokens_override": null},
            },
            "metadata": {"max_comparisons": 60, "llm_batching_mode_hint": " Per_Request "},
        })
    }

    fn read(body: &Value) -> ApiResult<Draft> {
        let text = body.to_string();
        check_envelope(text.as_bytes())?;
        crate::body::parse::<Envelope>(text.as_bytes())?.into_draft(120)
    }

    fn with(pointer: &str, key: &str, value: Value) -> Value {
        let mut body = envelope();
        body.pointer_mut(pointer).unwrap()[key] = value;
        body
    }

    #[test]
    fn an_event_becomes_a_request() {
        let draft = read(&envelope()).unwrap();
        let request = &draft.request;
        assert_eq!(request.name, "batch-1");
        assert_eq!(request.essays.iter().map(|e| e.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(draft.references[1], Reference { essay: 1, storage_id: "s2".into() });
        assert_eq!(draft.prompt_storage_id.as_deref(), Some("p"));
        assert_eq!(request.judging.overrides.temperature, Some(0.0), "zero is a temperature");
        assert_eq!(request.judging.batching_mode, Some(BatchingMode::PerRequest));
        assert_eq!(request.judging.max_comparisons, Some(60));
        assert_eq!(request.judging.design.as_deref(), Some("coverage"));
        assert_eq!(request.judging.stopping.as_deref(), Some("reference"));
        assert_eq!(request.materials.rubric.as_deref(), Some("r"));
        assert_eq!(request.attribution.correlation_id.unwrap().to_string(), ID);
        assert_eq!(request.attribution.user_id.as_deref(), Some("u"));
    }

    #[test]
    fn an_assignments_prompt_is_its_own() {
        let draft = read(&with("/data", "assignment_id", json!("as"))).unwrap();
        assert_eq!((draft.prompt_storage_id, draft.assignment_id.as_deref()), (None, Some("as")));
    }

    #[test]
    fn a_budget_is_lowered_and_never_raised() {
        let budget = |value: Value| {
            read(&with("/metadata", "max_comparisons", value)).unwrap().request.judging.max_comparisons
        };
        assert_eq!(budget(json!(120)), Some(120));
        assert_eq!(budget(json!(121)), Some(120));
        for none in [json!(0), json!(-5), json!("60"), json!(1.5), json!(null)] {
            assert_eq!(budget(none.clone()), Some(120), "{none}");
        }
    }

    #[test]
    fn hints_that_are_none_are_left_and_overrides_are_checked() {
        let mode = |hint: Value, own: Value| {
            let mut body = with("/metadata", "llm_batching_mode_hint", hint);
            body["metadata"]["batch_config_overrides"] = json!({"llm_batching_mode_override": own});
            read(&body).map(|draft| draft.request.judging.batching_mode).map_err(drop)
        };
        let serial = Ok(Some(BatchingMode::SerialBundle));
        assert_eq!(mode(json!("nonsense"), json!("serial_bundle")), serial);
        assert_eq!(mode(json!(7), json!(null)), Ok(None));
        assert_eq!(mode(json!("serial_bundle"), json!("per_request")), serial);
        assert_eq!(mode(json!(null), json!("turbo")), Err(()));
    }

    #[test]
    fn what_is_no_such_event_is_refused() {
        assert!(read(&with("/data", "user_id", json!(null))).is_err());
        assert!(read(&with("/data", "user_id", json!(" "))).is_err());
        assert!(read(&with("/data", "entity_id", json!(3))).is_err());
        assert!(read(&with("", "schema_version", json!(2))).is_err());
        assert!(read(&with("", "event_type", json!("LLMComparisonResultV1"))).is_err());
        assert!(read(&with("", "correlation_id", json!("x"))).is_err());
        assert!(read(&with("", "event_type", json!(EVENT_TYPES[1]))).is_ok());
    }
}
