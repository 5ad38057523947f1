//! Every mode: one callback for each request, and the same answers whatever the way.

use docket_tests_pipeline::{House, Plan, submission};
use docket_types::{QueueMode, RequestState};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// What a callback says of a request, without times and ids.
fn verdict(event: &Value) -> Value {
    let data = &event["data"];
    json!([data["winner"], data["justification"], data["confidence"], data["error_detail"]["error_code"]])
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_gets_exactly_one_callback_and_the_same_answer_in_every_mode() -> anyhow::Result<()> {
    let mut answers = Vec::new();
    for mode in QueueMode::ALL {
        let house = House::new(&Plan::new(mode)).await?;
        let ids = house.submit_all((0..150).map(submission).collect()).await?;
        let events = house.callbacks(&ids).await?;
        assert_eq!(events.len(), 150);
        let mut by_essay = BTreeMap::new();
        for (id, event) in &events {
            let meta = &event["data"]["request_metadata"];
            assert_eq!(meta["queue_processing_mode"], mode.as_str());
            assert_eq!(meta["resolved_provider"], "mock");
            assert_eq!(event["data"]["error_detail"], Value::Null);
            by_essay.insert(meta["essay_a_id"].as_u64(), verdict(event));
            let request = house.request(*id).await?;
            assert_eq!((request.state, request.attempts), (RequestState::Succeeded, 1));
            assert_eq!(request.batch_id.is_some(), mode == QueueMode::BatchApi);
        }
        assert_eq!(house.handle().load().open, 0);
        answers.push(by_essay);
    }
    assert_eq!(answers[0].len(), 150);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_item_does_not_hurt_its_neighbours() -> anyhow::Result<()> {
    let faults =
        json!({"server_error_rate": 0.15, "truncate_rate": 0.1, "bad_json_rate": 0.1, "trap_rate": 0.1});
    let mut verdicts = Vec::new();
    for mode in QueueMode::ALL {
        let plan = Plan { tweak: |o| o.retry.max_attempts = 1, ..Plan::chaos(mode, faults.clone()) };
        let house = House::new(&plan).await?;
        let ids = house.submit_all((0..100).map(submission).collect()).await?;
        let events = house.callbacks(&ids).await?;
        let by_essay: BTreeMap<_, _> = events
            .values()
            .map(|event| (event["data"]["request_metadata"]["essay_a_id"].as_u64(), verdict(event)))
            .collect();
        verdicts.push(by_essay);
    }
    let failed = verdicts[0].values().filter(|v| v[3] != Value::Null).count();
    assert!((20..80).contains(&failed), "{failed} of 100 failed");
    let codes: std::collections::BTreeSet<_> = verdicts[0].values().filter_map(|v| v[3].as_str()).collect();
    assert_eq!(
        codes.into_iter().collect::<Vec<_>>(),
        ["EXTERNAL_SERVICE_ERROR", "INVALID_RESPONSE", "PROCESSING_ERROR"]
    );
    // The faults are drawn from the request alone: a neighbour's fault would show as a difference.
    assert_eq!(verdicts[0], verdicts[1]);
    assert_eq!(verdicts[0], verdicts[2]);
    Ok(())
}

/// Fills the queue while the only slot is busy, and starts again with a provider that answers.
async fn queued(
    mode: QueueMode,
    n: u64,
    model: &str,
) -> anyhow::Result<(House, Vec<docket_types::RequestId>)> {
    let tweak = |options: &mut docket_pipeline::Options| options.lease = Duration::from_secs(600);
    let slow = Plan {
        max_concurrent: 1,
        tweak,
        ..Plan::chaos(QueueMode::PerRequest, json!({"slow_rate": 1.0, "slow_ms": 3_600_000}))
    };
    let house = House::new(&slow).await?;
    let blocker = house.submit(submission(9_999)).await?;
    house
        .until("a busy slot", async || {
            Ok((house.request(blocker).await?.state == RequestState::Running).then_some(()))
        })
        .await?;
    let members = (0..n).map(|n| {
        let mut member = submission(n);
        member.overrides.model = Some(model.to_owned());
        member
    });
    let ids = house.submit_all(members.collect()).await?;
    let house = house.crash(&Plan { max_concurrent: 1, tweak, ..Plan::new(mode) }).await?;
    Ok((house, ids))
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_five_queued_requests_are_one_bundle_of_forty_five() -> anyhow::Result<()> {
    let recorder = docket_telemetry::install();
    let (house, ids) = queued(QueueMode::SerialBundle, 45, "bundle-of-45").await?;
    house.callbacks(&ids).await?;
    let line = "llm_provider_serial_bundle_items_per_call_sum{provider=\"mock\",model=\"bundle-of-45\"} 45";
    house.until("bundle of 45", async || Ok(recorder.render().contains(line).then_some(()))).await?;
    let calls = "llm_provider_serial_bundle_calls_total{provider=\"mock\",model=\"bundle-of-45\"} 1\n";
    assert!(recorder.render().contains(calls));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_five_queued_requests_are_one_job_of_forty_five() -> anyhow::Result<()> {
    let (house, ids) = queued(QueueMode::BatchApi, 45, "job-of-45").await?;
    house.callbacks(&ids).await?;
    let jobs = house.store().list_jobs(10).await?;
    assert_eq!(jobs.iter().map(|job| job.items).collect::<Vec<_>>(), [45]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_is_sixty_four_and_a_preference_only_lowers_it() -> anyhow::Result<()> {
    let (house, ids) = queued(QueueMode::BatchApi, 100, "job-of-64").await?;
    house.callbacks(&ids).await?;
    let mut sizes: Vec<_> = house.store().list_jobs(10).await?.iter().map(|job| job.items).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [36, 64]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn waits_that_are_virtual_take_no_time_and_show_in_the_answer() -> anyhow::Result<()> {
    let began = std::time::Instant::now();
    let settings =
        json!({"latency_ms": 3_600_000, "batch_scheduled_ms": 600_000, "batch_running_ms": 600_000});
    for mode in [QueueMode::PerRequest, QueueMode::SerialBundle] {
        let plan = Plan { settings: settings.clone(), tweak: |o| o.virtual_waits = true, ..Plan::new(mode) };
        let house = House::new(&plan).await?;
        let ids = house.submit_all((0..5).map(submission).collect()).await?;
        for event in house.callbacks(&ids).await?.values() {
            let ms = event["data"]["response_time_ms"].as_u64().unwrap_or(0);
            assert!((3_600_000..3_700_000).contains(&ms), "{ms} ms");
        }
    }
    let plan = Plan { settings, tweak: |o| o.virtual_waits = true, ..Plan::new(QueueMode::BatchApi) };
    let house = House::new(&plan).await?;
    let ids = house.submit_all((0..5).map(submission).collect()).await?;
    assert_eq!(house.callbacks(&ids).await?.len(), 5);
    assert!(began.elapsed() < Duration::from_secs(600), "{:?}", began.elapsed());
    Ok(())
}
