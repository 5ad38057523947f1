//! `docket judge` as a process of its own: what it prints and leaves, how it ends, and that it goes on after a kill.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what went wrong by panicking"
)]

use docket_test_support::{Ran, Setup, TestHost, docket, ended, root, spawn_docket};
use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Child;
use tokio::time::Instant;

const WITHIN: Duration = Duration::from_secs(180);

fn essays() -> String {
    root().join("docs/examples/essays").display().to_string()
}

/// The example essays, judged by the plain mock.
fn judge<'a>(essays: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["judge", essays, "--profile", "default", "--provider", "mock", "--seed", "7"], more].concat()
}

/// Slow enough to be stopped in the middle: two at a time, a tenth of a second each.
fn slowly<'a>(essays: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let slow = [
        "--set",
        "mock.latency_ms=100",
        "--set",
        "providers.mock.max_concurrent=2",
        "--set",
        "queue.lease=2s",
    ];
    [judge(essays, &["--budget", "100", "--mode", "per_request"]), slow.to_vec(), more.to_vec()].concat()
}

fn json(folder: &TempDir, name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.path().join(name)).unwrap()).unwrap()
}

fn assert_code(ran: &Ran, code: i32) {
    assert_eq!(ran.code, Some(code), "{}\n{}", ran.stdout, ran.stderr);
}

#[tokio::test]
async fn every_essay_is_ranked_and_the_same_seed_gives_the_same_ranking() {
    let folder = tempfile::tempdir().unwrap();
    let essays = essays();
    let files = ["--budget", "60", "--json", "one.json", "--report", "report.html"];
    let ran = docket(folder.path(), &judge(&essays, &files), WITHIN).await.unwrap();
    assert_code(&ran, 0);
    for number in 1..=14 {
        let id = format!("essay-{number:02}");
        assert_eq!(ran.stdout.matches(&id).count(), 1, "{id} in\n{}", ran.stdout);
    }
    let summary = ran.stdout.lines().last().unwrap();
    assert!(summary.starts_with("14 essays, ") && summary.contains("seed 7"), "{summary}");
    assert!(ran.stderr.contains("comparisons answered: "), "{}", ran.stderr);
    let report = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(report.starts_with("<!DOCTYPE html>") && report.contains("essay-14"));
    let again = judge(&essays, &["--budget", "60", "--json", "-"]);
    let again = docket(folder.path(), &again, WITHIN).await.unwrap();
    assert_code(&again, 0);
    let (one, two): (Value, Value) =
        (json(&folder, "one.json"), serde_json::from_str(&again.stdout).unwrap());
    assert_eq!(one["assessment"]["ranking"], two["assessment"]["ranking"]);
    let answered = one["assessment"]["progress"]["answered"].as_u64().unwrap();
    assert!((28..=60).contains(&answered), "{answered}");
    assert_eq!(one["comparisons"].as_array().unwrap().len() as u64, answered);
}

#[tokio::test]
async fn anchors_give_grades_with_probabilities() {
    let folder = tempfile::tempdir().unwrap();
    let anchors = "essay,grade\nessay-01,E\nessay-05,D\nessay-08,C\nessay-10,B\nessay-13,A\n";
    std::fs::write(folder.path().join("grades.csv"), anchors).unwrap();
    let essays = essays();
    let ran = docket(folder.path(), &judge(&essays, &["--anchors", "grades.csv"]), WITHIN).await.unwrap();
    assert_code(&ran, 0);
    assert!(ran.stdout.contains("E (anchor)") && ran.stdout.contains(" (0."), "{}", ran.stdout);
}

#[tokio::test]
async fn bad_input_is_named_all_at_once() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("e.csv"), "id,text,grade\na,one,Q\na,two,\nb,,\n").unwrap();
    let args = ["judge", "e.csv", "--report", "nowhere/report.html", "--rubric", "absent.txt"];
    let ran = docket(folder.path(), &args, WITHIN).await.unwrap();
    assert_code(&ran, 2);
    for part in [
        "e.csv:2: the scale swedish_8_anchor has no grade `Q`",
        "e.csv:3: the id `a` is used before, at e.csv:2",
        "e.csv:4: the essay is empty",
        "absent.txt: it cannot be read",
        "nowhere/report.html: cannot be written",
    ] {
        assert!(ran.stderr.contains(part), "{part} in\n{}", ran.stderr);
    }
    let essays = essays();
    let ran = docket(folder.path(), &["judge", &essays, "--provider", "nobody"], WITHIN).await.unwrap();
    assert_code(&ran, 2);
    assert!(ran.stderr.contains("nobody") && ran.stderr.contains("mock"), "{}", ran.stderr);
    let ran = docket(folder.path(), &["judge", &essays, "--budget", "3"], WITHIN).await.unwrap();
    assert_code(&ran, 2);
    assert!(ran.stderr.contains("at least 7"), "{}", ran.stderr);
}

#[tokio::test]
async fn an_assessment_without_answers_fails_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let essays = essays();
    let broken =
        ["--set", "mock.error_rate=1", "--set", "mock.error_codes=400", "--set", "judging.attempts=1"];
    let ran = docket(folder.path(), &judge(&essays, &broken), WITHIN).await.unwrap();
    assert_code(&ran, 1);
    assert!(ran.stderr.contains("failed: No comparison was answered"), "{}", ran.stderr);
}

/// Waits until the store's one assessment has answers; its id.
async fn answers(folder: &Path, url: &str) -> String {
    let deadline = Instant::now() + WITHIN;
    loop {
        let args = ["assessment", "list", "--store", url, "--json"];
        let ran = docket(folder, &args, WITHIN).await.unwrap();
        let all: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
        if all[0]["progress"]["answered"].as_u64().is_some_and(|answered| answered > 0) {
            assert_eq!(all[0]["state"], "running", "it is to be stopped in the middle");
            return all[0]["id"].as_str().unwrap().to_owned();
        }
        assert!(Instant::now() < deadline, "nothing was answered in time: {}\n{}", ran.stdout, ran.stderr);
    }
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

#[tokio::test]
async fn after_a_kill_the_same_command_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (essays, url) = (essays(), "sqlite://judging.db");
    let args = slowly(&essays, &["--store", url, "--json", "resumed.json"]);
    let mut child = spawn_docket(folder.path(), &args).unwrap();
    let id = answers(folder.path(), url).await;
    child.kill().await.unwrap();
    assert!(!folder.path().join("resumed.json").exists());
    let ran = docket(folder.path(), &args, WITHIN).await.unwrap();
    assert_code(&ran, 0);
    assert!(ran.stderr.contains(&id) && ran.stderr.contains("going on with it"), "{}", ran.stderr);
    let whole = judge(&essays, &["--budget", "100", "--mode", "per_request", "--json", "whole.json"]);
    assert_code(&docket(folder.path(), &whole, WITHIN).await.unwrap(), 0);
    let (resumed, whole) = (json(&folder, "resumed.json"), json(&folder, "whole.json"));
    assert_eq!(resumed["assessment"]["id"], id);
    assert_eq!(resumed["assessment"]["ranking"], whole["assessment"]["ranking"]);
    assert_eq!(
        resumed["comparisons"].as_array().unwrap().len(),
        whole["comparisons"].as_array().unwrap().len()
    );
    let show = ["assessment", "show", &id, "--store", url];
    let shown = docket(folder.path(), &show, WITHIN).await.unwrap();
    assert!(shown.code == Some(0) && shown.stdout.contains("essay-14"), "{}", shown.stdout);
    let explain = ["assessment", "explain", &id, "--store", url];
    let explained = docket(folder.path(), &explain, WITHIN).await.unwrap();
    assert_code(&explained, 0);
    assert!(explained.stdout.starts_with("   0  20"), "{}", explained.stdout);
    for part in [
        "comparisons, a random wave, because",
        "because nothing was asked for yet",
        "ends with scores, because",
    ] {
        assert!(explained.stdout.contains(part), "{part} in\n{}", explained.stdout);
    }
}

#[tokio::test]
async fn ctrl_c_stops_cleanly_and_says_how_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let (essays, url) = (essays(), "sqlite://judging.db");
    let args = slowly(&essays, &["--store", url]);
    let child = spawn_docket(folder.path(), &args).unwrap();
    let id = answers(folder.path(), url).await;
    signal(&child, Signal::INT);
    let ran = ended(child, WITHIN).await.unwrap();
    assert_code(&ran, 1);
    assert!(ran.stderr.contains("the same command again goes on"), "{}", ran.stderr);
    let cancel = docket(folder.path(), &["assessment", "cancel", &id, "--store", url], WITHIN).await.unwrap();
    assert_code(&cancel, 0);
    let ran = docket(folder.path(), &args, WITHIN).await.unwrap();
    assert_code(&ran, 1);
    assert!(ran.stderr.contains("was cancelled"), "{}", ran.stderr);
    let cancel = docket(folder.path(), &["assessment", "cancel", &id, "--store", url], WITHIN).await.unwrap();
    assert_code(&cancel, 1);
    assert!(cancel.stderr.contains("has ended already: cancelled"), "{}", cancel.stderr);
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let list = ["assessment", "list", "--store", "sqlite://absent.db"];
    let ran = docket(folder.path(), &list, WITHIN).await.unwrap();
    assert_code(&ran, 4);
    assert!(!folder.path().join("absent.db").exists(), "looking makes no store");
    let ran =
        docket(folder.path(), &["assessment", "list", "--url", "http://127.0.0.1:9"], WITHIN).await.unwrap();
    assert_code(&ran, 5);
}

#[tokio::test]
async fn designs_are_simulated() {
    let folder = tempfile::tempdir().unwrap();
    let small = ["simulate", "--items", "12", "--seeds", "3", "--most", "6", "--target", "0.5", "--json"];
    let ran = docket(folder.path(), &small, WITHIN).await.unwrap();
    assert_code(&ran, 0);
    let found: Value = serde_json::from_str(&ran.stdout).unwrap();
    let designs: Vec<&str> =
        found["designs"].as_array().unwrap().iter().map(|d| d["design"].as_str().unwrap()).collect();
    assert_eq!(designs, ["adaptive", "coverage", "random", "swiss"]);
    for design in found["designs"].as_array().unwrap() {
        assert!(design["reached"] == true && design["at"]["spearman"].as_f64().unwrap() >= 0.5, "{design}");
    }
    let table = docket(folder.path(), &small[..small.len() - 1], WITHIN).await.unwrap();
    assert!(table.stdout.contains("SSR (inflated)") && table.stdout.contains("adaptive"), "{}", table.stdout);
}

#[tokio::test]
async fn a_running_host_tells_of_its_assessments() {
    let host = TestHost::start(Setup::profile("default")).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let text = |n: usize| serde_json::json!({"id": format!("e{n}"), "text": format!("essay number {n}")});
    let essays: Vec<Value> = (0..6).map(text).collect();
    let body = serde_json::json!({"name": "n", "essays": essays, "judging": {"provider": "mock", "max_comparisons": 30}});
    let answer = host.request(Method::POST, "/api/v1/assessments").json(&body).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 202);
    let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    let id = answer["id"].as_str().unwrap_or_else(|| panic!("a receipt with an id: {answer}"));
    let deadline = Instant::now() + WITHIN;
    let shown = loop {
        let ran =
            docket(folder.path(), &["assessment", "show", id, "--url", host.url()], WITHIN).await.unwrap();
        assert_code(&ran, 0);
        if ran.stdout.contains("(completed)") {
            break ran.stdout;
        }
        assert!(Instant::now() < deadline, "it did not end in time: {}", ran.stdout);
    };
    assert!(shown.contains("e5") && shown.contains("6 essays, "), "{shown}");
    for (args, parts) in [
        (vec!["list"], &["completed", "mock", id][..]),
        (vec!["explain", id], &["because nothing was asked for yet", "ends with scores, because"]),
        (vec!["show", id, "--json"], &["\"state\": \"completed\"", "T"]),
    ] {
        let args = [&["assessment"], &args[..], &["--url", host.url()]].concat();
        let ran = docket(folder.path(), &args, WITHIN).await.unwrap();
        assert_code(&ran, 0);
        assert!(parts.iter().all(|part| ran.stdout.contains(part)), "{parts:?} in\n{}", ran.stdout);
    }
    let ran =
        docket(folder.path(), &["assessment", "cancel", id, "--url", host.url()], WITHIN).await.unwrap();
    assert_code(&ran, 1);
    assert!(ran.stderr.contains("has ended already: completed"), "{}", ran.stderr);
    let nobody = "01a20908-8dba-74b5-943e-8d95c657535d";
    for what in ["show", "explain", "cancel"] {
        let ran =
            docket(folder.path(), &["assessment", what, nobody, "--url", host.url()], WITHIN).await.unwrap();
        assert_code(&ran, 1);
        assert!(ran.stderr.contains(nobody), "{what}: {}", ran.stderr);
    }
}
