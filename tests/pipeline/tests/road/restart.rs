//! A process that stops in the middle: everything is finished by the next one, once.

use docket_tests_pipeline::{House, Plan, submission};
use docket_types::{QueueMode, RequestState};
use serde_json::json;
use std::time::Duration;

fn short_lease(options: &mut docket_pipeline::Options) {
    options.lease = Duration::from_secs(2);
    options.max_lost_leases = 20;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_under_way_is_finished_once_after_a_crash() -> anyhow::Result<()> {
    for mode in QueueMode::ALL {
        let settings = json!({"latency_ms": 30, "batch_scheduled_ms": 100, "batch_running_ms": 100});
        let plan = Plan { settings, max_concurrent: 4, tweak: short_lease, ..Plan::new(mode) };
        let mut house = House::new(&plan).await?;
        let ids = house.submit_all((0..60).map(submission).collect()).await?;
        for round in 1..=2 {
            let some = round * 5;
            house
                .until("some progress", async || {
                    let done = house.events().await?.len();
                    let started = house.handle().load().queued < 60;
                    Ok((done >= some || (mode != QueueMode::PerRequest && started)).then_some(()))
                })
                .await?;
            house = house.crash(&plan).await?;
        }
        let events = house.callbacks(&ids).await?;
        assert_eq!(events.len(), 60, "{mode}");
        for id in &ids {
            assert_eq!(house.request(*id).await?.state, RequestState::Succeeded, "{mode}");
        }
        assert_eq!(house.handle().load().open, 0);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_longer_than_its_lease_keeps_it() -> anyhow::Result<()> {
    for mode in [QueueMode::PerRequest, QueueMode::SerialBundle] {
        let settings = json!({"latency_ms": 5_000});
        let house = House::new(&Plan { settings, tweak: short_lease, ..Plan::new(mode) }).await?;
        let id = house.submit(submission(1)).await?;
        house.callbacks(&[id]).await?;
        assert_eq!(house.request(id).await?.attempts, 1, "{mode}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_gives_back_what_it_cannot_finish_and_that_is_no_attempt() -> anyhow::Result<()> {
    for mode in [QueueMode::PerRequest, QueueMode::SerialBundle] {
        let slow = Plan::chaos(mode, json!({"slow_rate": 1.0, "slow_ms": 3_600_000}));
        let house = House::new(&slow).await?;
        let ids = house.submit_all((0..5).map(submission).collect()).await?;
        let first = ids[0];
        house
            .until("running requests", async || Ok((house.handle().load().queued == 0).then_some(())))
            .await?;
        let (report, house) = house.drain(Duration::ZERO, &Plan::new(mode)).await?;
        assert!(report.clean && report.released == 5, "{report:?}");
        house.callbacks(&ids).await?;
        assert_eq!(house.request(first).await?.attempts, 1, "{mode}: the released claim does not count");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_lets_what_runs_end_and_refuses_what_comes() -> anyhow::Result<()> {
    let plan = Plan { settings: json!({"latency_ms": 300}), ..Plan::new(QueueMode::PerRequest) };
    let house = House::new(&plan).await?;
    let id = house.submit(submission(1)).await?;
    house.until("a running request", async || Ok((house.handle().load().queued == 0).then_some(()))).await?;
    let handle = house.handle();
    let (report, house) = house.drain(Duration::from_secs(20), &plan).await?;
    assert!(report.clean && report.released == 0, "{report:?}");
    assert!(matches!(handle.submit(submission(2), None).await, Err(docket_pipeline::SubmitError::Draining)));
    assert_eq!(house.request(id).await?.state, RequestState::Succeeded);
    Ok(())
}
