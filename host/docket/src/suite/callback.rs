//! Callbacks as a client reads them, and the checks that every suite makes on each.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The event that carries a comparison's outcome.
pub(crate) const EVENT_TYPE: &str = "LLMComparisonResultV1";

/// The envelope around an outcome.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    pub(crate) event_type: String,
    pub(crate) correlation_id: Uuid,
    pub(crate) data: ComparisonResult,
    /// As it came.
    pub(crate) raw: Value,
}

impl Envelope {
    /// Reads an event.
    pub(crate) fn read(raw: Value) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        struct Fields {
            event_type: String,
            correlation_id: Uuid,
            data: ComparisonResult,
        }
        let Fields { event_type, correlation_id, data } = Fields::deserialize(&raw)?;
        Ok(Self { event_type, correlation_id, data, raw })
    }
}

/// An outcome: a winner or an error, never both.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct ComparisonResult {
    pub(crate) request_id: Uuid,
    pub(crate) correlation_id: Uuid,
    pub(crate) winner: Option<String>,
    pub(crate) justification: Option<String>,
    pub(crate) confidence: Option<f64>,
    pub(crate) error_detail: Option<Value>,
    pub(crate) model: String,
    pub(crate) response_time_ms: u64,
    pub(crate) token_usage: Tokens,
    pub(crate) cost_estimate: f64,
    pub(crate) requested_at: jiff::Timestamp,
    pub(crate) completed_at: jiff::Timestamp,
    #[serde(default)]
    pub(crate) request_metadata: Map<String, Value>,
}

/// Tokens of one comparison.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(crate) struct Tokens {
    pub(crate) prompt_tokens: u64,
    pub(crate) completion_tokens: u64,
    pub(crate) total_tokens: u64,
}

impl ComparisonResult {
    /// Whether there is a winner and no error.
    pub(crate) fn is_success(&self) -> bool {
        self.winner.is_some() && self.error_detail.is_none()
    }

    /// From the request's acceptance to its outcome, in milliseconds.
    pub(crate) fn took_ms(&self) -> f64 {
        self.completed_at.duration_since(self.requested_at).as_secs_f64() * 1000.0
    }

    /// The error's code.
    pub(crate) fn error_code(&self) -> Option<String> {
        let detail = self.error_detail.as_ref()?;
        let code = detail.get("error_code").or_else(|| detail.get("code")).and_then(Value::as_str);
        Some(code.unwrap_or("unknown").to_owned())
    }

    /// The error's message.
    pub(crate) fn error_message(&self) -> Option<&str> {
        self.error_detail.as_ref()?.get("message")?.as_str()
    }
}

/// A comparison that was accepted.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    /// The host's id of it.
    pub(crate) request_id: Uuid,
    /// Ours.
    pub(crate) correlation_id: Uuid,
    /// Which wave it belongs to, from 0.
    pub(crate) batch: u32,
    /// What is compared: stable over the waves.
    pub(crate) pair: String,
    /// The metadata that has to come back.
    pub(crate) metadata: Map<String, Value>,
}

/// What is wrong with the callbacks of `sent`: one sentence per finding.
pub(crate) fn findings(sent: &[Sent], received: &[Envelope]) -> Vec<String> {
    let mut by_request: BTreeMap<Uuid, Vec<&Envelope>> = BTreeMap::new();
    for envelope in received {
        by_request.entry(envelope.data.request_id).or_default().push(envelope);
    }
    let mut found = Vec::new();
    for request in sent {
        match by_request.remove(&request.request_id).as_deref() {
            None => found.push(format!("{}: no callback", request.request_id)),
            Some([one]) => {
                found.extend(wrong(request, one).map(|what| format!("{}: {what}", request.request_id)))
            }
            Some(many) => found.push(format!("{}: {} callbacks", request.request_id, many.len())),
        }
    }
    found.extend(by_request.keys().map(|id| format!("{id}: a callback for a request that was never sent")));
    found
}

fn wrong(sent: &Sent, envelope: &Envelope) -> Option<String> {
    let data = &envelope.data;
    if envelope.event_type != EVENT_TYPE {
        return Some(format!("its event type is {}", envelope.event_type));
    }
    if envelope.correlation_id != sent.correlation_id || data.correlation_id != sent.correlation_id {
        return Some("its correlation id is not the request's".to_owned());
    }
    if let Some(code) = data.error_code() {
        return Some(format!("it failed with {code}: {}", data.error_message().unwrap_or("no message")));
    }
    if !matches!(data.winner.as_deref(), Some("Essay A" | "Essay B")) {
        return Some(format!("its winner is {:?}", data.winner));
    }
    if data.justification.as_deref().is_none_or(|text| text.trim().is_empty()) {
        return Some("it has no justification".to_owned());
    }
    if !data.confidence.is_some_and(|c| (1.0..=5.0).contains(&c)) {
        return Some(format!("its confidence is {:?}, not 1 to 5", data.confidence));
    }
    let lost = sent.metadata.iter().find(|(key, value)| data.request_metadata.get(*key) != Some(*value));
    lost.map(|(key, _)| format!("its metadata lost or changed `{key}`"))
}

#[cfg(test)]
impl ComparisonResult {
    /// A success with 5, 17 and 22 tokens.
    pub(crate) fn example(winner: &str, response_time_ms: u64) -> Self {
        Self {
            request_id: Uuid::from_u128(1),
            correlation_id: Uuid::from_u128(2),
            winner: Some(winner.to_owned()),
            justification: Some("Clearer.".to_owned()),
            confidence: Some(4.5),
            error_detail: None,
            model: "mock-model-v1".to_owned(),
            response_time_ms,
            token_usage: Tokens { prompt_tokens: 5, completion_tokens: 17, total_tokens: 22 },
            cost_estimate: 0.0,
            requested_at: jiff::Timestamp::UNIX_EPOCH,
            completed_at: jiff::Timestamp::UNIX_EPOCH,
            request_metadata: Map::new(),
        }
    }

    /// A failure with this code.
    pub(crate) fn example_error(code: &str) -> Self {
        let detail = serde_json::json!({"error_code": code, "message": "m"});
        Self {
            winner: None,
            justification: None,
            confidence: None,
            error_detail: Some(detail),
            ..Self::example("", 0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sent() -> Sent {
        let metadata = json!({"essay_a_id": "x"}).as_object().unwrap().clone();
        let (request_id, correlation_id) = (Uuid::from_u128(1), Uuid::from_u128(2));
        Sent { request_id, correlation_id, batch: 0, pair: "x".to_owned(), metadata }
    }

    fn envelope(change: impl FnOnce(&mut ComparisonResult)) -> Envelope {
        let mut data = ComparisonResult::example("Essay A", 1);
        data.request_metadata = json!({"essay_a_id": "x", "usage": {}}).as_object().unwrap().clone();
        change(&mut data);
        Envelope {
            event_type: EVENT_TYPE.to_owned(),
            correlation_id: data.correlation_id,
            data,
            raw: Value::Null,
        }
    }

    #[test]
    fn a_good_callback_has_no_findings() {
        assert_eq!(findings(&[sent()], &[envelope(|_| ())]), Vec::<String>::new());
    }

    #[test]
    fn each_rule_can_fail() {
        type Change = fn(&mut ComparisonResult);
        let bad: [(&str, Change); 7] = [
            ("winner", |d| d.winner = Some("tie".to_owned())),
            ("justification", |d| d.justification = Some(" ".to_owned())),
            ("confidence", |d| d.confidence = Some(5.01)),
            ("metadata", |d| d.request_metadata.clear()),
            ("correlation", |d| d.correlation_id = Uuid::nil()),
            ("failed with timeout", |d| *d = ComparisonResult::example_error("timeout")),
            ("never sent", |d| d.request_id = Uuid::nil()),
        ];
        for (word, change) in bad {
            let found = findings(&[sent()], &[envelope(change)]);
            assert!(found.iter().any(|f| f.contains(word)), "{word}: {found:?}");
        }
        assert!(findings(&[sent()], &[])[0].contains("no callback"));
        assert!(findings(&[sent()], &[envelope(|_| ()), envelope(|_| ())])[0].contains("2 callbacks"));
    }
}
