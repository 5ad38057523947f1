//! Every suite passes on virtual time, and says what it compared.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what went wrong by panicking"
)]

use docket_test_support::{Ran, docket, root};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// The suites that `docket suite list` must show, each with a test below.
const SUITES: [&str; 8] = [
    "cj-generic",
    "cj-generic-batch-api",
    "eng5-anchor",
    "eng5-cj-batch-api",
    "eng5-cj-regular",
    "eng5-cj-small-net",
    "eng5-lower5",
    "eng5-lower5-diagnostics",
];

/// A suite's own limits are shorter; this one is for a machine that does something else as well.
const WITHIN: Duration = Duration::from_secs(300);

async fn run(args: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    docket(folder.path(), args, WITHIN).await.unwrap()
}

/// Plays a suite, which must pass, and returns the rows of its cases.
async fn passes(suite: &str) -> Vec<Value> {
    let ran = run(&["suite", "run", suite, "--json"]).await;
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["suite"], suite);
    let cases = report["cases"].as_array().unwrap();
    let rows: Vec<Value> = cases.iter().flat_map(|case| case["rows"].as_array().unwrap().clone()).collect();
    assert!(rows.iter().all(|row| row["verdict"] != "failed"), "{rows:#?}");
    rows
}

fn live<'a>(rows: &'a [Value], quantity: &str) -> &'a str {
    let row = rows.iter().find(|row| row["quantity"] == quantity);
    row.unwrap_or_else(|| panic!("no row `{quantity}` in {rows:#?}"))["live"].as_str().unwrap()
}

#[tokio::test]
async fn every_suite_is_listed() {
    let ran = run(&["suite", "list"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for suite in SUITES {
        assert!(ran.stdout.contains(suite), "{suite} is not in\n{}", ran.stdout);
    }
    let files = std::fs::read_dir(root().join("tests/suites/scenarios")).unwrap();
    let files = files.filter(|f| f.as_ref().unwrap().path().extension().is_some_and(|e| e == "toml")).count();
    assert_eq!(files, SUITES.len(), "a suite without a test");
}

#[tokio::test]
async fn cj_generic() {
    let rows = passes("cj-generic").await;
    assert_eq!(live(&rows, "callbacks"), "4");
    assert_eq!(live(&rows, "wave 3: share of Essay A"), "1");
    assert_eq!(live(&rows, "total tokens, mean"), "22");
    assert_eq!(live(&rows, "requests in bundles"), "4");
}

#[tokio::test]
async fn cj_generic_batch_api() {
    let rows = passes("cj-generic-batch-api").await;
    assert_eq!(live(&rows, "callbacks"), "16");
    assert_eq!(live(&rows, "requests in jobs"), "16");
    assert_eq!(live(&rows, "waits observed, batch_api"), "16");
}

#[tokio::test]
async fn eng5_anchor() {
    let rows = passes("eng5-anchor").await;
    assert_eq!(live(&rows, "callbacks"), "66");
    // 33 to 33, by the prompts' hashes.
    assert_eq!(live(&rows, "share of Essay A"), "0.5");
    assert_eq!(live(&rows, "requests in bundles"), "66");
}

#[tokio::test]
async fn eng5_lower5() {
    let rows = passes("eng5-lower5").await;
    assert_eq!(live(&rows, "share of Essay A"), "0.3");
    assert_eq!(live(&rows, "share of Essay B"), "0.7");
}

#[tokio::test]
async fn eng5_lower5_diagnostics() {
    let rows = passes("eng5-lower5-diagnostics").await;
    assert_eq!(live(&rows, "callbacks"), "30");
    assert_eq!(live(&rows, "pairs with one winner over all waves"), "10");
}

#[tokio::test]
async fn eng5_cj_regular() {
    let rows = passes("eng5-cj-regular").await;
    assert_eq!(live(&rows, "different pairs"), "120");
    assert_eq!(live(&rows, "cj_llm_requests_total"), "120");
}

#[tokio::test]
async fn eng5_cj_batch_api() {
    let rows = passes("eng5-cj-batch-api").await;
    assert_eq!(live(&rows, "stored batching mode"), "provider_batch_api");
    assert_eq!(live(&rows, "waves"), "1");
}

#[tokio::test]
async fn eng5_cj_small_net_by_its_lane() {
    let ran = run(&["suite", "run", "eng5-cj", "small-net"]).await;
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("eng5-cj-small-net: passed"), "{}", ran.stdout);
    let unknown = run(&["suite", "run", "eng5-cj", "nothing"]).await;
    assert_ne!(unknown.code, Some(0));
    assert!(unknown.stderr.contains("small-net, regular, batch-api, all"), "{}", unknown.stderr);
}

#[tokio::test]
async fn people_get_a_table_and_unknown_figures_are_named() {
    let ran = run(&["suite", "run", "cj-generic"]).await;
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
    for word in ["quantity", "recorded", "allowed", "verdict", "not recorded", "cj-generic: passed"] {
        assert!(ran.stdout.contains(word), "{word} is not in\n{}", ran.stdout);
    }
}

#[tokio::test]
async fn a_capture_has_the_form_of_a_recording() {
    let folder = tempfile::tempdir().unwrap();
    let ran =
        docket(folder.path(), &["suite", "run", "eng5-lower5", "--capture", "traces"], WITHIN).await.unwrap();
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
    let captured = folder.path().join("traces/matches-recorded-summary");
    let lines = std::fs::read_to_string(captured.join("llm_callbacks.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 10);
    for line in lines.lines() {
        let envelope: Value = serde_json::from_str(line).unwrap();
        assert_eq!(envelope["event_type"], "LLMComparisonResultV1");
    }
    let keys = |path: &Path| {
        let summary: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let keys: Vec<String> = summary.as_object().unwrap().keys().cloned().collect();
        keys
    };
    let recorded = root().join("tests/suites/scenarios/recorded/eng5_lower5_gpt51_low_20251202.json");
    assert_eq!(keys(&captured.join("summary.json")), keys(&recorded));
}
