//! Answers that fail, that are not asked for, and processes that end in the middle.

use super::*;
use docket_store::NewTopicEvent;
use serde_json::json;
use std::time::Duration;

fn quick_lease(plan: &mut Plan) {
    plan.tweak = |options| options.lease = Duration::from_millis(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_on_after_crashes_and_asks_for_nothing_twice() {
    let calm = House::new(&Plan::new(QueueMode::PerRequest)).await.unwrap();
    let id = begin(&calm, assessment("crashes", 8, &[])).await;
    let expected = ended(&calm, id).await;

    let mut plan = Plan::new(QueueMode::PerRequest);
    plan.settings = json!({"latency_ms": 15});
    plan.max_concurrent = 2;
    quick_lease(&mut plan);
    let mut house = House::new(&plan).await.unwrap();
    let id = begin(&house, assessment("crashes", 8, &[])).await;
    for crash in 1..=4 {
        let answered = 10 * crash;
        house
            .until("progress", async || {
                Ok((view(&house, id).await.progress.answered >= answered).then_some(()))
            })
            .await
            .unwrap();
        house = house.crash(&plan).await.unwrap();
    }
    let view = ended(&house, id).await;
    assert_eq!(view.ranking, expected.ranking, "as if nothing had happened");
    assert_eq!(view.waves, expected.waves);
    let outcomes = house.handle().read_topic(&format!("docket.assessment.{id}"), 0, 1_000).await.unwrap();
    assert_eq!(outcomes.len(), view.progress.requested, "one request for each comparison");
    assert_eq!(events(&house, COMPLETED).await.len(), 1, "one end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_hands_it_over_at_once() {
    let mut plan = Plan::new(QueueMode::PerRequest);
    plan.settings = json!({"latency_ms": 20});
    let house = House::new(&plan).await.unwrap();
    let id = begin(&house, assessment("drained", 8, &[])).await;
    house
        .until("progress", async || Ok((view(&house, id).await.progress.answered > 3).then_some(())))
        .await
        .unwrap();
    let began = std::time::Instant::now();
    let (_, house) = house.drain(Duration::from_secs(10), &plan).await.unwrap();
    let view = ended(&house, id).await;
    assert_eq!(view.state, State::Completed);
    assert!(began.elapsed() < Duration::from_secs(29), "nobody waited for a lease to run out");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_asked_again_within_the_budget() {
    let mut plan = Plan::new(QueueMode::PerRequest);
    plan.settings = json!({"error_rate": 0.3, "error_codes": [500]});
    plan.tweak = |options| options.retry.max_attempts = 1;
    let house = House::new(&plan).await.unwrap();
    let id = begin(&house, assessment("errors", 8, &[])).await;
    let view = ended(&house, id).await;
    assert_eq!(view.state, State::Completed, "{:?}", view.end);
    assert!(view.progress.retries > 0, "some failed");
    assert!(view.progress.requested + view.progress.retries <= view.progress.budget);
    let all = comparisons(&house, id).await;
    let again = all.iter().filter(|one| one.attempt > 1 && one.status == "answered").count();
    assert!(again > 0, "some of those were answered at a later attempt");
    assert!(all.iter().filter(|one| one.status == "failed").all(|one| one.error_code.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_nothing_is_answered_it_fails_with_the_reason() {
    let mut plan = Plan::new(QueueMode::PerRequest);
    plan.settings = json!({"error_rate": 1, "error_codes": [401]});
    let house = House::new(&plan).await.unwrap();
    let id = begin(&house, assessment("hopeless", 4, &[])).await;
    let view = ended(&house, id).await;
    assert_eq!((view.state, view.end.unwrap().reason.as_str()), (State::Failed, "nothing_succeeded"));
    let failed = events(&house, FAILED).await;
    assert_eq!(failed.len(), 1);
    let error = &failed[0]["data"]["system_metadata"]["error_info"];
    assert_eq!(error["reason"], "nothing_succeeded");
    assert_eq!(error["details"]["error_codes"]["AUTHENTICATION_ERROR"], view.progress.failed);
    assert_eq!(events(&house, COMPLETED).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_asked_for_changes_nothing() {
    let calm = House::new(&Plan::new(QueueMode::PerRequest)).await.unwrap();
    let id = begin(&calm, assessment("disturbed", 6, &[])).await;
    let expected = ended(&calm, id).await;

    let mut plan = Plan::new(QueueMode::PerRequest);
    plan.settings = json!({"latency_ms": 10});
    let house = House::new(&plan).await.unwrap();
    let id = begin(&house, assessment("disturbed", 6, &[])).await;
    let topic = format!("docket.assessment.{id}");
    house
        .until("answers", async || Ok((view(&house, id).await.progress.answered > 2).then_some(())))
        .await
        .unwrap();
    let copies = house.handle().read_topic(&topic, 0, 100).await.unwrap();
    let mut foreign: Value = serde_json::from_slice(&copies[0].body).unwrap();
    foreign["data"]["correlation_id"] = json!(uuid::Uuid::from_u128(1));
    let mut bodies: Vec<Vec<u8>> = copies.into_iter().map(|event| event.body).collect();
    bodies.extend([b"garbage".to_vec(), b"{}".to_vec(), serde_json::to_vec(&foreign).unwrap()]);
    for (at, body) in bodies.into_iter().enumerate() {
        let event = NewTopicEvent { topic: topic.clone(), id: format!("stray-{at}"), body };
        let now = docket_types::Timestamp::from_micros(1_700_000_000_000_000);
        assert!(house.store().tell_assessment(id, event, now).await.unwrap());
    }
    let view = ended(&house, id).await;
    assert_eq!((view.ranking, view.progress), (expected.ranking, expected.progress));
}
