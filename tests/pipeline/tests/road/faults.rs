//! A store that fails in the middle of everything: slower, never wrong.

use docket_tests_pipeline::flaky::Fault::{After, Before};
use docket_tests_pipeline::{House, Plan, submission};
use docket_types::{QueueMode, RequestState};
use serde_json::json;
use std::time::Duration;

const OPERATIONS: [&str; 9] =
    ["claim", "settle", "renew", "wake_due", "plan", "claim_jobs", "save_step", "members", "finish_job"];

#[tokio::test(flavor = "multi_thread")]
async fn every_request_ends_once_although_every_operation_of_the_store_fails() -> anyhow::Result<()> {
    for mode in QueueMode::ALL {
        let tweak = |options: &mut docket_pipeline::Options| {
            options.lease = Duration::from_secs(1);
            options.max_lost_leases = 50;
        };
        let faults = json!({"server_error_rate": 0.2, "attempts": 1, "batch_scheduled_ms": 20, "batch_running_ms": 20});
        let (house, store) = House::flaky(&Plan { tweak, ..Plan::chaos(mode, faults) }).await?;
        for operation in OPERATIONS {
            store.fail(operation, &[After, Before, After, Before]);
        }
        let ids = house.submit_all((0..40).map(submission).collect()).await?;
        let events = house.callbacks(&ids).await?;
        assert_eq!(events.len(), 40, "{mode}");
        for id in &ids {
            assert_eq!(house.request(*id).await?.state, RequestState::Succeeded, "{mode}");
        }
        assert_eq!(house.handle().load().open, 0);
        assert!(store.left() < OPERATIONS.len() * 4 - 6, "{mode}: {} faults were not met", store.left());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_whose_store_fails_is_refused_and_can_be_made_again() -> anyhow::Result<()> {
    let (house, store) = House::flaky(&Plan::new(QueueMode::PerRequest)).await?;
    store.fail("accept", &[Before]);
    assert!(house.submit(submission(1)).await.is_err());
    let id = house.submit(submission(1)).await?;
    assert_eq!(house.callbacks(&[id]).await?.len(), 1);
    Ok(())
}
