//! An adapter that calls a provider, through the whole host: texts and credentials go where they belong, and nowhere else.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use docket_test_support::{Comparison, Setup, TestHost};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const KEY: &str = "sk-docket-test-0123456789";
const PROMPT: &str = "Which essay is \"better\"?\nEssay A: åäö\t1\nEssay B: 2 \\ 3";
const WITHIN: Duration = Duration::from_secs(30);

/// A call that came: when, with which credential, and its body.
struct Came {
    at: Instant,
    authorization: String,
    body: Value,
}

#[derive(Default)]
struct Provider(Mutex<Vec<Came>>);

/// A chat server: the first call of a conversation is told to come back in a second, a model named `echo` is refused
/// with the caller's own credential in the answer, everything else is answered.
async fn answer(State(provider): State<Arc<Provider>>, headers: HeaderMap, body: Bytes) -> Response {
    let authorization = headers["authorization"].to_str().unwrap().to_owned();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let mut calls = provider.0.lock().unwrap();
    calls.push(Came { at: Instant::now(), authorization: authorization.clone(), body: body.clone() });
    if body["model"] == "echo" {
        return (StatusCode::UNAUTHORIZED, format!("bad key: {authorization}")).into_response();
    }
    if calls.len() == 1 {
        return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")], "slow down").into_response();
    }
    let judgement = json!({"winner": "Essay B", "justification": "It is longer.", "confidence": 1});
    let choice =
        json!({"message": {"role": "assistant", "content": judgement.to_string()}, "finish_reason": "stop"});
    let usage = json!({"prompt_tokens": 40, "completion_tokens": 9});
    axum::Json(json!({"id": "chatcmpl-7", "choices": [choice], "usage": usage})).into_response()
}

async fn provider() -> (Arc<Provider>, String) {
    let provider = Arc::new(Provider::default());
    let app = Router::new().route("/v1/chat/completions", post(answer)).with_state(Arc::clone(&provider));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (provider, url)
}

async fn host(url: &str) -> TestHost {
    let setup = Setup::profile("default")
        .set("providers.local.adapter=hello")
        .set(format!("providers.local.endpoints.api={url}"))
        .set(format!("providers.local.credentials.key={KEY}"))
        .set("queue.backoff_initial=10ms")
        .set("log.filter=trace");
    TestHost::start(setup).await.unwrap()
}

fn comparison() -> Comparison {
    Comparison::new(PROMPT, "calls").overriding("provider_override", "local")
}

/// Neither the credential nor the prompt is where operators look.
async fn nothing_leaked(host: &TestHost) {
    let metrics = host.metrics().await.unwrap().0;
    for (place, text) in [("the log", host.log()), ("the metrics", metrics)] {
        assert!(!text.contains(KEY), "{place} holds the credential");
        assert!(!text.contains("Which essay is"), "{place} holds the prompt");
    }
}

#[tokio::test]
async fn a_call_carries_text_and_credential_and_waits_as_it_is_told() {
    let (provider, url) = provider().await;
    let host = host(&url).await;
    host.submit(comparison().body()).await.unwrap();
    let events = host.wait_for_events("calls", 1, WITHIN).await.unwrap();
    let data = &events[0].event["data"];
    assert_eq!((data["winner"].as_str(), data["confidence"].as_f64()), (Some("Essay B"), Some(1.0)));
    assert_eq!(data["provider"], "local");
    assert_eq!(data["token_usage"], json!({"prompt_tokens": 40, "completion_tokens": 9, "total_tokens": 49}));
    {
        let calls = provider.0.lock().unwrap();
        assert_eq!(calls.len(), 2, "one refusal, one repetition");
        assert!(calls[1].at - calls[0].at >= Duration::from_secs(1), "retry-after is honoured");
        for call in calls.iter() {
            assert_eq!(call.authorization, format!("Bearer {KEY}"));
            assert_eq!(call.body["messages"][0], json!({"role": "user", "content": PROMPT}));
        }
    }
    nothing_leaked(&host).await;
}

#[tokio::test]
async fn a_credential_that_a_provider_repeats_stays_in_the_host() {
    let (provider, url) = provider().await;
    let host = host(&url).await;
    host.submit(comparison().overriding("model_override", "echo").body()).await.unwrap();
    let events = host.wait_for_events("calls", 1, WITHIN).await.unwrap();
    let event = &events[0].event;
    assert_eq!(event["data"]["error_detail"]["error_code"], "AUTHENTICATION_ERROR");
    assert!(!event.to_string().contains(KEY), "the callback holds the credential");
    assert_eq!(provider.0.lock().unwrap().len(), 1, "a wrong credential is not tried again");
    nothing_leaked(&host).await;
}
