//! Nothing skips: a host that does not fit, or a run that differs, fails with its reason.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what went wrong by panicking"
)]

use docket_test_support::{Ran, Setup, TestHost, docket, root};
use std::path::Path;
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(300);

async fn fails(args: &[&str], code: i32, words: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let ran = docket(folder.path(), args, WITHIN).await.unwrap();
    assert_eq!(ran.code, Some(code), "{}\n{}", ran.stdout, ran.stderr);
    for word in words {
        assert!(ran.stderr.contains(word), "`{word}` is not in\n{}", ran.stderr);
    }
    ran
}

#[tokio::test]
async fn another_profile_is_a_failure_with_both_names() {
    let args = ["suite", "run", "eng5-anchor", "--profile", "cj_generic_batch"];
    fails(&args, 6, &["mock mode is `cj_generic_batch`", "needs `eng5_anchor_gpt51_low`"]).await;
}

#[tokio::test]
async fn another_queue_mode_is_a_failure_with_both_names() {
    let args = ["suite", "run", "cj-generic", "--set", "queue.mode=per_request"];
    fails(&args, 6, &["queue mode is `per_request`", "needs `serial_bundle`"]).await;
}

#[tokio::test]
async fn a_running_host_is_asked_first() {
    let host = TestHost::start(Setup::profile("eng5_lower5_gpt51_low")).await.unwrap();
    let args = ["suite", "run", "cj-generic", "--url", host.url()];
    fails(&args, 6, &["mock mode is `eng5_lower5_gpt51_low`"]).await;
    let submitted =
        host.metrics().await.unwrap().total("llm_provider_requests_total", &[("status", "queued")]);
    assert_eq!(submitted, 0.0, "nothing is sent to a host that does not fit");
}

#[tokio::test]
async fn a_running_host_that_fits_passes_and_its_past_does_not_count() {
    let setup =
        Setup::profile("cj_generic_batch").set("queue.mode=serial_bundle").set("queue.virtual_waits=true");
    let host = TestHost::start(setup).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let ran = docket(folder.path(), &["suite", "run", "cj-generic", "--url", host.url()], WITHIN)
            .await
            .unwrap();
        assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
    }
}

#[tokio::test]
async fn without_the_token_the_suite_says_which_option_is_missing() {
    let setup = Setup::profile("cj_generic_batch").set("server.admin_token=a-token-of-some-length");
    let host = TestHost::start(setup).await.unwrap();
    fails(&["suite", "run", "cj-generic", "--url", host.url()], 5, &["--admin-token"]).await;
    let args = ["suite", "run", "cj-generic", "--url", host.url(), "--admin-token", "wrong"];
    let ran = fails(&args, 5, &["--admin-token"]).await;
    assert!(!ran.stderr.contains("a-token-of-some-length"));
}

#[tokio::test]
async fn nobody_there_is_a_readable_failure() {
    fails(&["suite", "run", "cj-generic", "--url", "http://127.0.0.1:9"], 5, &["no docket answers"]).await;
    fails(&["suite", "run", "cj-generic", "--url", "nonsense"], 5, &["nonsense"]).await;
    fails(&["submit", "--prompt", "x", "--url", "http://127.0.0.1:9"], 5, &["is `docket serve` running"])
        .await;
}

#[tokio::test]
async fn an_unknown_suite_lists_the_known_ones() {
    fails(&["suite", "run", "eng6"], 3, &["eng6", "eng5-anchor", "cj-generic-batch-api"]).await;
}

#[tokio::test]
async fn an_unknown_profile_stops_the_suite_and_shows_why() {
    fails(&["suite", "run", "cj-generic", "--profile", "nobody"], 6, &["did not start", "nobody"]).await;
}

/// A copy of the scenarios with one text replaced.
fn changed(folder: &Path, file: &str, from: &str, to: &str) {
    let source = root().join("tests/suites/scenarios");
    std::fs::create_dir_all(folder.join("recorded")).unwrap();
    for dir in ["", "recorded"] {
        for entry in
            std::fs::read_dir(source.join(dir)).unwrap().map(Result::unwrap).filter(|e| e.path().is_file())
        {
            std::fs::copy(entry.path(), folder.join(dir).join(entry.file_name())).unwrap();
        }
    }
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    assert!(text.contains(from), "{from} is not in {file}");
    std::fs::write(folder.join(file), text.replacen(from, to, 1)).unwrap();
}

#[tokio::test]
async fn a_recording_that_differs_fails_and_names_the_quantity() {
    let folder = tempfile::tempdir().unwrap();
    let recorded = "recorded/eng5_lower5_gpt51_low_20251202.json";
    for (from, to, word) in [
        ("\"Essay A\": 4", "\"Essay A\": 40", "share of Essay A"),
        ("\"mean_ms\": 1588.0", "\"mean_ms\": 15.0", "response time, mean ms"),
        ("\"mean\": 35.0", "\"mean\": 350.0", "completion tokens, mean"),
    ] {
        changed(folder.path(), recorded, from, to);
        let suites = folder.path().to_str().unwrap();
        let ran =
            fails(&["suite", "run", "eng5-lower5", "--suite-dir", suites], 1, &["eng5-lower5 failed", word])
                .await;
        assert!(ran.stdout.contains("FAILED"), "{}", ran.stdout);
    }
}

#[tokio::test]
async fn the_largest_bundle_can_be_too_large() {
    // The suite believes in bundles of one; its host is told to make larger ones.
    let folder = tempfile::tempdir().unwrap();
    changed(folder.path(), "eng5-anchor.toml", "queue_mode = ", "bundle_cap = 1\nqueue_mode = ");
    let suites = folder.path().to_str().unwrap();
    let args = ["suite", "run", "eng5-anchor", "--suite-dir", suites, "--set", "queue.bundle_cap=64"];
    let slow = [&args[..], &["--set", "providers.mock.max_concurrent=1"]].concat();
    fails(&slow, 1, &["largest bundle"]).await;
}
