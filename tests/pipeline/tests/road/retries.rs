//! Failed attempts: repeated when it may help, as late as was asked for, and no more often than allowed.

use docket_tests_pipeline::{House, Plan, submission};
use docket_types::{FailureClass, Outcome, QueueMode, RequestState};
use serde_json::json;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_comes_no_sooner_than_the_provider_asked() -> anyhow::Result<()> {
    for mode in QueueMode::ALL {
        let faults = json!({"rate_limit_rate": 1.0, "attempts": 1, "retry_after_ms": 400});
        let house = House::new(&Plan::chaos(mode, faults)).await?;
        let ids = house.submit_all((0..8).map(submission).collect()).await?;
        let events = house.callbacks(&ids).await?;
        for id in events.keys() {
            let request = house.request(*id).await?;
            assert_eq!((request.state, request.attempts), (RequestState::Succeeded, 2), "{mode}");
            let took = request.updated_at.since(request.accepted_at);
            assert!(took >= Duration::from_millis(400), "{mode}: retried after {took:?}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_bounded_and_the_failure_is_told_once() -> anyhow::Result<()> {
    for mode in QueueMode::ALL {
        let house = House::new(&Plan::chaos(mode, json!({"overload_rate": 1.0}))).await?;
        let ids = house.submit_all((0..5).map(submission).collect()).await?;
        for (id, event) in house.callbacks(&ids).await? {
            assert_eq!(house.request(id).await?.attempts, 4, "{mode}");
            let detail = &event["data"]["error_detail"];
            assert_eq!(detail["error_code"], "SERVICE_UNAVAILABLE");
            assert_eq!(detail["details"]["gave_up"], "attempts_used");
            assert_eq!(event["data"]["provider"], "mock");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_traps_is_tried_twice_and_blamed_by_name() -> anyhow::Result<()> {
    let house = House::new(&Plan::chaos(QueueMode::PerRequest, json!({"trap_rate": 1.0}))).await?;
    let id = house.submit(submission(1)).await?;
    house.callbacks(&[id]).await?;
    let request = house.request(id).await?;
    assert_eq!(request.attempts, 2);
    let Some(Outcome::Failed { failure }) = request.outcome else { anyhow::bail!("{:?}", request.outcome) };
    assert_eq!(failure.class, FailureClass::Adapter);
    assert!(failure.message.contains("chaos") && failure.message.contains("mock"), "{}", failure.message);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_cut_is_not_bought_again() -> anyhow::Result<()> {
    let house = House::new(&Plan::chaos(QueueMode::PerRequest, json!({"truncate_rate": 1.0}))).await?;
    let id = house.submit(submission(1)).await?;
    let events = house.callbacks(&[id]).await?;
    assert_eq!(house.request(id).await?.attempts, 1);
    assert_eq!(events[&id]["data"]["error_detail"]["error_code"], "INVALID_RESPONSE");
    Ok(())
}
