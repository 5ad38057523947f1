//! Health, readiness, metrics, and what every answer has.

use crate::harness::*;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn health_needs_nothing_and_readiness_names_what_is_missing() {
    let host = Host::start().await;
    assert_eq!(host.get("/readyz").await, (reqwest::StatusCode::OK, json!({"ready": true, "reasons": []})));
    let (status, body) = host.get("/healthz").await;
    assert_eq!(
        (status.as_u16(), &body["status"], &body["mock_mode"]),
        (200, &json!("healthy"), &json!(false))
    );
    assert_eq!(body["providers"]["lost"]["configured"], false);
    host.store.close().await;
    assert_eq!(host.get("/healthz").await.0, 200);
    let (status, body) = host.get("/readyz").await;
    assert_eq!((status.as_u16(), &body["ready"]), (503, &json!(false)));
    assert!(!body["reasons"].as_array().unwrap().is_empty());
    let response = host.post(&comparison("mock")).await;
    assert!(response.headers().contains_key("retry-after"));
    let (status, body) = read(response).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (503, &json!("STORE_UNAVAILABLE")));
    let (status, body) = host.get("/api/v1/requests/018bcfe5-687b-7000-8000-000000000001").await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (503, &json!("STORE_UNAVAILABLE")));
}

#[tokio::test]
async fn a_host_without_a_usable_provider_is_alive_and_not_ready() {
    let mut setup = Setup::default();
    setup.pipeline.providers.retain(|name, _| name.as_str() == "lost");
    let host = Host::with(setup).await;
    assert_eq!(host.get("/healthz").await.0, 200);
    let (status, body) = host.get("/readyz").await;
    assert_eq!(status, 503);
    assert!(body["reasons"].to_string().contains("nowhere"), "{body}");
}

#[tokio::test]
async fn a_draining_host_refuses_and_says_when_to_come_back() {
    let host = Host::start().await;
    host.pipeline.drain(LIMIT).await;
    let response = host.post(&comparison("mock")).await;
    assert_eq!(response.headers()["retry-after"], "5");
    let (status, body) = read(response).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (503, &json!("DRAINING")));
    assert_eq!(host.get("/readyz").await.0, 503);
    assert_eq!(host.get("/healthz").await.0, 200);
}

#[tokio::test]
async fn requests_are_counted_by_route_and_never_by_path() {
    let host = Host::start().await;
    let id = host.submit(&comparison("mock")).await;
    host.outcome(&id).await;
    host.get("/no/such/path").await;
    let response = host.send(Method::GET, "/metrics").await;
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
    let text = response.text().await.unwrap();
    let line = |start: &str, words: &[&str]| {
        text.lines().any(|line| line.starts_with(start) && words.iter().all(|word| line.contains(word)))
    };
    let total = "llm_provider_http_requests_total{";
    assert!(
        line(total, &["method=\"POST\"", "endpoint=\"/api/v1/comparison\"", "status_code=\"202\""]),
        "{text}"
    );
    assert!(line(total, &["endpoint=\"/api/v1/requests/:id\"", "status_code=\"200\""]));
    assert!(line(total, &["endpoint=\"unmatched\"", "status_code=\"404\""]));
    assert!(line("llm_provider_http_request_duration_seconds_bucket{", &["endpoint=\"/api/v1/comparison\""]));
    assert!(!text.contains(&id) && !text.contains("such/path"));
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_every_error_the_shape() {
    let host = Host::start().await;
    let ask = |id: &'static str| {
        let request = host.client.get(host.url("/healthz")).header("x-request-id", id);
        async { request.send().await.unwrap().headers()["x-request-id"].to_str().unwrap().to_owned() }
    };
    assert_eq!(ask("mine-1").await, "mine-1");
    for bad in ["has space", "", Box::leak("x".repeat(129).into_boxed_str())] {
        assert_ne!(ask(bad).await, bad);
    }
    for (method, path, status, code) in [
        (Method::GET, "/", 404, "RESOURCE_NOT_FOUND"),
        (Method::GET, "/api/v2/comparison", 404, "RESOURCE_NOT_FOUND"),
        (Method::GET, "/api/v1/comparison", 405, "METHOD_NOT_ALLOWED"),
        (Method::PUT, "/healthz", 405, "METHOD_NOT_ALLOWED"),
        (Method::GET, "/api/v1/requests/%FF", 400, "INVALID_REQUEST"),
    ] {
        let response = host.send(method.clone(), path).await;
        assert!(response.headers().contains_key("x-request-id"));
        let (found, body) = read(response).await;
        assert_eq!(
            (found.as_u16(), &body["error"]["code"]),
            (status, &json!(code)),
            "{method} {path}: {body}"
        );
    }
}
