//! Submitting: what is accepted, what is refused and how, and submitting twice.

use crate::harness::*;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

#[tokio::test]
async fn a_comparison_is_accepted_answered_and_delivered_once() {
    let host = Host::start().await;
    let mut body = comparison("mock");
    body["correlation_id"] = json!("4c0b1a3e-8a53-4f0b-9a51-0d4c5e7a9b10");
    let response = host.post(&body).await;
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    assert!(response.headers().contains_key("x-request-id"));
    assert!(!response.headers().contains_key("retry-after"));
    let (_, receipt) = read(response).await;
    let id = receipt["queue_id"].as_str().unwrap();
    assert_eq!(location, format!("/api/v1/requests/{id}"));
    assert_eq!(receipt["status"], "queued");
    let message = "Request queued for processing. Result will be delivered via callback to topic: t";
    assert_eq!(receipt["message"], message);
    assert!(receipt.as_object().unwrap().contains_key("estimated_wait_minutes"));

    let request = host.outcome(id).await;
    assert_eq!(request["state"], "succeeded");
    assert_eq!(request["status"], "completed");
    assert_eq!(request["attempts"], 1);
    assert_eq!(request["metadata"]["essay_a_id"], "a");
    assert_eq!(request["error"], Value::Null);
    let events = host.events("t").await;
    assert_eq!(events.len(), 1);
    let envelope = &events[0]["event"];
    assert_eq!(envelope["event_type"], "LLMComparisonResultV1");
    assert_eq!(envelope["correlation_id"], body["correlation_id"]);
    for field in ["winner", "justification", "confidence", "model", "response_time_ms", "cost_estimate"] {
        assert_eq!(envelope["data"][field], request["result"][field], "{field}");
    }
}

/// Sends a body as it is.
async fn raw(host: &Host, content_type: Option<&str>, body: impl Into<reqwest::Body>) -> Response {
    let request = host.client.post(host.url("/api/v1/comparison")).body(body);
    let request = match content_type {
        Some(text) => request.header("content-type", text),
        None => request,
    };
    request.send().await.unwrap()
}

/// Status, code and param of a refusal, whose shape is checked.
async fn refusal(response: Response) -> (u16, String, String, Value) {
    assert!(response.headers().contains_key("x-request-id"));
    assert_eq!(response.headers()["content-type"], "application/json");
    let (status, body) = read(response).await;
    let error = body["error"].clone();
    assert!(error["message"].as_str().is_some_and(|text| !text.is_empty() && text.len() <= 700), "{body}");
    assert_eq!(error["service"], "llm_provider_service");
    assert!(error["timestamp"].is_string() && error["details"].is_object(), "{body}");
    let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
    (status.as_u16(), text("code"), text("param"), error.clone())
}

#[tokio::test]
async fn a_body_that_is_wrong_is_refused_and_the_field_is_named() {
    let host = Host::start().await;
    let with = |change: Value| {
        let mut body = comparison("mock");
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        body.to_string()
    };
    let overrides = |change: Value| {
        let mut all = json!({"provider_override": "mock"});
        for (key, value) in change.as_object().unwrap() {
            all[key] = value.clone();
        }
        with(json!({"llm_config_overrides": all}))
    };
    let long_topic = "x".repeat(250);
    for (body, code, param) in [
        (String::new(), "PARSING_ERROR", ""),
        ("{".into(), "PARSING_ERROR", ""),
        ("{\"user_prompt\": \"x\",}".into(), "PARSING_ERROR", ""),
        ("[]".into(), "VALIDATION_ERROR", ""),
        ("\"x\"".into(), "VALIDATION_ERROR", ""),
        ("{}".into(), "MISSING_REQUIRED_FIELD", "user_prompt"),
        (with(json!({"user_promt": "x"})), "VALIDATION_ERROR", "user_promt"),
        (with(json!({"user_prompt": 7})), "VALIDATION_ERROR", "user_prompt"),
        (with(json!({"user_prompt": ""})), "VALIDATION_ERROR", "user_prompt"),
        (with(json!({"user_prompt": " \n"})), "VALIDATION_ERROR", "user_prompt"),
        (with(json!({"metadata": [1]})), "VALIDATION_ERROR", "metadata"),
        (with(json!({"correlation_id": "x"})), "VALIDATION_ERROR", "correlation_id"),
        (with(json!({"deadline": "soon"})), "VALIDATION_ERROR", "deadline"),
        (with(json!({"deadline": "2001-01-01T00:00:00Z"})), "VALIDATION_ERROR", "deadline"),
        (with(json!({"callback_topic": null})), "VALIDATION_ERROR", "callback_topic"),
        (with(json!({"callback_topic": ""})), "VALIDATION_ERROR", "callback_topic"),
        (with(json!({"callback_topic": "a/b"})), "VALIDATION_ERROR", "callback_topic"),
        (with(json!({"callback_topic": long_topic})), "VALIDATION_ERROR", "callback_topic"),
        (with(json!({"callback_url": "nonsense"})), "VALIDATION_ERROR", "callback_url"),
        (with(json!({"callback_url": "ftp://example.com/"})), "VALIDATION_ERROR", "callback_url"),
        (with(json!({"llm_config_overrides": ["mock"]})), "VALIDATION_ERROR", "llm_config_overrides"),
        (
            with(json!({"llm_config_overrides": null})),
            "MISSING_REQUIRED_FIELD",
            "llm_config_overrides.provider_override",
        ),
        (overrides(json!({"modle": "x"})), "VALIDATION_ERROR", "llm_config_overrides.modle"),
        (
            overrides(json!({"temperature_override": 2.5})),
            "VALIDATION_ERROR",
            "llm_config_overrides.temperature_override",
        ),
        (
            overrides(json!({"max_tokens_override": 0})),
            "VALIDATION_ERROR",
            "llm_config_overrides.max_tokens_override",
        ),
        (
            overrides(json!({"max_tokens_override": -1})),
            "VALIDATION_ERROR",
            "llm_config_overrides.max_tokens_override",
        ),
        (
            overrides(json!({"reasoning_effort": "max"})),
            "VALIDATION_ERROR",
            "llm_config_overrides.reasoning_effort",
        ),
        (
            with(json!({"prompt_blocks": [{"content": "x"}, {"target": "nowhere", "content": "x"}]})),
            "VALIDATION_ERROR",
            "prompt_blocks[1].target",
        ),
        (with(json!({"prompt_blocks": [{"content": ""}]})), "VALIDATION_ERROR", "prompt_blocks[0].content"),
        (with(json!({"prompt_blocks": [{}]})), "MISSING_REQUIRED_FIELD", "prompt_blocks[0].content"),
    ] {
        let response = raw(&host, Some("application/json"), body.clone()).await;
        let (status, found, named, error) = refusal(response).await;
        assert_eq!((status, found.as_str(), named.as_str()), (400, code, param), "{body}: {error}");
    }
    assert!(host.events("t").await.is_empty());
    assert_eq!(host.store.load().open, 0);
}

#[tokio::test]
async fn unknown_providers_come_with_the_known_ones_and_a_lost_plugin_is_said_so() {
    let host = Host::start().await;
    let (status, code, param, error) = refusal(host.post(&comparison("nobody")).await).await;
    assert_eq!((status, code.as_str()), (400, "UNKNOWN_PROVIDER"));
    assert_eq!(param, "llm_config_overrides.provider_override");
    assert_eq!(error["details"]["known"], json!(["lost", "mock", "picky", "slow"]));
    assert!(error["correlation_id"].is_string());
    let response = host.post(&comparison("lost")).await;
    assert!(response.headers().contains_key("retry-after"));
    let (status, code, _, error) = refusal(response).await;
    assert_eq!((status, code.as_str()), (503, "PROVIDER_UNAVAILABLE"));
    assert!(error["message"].as_str().unwrap().contains("nowhere"), "{error}");
}

#[tokio::test]
async fn only_json_of_a_bounded_size_is_read() {
    let mut setup = Setup::default();
    setup.api.max_body_bytes = 2000;
    let host = Host::with(setup).await;
    let good = comparison("mock").to_string();
    for content_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        let (status, code, param, _) = refusal(raw(&host, content_type, good.clone()).await).await;
        assert_eq!((status, code.as_str(), param.as_str()), (415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type"));
    }
    let response = raw(&host, Some("application/json; charset=utf-8"), good).await;
    assert_eq!(response.status(), 202);
    let mut large = comparison("mock");
    large["user_prompt"] = json!("x".repeat(2000));
    let large = large.to_string();
    let announced = raw(&host, Some("application/json"), large.clone()).await;
    let piece = bytes::Bytes::from(large);
    let stream = futures_util::stream::iter([Ok::<_, std::io::Error>(piece)]);
    let chunked = raw(&host, Some("application/json"), reqwest::Body::wrap_stream(stream)).await;
    for response in [announced, chunked] {
        let (status, code, _, error) = refusal(response).await;
        assert_eq!((status, code.as_str()), (413, "PAYLOAD_TOO_LARGE"));
        assert_eq!(error["details"]["max_body_bytes"], 2000);
    }
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_not_waited_for() {
    let mut setup = Setup::default();
    setup.api.body_timeout = Duration::from_millis(100);
    let host = Host::with(setup).await;
    let never = futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>();
    let response = raw(&host, Some("application/json"), reqwest::Body::wrap_stream(never)).await;
    let (status, code, _, _) = refusal(response).await;
    assert_eq!((status, code.as_str()), (408, "TIMEOUT"));
}

async fn keyed(host: &Host, key: &str, body: &Value) -> Response {
    let request = host.client.post(host.url("/api/v1/comparison")).header("idempotency-key", key);
    request.json(body).send().await.unwrap()
}

#[tokio::test]
async fn a_key_replays_its_receipt_and_refuses_another_body() {
    let host = Host::start().await;
    let body = comparison("mock");
    let first = keyed(&host, "k1", &body).await;
    assert!(!first.headers().contains_key("idempotency-replayed"));
    let (_, first) = read(first).await;
    host.outcome(first["queue_id"].as_str().unwrap()).await;
    let again = keyed(&host, "k1", &body).await;
    assert_eq!(
        (again.status().as_u16(), again.headers()["idempotency-replayed"].to_str().unwrap()),
        (202, "true")
    );
    let (_, again) = read(again).await;
    assert_eq!(again["queue_id"], first["queue_id"]);
    let mut other = body.clone();
    other["metadata"] = json!({});
    let (status, code, param, _) = refusal(keyed(&host, "k1", &other).await).await;
    assert_eq!((status, code.as_str(), param.as_str()), (422, "IDEMPOTENCY_KEY_CONFLICT", "Idempotency-Key"));
    assert_eq!(keyed(&host, "k2", &other).await.status(), 202);
    for key in [String::new(), "x".repeat(256)] {
        let (status, _, param, _) = refusal(keyed(&host, &key, &body).await).await;
        assert_eq!((status, param.as_str()), (400, "Idempotency-Key"));
    }
}

#[tokio::test]
async fn the_same_key_at_the_same_time_makes_one_request() {
    let host = Host::start().await;
    let body = comparison("mock");
    let sent = (0..32).map(|_| async { read(keyed(&host, "same", &body).await).await });
    let answers = futures_util::future::join_all(sent).await;
    let ids: BTreeSet<_> = answers
        .iter()
        .map(|(status, body)| {
            assert_eq!(*status, 202, "{body}");
            body["queue_id"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(ids.len(), 1);
    host.outcome(ids.first().unwrap()).await;
    assert_eq!(host.events("t").await.len(), 1);
}

#[tokio::test]
async fn webhooks_need_a_secret_and_a_public_receiver() {
    let mut setup = Setup::default();
    setup.pipeline.webhooks.secret = None;
    let host = Host::with(setup).await;
    let body = webhook("mock", "https://example.com/hook");
    let (status, _, param, error) = refusal(host.post(&body).await).await;
    assert_eq!((status, param.as_str()), (400, "callback_url"));
    assert!(error["message"].as_str().unwrap().contains("secret"), "{error}");
    let mut setup = Setup::default();
    setup.outbound.allow_private_webhooks = false;
    let host = Host::with(setup).await;
    for url in
        ["https://127.0.0.1/h", "http://example.com/h", "https://169.254.169.254/", "https://localhost/h"]
    {
        let (status, _, param, _) = refusal(host.post(&webhook("mock", url)).await).await;
        assert_eq!((status, param.as_str()), (400, "callback_url"), "{url}");
    }
    assert_eq!(host.post(&webhook("slow", "https://example.com/hook")).await.status(), 202);
}
