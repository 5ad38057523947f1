//! What was promised, and whether it was kept.

use crate::TOPIC;
use anyhow::{Context, Result, ensure};
use docket_test_support::{Received, TestHost};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// How long everything may take to come to its end after the last start.
const SETTLED_WITHIN: Duration = Duration::from_secs(90);

/// Requests that a 202 was received for.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<BTreeSet<Uuid>>);

impl Ledger {
    /// A 202 came for this request.
    pub fn accepted(&self, id: Uuid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    }

    /// All of them.
    pub fn ids(&self) -> Vec<Uuid> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    /// Every accepted request has exactly one terminal outcome, one event with one id, and, if a webhook came for it,
    /// the same id and bytes each time. Waits until it is so; says what is not.
    pub async fn check(&self, host: &TestHost, webhooks: &[Received]) -> Result<()> {
        let states = self.settled(host).await?;
        let mut events: BTreeMap<Uuid, Vec<(String, Value)>> = BTreeMap::new();
        for event in host.topic(TOPIC).await? {
            let id = event.event["data"]["request_id"].as_str().context("an event without request_id")?;
            events.entry(id.parse()?).or_default().push((event.id, event.event));
        }
        for id in self.ids() {
            let of_it = events.get(&id).map(Vec::as_slice).unwrap_or_default();
            ensure!(of_it.len() == 1, "{id} has {} events in the topic, not one", of_it.len());
            ensure!(of_it[0].0 == format!("{id}.terminal"), "{id} was delivered as {}", of_it[0].0);
            let succeeded = of_it[0].1["data"]["error_detail"].is_null();
            let state = states.get(&id).map(String::as_str).unwrap_or_default();
            ensure!(succeeded == (state == "succeeded"), "{id} is {state}, its event says otherwise");
        }
        same_bytes(webhooks)
    }

    /// The terminal state of each, once all have one.
    async fn settled(&self, host: &TestHost) -> Result<BTreeMap<Uuid, String>> {
        let deadline = Instant::now() + SETTLED_WITHIN;
        let mut states = BTreeMap::new();
        for id in self.ids() {
            loop {
                let view = host
                    .get(&format!("/api/v1/requests/{id}"))
                    .await
                    .context("an accepted request is lost")?;
                let state = view["state"].as_str().context("a request without a state")?.to_owned();
                if ["succeeded", "failed", "expired", "cancelled"].contains(&state.as_str()) {
                    states.insert(id, state);
                    break;
                }
                ensure!(Instant::now() < deadline, "{id} is still {state} after {SETTLED_WITHIN:?}: {view}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Ok(states)
    }
}

/// One webhook id always comes with the same bytes.
fn same_bytes(webhooks: &[Received]) -> Result<()> {
    let mut bodies = BTreeMap::new();
    for received in webhooks {
        let id = received.headers.get("webhook-id").context("a webhook without id")?.to_str()?;
        let first = bodies.entry(id).or_insert(&received.body);
        ensure!(*first == &received.body, "webhook {id} came with other bytes");
    }
    Ok(())
}
