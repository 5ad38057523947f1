//! The admin routes, their token, and the lists of providers, models and plugins.

use crate::harness::*;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};

const ADMIN: [(Method, &str); 4] = [
    (Method::GET, "/admin/mock-mode"),
    (Method::GET, "/admin/plugins"),
    (Method::GET, "/api/v1/deliveries"),
    (Method::POST, "/api/v1/deliveries/x/redeliver"),
];

#[tokio::test]
async fn admin_routes_need_the_token_where_there_is_one() {
    let mut setup = Setup::default();
    setup.api.admin_token = Some(SecretString::from("the-right-token"));
    let host = Host::with(setup).await;
    for (method, path) in ADMIN {
        let ask = |header: Option<&'static str>| {
            let request = host.client.request(method.clone(), host.url(path));
            let request =
                header.into_iter().fold(request, |request, value| request.header("authorization", value));
            async { read(request.send().await.unwrap()).await }
        };
        for header in [
            None,
            Some("Bearer "),
            Some("Bearer the-wrong-token"),
            Some("Bearer the-right-toke"),
            Some("Bearer the-right-token2"),
            Some("Basic the-right-token"),
            Some("the-right-token"),
        ] {
            let (status, body) = ask(header).await;
            assert_eq!(
                (status.as_u16(), &body["error"]["code"]),
                (401, &json!("AUTHENTICATION_ERROR")),
                "{path} {header:?}"
            );
            assert!(!body.to_string().contains("the-right-token"));
        }
        for header in ["Bearer the-right-token", "bearer the-right-token"] {
            let (status, _) = ask(Some(header)).await;
            assert_ne!(status, 401, "{path}");
        }
    }
    // What callers use needs none.
    assert_eq!(host.get("/api/v1/providers").await.0, 200);
}

#[tokio::test]
async fn admin_routes_can_be_switched_off() {
    let mut setup = Setup::default();
    setup.api.admin_enabled = false;
    let host = Host::with(setup).await;
    for (method, path) in ADMIN {
        let (status, body) = read(host.send(method, path).await).await;
        assert_eq!((status.as_u16(), &body["error"]["code"]), (404, &json!("ADMIN_API_DISABLED")), "{path}");
    }
}

#[tokio::test]
async fn the_mock_mode_is_shown_without_secrets() {
    let mut setup = Setup::default();
    setup.pipeline.use_mock = true;
    setup.pipeline.mock_mode = Some("cj_generic_batch".into());
    let host = Host::with(setup).await;
    let (status, body) = host.get("/admin/mock-mode").await;
    let expected = json!({
        "use_mock_llm": true, "mock_mode": "cj_generic_batch", "default_provider": "mock",
        "queue_processing_mode": "per_request",
    });
    assert_eq!((status.as_u16(), body), (200, expected));
    let mut setup = Setup::default();
    setup.pipeline.mock_mode = Some("default".into());
    let body = Host::with(setup).await.get("/admin/mock-mode").await.1;
    assert_eq!((&body["use_mock_llm"], &body["mock_mode"]), (&json!(false), &Value::Null));
}

#[tokio::test]
async fn every_plugin_file_is_listed_loaded_or_refused() {
    let host = Host::start().await;
    let (status, body) = host.get("/admin/plugins").await;
    assert_eq!(status, 200);
    let find = |name: &str| {
        let all = body["plugins"].as_array().unwrap();
        all.iter().find(|plugin| plugin["name"] == name).cloned().unwrap_or_else(|| panic!("{name}: {body}"))
    };
    let mock = find("mock-default");
    assert_eq!((&mock["loaded"], &mock["file"]), (&json!(true), &json!("mock-default.wasm")));
    assert!(mock["version"].is_string());
    assert_eq!(mock["digest"].as_str().unwrap().len(), 64);
    let broken = find("broken");
    assert_eq!((&broken["loaded"], &broken["version"]), (&json!(false), &Value::Null));
    assert!(!broken["error"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn providers_are_listed_with_what_serves_them() {
    let host = Host::start().await;
    let (status, body) = host.get("/api/v1/providers").await;
    assert_eq!((status.as_u16(), &body["default_provider"]), (200, &json!("mock")));
    let all = body["providers"].as_array().unwrap();
    let names: Vec<_> = all.iter().map(|provider| provider["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["lost", "mock", "picky", "slow"]);
    let mock = &all[1];
    for (field, value) in [
        ("enabled", json!(true)),
        ("available", json!(true)),
        ("adapter", json!("mock-default")),
        ("mock", json!(true)),
        ("circuit_breaker_state", json!("closed")),
        ("failure_count", json!(0)),
        ("max_concurrent", json!(8)),
    ] {
        assert_eq!(mock[field], value, "{field}");
    }
    assert!(mock["version"].is_string());
    assert_eq!(all[0]["available"], false);
    assert!(all[0]["reason"].as_str().unwrap().contains("nowhere"));
    let id = host.submit(&comparison("mock")).await;
    host.outcome(&id).await;
    let slow = host.submit(&comparison("slow")).await;
    host.request(&slow, |request| request["state"] == "running").await;
    let shown = |running: [u64; 2]| {
        let host = &host;
        async move {
            let (_, body) = host.get("/api/v1/providers").await;
            let providers = &body["providers"];
            let same = providers[1]["running"] == running[0] && providers[3]["running"] == running[1];
            same.then_some(body)
        }
    };
    let body = eventually(|| shown([0, 1])).await;
    assert!(body["providers"][1]["last_success"].is_string(), "{body}");
    assert_eq!(body["open_requests"], 1);
    assert_eq!(body["queued_requests"], 0);
}

#[tokio::test]
async fn a_provider_can_be_tested() {
    let host = Host::start().await;
    let test = |provider: &'static str| {
        let host = &host;
        async move { read(host.send(Method::POST, &format!("/api/v1/providers/{provider}/test")).await).await }
    };
    let (status, body) = test("mock").await;
    assert_eq!(
        (status.as_u16(), &body["success"], &body["provider"]),
        (200, &json!(true), &json!("mock")),
        "{body}"
    );
    let (status, body) = test("picky").await;
    assert_eq!((status.as_u16(), &body["error"]["details"]["error_type"]), (502, &json!("server")), "{body}");
    let (status, body) = test("lost").await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (503, &json!("PROVIDER_UNAVAILABLE")));
    let (status, body) = test("nobody").await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (400, &json!("UNKNOWN_PROVIDER")));
    assert!(body["error"]["details"]["known"].as_array().unwrap().contains(&json!("mock")));
}

#[tokio::test]
async fn models_are_listed_by_provider() {
    let host = Host::start().await;
    let (status, all) = host.get("/api/v1/models").await;
    assert_eq!(status, 200);
    let providers = all["providers"].as_object().unwrap();
    assert!(providers.contains_key("mock") && !providers.contains_key("lost"), "{all}");
    let count: usize = providers.values().map(|models| models.as_array().unwrap().len()).sum();
    assert_eq!(all["total_models"], count);
    let (status, one) = host.get("/api/v1/models?provider=MOCK&include_deprecated=true").await;
    assert_eq!((status.as_u16(), one["providers"].as_object().unwrap().len()), (200, 1));
    let (status, body) = host.get("/api/v1/models?provider=nobody").await;
    assert_eq!((status.as_u16(), &body["error"]["param"]), (400, &json!("provider")));
    let (status, body) = host.get("/api/v1/models?include_deprecated=maybe").await;
    assert_eq!((status.as_u16(), &body["error"]["param"]), (400, &json!("include_deprecated")));
}
