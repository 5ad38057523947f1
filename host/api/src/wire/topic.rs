//! Events of a topic log.

use docket_store::TopicEvent;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A page of a topic's events.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TopicPage {
    /// In order.
    pub(crate) events: Vec<TopicEntry>,
    /// Pass it as `after` to go on: the last event's number, or the given `after` when there is none.
    pub(crate) next: i64,
}

/// One event.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TopicEntry {
    /// Grows within the store; the reader's cursor.
    seq: i64,
    /// The delivery's id: the same when an event is read twice.
    id: String,
    /// The seed's event envelope, as it was stored.
    #[schema(value_type = Object)]
    event: Box<RawValue>,
}

impl TopicEntry {
    pub(crate) fn new(event: TopicEvent) -> Result<Self, String> {
        let TopicEvent { seq, id, body } = event;
        let damaged = |what: &str| format!("event {seq} {what}");
        let text = String::from_utf8(body).map_err(|_| damaged("is not UTF-8"))?;
        Ok(Self { seq, id, event: RawValue::from_string(text).map_err(|_| damaged("is not JSON"))? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_goes_out_byte_for_byte() {
        let body = r#"{"confidence":4.0,"a":1}"#;
        let entry = TopicEntry::new(TopicEvent { seq: 7, id: "d".into(), body: body.into() }).unwrap();
        let text = serde_json::to_string(&entry).unwrap();
        assert_eq!(text, format!(r#"{{"seq":7,"id":"d","event":{body}}}"#));
        assert!(TopicEntry::new(TopicEvent { seq: 7, id: "d".into(), body: vec![255] }).is_err());
        assert!(TopicEntry::new(TopicEvent { seq: 7, id: "d".into(), body: b"{".to_vec() }).is_err());
    }
}
