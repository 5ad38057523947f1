//! What a callback says: the event envelope and `LLMComparisonResultV1` as the seed's service sent them.
//!
//! Built once, when the outcome is settled, and stored: every delivery carries the same bytes.

use crate::chat;
use docket_scheduling::retry;
use docket_types::outcome::Success;
use docket_types::{Failure, FailureClass, Outcome, RequestId, Submission, Timestamp, Usage};
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The type of the event, and of its data.
pub const EVENT_TYPE: &str = "LLMComparisonResultV1";

/// The envelope around every event.
#[derive(Debug, Clone, Serialize)]
pub struct EventEnvelope<T> {
    /// Stable for an outcome.
    pub event_id: Uuid,
    /// [`EVENT_TYPE`].
    pub event_type: &'static str,
    /// RFC 3339, UTC.
    pub event_timestamp: String,
    /// Who sends it.
    pub source_service: String,
    /// 1.
    pub schema_version: u32,
    /// The request's.
    pub correlation_id: Uuid,
    /// Always null.
    pub data_schema_uri: Option<String>,
    /// The event.
    pub data: T,
    /// Always null.
    pub metadata: Option<Value>,
}

/// The outcome of one comparison: either a winner or an error.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the field names are the documentation that receivers have")]
pub struct LlmComparisonResultV1 {
    pub request_id: String,
    pub correlation_id: Uuid,
    pub winner: Option<&'static str>,
    pub justification: Option<String>,
    pub confidence: Option<f64>,
    pub error_detail: Option<ErrorDetail>,
    pub provider: String,
    pub model: String,
    pub response_time_ms: u64,
    pub token_usage: TokenUsage,
    pub cost_estimate: f64,
    pub requested_at: String,
    pub completed_at: String,
    pub trace_id: Option<String>,
    pub request_metadata: Map<String, Value>,
}

/// Token counts; unknown is zero here, because receivers require numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the field names are the documentation that receivers have")]
pub struct TokenUsage {
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub total_tokens: u64,
}

/// Why there is no winner. There is never a stack trace in it.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the field names are the documentation that receivers have")]
pub struct ErrorDetail {
    pub error_code: &'static str,
    pub message: String,
    pub correlation_id: Uuid,
    pub timestamp: String,
    pub service: String,
    pub operation: &'static str,
    pub details: Map<String, Value>,
    pub stack_trace: Option<String>,
    pub trace_id: Option<String>,
    pub span_id: Option<String>,
}

/// What a callback is built from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) id: RequestId,
    pub(crate) submission: &'a Submission,
    pub(crate) outcome: &'a Outcome,
    /// The queue mode in which the request travelled.
    pub(crate) mode: &'static str,
    pub(crate) attempts: u32,
    /// The model that was asked, for the error's details.
    pub(crate) model: &'a str,
    /// Why a failure was not retried.
    pub(crate) gave_up: Option<retry::Reason>,
    pub(crate) accepted_at: Timestamp,
    pub(crate) now: Timestamp,
    pub(crate) source_service: &'a str,
}

/// The id of a request's one terminal delivery.
pub(crate) fn delivery_id(id: RequestId) -> String {
    format!("{id}.terminal")
}

/// The event's id: a function of the delivery's id, in the form of a version 4 UUID, as receivers expect.
fn event_id(id: RequestId) -> Uuid {
    let digest: [u8; 32] = Sha256::digest(delivery_id(id)).into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// The callback's bytes.
pub(crate) fn build(facts: &Facts<'_>) -> Result<Vec<u8>, serde_json::Error> {
    let submission = facts.submission;
    let success = match facts.outcome {
        Outcome::Succeeded(success) => Some(&**success),
        _ => None,
    };
    let data = LlmComparisonResultV1 {
        request_id: facts.id.to_string(),
        correlation_id: submission.correlation_id,
        winner: success.map(|s| s.judgement.winner.as_str()),
        justification: success.map(|s| s.judgement.justification.clone()),
        confidence: success.map(|s| s.judgement.confidence),
        error_detail: error_detail(facts),
        provider: submission.provider.to_string(),
        model: success.map_or_else(|| "unknown".to_owned(), |s| s.model.clone()),
        response_time_ms: success.map_or(0, |s| s.response_time_ms),
        token_usage: success.map(|s| token_usage(&s.completion.usage)).unwrap_or_default(),
        cost_estimate: success.map_or(0.0, |s| s.cost.as_usd()),
        requested_at: facts.accepted_at.to_string(),
        completed_at: facts.now.to_string(),
        trace_id: None,
        request_metadata: metadata(facts, success),
    };
    serde_json::to_vec(&EventEnvelope {
        event_id: event_id(facts.id),
        event_type: EVENT_TYPE,
        event_timestamp: facts.now.to_string(),
        source_service: facts.source_service.to_owned(),
        schema_version: 1,
        correlation_id: submission.correlation_id,
        data_schema_uri: None,
        data,
        metadata: None,
    })
}

fn token_usage(usage: &Usage) -> TokenUsage {
    TokenUsage {
        prompt_tokens: usage.input_tokens.unwrap_or(0),
        completion_tokens: usage.output_tokens.unwrap_or(0),
        total_tokens: usage.total_tokens(),
    }
}

/// The caller's metadata, untouched, and what docket knows besides: added only where the caller has no such key.
fn metadata(facts: &Facts<'_>, success: Option<&Success>) -> Map<String, Value> {
    let mut map = facts.submission.metadata.clone();
    let mut add = |key: &str, value: Value| {
        if !map.contains_key(key) {
            map.insert(key.to_owned(), value);
        }
    };
    add("resolved_provider", json!(facts.submission.provider));
    add("queue_processing_mode", json!(facts.mode));
    if let Some(model) = &facts.submission.overrides.model {
        add("resolved_model", json!(model));
    }
    add("prompt_sha256", json!(chat::callback_hash(&facts.submission.provider, &facts.submission.prompt)));
    if let Some(success) = success {
        let usage = &success.completion.usage;
        let mut counts = json!(token_usage(usage));
        for (key, value) in [
            ("cache_read_input_tokens", usage.cached_input_tokens),
            ("cache_creation_input_tokens", usage.cache_write_tokens),
        ] {
            if let Some(value) = value {
                counts[key] = json!(value);
                add(key, json!(value));
            }
        }
        add("usage", counts);
        for (key, value) in adapter_metadata(&success.completion.json) {
            add(&key, value);
        }
    }
    map
}

/// What the adapter wants to have echoed: the `metadata` member of its completion.
fn adapter_metadata(completion: &str) -> Map<String, Value> {
    match serde_json::from_str::<Value>(completion) {
        Ok(Value::Object(mut members)) => match members.remove("metadata") {
            Some(Value::Object(map)) => map,
            _ => Map::new(),
        },
        _ => Map::new(),
    }
}

fn error_detail(facts: &Facts<'_>) -> Option<ErrorDetail> {
    let mut details = Map::new();
    details.insert("provider".into(), json!(facts.submission.provider));
    details.insert("model".into(), json!(facts.model));
    details.insert("attempts".into(), json!(facts.attempts));
    let (error_code, message) = match facts.outcome {
        Outcome::Succeeded(_) => return None,
        Outcome::Failed { failure } => {
            describe(failure, facts.gave_up, &mut details);
            (error_code(&failure.class), failure.message.clone())
        }
        Outcome::Expired => {
            details.insert("reason".into(), json!("expired"));
            ("TIMEOUT", "The request's time ran out before it was answered".to_owned())
        }
        Outcome::Cancelled => {
            details.insert("reason".into(), json!("cancelled"));
            ("PROCESSING_ERROR", "The request was cancelled".to_owned())
        }
    };
    Some(ErrorDetail {
        error_code,
        message,
        correlation_id: facts.submission.correlation_id,
        timestamp: facts.now.to_string(),
        service: facts.source_service.to_owned(),
        operation: "process_comparison",
        details,
        stack_trace: None,
        trace_id: None,
        span_id: None,
    })
}

fn describe(failure: &Failure, gave_up: Option<retry::Reason>, details: &mut Map<String, Value>) {
    details.insert("reason".into(), json!("failed"));
    details.insert("error_type".into(), json!(failure.class.as_str()));
    details.insert("retryable".into(), json!(retry::may_retry(failure)));
    if let Some(reason) = gave_up {
        details.insert("gave_up".into(), json!(reason.as_str()));
    }
    if let Some(status) = failure.status {
        details.insert("status_code".into(), json!(status));
    }
    if let Some(code) = &failure.code {
        details.insert("provider_error_code".into(), json!(code));
    }
}

/// The seed's error codes.
pub fn error_code(class: &FailureClass) -> &'static str {
    use FailureClass as C;
    match class {
        C::InvalidRequest | C::ContextLength | C::Unsupported => "INVALID_REQUEST",
        C::Auth => "AUTHENTICATION_ERROR",
        C::Permission => "AUTHORIZATION_ERROR",
        C::NotFound => "RESOURCE_NOT_FOUND",
        C::RateLimited => "RATE_LIMIT",
        C::QuotaExhausted => "QUOTA_EXCEEDED",
        C::Overloaded => "SERVICE_UNAVAILABLE",
        C::Timeout => "TIMEOUT",
        C::Server | C::ContentPolicy | C::Other(_) => "EXTERNAL_SERVICE_ERROR",
        C::BadResponse => "INVALID_RESPONSE",
        C::Cancelled | C::Adapter => "PROCESSING_ERROR",
    }
}

#[cfg(test)]
#[path = "callback_tests.rs"]
mod tests;
