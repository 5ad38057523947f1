//! What an assessment hears on its topic: outcomes of comparisons in the form of every callback, and commands.

use crate::callback::EVENT_TYPE;
use docket_types::comparison::Winner;
use docket_types::{MicroUsd, RequestId, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// The type of a command's event.
pub(super) const COMMAND: &str = "AssessmentCommandV1";

/// An event that means something.
pub(crate) enum Heard {
    /// The outcome of a comparison.
    Outcome(Box<Told>),
    /// The caller gives the assessment up.
    Cancel,
}

/// The outcome of one comparison.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    pub(crate) correlation_id: Uuid,
    pub(crate) request_id: Option<RequestId>,
    pub(crate) first_wins: bool,
    pub(crate) confidence: Option<f64>,
    pub(crate) justification: Option<String>,
    pub(crate) error_code: Option<String>,
    pub(crate) provider: String,
    pub(crate) model: String,
    pub(crate) prompt_tokens: u64,
    pub(crate) completion_tokens: u64,
    pub(crate) cost: MicroUsd,
    pub(crate) response_time_ms: u64,
    pub(crate) prompt_sha256: Option<String>,
    pub(crate) at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Envelope {
    event_type: String,
    event_timestamp: String,
    data: Value,
}

#[derive(Deserialize)]
struct Data {
    request_id: String,
    correlation_id: Uuid,
    winner: Option<String>,
    justification: Option<String>,
    confidence: Option<f64>,
    error_detail: Option<Detail>,
    provider: String,
    model: String,
    response_time_ms: u64,
    token_usage: Tokens,
    cost_estimate: f64,
    #[serde(default)]
    request_metadata: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
struct Detail {
    error_code: String,
}

#[derive(Deserialize)]
struct Tokens {
    prompt_tokens: u64,
    completion_tokens: u64,
}

/// Reads an event of the topic. None: it means nothing to an assessment.
pub(crate) fn read(body: &[u8]) -> Option<Heard> {
    let envelope: Envelope = serde_json::from_slice(body).ok()?;
    if envelope.event_type == COMMAND {
        return (envelope.data["command"] == "cancel").then_some(Heard::Cancel);
    }
    if envelope.event_type != EVENT_TYPE {
        return None;
    }
    let at = Timestamp::parse(&envelope.event_timestamp).ok();
    let data: Data = serde_json::from_value(envelope.data).ok()?;
    let winner = data.winner.as_deref().and_then(Winner::parse);
    let error_code = match (data.error_detail, winner) {
        (Some(detail), _) => Some(detail.error_code),
        (None, None) => Some("INVALID_RESPONSE".to_owned()),
        (None, Some(_)) => None,
    };
    Some(Heard::Outcome(Box::new(Told {
        correlation_id: data.correlation_id,
        request_id: data.request_id.parse().ok(),
        first_wins: winner == Some(Winner::A),
        confidence: data.confidence,
        justification: data.justification,
        error_code,
        provider: data.provider,
        model: data.model,
        prompt_tokens: data.token_usage.prompt_tokens,
        completion_tokens: data.token_usage.completion_tokens,
        cost: MicroUsd((data.cost_estimate * 1e6).round() as i64),
        response_time_ms: data.response_time_ms,
        prompt_sha256: data.request_metadata.get("prompt_sha256").and_then(Value::as_str).map(str::to_owned),
        at,
    })))
}

/// The command that gives an assessment up, as an event.
pub(super) fn cancel(id: Uuid, now: Timestamp) -> Value {
    json!({
        "event_id": id,
        "event_type": COMMAND,
        "event_timestamp": now.to_string(),
        "data": {"command": "cancel"},
    })
}
