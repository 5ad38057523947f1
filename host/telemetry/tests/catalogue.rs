//! The exposition against a list typed by hand from the seed's documentation, and against the seed's own parser.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may stop at what it did not expect")]

use docket_telemetry::{CATALOGUE, Kind, cj, host, huleedu_cj, kafka, llm, scoped};
use std::collections::{BTreeMap, BTreeSet};

const DEFAULT: &str = ".005 .01 .025 .05 .075 .1 .25 .5 .75 1 2.5 5 7.5 10";

/// (name, type, labels, buckets)
const SEED: &[(&str, &str, &str, &str)] = &[
    ("llm_provider_http_requests_total", "counter", "method endpoint status_code", ""),
    ("llm_provider_http_request_duration_seconds", "histogram", "method endpoint", DEFAULT),
    ("llm_provider_requests_total", "counter", "provider model request_type status", ""),
    ("llm_provider_api_errors_total", "counter", "provider error_type http_status_code", ""),
    ("llm_provider_errors_total", "counter", "provider model error_type", ""),
    (
        "llm_provider_response_duration_seconds",
        "histogram",
        "provider model",
        ".1 .5 1 2.5 5 10 30 60 120 300",
    ),
    ("llm_provider_tokens_used_total", "counter", "provider model token_type", ""),
    ("llm_provider_cost_dollars_total", "counter", "provider model", ""),
    ("llm_provider_circuit_breaker_state", "gauge", "service circuit_name", ""),
    (
        "llm_provider_circuit_breaker_state_changes_total",
        "counter",
        "service circuit_name from_state to_state",
        "",
    ),
    ("llm_provider_circuit_breaker_calls_total", "counter", "service circuit_name result", ""),
    ("llm_provider_concurrent_requests", "gauge", "provider", ""),
    (
        "llm_provider_response_time_percentiles",
        "histogram",
        "provider model request_type",
        ".05 .1 .2 .5 1 2 5 10 30",
    ),
    (
        "llm_provider_validation_duration_seconds",
        "histogram",
        "provider validation_type",
        ".001 .005 .01 .025 .05 .1 .25 .5",
    ),
    ("llm_provider_queue_depth", "gauge", "queue_type", ""),
    ("llm_provider_queue_processing_time_seconds", "histogram", "provider status", ".1 .5 1 2 5 10 30 60"),
    (
        "llm_provider_queue_wait_time_seconds",
        "histogram",
        "queue_processing_mode result",
        ".5 1 2.5 5 10 30 60 120 300 600",
    ),
    ("llm_provider_comparison_callbacks_total", "counter", "queue_processing_mode result", ""),
    ("llm_provider_queue_expiry_total", "counter", "provider queue_processing_mode expiry_reason", ""),
    (
        "llm_provider_queue_expiry_age_seconds",
        "histogram",
        "provider queue_processing_mode",
        "1 5 10 30 60 120 300 600 1800 3600",
    ),
    ("llm_provider_serial_bundle_calls_total", "counter", "provider model", ""),
    ("llm_provider_serial_bundle_items_per_call", "histogram", "provider model", "1 2 4 8 16 32 64"),
    ("llm_provider_batch_api_jobs_total", "counter", "provider model status", ""),
    ("llm_provider_batch_api_items_per_job", "histogram", "provider model", "1 2 4 8 16 32 64 128"),
    (
        "llm_provider_batch_api_job_duration_seconds",
        "histogram",
        "provider model",
        ".1 .5 1 2 5 10 30 60 120 300",
    ),
    ("llm_provider_connection_pool_size", "gauge", "provider", ""),
    ("llm_provider_connection_pool_active", "gauge", "provider", ""),
    ("llm_provider_queue_overflow_total", "counter", "queue_type", ""),
    (
        "llm_provider_request_lifecycle_duration_seconds",
        "histogram",
        "provider lifecycle_stage",
        ".1 .5 1 2 5 10 30 60 120",
    ),
    ("llm_provider_availability_percentage", "gauge", "provider", ""),
    ("llm_provider_prompt_cache_events_total", "counter", "provider model result", ""),
    ("llm_provider_prompt_cache_tokens_total", "counter", "provider model direction", ""),
    ("llm_provider_prompt_blocks_total", "counter", "provider model target cacheable ttl", ""),
    (
        "llm_provider_prompt_tokens_histogram",
        "histogram",
        "provider model section",
        "16 32 64 128 256 512 1024 2048 4096 8192",
    ),
    ("llm_provider_cache_scope_total", "counter", "provider model scope result", ""),
    ("llm_provider_prompt_ttl_violations_total", "counter", "provider model stage", ""),
];

/// As above, of the seed's judging service.
const JUDGING: &[(&str, &str, &str, &str)] = &[
    ("cj_assessment_http_requests_total", "counter", "method endpoint status_code", ""),
    ("cj_assessment_http_request_duration_seconds", "histogram", "method endpoint", DEFAULT),
    ("cj_assessment_operations_total", "counter", "operation status", ""),
    ("cj_assessment_llm_api_calls_total", "counter", "provider model status", ""),
    ("cj_callbacks_processed_total", "counter", "status", ""),
    ("cj_admin_instruction_operations_total", "counter", "operation status", ""),
    ("cj_callback_latency_seconds", "histogram", "", "0.1 0.5 1 2 5 10 30 60 120"),
    ("cj_callback_processing_duration_seconds", "histogram", "", "0.01 0.05 0.1 0.5 1 2 5"),
    ("cj_batch_state", "gauge", "state", ""),
    ("cj_batch_progress_percentage", "histogram", "", "0 10 20 30 40 50 60 70 80 90 95 99 100"),
    ("cj_batch_processing_duration_seconds", "histogram", "", "60 120 300 600 1200 1800 3600 7200"),
    ("cj_stuck_batches_detected", "gauge", "", ""),
    ("cj_stuck_batches_recovered_total", "counter", "", ""),
    ("cj_stuck_batches_failed_total", "counter", "", ""),
    ("cj_comparisons_total", "counter", "status", ""),
    ("cj_iterations_per_batch", "histogram", "", "1 2 3 5 10 15 20 30 50"),
    ("cj_score_stability_changes", "histogram", "", "0 0.01 0.05 0.1 0.2 0.3 0.5 1.0"),
    ("cj_failed_comparisons_total", "counter", "failure_reason", ""),
    ("cj_retry_batches_submitted_total", "counter", "", ""),
    ("cj_successful_retries_total", "counter", "", ""),
    ("cj_permanently_failed_comparisons_total", "counter", "", ""),
    ("cj_failed_pool_size", "gauge", "batch_id", ""),
    ("cj_llm_requests_total", "counter", "batching_mode", ""),
    ("cj_llm_batches_started_total", "counter", "batching_mode", ""),
    ("cj_workflow_decisions_total", "counter", "decision", ""),
    ("cj_bt_se_inflated_batches_total", "counter", "", ""),
    ("cj_bt_sparse_coverage_batches_total", "counter", "", ""),
    ("huleedu_cj_comparisons_made", "histogram", "", "0 10 25 50 100 200 500 1000"),
    ("huleedu_cj_assessment_duration_seconds", "histogram", "", "10 30 60 120 300 600 1200"),
    ("huleedu_cj_prompt_fetch_failures_total", "counter", "reason", ""),
    ("huleedu_cj_prompt_fetch_success_total", "counter", "", ""),
    ("kafka_message_queue_latency_seconds", "histogram", "", DEFAULT),
];

/// Emits each of the seed's metrics once, through its function.
fn emit_all() {
    llm::http_requests_total("POST", "/api/v1/comparison", "202", 1);
    llm::http_request_duration_seconds("POST", "/api/v1/comparison", 0.01);
    llm::requests_total("openai", "default", "comparison", "queued", 1);
    llm::api_errors_total("anthropic", "rate_limit", "429", 1);
    llm::errors_total("anthropic", "m", "rate_limit", 1);
    llm::response_duration_seconds("openai", "m", 1.0);
    llm::tokens_used_total("openai", "m", "prompt", 5);
    llm::cost_dollars_total("openai", "m", 0.0125);
    llm::circuit_breaker_state("llm_provider_service", "llm_openai", 0.0);
    llm::circuit_breaker_state_changes_total("llm_provider_service", "llm_openai", "closed", "open", 1);
    llm::circuit_breaker_calls_total("llm_provider_service", "llm_openai", "success", 1);
    llm::concurrent_requests("openai", 3.0);
    llm::response_time_percentiles("openai", "m", "comparison", 0.3);
    llm::validation_duration_seconds("openai", "comparison", 0.002);
    llm::queue_depth("total", 7.0);
    llm::queue_processing_time_seconds("mock", "success", 0.2);
    llm::queue_wait_time_seconds("per_request", "success", 0.2);
    llm::comparison_callbacks_total("per_request", "success", 1);
    llm::queue_expiry_total("mock", "per_request", "ttl", 1);
    llm::queue_expiry_age_seconds("mock", "per_request", 4.0);
    llm::serial_bundle_calls_total("mock", "mock-model-v1", 1);
    llm::serial_bundle_items_per_call("mock", "mock-model-v1", 64.0);
    llm::batch_api_jobs_total("mock", "default", "scheduled", 1);
    llm::batch_api_items_per_job("mock", "default", 16.0);
    llm::batch_api_job_duration_seconds("mock", "default", 2.0);
    llm::connection_pool_size("openai", 20.0);
    llm::connection_pool_active("openai", 1.0);
    llm::queue_overflow_total("total", 1);
    llm::request_lifecycle_duration_seconds("openai", "queued", 0.3);
    llm::availability_percentage("openai", 100.0);
    llm::prompt_cache_events_total("anthropic", "m", "hit", 1);
    llm::prompt_cache_tokens_total("anthropic", "m", "read", 100);
    llm::prompt_blocks_total("anthropic", "m", "system", "true", "1h", 1);
    llm::prompt_tokens_histogram("anthropic", "m", "static", 300.0);
    llm::cache_scope_total("anthropic", "m", "assignment", "hit", 1);
    llm::prompt_ttl_violations_total("anthropic", "m", "user_blocks", 1);
}

/// Emits each of the judging service's metrics once.
fn emit_judging() {
    cj::assessment_http_requests_total("x", "x", "x", 1);
    cj::assessment_http_request_duration_seconds("x", "x", 1.0);
    cj::assessment_operations_total("x", "x", 1);
    cj::assessment_llm_api_calls_total("x", "x", "x", 1);
    cj::callbacks_processed_total("x", 1);
    cj::admin_instruction_operations_total("x", "x", 1);
    cj::callback_latency_seconds(1.0);
    cj::callback_processing_duration_seconds(1.0);
    cj::batch_state("x", 1.0);
    cj::batch_progress_percentage(1.0);
    cj::batch_processing_duration_seconds(1.0);
    cj::stuck_batches_detected(1.0);
    cj::stuck_batches_recovered_total(1);
    cj::stuck_batches_failed_total(1);
    cj::comparisons_total("x", 1);
    cj::iterations_per_batch(1.0);
    cj::score_stability_changes(1.0);
    cj::failed_comparisons_total("x", 1);
    cj::retry_batches_submitted_total(1);
    cj::successful_retries_total(1);
    cj::permanently_failed_comparisons_total(1);
    cj::failed_pool_size("x", 1.0);
    cj::llm_requests_total("x", 1);
    cj::llm_batches_started_total("x", 1);
    cj::workflow_decisions_total("x", 1);
    cj::bt_se_inflated_batches_total(1);
    cj::bt_sparse_coverage_batches_total(1);
    huleedu_cj::comparisons_made(1.0);
    huleedu_cj::assessment_duration_seconds(1.0);
    huleedu_cj::prompt_fetch_failures_total("x", 1);
    huleedu_cj::prompt_fetch_success_total(1);
    kafka::message_queue_latency_seconds(1.0);
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn numbers(text: &str) -> Vec<f64> {
    text.split_whitespace().map(|n| n.parse().expect("a number")).collect()
}

/// (sample name, labels, value) of a line as the seed's harness reads it: labels in braces, split at commas.
fn parse(line: &str) -> Option<(String, BTreeMap<String, String>, f64)> {
    let Some((name, rest)) = line.split_once('{') else {
        let (name, value) = line.split_once(' ').filter(|(name, _)| !name.starts_with('#'))?;
        return Some((name.to_owned(), BTreeMap::new(), value.parse().ok()?));
    };
    let (labels, value) = rest.rsplit_once("} ")?;
    let labels = labels
        .split(',')
        .map(|pair| {
            let (key, quoted) = pair.split_once('=').expect("key=value");
            let value = quoted.strip_prefix('"').and_then(|v| v.strip_suffix('"')).expect("quoted");
            (key.to_owned(), value.to_owned())
        })
        .collect();
    assert!(value.bytes().all(|b| b.is_ascii_digit() || b"+-.e".contains(&b)), "not a plain number: {line}");
    Some((name.to_owned(), labels, value.parse().expect("a number")))
}

#[test]
fn exposition_has_the_seeds_names_types_labels_and_buckets() {
    let ((), text) = scoped(|| {
        emit_all();
        emit_judging();
    });
    for (name, kind, labels, buckets) in SEED.iter().chain(JUDGING) {
        assert_eq!(text.matches(&format!("\n# TYPE {name} {kind}\n")).count(), 1, "{name} as a {kind}, once");
        let sample = if *kind == "histogram" { format!("{name}_bucket") } else { (*name).to_owned() };
        let lines: Vec<_> = text.lines().filter_map(parse).filter(|(n, ..)| *n == sample).collect();
        assert!(!lines.is_empty(), "{name} has no series");
        let mut seen_buckets = Vec::new();
        for (_, seen, _) in &lines {
            let keys: BTreeSet<_> = seen.keys().filter(|k| *k != "le").cloned().collect();
            assert_eq!(keys, words(labels).into_iter().collect(), "{name}");
            if let Some(le) = seen.get("le").filter(|le| *le != "+Inf") {
                seen_buckets.push(le.parse::<f64>().expect("a bound"));
            }
        }
        assert_eq!(seen_buckets, numbers(buckets), "{name}");
        if *kind == "histogram" {
            for part in ["sum", "count"] {
                let next = if labels.is_empty() { " " } else { "{" };
                assert!(text.contains(&format!("\n{name}_{part}{next}")), "{name}_{part}");
            }
        }
    }
}

#[test]
fn catalogue_is_the_seeds_list_and_our_own_and_nothing_else() {
    let seed: BTreeSet<_> = SEED.iter().map(|(name, ..)| *name).collect();
    assert_eq!(seed.len(), 36);
    let llm: BTreeSet<_> =
        CATALOGUE.iter().map(|m| m.name).filter(|n| n.starts_with("llm_provider_")).collect();
    assert_eq!(llm, seed);
    for (name, _, labels, _) in SEED.iter().chain(JUDGING) {
        let metric = CATALOGUE.iter().find(|m| m.name == *name).expect("listed");
        assert_eq!(metric.labels, words(labels), "{name}: the order of labels is the order of arguments");
    }
    let names: BTreeSet<_> = CATALOGUE.iter().map(|m| m.name).collect();
    assert_eq!(names.len(), CATALOGUE.len(), "no name twice");
    for metric in CATALOGUE {
        let ours = metric.name.starts_with("docket_");
        let seeds = seed.contains(metric.name) || JUDGING.iter().any(|(name, ..)| *name == metric.name);
        assert!(ours != seeds, "{}", metric.name);
        assert_eq!(metric.kind == Kind::Histogram, !metric.buckets.is_empty(), "{}", metric.name);
        assert!(metric.buckets.is_sorted() && metric.help.ends_with('.'), "{}", metric.name);
    }
}

#[test]
fn every_metric_is_announced_before_its_first_series() {
    let ((), text) = scoped(|| ());
    for metric in CATALOGUE {
        let lines = format!(
            "# HELP {} {}\n# TYPE {} {}\n",
            metric.name,
            metric.help,
            metric.name,
            metric.kind.as_str()
        );
        assert!(text.contains(&lines), "{}", metric.name);
    }
    assert!(text.contains("\ndocket_dead_letters_total 0\n"), "an unlabelled counter starts at zero");
}

#[test]
fn values_are_counted_summed_and_observed() {
    let ((), text) = scoped(|| {
        llm::requests_total("openai", "default", "comparison", "queued", 2);
        llm::requests_total("openai", "default", "comparison", "queued", 3);
        llm::cost_dollars_total("openai", "m", 0.25);
        llm::cost_dollars_total("openai", "m", 0.5);
        llm::cost_dollars_total("openai", "m", -1.0);
        llm::queue_depth("total", 5.0);
        llm::queue_depth("total", 4.0);
        llm::queue_depth("total", f64::NAN);
        llm::queue_wait_time_seconds("batch_api", "success", 3.0);
    });
    let value = |sample: &str| -> f64 {
        let line =
            text.lines().find(|l| l.starts_with(sample)).unwrap_or_else(|| panic!("{sample} in {text}"));
        line.rsplit_once(' ').and_then(|(_, v)| v.parse().ok()).expect("a number")
    };
    assert_eq!(value("llm_provider_requests_total{"), 5.0);
    assert_eq!(value("llm_provider_cost_dollars_total{"), 0.75);
    assert_eq!(value("llm_provider_queue_depth{"), 4.0);
    assert_eq!(value("llm_provider_queue_wait_time_seconds_sum{"), 3.0);
    let bucket = r#"llm_provider_queue_wait_time_seconds_bucket{queue_processing_mode="batch_api",result="success",le="#;
    assert_eq!(value(&format!("{bucket}\"2.5\"}}")), 0.0);
    assert_eq!(value(&format!("{bucket}\"5\"}}")), 1.0);
}

#[test]
fn hostile_models_stay_readable_and_few() {
    let ((), text) = scoped(|| {
        for i in 0..10_000 {
            llm::errors_total("openai", &format!("evil,\"{i}\"}}\n"), "server_error", 1);
        }
    });
    let series: Vec<_> =
        text.lines().filter_map(parse).filter(|(n, ..)| n == "llm_provider_errors_total").collect();
    assert!(series.len() <= 193, "{} series", series.len());
    assert_eq!(series.iter().map(|(.., v)| v).sum::<f64>(), 10_000.0, "nothing is lost");
    assert!(series.iter().any(|(_, labels, v)| labels["model"] == "other" && *v > 9_000.0));
}

#[test]
fn the_installed_recorder_is_shared_and_knows_the_process() {
    let first = docket_telemetry::install();
    let second = docket_telemetry::install();
    host::build_info("0.1.0", "1.95", 1.0);
    let text = second.render();
    assert!(text.contains("docket_build_info{version=\"0.1.0\",rustc=\"1.95\"} 1\n"), "{text}");
    assert_eq!(first.render().contains("docket_build_info{"), text.contains("docket_build_info{"));
    let rss =
        text.lines().find_map(|l| l.strip_prefix("docket_process_resident_memory_bytes ")).expect("memory");
    assert!(rss.parse::<f64>().expect("bytes") > 1e6, "{rss}");
}

#[test]
fn the_documentation_lists_every_metric_as_it_is() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md");
    let text = std::fs::read_to_string(path).expect("docs/operations.md");
    let families = ["llm_provider_", "cj_", "huleedu_cj_", "kafka_", "docket_"];
    let is_row = |line: &&str| families.iter().any(|family| line.starts_with(&format!("| `{family}")));
    let rows: Vec<&str> = text.lines().filter(is_row).collect();
    assert_eq!(rows.len(), CATALOGUE.len());
    for (metric, row) in CATALOGUE.iter().zip(rows) {
        let buckets = match metric.buckets {
            buckets if buckets == numbers(DEFAULT) => "default".to_owned(),
            buckets => buckets.iter().map(f64::to_string).collect::<Vec<_>>().join(" "),
        };
        let (kind, labels) = (metric.kind.as_str(), metric.labels.join(", "));
        assert_eq!(row, format!("| `{}` | {kind} | {labels} | {buckets} | {} |", metric.name, metric.help));
    }
}
