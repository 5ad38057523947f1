//! What happens when there is too much of something.

use crate::harness::*;
use bytes::Bytes;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn too_many_requests_in_progress_are_refused_and_health_still_answers() {
    let mut setup = Setup::default();
    setup.api.max_in_flight = 1;
    let host = Host::with(setup).await;
    // A body that does not end holds the one place.
    let (sender, body) = tokio::sync::oneshot::channel::<Bytes>();
    let body = futures_util::stream::once(async { body.await.map_err(std::io::Error::other) });
    let request = host.client.post(host.url("/api/v1/comparison")).header("content-type", "application/json");
    let held = tokio::spawn(request.body(reqwest::Body::wrap_stream(body)).send());
    let refused = eventually(|| async {
        let response = host.send(Method::GET, "/api/v1/providers").await;
        (response.status() == 503).then_some(response)
    })
    .await;
    assert_eq!(refused.headers()["retry-after"], "1");
    let (_, body) = read(refused).await;
    assert_eq!(body["error"]["code"], "SERVICE_UNAVAILABLE");
    for path in ["/healthz", "/readyz", "/metrics", "/openapi.json"] {
        assert_eq!(host.send(Method::GET, path).await.status(), 200, "{path}");
    }
    sender.send(Bytes::from(comparison("mock").to_string())).unwrap();
    assert_eq!(held.await.unwrap().unwrap().status(), 202);
    assert_eq!(host.get("/api/v1/providers").await.0, 200, "the place is free again");
}

#[tokio::test]
async fn too_many_streams_are_refused_and_a_closed_one_makes_room() {
    let mut setup = Setup::default();
    setup.api.max_streams = 1;
    let host = Host::with(setup).await;
    let open =
        || host.client.get(host.url("/api/v1/topics/t/events")).header("accept", "text/event-stream").send();
    let first = open().await.unwrap();
    assert_eq!(first.status(), 200);
    let second = open().await.unwrap();
    assert_eq!((second.status().as_u16(), second.headers()["retry-after"].to_str().unwrap()), (503, "1"));
    assert_eq!(host.get("/api/v1/topics/t/events?wait=5").await.0, 503);
    assert_eq!(host.get("/api/v1/topics/t/events").await.0, 200, "a page needs no place");
    drop(first);
    let again = eventually(|| async { open().await.ok().filter(|response| response.status() == 200) }).await;
    drop(again);
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_back_and_accepts_again() {
    let mut setup = Setup::default();
    setup.pipeline.max_requests = 10;
    let host = Host::with(setup).await;
    let mut ids = Vec::new();
    let refused = loop {
        let response = host.post(&comparison("slow")).await;
        if response.status() != 202 {
            break response;
        }
        ids.push(read(response).await.1["queue_id"].as_str().unwrap().to_owned());
        assert!(ids.len() <= 10);
    };
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(wait >= 1);
    let (status, body) = read(refused).await;
    assert_eq!((status.as_u16(), &body["error"]["code"]), (503, &json!("QUEUE_FULL")));
    for id in &ids {
        assert_eq!(host.send(Method::DELETE, &format!("/api/v1/requests/{id}")).await.status(), 200);
    }
    eventually(|| async { (host.post(&comparison("mock")).await.status() == 202).then_some(()) }).await;
}

#[tokio::test]
async fn a_full_disk_is_503_and_loses_nothing() {
    let host = Host::with(Setup { max_pages: Some(120), ..Setup::default() }).await;
    let mut body = comparison("slow");
    body["user_prompt"] = Value::String(format!("{}{}", "Essay A: ", uuid::Uuid::new_v4()).repeat(200));
    let mut ids = Vec::new();
    let refused = loop {
        let response = host.post(&body).await;
        if response.status() != 202 {
            break response;
        }
        ids.push(read(response).await.1["queue_id"].as_str().unwrap().to_owned());
        assert!(ids.len() < 1000, "the file never fills");
    };
    assert!(refused.headers().contains_key("retry-after"));
    let (status, error) = read(refused).await;
    assert_eq!((status.as_u16(), &error["error"]["code"]), (503, &json!("STORE_FULL")), "{error}");
    assert!(!ids.is_empty());
    for id in &ids {
        assert_eq!(host.get(&format!("/api/v1/requests/{id}")).await.0, 200);
    }
    assert_eq!(host.get("/healthz").await.0, 200);
}

#[tokio::test]
async fn many_callers_at_once_each_get_their_own_outcome() {
    let host = Host::start().await;
    let sent = (0..200).map(|_| async { host.submit(&comparison("mock")).await });
    let ids =
        tokio::time::timeout(Duration::from_secs(60), futures_util::future::join_all(sent)).await.unwrap();
    for id in &ids {
        assert_eq!(host.outcome(id).await["state"], "succeeded");
    }
    let mut seen: Vec<String> = host
        .events("t")
        .await
        .iter()
        .map(|event| event["event"]["data"]["request_id"].as_str().unwrap().to_owned())
        .collect();
    seen.sort();
    let mut ids = ids;
    ids.sort();
    assert_eq!(seen, ids);
}
