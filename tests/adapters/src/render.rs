//! From what an adapter gave to a fixture's JSON.

use docket_types::chat::Texts;
use docket_types::exchange::{
    Completion, Effect, FinishReason, Header, HttpCall, ItemOutcome, ItemResult, JobEffect, JobEnd,
    JobProgress, Segment, Source, SpliceEncoding,
};
use docket_types::{Failure, FailureClass, RetryAdvice};
use serde_json::{Map, Value, json};

/// A step's effect.
pub fn effect(effect: &Effect, texts: &Texts) -> Value {
    match effect {
        Effect::Call(it) => json!({"call": call(it, texts)}),
        Effect::Wait(ms) => json!({"wait": ms}),
        Effect::Finish(it) => json!({"finish": completion(it)}),
        Effect::Fail(it) => json!({"fail": failure(it)}),
    }
}

/// A job step's effect.
pub fn job_effect(effect: &JobEffect) -> Value {
    let none = Texts::default();
    match effect {
        JobEffect::Call(it) => json!({"call": call(it, &none)}),
        JobEffect::Wait(ms) => json!({"wait": ms}),
        JobEffect::UploadItems(it) => {
            let mut upload = json!({"call": call(&it.call, &none),
                "prefix": it.prefix, "separator": it.separator, "suffix": it.suffix});
            if let Some(form) = &it.multipart {
                upload["multipart"] = json!({"fields": headers(&form.fields), "file_field": form.file_field,
                    "file_name": form.file_name, "file_type": form.file_type});
            }
            json!({"upload_items": upload})
        }
        JobEffect::DownloadLines(Source::Call(it)) => json!({"download_lines": {"call": call(it, &none)}}),
        JobEffect::DownloadLines(Source::Loopback) => json!({"download_lines": "loopback"}),
        JobEffect::Finish(JobEnd::Completed) => json!({"finish": "completed"}),
        JobEffect::Finish(JobEnd::Expired) => json!({"finish": "expired"}),
        JobEffect::Finish(JobEnd::Cancelled) => json!({"finish": "cancelled"}),
        JobEffect::Fail(it) => json!({"fail": failure(it)}),
    }
}

fn headers(list: &[Header]) -> Value {
    list.iter().map(|h| (h.name.clone(), Value::from(h.value.as_str()))).collect::<Map<_, _>>().into()
}

fn call(call: &HttpCall, texts: &Texts) -> Value {
    let mut json = json!({"endpoint": call.endpoint, "method": call.method, "path": call.path});
    for (name, list) in [("query", &call.query), ("headers", &call.headers)] {
        if !list.is_empty() {
            json[name] = headers(list);
        }
    }
    if !call.body.is_empty() {
        json["body"] = body(&call.body, texts);
    }
    if let Some(slot) = &call.auth {
        json["auth"] = slot.as_str().into();
    }
    if let Some(ms) = call.timeout_ms {
        json["timeout_ms"] = ms.into();
    }
    if call.repeatable {
        json["repeatable"] = true.into();
    }
    json
}

/// A body as it would be sent: JSON where it is JSON, else text.
pub fn body(segments: &[Segment], texts: &Texts) -> Value {
    let mut written = String::new();
    for segment in segments {
        match segment {
            Segment::Literal(text) => written += text,
            Segment::Bytes(bytes) => written += std::str::from_utf8(bytes).expect("UTF-8"),
            Segment::Splice { index, encoding } => {
                let text = texts.get(*index).expect("a text of the request");
                match encoding {
                    SpliceEncoding::Raw => written += text,
                    SpliceEncoding::Json => written += Value::from(text).to_string().trim_matches('"'),
                    SpliceEncoding::Base64 => panic!("no fixture has base64"),
                }
            }
        }
    }
    serde_json::from_str(&written).unwrap_or(Value::String(written))
}

fn completion(it: &Completion) -> Value {
    let json: Value = serde_json::from_str(&it.json).expect("the host checked that it is JSON");
    let mut out = json!({});
    match &json["content"] {
        Value::Array(parts) if parts.len() == 1 && parts[0]["type"] == "text" => {
            out["text"] = parts[0]["text"].clone()
        }
        parts => out["content"] = parts.clone(),
    }
    if let Some(metadata) = json.get("metadata") {
        out["metadata"] = metadata.clone();
    }
    out["finish"] = match &it.finish {
        FinishReason::Other(name) => name.as_str().into(),
        known => serde_json::to_value(known).expect("a name"),
    };
    let usage = serde_json::to_value(&it.usage).expect("JSON");
    if usage.as_object().is_some_and(|usage| !usage.is_empty()) {
        out["usage"] = usage;
    }
    for (name, value) in [("provider_id", &it.provider_id), ("served_model", &it.served_model)] {
        if let Some(value) = value {
            out[name] = value.as_str().into();
        }
    }
    out
}

/// A failure.
pub fn failure(it: &Failure) -> Value {
    let retry = match it.retry {
        RetryAdvice::AfterMs(ms) => json!({"after_ms": ms}),
        advice => serde_json::to_value(advice).expect("a name"),
    };
    let class = match &it.class {
        FailureClass::Other(name) => name.as_str(),
        class => class.as_str(),
    };
    let mut json = json!({"class": class, "retry": retry, "message": it.message});
    if let Some(code) = &it.code {
        json["code"] = code.as_str().into();
    }
    if let Some(status) = it.status {
        json["status"] = status.into();
    }
    json
}

/// A decoded item.
pub fn item(item: &ItemResult) -> Value {
    let outcome = match &item.outcome {
        ItemOutcome::Completed(it) => json!({"completed": completion(it)}),
        ItemOutcome::Failed(it) => json!({"failed": failure(it)}),
        ItemOutcome::Expired => json!("expired"),
        ItemOutcome::Cancelled => json!("cancelled"),
    };
    json!({"custom_id": item.custom_id, "outcome": outcome})
}

/// A job's progress.
pub fn progress(it: &JobProgress) -> Value {
    json!({"provider_job_id": it.provider_job_id, "provider_state": it.provider_state,
        "completed": it.completed, "failed": it.failed})
}
