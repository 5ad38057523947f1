//! SIGKILL before and after every persistence point, and at 200 random moments under load.

use docket_store::crash::POINTS;
use docket_test_support::{Receiver, TestHost};
use docket_tests_crash::{Ledger, press, setup};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;
use tokio::time::timeout;

/// How long the load goes on until it must have come to a point.
const POINT_WITHIN: Duration = Duration::from_secs(40);
/// How many times the process is killed at random.
const RANDOM_KILLS: usize = 200;
/// Points that the load cannot bring about: the clean-up of what is a week old, the pause of a receiver that failed ten times, and
/// assessments, which have a test of their own beside this one. The store's own crash suite kills at all of these, too.
const ELSEWHERE: &[&str] = &["prune.", "outbox.postpone.", "assessment.", "resource."];

/// In which mode the load comes to a point.
fn mode(point: &str) -> &'static str {
    let of_jobs = ["plan.", "job.", "step.", "finish."];
    if of_jobs.iter().any(|prefix| point.starts_with(prefix)) { "batch_api" } else { "serial_bundle" }
}

#[tokio::test]
async fn at_every_persistence_point() {
    let is_elsewhere = |point: &&&str| ELSEWHERE.iter().any(|prefix| point.starts_with(prefix));
    let named = |prefix: &&&str| POINTS.iter().any(|point| point.starts_with(**prefix));
    let unknown: Vec<_> = ELSEWHERE.iter().filter(|prefix| !named(prefix)).collect();
    assert!(unknown.is_empty(), "no such points: {unknown:?}");
    for point in POINTS.iter().filter(|point| !is_elsewhere(point)) {
        println!("{point}");
        // The first ones fail, so that deliveries are put off, too.
        let receiver = Receiver::start(&[503; 8]).await.unwrap();
        let ledger = Ledger::default();
        // Failed deliveries that come together share one commit: there may be no second one.
        let passing = if point.starts_with("outbox.undelivered.") { 1 } else { 2 };
        let armed = setup(mode(point)).arg("--crash-at").arg(format!("{point}:{passing}"));
        let mut host = TestHost::start(armed).await.unwrap();
        // Over before its time when the host does not answer any more.
        let pressed = timeout(POINT_WITHIN, press(&host, &ledger, receiver.url())).await;
        assert!(pressed.is_ok(), "{point} was not passed within {POINT_WITHIN:?}");
        host.ended(Duration::from_secs(10)).await.unwrap();
        host.change(setup(mode(point)));
        host.restart().await.unwrap();
        if let Err(broken) = ledger.check(&host, &receiver.received()).await {
            panic!("after a kill at {point}: {broken:#}");
        }
        host.stop().await.unwrap();
    }
}

#[tokio::test]
async fn at_200_random_moments() {
    let seed = 20_261_123;
    println!("seed {seed}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let receiver = Receiver::start(&[503, 500, 503]).await.unwrap();
    let ledger = Ledger::default();
    let modes = ["per_request", "serial_bundle", "batch_api"];
    let mut host = TestHost::prepare(setup(modes[0])).unwrap();
    for kill in 0..RANDOM_KILLS {
        host.change(setup(modes[kill % modes.len()]));
        host.restart().await.unwrap();
        let moment = Duration::from_millis(rng.random_range(5..300));
        let ended = timeout(moment, press(&host, &ledger, receiver.url())).await;
        assert!(ended.is_err(), "the host ended by itself");
        host.kill().await.unwrap();
    }
    host.restart().await.unwrap();
    assert!(ledger.ids().len() > RANDOM_KILLS, "only {} requests were accepted", ledger.ids().len());
    ledger.check(&host, &receiver.received()).await.unwrap();
    host.stop().await.unwrap();
}
