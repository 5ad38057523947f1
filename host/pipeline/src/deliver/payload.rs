//! What a webhook carries: the event of the topic log in the form of Standard Webhooks.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The type of a comparison's outcome, for receivers that switch on it.
pub(crate) const TYPE: &str = "llm.comparison_result.v1";

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    event_timestamp: &'a RawValue,
    #[serde(borrow)]
    data: &'a RawValue,
}

#[derive(Serialize)]
struct Payload<'a> {
    r#type: &'static str,
    timestamp: &'a RawValue,
    data: &'a RawValue,
}

/// `{type, timestamp, data}` with the envelope's own time and data, byte for byte: a receiver of both sinks reads
/// the same.
pub(crate) fn of_envelope(envelope: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let envelope: Envelope<'_> = serde_json::from_slice(envelope)?;
    serde_json::to_vec(&Payload { r#type: TYPE, timestamp: envelope.event_timestamp, data: envelope.data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_data_stay_as_they_are() {
        let envelope = br#"{"event_id":"x","event_timestamp":"2026-11-23T14:06:19.000000Z","data":{"c":4.20,"d":[1, 2]},"metadata":null}"#;
        let payload = String::from_utf8(of_envelope(envelope).unwrap()).unwrap();
        let expected = r#"{"type":"llm.comparison_result.v1","timestamp":"2026-11-23T14:06:19.000000Z","data":{"c":4.20,"d":[1, 2]}}"#;
        assert_eq!(payload, expected);
        assert!(of_envelope(b"{}").is_err());
    }
}
