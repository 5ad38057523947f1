//! SIGKILL at every point where an assessment is stored, and at random moments: it goes on, and ends as if nothing had happened.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use docket_store::crash::POINTS;
use docket_test_support::{Setup, TestHost};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const WITHIN: Duration = Duration::from_secs(60);
/// How many times the process is killed at random.
const RANDOM_KILLS: usize = 25;

fn setup() -> Setup {
    Setup::profile("default")
        .set("queue.lease=600ms")
        .set("queue.max_lost_leases=100")
        .set("queue.poll_interval=50ms")
        .set("providers.mock.settings.latency_ms=10")
        .set("providers.mock.max_concurrent=4")
        .set("log.filter=warn")
}

fn body() -> Value {
    let essay =
        |n: usize| json!({"id": format!("essay-{n}"), "text": format!("Essay {n}. It has an argument.")});
    let essays: Vec<Value> = (0..8).map(essay).collect();
    json!({"name": "crash", "essays": essays, "judging": {"provider": "mock", "max_comparisons": 64, "seed": 7}})
}

/// Asks for the assessment, again and again: the same name is the same assessment. None: the host is gone.
async fn ask(host: &TestHost) -> Option<String> {
    let sent = host.request(Method::POST, "/api/v1/assessments").json(&body()).send().await.ok()?;
    let receipt: Value = sent.json().await.ok()?;
    receipt["id"].as_str().map(str::to_owned)
}

/// Ranking, waves and number of comparisons of the assessment once it has ended.
async fn result(host: &TestHost, id: &str) -> (Value, Value, Value) {
    let deadline = Instant::now() + WITHIN;
    loop {
        let mut view = host.get(&format!("/api/v1/assessments/{id}")).await.unwrap();
        if view["state"] != "running" {
            assert_eq!(view["state"], "completed", "{}", view["end"]);
            return (view["ranking"].take(), view["waves"].take(), view["progress"].take());
        }
        assert!(Instant::now() < deadline, "it does not go on: {}", view["progress"]);
        sleep(Duration::from_millis(20)).await;
    }
}

/// Every comparison was asked for once, and the end was told once.
async fn nothing_doubled(host: &TestHost, id: &str, requested: u64) {
    let outcomes = host.topic(&format!("docket.assessment.{id}")).await.unwrap();
    let ids: BTreeSet<&str> =
        outcomes.iter().filter_map(|event| event.event["data"]["correlation_id"].as_str()).collect();
    assert_eq!((outcomes.len() as u64, ids.len() as u64), (requested, requested), "one request each");
    let ends = host.topic("huleedu.cj_assessment.completed.v1").await.unwrap();
    assert_eq!(ends.len(), 1, "one end");
}

async fn calm() -> (Value, Value, Value) {
    let host = TestHost::start(setup()).await.unwrap();
    let id = ask(&host).await.unwrap();
    result(&host, &id).await
}

#[tokio::test]
async fn at_every_point_where_an_assessment_is_stored() {
    let expected = calm().await;
    // Telling is for commands, of which this assessment gets none; the store's own crash suite kills there, too.
    let reached = |point: &&&str| point.starts_with("assessment.") && !point.starts_with("assessment.tell");
    for point in POINTS.iter().filter(reached) {
        println!("{point}");
        // The first claim, the first renewal; a step in the middle.
        let passing = if point.starts_with("assessment.step") { 3 } else { 1 };
        let armed = setup().arg("--crash-at").arg(format!("{point}:{passing}"));
        let mut host = TestHost::start(armed).await.unwrap();
        while ask(&host).await.is_some() {
            sleep(Duration::from_millis(20)).await;
        }
        host.ended(Duration::from_secs(10)).await.unwrap();
        host.change(setup());
        host.restart().await.unwrap();
        let id = ask(&host).await.unwrap();
        assert_eq!(result(&host, &id).await, expected, "after a kill at {point}");
        nothing_doubled(&host, &id, expected.2["requested"].as_u64().unwrap()).await;
        host.stop().await.unwrap();
    }
}

#[tokio::test]
async fn at_random_moments() {
    let expected = calm().await;
    let mut rng = ChaCha8Rng::seed_from_u64(20_261_123);
    let mut host = TestHost::start(setup()).await.unwrap();
    let id = ask(&host).await.unwrap();
    for _ in 0..RANDOM_KILLS {
        sleep(Duration::from_millis(rng.random_range(5..150))).await;
        host.kill().await.unwrap();
        host.restart().await.unwrap();
    }
    assert_eq!(ask(&host).await, Some(id.clone()), "it is still the same one");
    assert_eq!(result(&host, &id).await, expected, "after {RANDOM_KILLS} kills");
    nothing_doubled(&host, &id, expected.2["requested"].as_u64().unwrap()).await;
}
