//! Following requests and taking them back.

use crate::harness::*;
use reqwest::Method;
use serde_json::{Value, json};

const STRANGER: &str = "018bcfe5-687b-7000-8000-000000000001";

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let host = Host::start().await;
    for id in [STRANGER, "nonsense", "%20"] {
        for (method, path) in [
            (Method::GET, format!("/api/v1/requests/{id}")),
            (Method::DELETE, format!("/api/v1/requests/{id}")),
            (Method::GET, format!("/api/v1/requests/{id}/events")),
            (Method::GET, format!("/api/v1/status/{id}")),
            (Method::GET, format!("/api/v1/results/{id}")),
        ] {
            let (status, body) = read(host.send(method.clone(), &path).await).await;
            assert_eq!(status, 404, "{method} {path}");
            assert_eq!(body["error"]["code"], "RESOURCE_NOT_FOUND");
        }
    }
}

#[tokio::test]
async fn a_running_request_is_cancelled_once_and_its_callback_says_so() {
    let host = Host::start().await;
    let id = host.submit(&comparison("slow")).await;
    host.request(&id, |request| request["state"] == "running").await;
    let (status, result) = host.get(&format!("/api/v1/results/{id}")).await;
    assert_eq!((status.as_u16(), &result["status"]), (202, &json!("processing")));
    let path = format!("/api/v1/requests/{id}");
    let (status, body) = read(host.send(Method::DELETE, &path).await).await;
    assert_eq!((status.as_u16(), body), (200, json!({"queue_id": id, "state": "cancelled"})));
    let (status, body) = read(host.send(Method::DELETE, &path).await).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (409, &json!("ALREADY_TERMINAL")));
    assert_eq!(body["error"]["details"]["state"], "cancelled");
    let request = host.outcome(&id).await;
    assert_eq!(
        (&request["state"], &request["error"]["error_type"]),
        (&json!("cancelled"), &json!("cancelled"))
    );
    assert_eq!(request["result"], Value::Null);
    let events = host.events("t").await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["event"]["data"]["winner"], Value::Null);
    assert_eq!(events[0]["event"]["data"]["error_detail"]["details"]["reason"], "cancelled");
}

#[tokio::test]
async fn an_answered_request_cannot_be_cancelled() {
    let host = Host::start().await;
    let id = host.submit(&comparison("mock")).await;
    let before = host.outcome(&id).await;
    let (status, body) = read(host.send(Method::DELETE, &format!("/api/v1/requests/{id}")).await).await;
    assert_eq!((status.as_u16(), &body["error"]["details"]["state"]), (409, &json!("succeeded")));
    assert_eq!(host.outcome(&id).await, before);
    for path in [format!("/api/v1/status/{id}"), format!("/api/v1/results/{id}")] {
        let (status, body) = host.get(&path).await;
        assert_eq!((status.as_u16(), &body), (200, &before), "{path}");
    }
}

#[tokio::test]
async fn a_failure_is_shown_with_its_class() {
    let host = Host::start().await;
    let id = host.submit(&comparison("picky")).await;
    let request = host.outcome(&id).await;
    assert_eq!((&request["state"], &request["status"]), (&json!("failed"), &json!("failed")));
    assert_eq!(request["error"]["error_type"], "server");
    assert_eq!(request["error"]["status_code"], 500);
    let data = host.events("t").await[0]["event"]["data"].clone();
    assert_eq!(data["error_detail"]["details"]["error_type"], "server");
}

#[tokio::test]
async fn cancelling_races_with_answering_and_with_itself_and_one_wins() {
    let host = Host::start().await;
    for round in 0..20 {
        let provider = if round % 2 == 0 { "mock" } else { "slow" };
        let id = host.submit(&comparison(provider)).await;
        let path = format!("/api/v1/requests/{id}");
        let cancels = (0..4).map(|_| async { read(host.send(Method::DELETE, &path).await).await });
        for (status, body) in futures_util::future::join_all(cancels).await {
            assert!(status == 200 || status == 409, "{status} {body}");
        }
        let first = host.outcome(&id).await;
        assert_eq!(host.outcome(&id).await, first);
        if provider == "slow" {
            assert_eq!(first["state"], "cancelled");
        }
        let events = host.events("t").await;
        let mine: Vec<_> =
            events.iter().filter(|event| event["event"]["data"]["request_id"] == id.as_str()).collect();
        assert_eq!(mine.len(), 1, "{mine:?}");
        let won = mine[0]["event"]["data"]["winner"].is_string();
        assert_eq!(won, first["state"] == "succeeded");
    }
}

#[tokio::test]
async fn a_deadline_that_passes_ends_the_request_with_a_callback() {
    let host = Host::start().await;
    let mut body = comparison("slow");
    let soon = docket_types::Timestamp::parse("2999-01-01T00:00:00Z").unwrap();
    body["deadline"] = json!(soon.to_string());
    let id = host.submit(&body).await;
    let request = host.request(&id, |request| request["state"] == "running").await;
    assert_eq!(request["expires_at"], "2999-01-01T00:00:00.000000Z");
    let mut short = Setup::default();
    short.pipeline.ttl = std::time::Duration::from_millis(300);
    let host = Host::with(short).await;
    let id = host.submit(&comparison("slow")).await;
    let request = host.outcome(&id).await;
    assert_eq!((&request["state"], &request["status"]), (&json!("expired"), &json!("expired")));
    let data = host.events("t").await[0]["event"]["data"].clone();
    assert_eq!(data["error_detail"]["details"]["reason"], "expired");
}

#[tokio::test]
async fn a_watcher_sees_the_states_and_the_end() {
    let host = Host::start().await;
    let id = host.submit(&comparison("slow")).await;
    host.request(&id, |request| request["state"] == "running").await;
    let response = host.send(Method::GET, &format!("/api/v1/requests/{id}/events")).await;
    assert_eq!(response.status(), 200);
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    let watcher = tokio::spawn(sse(response, 100));
    let (status, _) = read(host.send(Method::DELETE, &format!("/api/v1/requests/{id}")).await).await;
    assert_eq!(status, 200);
    let (events, ended) = watcher.await.unwrap();
    assert!(ended, "the stream ends by itself");
    let states: Vec<Value> = events
        .iter()
        .map(|event| {
            assert_eq!(event.event, "state");
            serde_json::from_str::<Value>(&event.data).unwrap()
        })
        .collect();
    assert_eq!(states[0]["state"], "running");
    let last = states.last().unwrap();
    assert_eq!(
        (&last["state"], &last["terminal"], &last["queue_id"]),
        (&json!("cancelled"), &json!(true), &json!(id))
    );
    assert_eq!(states.iter().filter(|state| state["terminal"] == true).count(), 1);
    // Watched again after its end: one event, and the end.
    let response = host.send(Method::GET, &format!("/api/v1/requests/{id}/events")).await;
    let (events, ended) = sse(response, 100).await;
    assert!(ended && events.len() == 1, "{events:?}");
}
