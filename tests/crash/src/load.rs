//! Work of every kind at once, until the host dies.

use crate::Ledger;
use anyhow::Result;
use docket_test_support::{Comparison, Setup, TestHost};
use docket_types::Timestamp;
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, SystemTime};

/// Where every outcome goes.
pub const TOPIC: &str = "crash";
/// A provider that is always busy: its requests wait, expire and are cancelled.
pub const BLOCKED: &str = "google";

const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";

/// A host whose leases are short, whose provider fails now and then, and which may call the receiver on loopback.
pub fn setup(mode: &str) -> Setup {
    let mut setup = Setup::profile("default")
        .set(format!("queue.mode={mode}"))
        .set("queue.lease=600ms")
        .set("queue.max_lost_leases=100")
        .set("queue.max_attempts=20")
        .set("queue.backoff_initial=10ms")
        .set("queue.backoff_max=50ms")
        .set("queue.poll_interval=50ms")
        .set(format!("webhooks.secret={SECRET}"))
        .set("webhooks.allow_private=true")
        .set("log.filter=warn");
    for (provider, settings) in [("mock", &["error_rate=0.2"][..]), (BLOCKED, &["latency_ms=1500"][..])] {
        setup = setup.set(format!("providers.{provider}.adapter=mock-default"));
        for setting in settings {
            setup = setup.set(format!("providers.{provider}.settings.{setting}"));
        }
    }
    setup.set(format!("providers.{BLOCKED}.max_concurrent=1"))
}

/// How many callers there are at once.
const CALLERS: u64 = 4;

/// Submits, cancels and asks for redeliveries, until the host does not answer any more.
pub async fn press(host: &TestHost, ledger: &Ledger, webhook: &str) {
    let callers = (0..CALLERS).map(|caller| async move {
        let mut round = caller * 1_000_000;
        while one_round(host, ledger, webhook, round).await.is_ok() {
            round += 1;
        }
    });
    futures_util::future::join_all(callers).await;
}

/// A few requests of each kind. An error means that the host is going or gone.
async fn one_round(host: &TestHost, ledger: &Ledger, webhook: &str, round: u64) -> Result<()> {
    let plain = (0..4).map(|n| comparison(round, n, "mock").with("callback_url", webhook));
    let waiting =
        [comparison(round, 10, BLOCKED).with("deadline", in_a_moment()), comparison(round, 11, BLOCKED)];
    let (mut first, mut last) = (None, None);
    for comparison in plain.chain(waiting) {
        let id = host.submit(comparison.body()).await?;
        ledger.accepted(id);
        first = first.or(Some(id));
        last = Some(id);
    }
    if let Some(id) = last {
        host.request(Method::DELETE, &format!("/api/v1/requests/{id}")).send().await?;
    }
    if let Some(id) = first {
        let view = host.get(&format!("/api/v1/requests/{id}")).await?;
        if let Some(delivery) = view["deliveries"][0]["id"].as_str() {
            host.request(Method::POST, &format!("/api/v1/deliveries/{delivery}/redeliver")).send().await?;
        }
    }
    Ok(())
}

fn comparison(round: u64, number: u64, provider: &str) -> Comparison {
    Comparison::new(&format!("Round {round}, comparison {number}: which essay is better?"), TOPIC)
        .overriding("provider_override", provider)
        .metadata("crash", json!({"round": round, "number": number}))
}

/// RFC 3339, 400 ms from now: long enough to be accepted, too short for a provider that is busy.
fn in_a_moment() -> String {
    let at = SystemTime::now() + Duration::from_millis(400);
    let micros = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros();
    Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX)).to_string()
}
