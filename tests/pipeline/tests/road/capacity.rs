//! The door: what is refused, and why.

use docket_pipeline::{SubmitError, TestError};
use docket_store::IdempotencyKey;
use docket_tests_pipeline::{House, Plan, submission};
use docket_types::submission::{BlockTarget, PromptBlock};
use docket_types::{QueueMode, Submission, Timestamp, chat::CacheTtl};
use serde_json::json;
use std::time::Duration;

fn slow() -> Plan {
    Plan::chaos(QueueMode::PerRequest, json!({"slow_rate": 1.0, "slow_ms": 3_600_000}))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_and_takes_again_when_it_has_drained() -> anyhow::Result<()> {
    let tweak = |options: &mut docket_pipeline::Options| {
        options.max_requests = 10;
        (options.high_watermark, options.low_watermark) = (1.0, 0.5);
    };
    let house = House::new(&Plan { tweak, ..slow() }).await?;
    let handle = house.handle();
    let tasks: Vec<_> = (0..40)
        .map(|n| {
            let handle = handle.clone();
            tokio::spawn(async move { handle.submit(submission(n), None).await })
        })
        .collect();
    let (mut accepted, mut refused) = (Vec::new(), 0);
    for task in tasks {
        match task.await? {
            Ok(receipt) => accepted.push(receipt.id),
            Err(SubmitError::Full { retry_after, .. }) => {
                assert!(retry_after >= Duration::from_secs(1));
                refused += 1;
            }
            Err(other) => return Err(other.into()),
        }
    }
    assert!(accepted.len() <= 10 && !accepted.is_empty(), "{} accepted", accepted.len());
    assert_eq!(accepted.len() + refused, 40);
    assert_eq!(handle.load().open, accepted.len() as u64, "what was refused is not stored");
    while handle.load().open > 6 {
        let id = accepted.pop().ok_or_else(|| anyhow::anyhow!("nothing to cancel"))?;
        handle.cancel(id).await?;
    }
    let draining = handle.submit(submission(100), None).await;
    assert!(
        matches!(&draining, Err(SubmitError::Full { reason, .. }) if reason == "draining"),
        "{draining:?}"
    );
    let id = accepted.pop().ok_or_else(|| anyhow::anyhow!("nothing to cancel"))?;
    handle.cancel(id).await?;
    handle.submit(submission(101), None).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_replays_its_receipt_and_refuses_another_body() -> anyhow::Result<()> {
    let house = House::new(&Plan::new(QueueMode::PerRequest)).await?;
    let key = |body| Some(IdempotencyKey { key: "k".into(), body_hash: [body; 32] });
    let first = house.handle().submit(submission(1), key(1)).await?;
    let again = house.handle().submit(submission(1), key(1)).await?;
    assert!(!first.replayed && again.replayed);
    assert_eq!((again.id, again.accepted_at), (first.id, first.accepted_at));
    assert!(matches!(house.handle().submit(submission(1), key(2)).await, Err(SubmitError::KeyConflict)));
    assert_eq!(house.callbacks(&[first.id]).await?.len(), 1);
    Ok(())
}

type Change = fn(&mut Submission);

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named() -> anyhow::Result<()> {
    let house = House::new(&Plan::new(QueueMode::PerRequest)).await?;
    let block = |ttl| PromptBlock { target: BlockTarget::System, content: "x".into(), cacheable: true, ttl };
    let changes: [(&str, Change); 7] = [
        ("user_prompt", |s| s.prompt.user_prompt = "  ".into()),
        ("callback_topic", |s| s.callback.topic = None),
        ("callback_topic", |s| s.callback.topic = Some("a topic".into())),
        ("callback_url", |s| s.callback.url = Some("https://example.org/".into())),
        ("deadline", |s| s.deadline = Some(Timestamp::from_millis(1))),
        ("llm_config_overrides.temperature_override", |s| s.overrides.temperature = Some(2.1)),
        ("llm_config_overrides.reasoning_effort", |s| s.overrides.reasoning_effort = Some("huge".into())),
    ];
    for (wanted, change) in changes {
        let mut wrong = submission(1);
        change(&mut wrong);
        match house.handle().submit(wrong, None).await {
            Err(SubmitError::Invalid { field, .. }) => assert_eq!(field, wanted),
            other => anyhow::bail!("{wanted}: {other:?}"),
        }
    }
    let mut order = submission(1);
    order.prompt.blocks = vec![block(CacheTtl::FiveMinutes), block(CacheTtl::OneHour)];
    let refused = house.handle().submit(order.clone(), None).await;
    assert!(matches!(refused, Err(SubmitError::Invalid { field, .. }) if field == "prompt_blocks[1].ttl"));
    order.prompt.blocks.reverse();
    house.handle().submit(order, None).await?;
    let mut stranger = submission(1);
    stranger.provider = "nobody".into();
    match house.handle().submit(stranger, None).await {
        Err(SubmitError::UnknownProvider { name, known }) => {
            assert_eq!((name.as_str(), known.as_slice()), ("nobody", ["mock".to_owned()].as_slice()));
        }
        other => anyhow::bail!("{other:?}"),
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_can_be_tested_without_the_queue() -> anyhow::Result<()> {
    let house = House::new(&Plan::new(QueueMode::PerRequest)).await?;
    let report = house.handle().test_provider(&"mock".into()).await?;
    assert_eq!(report.model, "mock-model-v1");
    assert_eq!(house.handle().load().open, 0);
    let broken = House::new(&Plan::chaos(QueueMode::PerRequest, json!({"trap_rate": 1.0}))).await?;
    let failed = broken.handle().test_provider(&"mock".into()).await;
    assert!(matches!(failed, Err(TestError::Failed { .. })), "{failed:?}");
    let unknown = house.handle().test_provider(&"nobody".into()).await;
    assert!(matches!(unknown, Err(TestError::UnknownProvider { .. })));
    assert_eq!(house.handle().is_ready().await, Ok(()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_without_its_plugin_is_shown_and_refused() -> anyhow::Result<()> {
    let house = House::new(&Plan { adapter: "missing", ..Plan::new(QueueMode::PerRequest) }).await?;
    let refused = house.handle().submit(submission(1), None).await;
    assert!(matches!(&refused, Err(SubmitError::Unavailable { reason, .. }) if reason.contains("missing")));
    let reasons = house.handle().is_ready().await.err().unwrap_or_default();
    assert!(reasons.iter().any(|reason| reason.contains("missing")), "{reasons:?}");
    assert!(!house.handle().providers()[0].available);
    Ok(())
}
