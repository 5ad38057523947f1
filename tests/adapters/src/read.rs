//! From a fixture's JSON to what the host gives an adapter.

use docket_types::chat::Texts;
use docket_types::exchange::{Context, Event, Header, HttpReply, JobEvent, Payload, TransportError};
use serde_json::{Value, json};
use std::sync::Arc;

/// The context, with the SDK's defaults for what is left out.
pub fn context(value: &Value) -> Context {
    let text = |member: &str, default: &str| value[member].as_str().unwrap_or(default).to_owned();
    let number = |member: &str, default: u64| value[member].as_u64().unwrap_or(default);
    let settings = &value["settings"];
    Context {
        submission_id: text("submission_id", "fixture"),
        attempt: u32::try_from(number("attempt", 1)).expect("an attempt"),
        now_ms: number("now_ms", 0),
        seed: number("seed", 1),
        model: text("model", "model"),
        settings: if settings.is_object() { settings.to_string().into() } else { "{}".into() },
        prompt_sha256: text("prompt_sha256", ""),
    }
}

/// `docket.chat/1` with references, and the texts.
pub fn request(fixture: &Value, model: &str) -> (String, Texts) {
    let mut request = fixture.clone();
    let mut texts: Vec<Arc<str>> = Vec::new();
    request["schema"] = docket_types::chat::SCHEMA.into();
    if request["model"].is_null() {
        request["model"] = model.into();
    }
    let messages = request["messages"].as_array_mut().expect("messages");
    for part in messages.iter_mut().filter_map(|message| message["content"].as_array_mut()).flatten() {
        if let Some(text) = part["text"].as_str().map(str::to_owned) {
            let words = text.split_whitespace().count();
            part["text"] = json!({"$text": texts.len(), "bytes": text.len(), "words": words});
            texts.push(text.into());
        }
    }
    (request.to_string(), Texts(texts.into()))
}

fn single(value: &Value) -> (&str, &Value) {
    let (name, value) = value.as_object().and_then(|o| o.iter().next()).expect("an object with one member");
    (name, value)
}

fn reply(value: &Value) -> HttpReply {
    let headers = value["headers"].as_object().into_iter().flatten();
    let headers = headers
        .map(|(name, value)| Header { name: name.clone(), value: value.as_str().expect("text").to_owned() })
        .collect();
    let body = match &value["body"] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        json => json.to_string(),
    };
    let status = value["status"].as_u64().and_then(|s| u16::try_from(s).ok()).unwrap_or(200);
    HttpReply { status, headers, body: Payload::Text(body) }
}

fn transport(value: &Value) -> TransportError {
    match value.as_str() {
        Some("dns") => TransportError::Dns,
        Some("connect") => TransportError::Connect,
        Some("tls") => TransportError::Tls,
        Some("timeout") => TransportError::Timeout,
        Some("reset") => TransportError::Reset,
        Some("too_large") => TransportError::TooLarge,
        Some(other) => TransportError::Other(other.to_owned()),
        None => TransportError::Other(value.to_string()),
    }
}

/// A step's event; `start` gets the request.
pub fn event(value: &Value, request: &str) -> Event {
    match value.as_str() {
        Some("start") => Event::Start(request.to_owned()),
        Some("elapsed") => Event::Elapsed,
        Some("cancel") => Event::Cancel,
        Some("unknown_outcome") => Event::UnknownOutcome,
        Some(other) => panic!("unknown event `{other}`"),
        None => match single(value) {
            ("reply", value) => Event::Reply(reply(value)),
            ("transport", value) => Event::Transport(transport(value)),
            (other, _) => panic!("unknown event `{other}`"),
        },
    }
}

/// A job's event.
pub fn job_event(value: &Value) -> JobEvent {
    match value.as_str() {
        Some("elapsed") => JobEvent::Elapsed,
        Some("cancel") => JobEvent::Cancel,
        Some("unknown_outcome") => JobEvent::UnknownOutcome,
        Some(other) => panic!("unknown event `{other}`"),
        None => match single(value) {
            ("start", start) => JobEvent::Start {
                items: start["items"].as_u64().and_then(|n| u32::try_from(n).ok()).expect("items"),
                bytes: start["bytes"].as_u64().unwrap_or(0),
            },
            ("reply", value) => JobEvent::Reply(reply(value)),
            ("uploaded", value) => JobEvent::Uploaded(reply(value)),
            ("downloaded", lines) => JobEvent::Downloaded(lines.as_u64().expect("lines")),
            ("transport", value) => JobEvent::Transport(transport(value)),
            (other, _) => panic!("unknown event `{other}`"),
        },
    }
}
