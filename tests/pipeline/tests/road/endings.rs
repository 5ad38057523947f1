//! Requests that get no answer: expired and cancelled ones. Their callers hear of it, once.

use docket_pipeline::CancelOutcome;
use docket_tests_pipeline::{House, Plan, submission};
use docket_types::{QueueMode, RequestId, RequestState, Submission, Timestamp};
use serde_json::json;
use std::time::{Duration, SystemTime};
use uuid::Uuid;

fn in_ms(ms: u64) -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(0)) + Duration::from_millis(ms)
}

/// A provider that takes an hour, with one slot.
fn slow(mode: QueueMode) -> Plan {
    let settings = json!({"slow_rate": 1.0, "slow_ms": 3_600_000, "batch_running_ms": 3_600_000});
    Plan { max_concurrent: 1, ..Plan::chaos(mode, settings) }
}

async fn state(house: &House, id: RequestId, wanted: RequestState) -> anyhow::Result<()> {
    let what = format!("request in state {wanted}");
    house.until(&what, async || Ok((house.request(id).await?.state == wanted).then_some(()))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_too_late_is_expired_and_told() -> anyhow::Result<()> {
    for mode in QueueMode::ALL {
        let house = House::new(&slow(mode)).await?;
        let late = |n| Submission { deadline: Some(in_ms(1500)), ..submission(n) };
        let ids = house.submit_all((0..4).map(late).collect()).await?;
        for (id, event) in house.callbacks(&ids).await? {
            let detail = &event["data"]["error_detail"];
            assert_eq!(
                (detail["error_code"].as_str(), detail["details"]["reason"].as_str()),
                (Some("TIMEOUT"), Some("expired"))
            );
            assert_eq!(house.request(id).await?.state, RequestState::Expired, "{mode}");
        }
        assert_eq!(house.handle().load().open, 0);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_request_ends_at_once_wherever_it_is() -> anyhow::Result<()> {
    for mode in QueueMode::ALL {
        let house = House::new(&slow(mode)).await?;
        let running = house.submit(submission(1)).await?;
        let there = if mode == QueueMode::BatchApi { RequestState::Batched } else { RequestState::Running };
        state(&house, running, there).await?;
        let second = house.submit(submission(2)).await?;
        for id in [running, second] {
            assert_eq!(house.handle().cancel(id).await?, CancelOutcome::Cancelled, "{mode}");
            let again = house.handle().cancel(id).await?;
            assert_eq!(again, CancelOutcome::AlreadyTerminal(RequestState::Cancelled));
        }
        for event in house.callbacks(&[running, second]).await?.values() {
            let detail = &event["data"]["error_detail"];
            assert_eq!(detail["error_code"], "PROCESSING_ERROR");
            assert_eq!(detail["details"]["reason"], "cancelled");
        }
        assert_eq!(house.handle().load().open, 0);
    }
    let house = House::new(&slow(QueueMode::PerRequest)).await?;
    assert_eq!(house.handle().cancel(RequestId(Uuid::nil())).await?, CancelOutcome::NotFound);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_request_frees_its_slot() -> anyhow::Result<()> {
    // With so long a lease the next renewal, which would find out, is far away.
    let tweak = |options: &mut docket_pipeline::Options| options.lease = Duration::from_secs(3600);
    let house = House::new(&Plan { tweak, ..slow(QueueMode::PerRequest) }).await?;
    let first = house.submit(submission(1)).await?;
    state(&house, first, RequestState::Running).await?;
    let second = house.submit(submission(2)).await?;
    house.handle().cancel(first).await?;
    state(&house, second, RequestState::Running).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_callers_all_gave_up_is_cancelled() -> anyhow::Result<()> {
    let settings = json!({"batch_scheduled_ms": 300, "batch_running_ms": 600_000});
    let house = House::new(&Plan { settings, ..Plan::new(QueueMode::BatchApi) }).await?;
    let id = house.submit(submission(1)).await?;
    state(&house, id, RequestState::Batched).await?;
    house.handle().cancel(id).await?;
    house
        .until("cancelled job", async || {
            let jobs = house.store().list_jobs(5).await?;
            Ok(jobs.iter().all(|job| job.state == docket_store::JobState::Cancelled).then_some(()))
        })
        .await
}
