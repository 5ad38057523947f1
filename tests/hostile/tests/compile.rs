//! Compilation happens in a child that limits itself, and that ends when its time is over.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use docket_adapter::{CacheOutcome, Compiler, Engine, EngineOptions, LoadError};
use docket_tests_hostile::*;
use docket_types::exchange::Effect;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const COMPILER: &str = env!("CARGO_BIN_EXE_hostile-compiler");

fn child() -> Compiler {
    Compiler::Child { exe: COMPILER.into(), args: vec![] }
}

/// A compiler that is a shell script; `$0` is the real one.
fn script(text: &str) -> Compiler {
    Compiler::Child { exe: "/bin/sh".into(), args: vec!["-c".into(), text.into(), COMPILER.into()] }
}

fn with(compiler: Compiler, compile_time: Duration) -> Engine {
    Engine::new(EngineOptions { compiler, compile_time, ..options() }).unwrap()
}

const LONG: Duration = Duration::from_secs(120);

#[tokio::test]
async fn code_of_the_child_runs_here() {
    let adapter = load(&with(child(), LONG), &Guest::new(wait(8)).build()).unwrap();
    assert_eq!(step(&adapter).await.unwrap().effect, Effect::Wait(8));
    assert_eq!(adapter.report().cache, CacheOutcome::Off);
}

#[test]
fn what_does_not_validate_is_refused_in_the_compilers_words() {
    let component = component("(core module $bad (func (result i32)))");
    let error = load(&with(child(), LONG), &component).unwrap_err();
    assert!(matches!(&error, LoadError::Compile(why) if why.contains("type mismatch")), "{error}");
}

#[test]
fn a_child_that_never_ends_is_ended() {
    let began = Instant::now();
    let error =
        load(&with(script("exec sleep 600"), Duration::from_millis(200)), &Guest::new(wait(1)).build());
    assert!(matches!(error.unwrap_err(), LoadError::CompileTimeout(_)));
    assert!(began.elapsed() < Duration::from_secs(60), "twice its time, and not ten minutes");
}

#[tokio::test]
async fn a_time_out_is_tried_again_without_optimisation() {
    let slow = script("case \"$*\" in *speed*) exec sleep 600;; *) exec \"$0\" \"$@\";; esac");
    let adapter = load(&with(slow, Duration::from_secs(5)), &Guest::new(wait(8)).build()).unwrap();
    assert_eq!(step(&adapter).await.unwrap().effect, Effect::Wait(8));
}

#[test]
fn children_that_die_or_talk_nonsense() {
    let refused = |text: &str| {
        let error = load(&with(script(text), LONG), &Guest::new(wait(1)).build()).unwrap_err();
        error.to_string()
    };
    assert!(refused("kill -9 $$").contains("signal 9"));
    assert!(refused("kill -24 $$").contains("compiling it took more than"), "SIGXCPU is a time-out");
    assert!(refused("echo out of cheese >&2; exit 3").contains("out of cheese"));
    assert!(refused("exit 3").contains("status 3"));
    assert!(refused("exit 0").contains("something else than code"), "nothing is no success");
    assert!(refused("echo hello").contains("something else than code"));
    let missing = Compiler::Child { exe: "/nowhere/at/all".into(), args: vec![] };
    let error = load(&with(missing, LONG), &Guest::new(wait(1)).build()).unwrap_err().to_string();
    assert!(error.contains("cannot start /nowhere/at/all"), "{error}");
}

#[test]
fn the_child_sees_no_environment() {
    let leak =
        "if [ -n \"$HOME$CARGO_MANIFEST_DIR\" ]; then echo leaked >&2; else echo clean >&2; fi; exit 1";
    let error = load(&with(script(leak), LONG), &Guest::new(wait(1)).build()).unwrap_err().to_string();
    assert!(error.contains("clean"), "{error}");
}

/// It limits itself before it reads: while it waits for input its limits are in force.
#[test]
fn the_child_limits_its_own_memory_and_time() {
    let mut child = Command::new(COMPILER)
        .args(["--level", "speed", "--cpu-seconds", "7"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let limit = |limits: &str, name: &str| {
        let line = limits.lines().find(|l| l.starts_with(name)).unwrap_or_default().to_owned();
        line[name.len().min(line.len())..].split_whitespace().next().unwrap_or_default().to_owned()
    };
    let expected = [
        ("Max address space", "2147483648"),
        ("Max cpu time", "7"),
        ("Max file size", "0"),
        ("Max core file size", "0"),
    ];
    let mut limits = String::new();
    while Instant::now() < deadline && !expected.iter().all(|(name, value)| limit(&limits, name) == *value) {
        limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
        std::thread::yield_now();
    }
    for (name, value) in expected {
        assert_eq!(limit(&limits, name), value, "{name}");
    }
    child.stdin.take().unwrap().write_all(&Guest::new(wait(1)).build()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stdout.len() > 1000);
    let usage = Command::new(COMPILER).output().unwrap();
    assert!(!usage.status.success() && String::from_utf8_lossy(&usage.stderr).contains("usage"));
}
