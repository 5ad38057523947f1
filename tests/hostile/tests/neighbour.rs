//! A plugin that loops costs its own requests: its neighbour goes on, at its own speed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use docket_adapter::{Adapter, Engine, EngineOptions, Grants, Limits, StepErrorKind};
use docket_tests_hostile::*;
use docket_types::exchange::Effect;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::task::Poll;
use std::time::{Duration, Instant};

fn looping(engine: &Engine, limits: Limits) -> Arc<Adapter> {
    let guest = Guest::new("(loop $l (br $l)) unreachable").build();
    engine.load("looping", &guest, Grants::default(), limits).unwrap()
}

async fn median(adapter: &Adapter, steps: usize) -> Duration {
    let mut times = Vec::new();
    for _ in 0..steps {
        let began = Instant::now();
        assert_eq!(step(adapter).await.expect("a good step succeeds").effect, Effect::Wait(1));
        times.push(began.elapsed());
        tokio::task::yield_now().await;
    }
    times.sort();
    times[steps / 2]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_looping_plugin_does_not_slow_its_neighbour() {
    let engine = engine();
    let good = good(&engine);
    let looping = looping(&engine, tight());
    let alone = median(&good, 500).await;
    let stop = Arc::new(AtomicBool::new(false));
    let ended = Arc::new(AtomicUsize::new(0));
    let hostile: Vec<_> = (0..8)
        .map(|_| {
            let (looping, stop, ended) = (Arc::clone(&looping), Arc::clone(&stop), Arc::clone(&ended));
            tokio::spawn(async move {
                while !stop.load(Relaxed) {
                    let error = step(&looping).await.expect_err("it loops");
                    assert!(matches!(error.kind, StepErrorKind::Timeout | StepErrorKind::Busy), "{error}");
                    ended.fetch_add(1, Relaxed);
                }
            })
        })
        .collect();
    let deadline = Instant::now() + Duration::from_secs(30);
    while ended.load(Relaxed) < 2 && Instant::now() < deadline {
        median(&good, 1).await;
    }
    assert!(looping.is_slow(), "it was moved to the slow lane");
    assert!(!good.is_slow(), "the good one was not");
    let together = median(&good, 500).await;
    stop.store(true, Relaxed);
    for task in hostile {
        task.await.unwrap();
    }
    assert!(
        together < alone * 10 + Duration::from_millis(1),
        "alone {alone:?}, beside eight looping steps {together:?}"
    );
}

#[tokio::test]
async fn waiting_has_a_bound() {
    let options = EngineOptions { admission_wait: Duration::from_millis(50), ..options() };
    let engine = Engine::new(options).unwrap();
    let limits = Limits { concurrent_steps: 1, step_time: Duration::from_millis(600), ..tight() };
    let looping = looping(&engine, limits);
    let results = tokio::join!(step(&looping), step(&looping), step(&looping));
    let mut kinds =
        [results.0, results.1, results.2].map(|result| result.expect_err("it loops").kind.as_str());
    kinds.sort_unstable();
    assert_eq!(kinds, ["busy", "busy", "timeout"]);
}

#[tokio::test]
async fn a_step_that_is_slow_but_honest_finishes_on_the_slow_lane() {
    let engine = engine();
    let busy = format!(
        "(loop $l (local.set $i (i64.add (local.get $i) (i64.const 1)))
            (br_if $l (i64.lt_u (local.get $i) (i64.const 200000000)))) {}",
        wait(9)
    );
    let guest = Guest { locals: "(local $i i64)".into(), ..Guest::new(busy) };
    let limits = Limits { step_time: Duration::from_secs(20), ..Limits::default() };
    let slow = engine.load("slow", &guest.build(), Grants::default(), limits).unwrap();
    assert_eq!(step(&slow).await.unwrap().effect, Effect::Wait(9), "interrupted inline, and run again");
    assert!(slow.is_slow());
    assert_eq!(step(&slow).await.unwrap().effect, Effect::Wait(9));
}

/// A caller that goes away frees its place once its step has ended.
#[tokio::test]
async fn a_caller_that_goes_away_leaves_nothing_behind() {
    let engine = engine();
    let looping = looping(&engine, Limits { concurrent_steps: 1, ..tight() });
    assert!(
        tokio::time::timeout(Duration::from_millis(1), step(&looping)).await.is_err(),
        "the caller goes away"
    );
    let next = step(&looping).await.expect_err("it loops");
    assert_eq!(next.kind, StepErrorKind::Timeout, "the place was free again: {next}");
}

/// An interrupted plugin's next steps do not even begin on the caller's thread. Inline it would be held for 20 ms each
/// time; the quickest of some tries shows that it is not, however busy the machine is.
#[tokio::test]
async fn a_plugin_that_was_interrupted_holds_up_no_thread() {
    let engine = engine();
    let looping = looping(&engine, tight());
    assert_eq!(step(&looping).await.expect_err("it loops").kind, StepErrorKind::Timeout);
    let mut held = Duration::MAX;
    for _ in 0..5 {
        let mut next = std::pin::pin!(step(&looping));
        let began = Instant::now();
        let pending = std::future::poll_fn(|cx| Poll::Ready(next.as_mut().poll(cx).is_pending())).await;
        held = held.min(began.elapsed());
        assert!(pending, "it runs elsewhere");
        assert_eq!(next.await.expect_err("it loops").kind, StepErrorKind::Timeout);
    }
    assert!(held < Duration::from_millis(15), "the caller's thread was held for {held:?}");
}
