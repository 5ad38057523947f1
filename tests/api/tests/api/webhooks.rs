//! Webhooks to receivers that work, fail, come back, are gone, or redirect.

use crate::harness::*;
use crate::receiver::Receiver;
use reqwest::Method;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use std::net::SocketAddr;
use std::time::Duration;

fn hook(address: SocketAddr) -> String {
    format!("http://{address}/hook")
}

/// The request's one delivery, once `done` is true of it.
async fn delivery(host: &Host, id: &str, done: impl Fn(&Value) -> bool) -> Value {
    let request = host.request(id, |request| request["deliveries"].get(0).is_some_and(&done)).await;
    request["deliveries"][0].clone()
}

fn is(state: &'static str) -> impl Fn(&Value) -> bool {
    move |delivery| delivery["state"] == state
}

#[tokio::test]
async fn an_outcome_arrives_signed_as_a_standard_webhook() {
    let host = Host::start().await;
    let receiver = Receiver::default();
    let address = receiver.serve(0).await;
    let id = host.submit(&webhook("mock", &hook(address))).await;
    let delivered = delivery(&host, &id, is("delivered")).await;
    assert_eq!((&delivered["tries"], &delivered["next_at"]), (&json!(1), &Value::Null));
    let posts = receiver.posts();
    assert_eq!(posts.len(), 1);
    let post = &posts[0];
    Webhook::new(SECRET).unwrap().verify(&post.body, &post.headers).expect("the signature is good");
    let mut forged = post.body.to_vec();
    forged.push(b' ');
    assert!(Webhook::new(SECRET).unwrap().verify(&forged, &post.headers).is_err());
    assert_eq!(post.header("webhook-id"), delivered["id"]);
    assert_eq!(post.header("content-type"), "application/json");
    let body: Value = serde_json::from_slice(&post.body).unwrap();
    let request = host.outcome(&id).await;
    assert_eq!(body["type"], "llm.comparison_result.v1");
    assert!(docket_types::Timestamp::parse(body["timestamp"].as_str().unwrap()).is_ok());
    assert_eq!(body["data"]["request_id"], id.as_str());
    assert_eq!(body["data"]["winner"], request["result"]["winner"]);
    assert_eq!(body.as_object().unwrap().len(), 3);
}

#[tokio::test]
async fn topic_and_webhook_say_the_same() {
    let host = Host::start().await;
    let receiver = Receiver::default();
    let address = receiver.serve(0).await;
    let mut both = comparison("mock");
    both["callback_url"] = json!(hook(address));
    let id = host.submit(&both).await;
    delivery(&host, &id, is("delivered")).await;
    let body: Value = serde_json::from_slice(&receiver.posts()[0].body).unwrap();
    let event = host.events("t").await[0]["event"].clone();
    assert_eq!(body["data"], event["data"]);
    assert_eq!(body["timestamp"], event["event_timestamp"]);
}

#[tokio::test]
async fn a_receiver_that_was_down_gets_the_same_delivery_when_it_is_back() {
    let host = Host::start().await;
    let unused = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = unused.local_addr().unwrap();
    drop(unused);
    let id = host.submit(&webhook("mock", &hook(address))).await;
    let failed = delivery(&host, &id, |delivery| delivery["tries"] == 1).await;
    assert_eq!((&failed["state"], &failed["last_error"]), (&json!("pending"), &json!("connect")));
    let receiver = Receiver::scripted(&[500]);
    receiver.serve(address.port()).await;
    host.clock.advance(Duration::from_secs(6));
    let failed = delivery(&host, &id, |delivery| delivery["tries"] == 2).await;
    assert_eq!(failed["last_error"], "HTTP 500");
    host.clock.advance(Duration::from_secs(6 * 60));
    delivery(&host, &id, is("delivered")).await;
    let posts = receiver.posts();
    assert_eq!(posts.len(), 2);
    assert_eq!(posts[0].body, posts[1].body);
    assert_eq!(posts[0].header("webhook-id"), posts[1].header("webhook-id"));
    assert_ne!(posts[0].header("webhook-timestamp"), posts[1].header("webhook-timestamp"));
    assert_ne!(posts[0].header("webhook-signature"), posts[1].header("webhook-signature"));
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_not_asked_again_until_an_operator_says_so() {
    let host = Host::start().await;
    let receiver = Receiver::scripted(&[410]);
    let address = receiver.serve(0).await;
    let id = host.submit(&webhook("mock", &hook(address))).await;
    let dead = delivery(&host, &id, is("dead")).await;
    assert_eq!((&dead["tries"], &dead["last_error"]), (&json!(1), &json!("HTTP 410")));
    assert_eq!(host.outcome(&id).await["state"], "succeeded", "the outcome stays readable");
    let (status, list) = host.get("/api/v1/deliveries?state=dead").await;
    assert_eq!((status.as_u16(), &list["deliveries"]), (200, &json!([dead])));
    let path = format!("/api/v1/deliveries/{}/redeliver", dead["id"].as_str().unwrap());
    let (status, body) = read(host.send(Method::POST, &path).await).await;
    assert_eq!((status.as_u16(), body), (202, json!({"id": dead["id"], "state": "pending"})));
    delivery(&host, &id, is("delivered")).await;
    assert_eq!(receiver.posts().len(), 2);
    assert_eq!(host.get("/api/v1/deliveries").await.1, json!({"deliveries": []}));
    let (status, _) = read(host.send(Method::POST, "/api/v1/deliveries/nobody/redeliver").await).await;
    assert_eq!(status, 404);
    for (query, param) in [("state=lost", "state"), ("limit=0", "limit"), ("sate=dead", "sate")] {
        let (status, body) = host.get(&format!("/api/v1/deliveries?{query}")).await;
        assert_eq!((status.as_u16(), &body["error"]["param"]), (400, &json!(param)));
    }
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_retry_after_is_honoured() {
    let host = Host::start().await;
    let receiver = Receiver::scripted(&[302, 503]);
    let address = receiver.serve(0).await;
    let id = host.submit(&webhook("mock", &hook(address))).await;
    let failed = delivery(&host, &id, |delivery| delivery["tries"] == 1).await;
    assert_eq!(failed["last_error"], "HTTP 302: redirects are not followed");
    assert_eq!(receiver.posts().len(), 1);
    host.clock.advance(Duration::from_secs(6));
    let asked = docket_types::Timestamp::parse(
        delivery(&host, &id, |delivery| delivery["tries"] == 2).await["next_at"].as_str().unwrap(),
    )
    .unwrap();
    let wait = asked.since(docket_pipeline::Clock::now(&*host.clock));
    assert!(
        wait > Duration::from_secs(3500),
        "five minutes by the schedule, an hour by the receiver: {wait:?}"
    );
}

#[tokio::test]
async fn a_delivery_is_given_up_after_the_schedule_and_not_before() {
    let host = Host::start().await;
    let receiver = Receiver::scripted(&[500; 10]);
    let address = receiver.serve(0).await;
    let id = host.submit(&webhook("mock", &hook(address))).await;
    for tries in 1..10 {
        let pending = delivery(&host, &id, |delivery| delivery["tries"] == tries).await;
        assert_eq!(pending["state"], "pending", "{tries}");
        host.clock.advance(Duration::from_secs(27 * 3600));
    }
    let dead = delivery(&host, &id, is("dead")).await;
    assert_eq!(dead["tries"], 10);
    assert_eq!(receiver.posts().len(), 10);
    assert_eq!(host.get("/api/v1/deliveries").await.1["deliveries"][0]["id"], dead["id"]);
}

#[tokio::test]
async fn receivers_that_hang_do_not_hold_up_the_others() {
    let mut setup = Setup::default();
    setup.outbound.webhook_timeout = Duration::from_secs(10);
    setup.pipeline.webhooks.max_concurrent = 4;
    let host = Host::with(setup).await;
    // Accepts connections and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..100 {
        ids.push(host.submit(&webhook("mock", &hook(silent.local_addr().unwrap()))).await);
    }
    for id in &ids {
        host.outcome(id).await;
    }
    let receiver = Receiver::default();
    let address = receiver.serve(0).await;
    let begun = std::time::Instant::now();
    let id = host.submit(&webhook("mock", &hook(address))).await;
    delivery(&host, &id, is("delivered")).await;
    assert!(begun.elapsed() < Duration::from_secs(9), "it waited for the silent receiver");
}

#[tokio::test]
async fn a_cancelled_request_tells_its_receiver() {
    let host = Host::start().await;
    let receiver = Receiver::default();
    let address = receiver.serve(0).await;
    let id = host.submit(&webhook("slow", &hook(address))).await;
    host.send(Method::DELETE, &format!("/api/v1/requests/{id}")).await;
    delivery(&host, &id, is("delivered")).await;
    let body: Value = serde_json::from_slice(&receiver.posts()[0].body).unwrap();
    assert_eq!(body["data"]["winner"], Value::Null);
    assert_eq!(body["data"]["error_detail"]["details"]["reason"], "cancelled");
}
