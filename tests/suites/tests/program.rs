//! The program itself: how it starts, refuses, stops, and what its commands print.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what went wrong by panicking"
)]

use docket_test_support::{Comparison, Setup, TestHost, docket, plugins, root};
use serde_json::Value;
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(120);

fn mock() -> Setup {
    Setup::profile("cj_generic_batch").set("queue.mode=per_request")
}

#[tokio::test]
async fn a_stopped_host_ends_well_and_goes_on_where_it_was() {
    let mut host = TestHost::start(mock()).await.unwrap();
    let id = host.submit(Comparison::new("one", "t").body()).await.unwrap();
    host.wait_for_events("t", 1, WITHIN).await.unwrap();
    assert_eq!(host.stop().await.unwrap().code(), Some(0), "{}", host.log());
    host.restart().await.unwrap();
    assert_eq!(host.get(&format!("/api/v1/requests/{id}")).await.unwrap()["state"], "succeeded");
    host.kill().await.unwrap();
    host.restart().await.unwrap();
    assert_eq!(host.topic("t").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_damaged_database_is_refused_and_not_touched() {
    let mut host = TestHost::prepare(mock()).unwrap();
    let bytes = b"this is no database, but somebody may still need it".repeat(100);
    std::fs::write(host.database(), &bytes).unwrap();
    let refused = host.try_start().await.unwrap().expect("a host must not start on this");
    assert_eq!(refused.status.code(), Some(4), "{}", refused.log);
    assert!(refused.log.contains("cannot open the store"), "{}", refused.log);
    assert_eq!(std::fs::read(host.database()).unwrap(), bytes);
}

#[tokio::test]
async fn a_bad_configuration_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bad.toml"), "version = 1\n[queue]\nmodus = \"x\"\n").unwrap();
    for (args, words) in [
        (&["--set", "queue.mode=telepathy"][..], ["telepathy", "serial_bundle"]),
        (&["--config", "bad.toml"], ["bad.toml:3", "modus"]),
        (&["--listen", "0.0.0.0:0"], ["others can reach", "admin_token"]),
        (&["--profile", "cj_generic_bach"], ["cj_generic_bach", "cj_generic_batch"]),
    ] {
        let ran = docket(folder.path(), &[&["serve"], args].concat(), WITHIN).await.unwrap();
        assert_eq!(ran.code, Some(3), "{args:?}\n{}", ran.stderr);
        assert!(words.iter().all(|word| ran.stderr.contains(word)), "{words:?} in\n{}", ran.stderr);
    }
}

#[tokio::test]
async fn a_taken_port_is_a_readable_failure() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let args = ["serve", "--profile", "cj_generic_batch", "--listen", &address];
    let ran = docket(folder.path(), &args, WITHIN).await.unwrap();
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    assert!(ran.stderr.contains("cannot listen on") && ran.stderr.contains(&address), "{}", ran.stderr);
}

/// A folder with the mock, and a file that is no plugin.
fn mixed_plugins(folder: &std::path::Path) -> String {
    let dir = folder.join("plugins");
    std::fs::create_dir(&dir).unwrap();
    std::fs::copy(plugins().unwrap().join("cj-generic-batch.wasm"), dir.join("cj-generic-batch.wasm"))
        .unwrap();
    std::fs::write(dir.join("broken.wasm"), "this is no component").unwrap();
    dir.display().to_string()
}

#[tokio::test]
async fn a_bad_plugin_is_named_and_the_others_serve() {
    let folder = tempfile::tempdir().unwrap();
    let dir = mixed_plugins(folder.path());
    let host = TestHost::start(mock().set(format!("plugins.dir={dir}"))).await.unwrap();
    assert!(host.log().contains("broken.wasm"), "{}", host.log());
    host.submit(Comparison::new("one", "t").body()).await.unwrap();
    let events = host.wait_for_events("t", 1, WITHIN).await.unwrap();
    assert_eq!(events[0].event["data"]["winner"], "Essay A");
}

#[tokio::test]
async fn plugin_list_and_check_say_what_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let dir = mixed_plugins(folder.path());
    let ran = docket(folder.path(), &["plugin", "list", "--json", "--plugins", &dir], WITHIN).await.unwrap();
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let all: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
    assert!(all[0]["refused"].as_str().is_some_and(|why| !why.is_empty()), "{}", ran.stdout);
    assert_eq!((&all[1]["id"], &all[1]["imports"]), (&"cj-generic-batch".into(), &Value::Array(Vec::new())));
    let args = ["check", "--profile", "cj_generic_batch", "--plugins", &dir];
    let ran = docket(folder.path(), &args, WITHIN).await.unwrap();
    assert_eq!(ran.code, Some(1), "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("broken.wasm is refused"), "{}", ran.stdout);
    let args = ["check", "--profile", "cj_generic_batch", "--explain"];
    let ran = docket(folder.path(), &args, WITHIN).await.unwrap();
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
    for word in ["queue.mode", "profiles/cj_generic_batch.toml:", "all is well", "made at the first start"] {
        assert!(ran.stdout.contains(word), "{word} is not in\n{}", ran.stdout);
    }
    assert!(!folder.path().join("docket.db").exists(), "check makes no store");
}

#[tokio::test]
async fn check_and_migrate_know_a_damaged_store() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bad.db"), "not a database, rather a text".repeat(50)).unwrap();
    let store = ["--set", "store.url=sqlite://bad.db"];
    for command in [&["check", "--profile", "cj_generic_batch"][..], &["migrate"][..]] {
        let ran = docket(folder.path(), &[command, &store[..]].concat(), WITHIN).await.unwrap();
        assert_eq!(ran.code, Some(4), "{command:?}\n{}\n{}", ran.stdout, ran.stderr);
    }
    let good = ["migrate", "--set", "store.url=sqlite://good.db"];
    let ran = docket(folder.path(), &good, WITHIN).await.unwrap();
    assert!(ran.code == Some(0) && ran.stdout.contains("applied 2"), "{}\n{}", ran.stdout, ran.stderr);
    let ran = docket(folder.path(), &good, WITHIN).await.unwrap();
    assert!(ran.code == Some(0) && ran.stdout.contains("up to date"), "{}\n{}", ran.stdout, ran.stderr);
}

#[tokio::test]
async fn profiles_are_listed_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let ran = docket(folder.path(), &["profile", "list"], WITHIN).await.unwrap();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for name in ["cj_generic_batch", "eng5_anchor_gpt51_low", "eng5_lower5_gpt51_low"] {
        assert!(ran.stdout.contains(name), "{name} is not in\n{}", ran.stdout);
    }
    let ran = docket(folder.path(), &["profile", "show", "eng5_anchor_gpt51_low"], WITHIN).await.unwrap();
    assert!(ran.code == Some(0) && ran.stdout.contains("mock.mode"), "{}\n{}", ran.stdout, ran.stderr);
    let ran = docket(folder.path(), &["profile", "show", "nobody"], WITHIN).await.unwrap();
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
}

#[tokio::test]
async fn essays_are_submitted_waited_for_and_shown() {
    let host = TestHost::start(mock()).await.unwrap();
    let essays = root().join("docs/examples/essays");
    let essays = essays.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let args = ["submit", essays, "--pairs", "10", "--url", host.url(), "--json"];
    let ran = docket(folder.path(), &args, WITHIN).await.unwrap();
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.stdout, ran.stderr);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let outcomes = report["outcomes"].as_array().unwrap();
    assert_eq!(outcomes.len(), 10);
    assert!(outcomes.iter().all(|o| o["result"]["winner"] == "Essay A"));
    let wins: i64 = report["standings"].as_array().unwrap().iter().map(|s| s["wins"].as_i64().unwrap()).sum();
    assert_eq!(wins, 10);
    let ran = docket(folder.path(), &["submit", "--prompt", "x", "--url", host.url()], WITHIN).await.unwrap();
    assert!(
        ran.code == Some(0) && ran.stdout.contains("1 succeeded, 0 failed"),
        "{}\n{}",
        ran.stdout,
        ran.stderr
    );
    let args = ["submit", "--prompt", "x", "--provider", "nobody", "--url", host.url()];
    let ran = docket(folder.path(), &args, WITHIN).await.unwrap();
    assert!(ran.code == Some(1) && ran.stderr.contains("nobody"), "{}\n{}", ran.stdout, ran.stderr);
}

#[tokio::test]
async fn a_crash_point_kills_the_host_and_nothing_is_lost_or_doubled() {
    // A short lease: after the restart the request is taken over soon.
    let short = || mock().set("queue.lease=2s");
    let mut host = TestHost::start(short().arg("--crash-at").arg("settle.before_commit")).await.unwrap();
    let id = host.submit(Comparison::new("one", "t").body()).await.unwrap();
    let status = host.ended(WITHIN).await.unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    host.change(short());
    host.restart().await.unwrap();
    let events = host.wait_for_events("t", 1, WITHIN).await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].event["data"]["request_id"], id.to_string());
}

#[tokio::test]
async fn an_unknown_crash_point_lists_the_known_ones() {
    let folder = tempfile::tempdir().unwrap();
    let ran = docket(folder.path(), &["serve", "--crash-at", "nowhere"], WITHIN).await.unwrap();
    assert!(ran.code == Some(2) && ran.stderr.contains("accept.before_commit"), "{}", ran.stderr);
}
