//! Reading a topic: pages, long polls, streams.

use crate::harness::*;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

async fn finished(host: &Host, count: usize) -> Vec<Value> {
    for _ in 0..count {
        let id = host.submit(&comparison("mock")).await;
        host.outcome(&id).await;
    }
    host.events("t").await
}

#[tokio::test]
async fn pages_follow_each_other_and_lose_nothing() {
    let host = Host::start().await;
    let all = finished(&host, 5).await;
    assert_eq!(all.len(), 5);
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let (status, page) = host.get(&format!("/api/v1/topics/t/events?after={after}&limit=2")).await;
        assert_eq!(status, 200);
        let events = page["events"].as_array().unwrap().clone();
        if events.is_empty() {
            assert_eq!(page["next"], after);
            break;
        }
        assert!(events.len() <= 2);
        assert_eq!(page["next"], events.last().unwrap()["seq"]);
        after = page["next"].as_i64().unwrap();
        seen.extend(events);
    }
    assert_eq!(seen, all);
    let (status, page) = host.get("/api/v1/topics/other/events").await;
    assert_eq!((status.as_u16(), page), (200, json!({"events": [], "next": 0})));
}

#[tokio::test]
async fn a_long_poll_ends_with_the_first_event_or_with_its_time() {
    let mut setup = Setup::default();
    // Only the hint can wake it.
    setup.api.poll = LIMIT * 2;
    let host = Host::with(setup).await;
    let url = host.url("/api/v1/topics/t/events?wait=15");
    let client = host.client.clone();
    let poll = tokio::spawn(async move { read(client.get(url).send().await.unwrap()).await });
    let id = host.submit(&comparison("mock")).await;
    let (status, page) =
        tokio::time::timeout(Duration::from_secs(10), poll).await.expect("woken early").unwrap();
    assert_eq!(status, 200);
    assert_eq!(page["events"][0]["event"]["data"]["request_id"], id.as_str());
    let begun = Instant::now();
    let (status, page) = host.get("/api/v1/topics/silent/events?after=9&wait=1").await;
    assert_eq!((status.as_u16(), page), (200, json!({"events": [], "next": 9})));
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_long_poll_does_not_outlast_the_hosts_limit_or_its_life() {
    let mut setup = Setup::default();
    setup.api.max_wait = Duration::from_millis(200);
    let host = Host::with(setup).await;
    let begun = Instant::now();
    host.get("/api/v1/topics/t/events?wait=999999").await;
    assert!(begun.elapsed() < LIMIT / 2);
    let host = Host::start().await;
    let url = host.url("/api/v1/topics/t/events?wait=60");
    let client = host.client.clone();
    let poll = tokio::spawn(async move { client.get(url).send().await.unwrap().status() });
    let streamed = stream(&host, "/api/v1/topics/t/events", None).await;
    host.shutdown.cancel();
    assert_eq!(poll.await.unwrap(), 200);
    assert_eq!(sse(streamed, 1).await, (vec![], true));
}

async fn stream(host: &Host, path: &str, last: Option<&str>) -> reqwest::Response {
    let request = host.client.get(host.url(path)).header("accept", "text/event-stream");
    let request = last.into_iter().fold(request, |request, id| request.header("last-event-id", id));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    response
}

#[tokio::test]
async fn a_stream_begins_where_it_was_left_and_goes_on() {
    let host = Host::start().await;
    let all = finished(&host, 3).await;
    let seq = |event: &Value| event["seq"].as_i64().unwrap().to_string();
    let response = stream(&host, "/api/v1/topics/t/events", None).await;
    let more = tokio::spawn(sse(response, 4));
    let id = host.submit(&comparison("mock")).await;
    let (events, _) = more.await.unwrap();
    for (event, expected) in events.iter().zip(&all) {
        assert_eq!(event.id, seq(expected));
        assert_eq!(serde_json::from_str::<Value>(&event.data).unwrap(), expected["event"]);
    }
    assert!(events[3].data.contains(&id));
    let response = stream(&host, "/api/v1/topics/t/events?after=0", Some(&seq(&all[1]))).await;
    let (events, _) = sse(response, 2).await;
    assert_eq!(events[0].id, seq(&all[2]), "Last-Event-ID wins over after");
}

#[tokio::test]
async fn parameters_that_are_wrong_are_named() {
    let host = Host::start().await;
    for (query, param) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("after=-1", "after"),
        ("after=x", "after"),
        ("wait=soon", "wait"),
        ("befor=1", "befor"),
    ] {
        let (status, body) = host.get(&format!("/api/v1/topics/t/events?{query}")).await;
        assert_eq!((status.as_u16(), &body["error"]["param"]), (400, &json!(param)), "{query}: {body}");
    }
    let (status, body) = host.get("/api/v1/topics/a%2Fb/events").await;
    assert_eq!((status.as_u16(), &body["error"]["param"]), (400, &json!("topic")));
    let request = host.client.get(host.url("/api/v1/topics/t/events")).header("accept", "text/event-stream");
    let (status, body) = read(request.header("last-event-id", "x").send().await.unwrap()).await;
    assert_eq!((status.as_u16(), &body["error"]["param"]), (400, &json!("Last-Event-ID")));
}
