//! What is counted: once for each outcome, and with the names that dashboards already know.

use docket_tests_pipeline::{House, Plan, submission};
use docket_types::submission::{BlockTarget, PromptBlock};
use docket_types::{QueueMode, Submission, chat::CacheTtl};
use serde_json::json;
use std::collections::BTreeMap;

/// Series with this model label, summed by metric name and the other labels that a test names.
fn sums(text: &str, model: &str) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    let needle = format!("model=\"{model}\"");
    for line in text.lines().filter(|line| line.contains(&needle)) {
        if let (Some(name), Some(value)) = (line.split('{').next(), line.rsplit(' ').next()) {
            *sums.entry(name.to_owned()).or_insert(0.0) += value.parse::<f64>().unwrap_or(f64::NAN);
        }
    }
    sums
}

#[tokio::test(flavor = "multi_thread")]
async fn the_names_that_dashboards_know_are_fed() -> anyhow::Result<()> {
    let recorder = docket_telemetry::install();
    let faults = json!({"rate_limit_rate": 1.0, "attempts": 1, "retry_after_ms": 1, "cache_enabled": true, "cache_hit_rate": 1.0});
    let house = House::new(&Plan::chaos(QueueMode::PerRequest, faults)).await?;
    let counted = |n| {
        let mut submission: Submission = submission(n);
        submission.overrides.model = Some("counted-model".into());
        let block = |cacheable, text: &str| PromptBlock {
            target: BlockTarget::UserContent,
            content: text.into(),
            cacheable,
            ttl: CacheTtl::OneHour,
        };
        submission.prompt.blocks = vec![block(true, "the rubric"), block(false, "the essays")];
        submission
    };
    let ids = house.submit_all((0..5).map(counted).collect()).await?;
    house.callbacks(&ids).await?;
    let wanted = [
        ("llm_provider_requests_total", 5.0),
        ("llm_provider_errors_total", 5.0),
        ("llm_provider_response_duration_seconds_count", 5.0),
        ("llm_provider_response_time_percentiles_count", 5.0),
        ("llm_provider_cache_scope_total", 5.0),
        ("llm_provider_prompt_cache_events_total", 5.0),
        // Twice each: the prompt is counted whenever it is taken from the queue, and each has two blocks.
        ("llm_provider_prompt_blocks_total", 20.0),
        ("llm_provider_prompt_tokens_histogram_count", 20.0),
    ];
    house
        .until("metrics", async || {
            let seen = sums(&recorder.render(), "counted-model");
            let all =
                wanted.iter().all(|(name, n)| seen.get(*name).is_some_and(|value| (value - n).abs() < 1e-9));
            Ok(all.then_some(()))
        })
        .await
        .map_err(|e| e.context(format!("{:#?}", sums(&recorder.render(), "counted-model"))))?;
    let text = recorder.render();
    let seen = sums(&text, "counted-model");
    assert!(seen["llm_provider_tokens_used_total"] > 0.0);
    assert!(seen["llm_provider_prompt_cache_tokens_total"] > 0.0);
    for name in [
        "llm_provider_queue_wait_time_seconds_count{queue_processing_mode=\"per_request\",result=\"success\"}",
        "llm_provider_comparison_callbacks_total{queue_processing_mode=\"per_request\",result=\"success\"}",
        "llm_provider_queue_processing_time_seconds_count{provider=\"mock\",status=\"success\"}",
        "llm_provider_request_lifecycle_duration_seconds_count{provider=\"mock\",lifecycle_stage=\"total\"}",
        "llm_provider_validation_duration_seconds_count{provider=\"mock\",validation_type=\"success\"}",
        "llm_provider_availability_percentage{provider=\"mock\"}",
        "llm_provider_concurrent_requests{provider=\"mock\"}",
        "llm_provider_queue_depth{queue_type=\"total\"}",
        "llm_provider_connection_pool_size{provider=\"mock\"}",
        "llm_provider_circuit_breaker_state{service=\"llm_provider_service\",circuit_name=\"llm_mock\"}",
        "llm_provider_api_errors_total{provider=\"mock\",error_type=\"rate_limited\",http_status_code=\"429\"}",
    ] {
        assert!(text.contains(name), "no series {name}");
    }
    Ok(())
}
