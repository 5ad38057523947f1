//! Playing one case: send its waves, collect the callbacks, and take the metrics before and after.

use super::callback::{Envelope, Sent};
use super::exposition::Scrape;
use super::parity::Run;
use super::queue_metrics::Metrics;
use super::scenario::{Case, Comparison, HostNeeds};
use super::summary::TraceSummary;
use super::verdict::{self, Row};
use crate::client::Client;
use crate::exchange::{Outgoing, Reader, send_all};
use crate::exit::{Exit, Failure};
use crate::output::Progress;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// How long counters may lag behind the callbacks that they count.
const METRICS_WITHIN: Duration = Duration::from_secs(5);

/// How often they are looked at.
const METRICS_EVERY: Duration = Duration::from_millis(50);

/// Plays a case against a host.
pub(crate) struct Player<'a> {
    pub(crate) client: &'a Client,
    pub(crate) needs: &'a HostNeeds,
    pub(crate) case: &'a Case,
    /// Nobody else uses the host.
    pub(crate) alone: bool,
    pub(crate) quiet: bool,
}

/// A case that was played.
pub(crate) struct Played {
    pub(crate) case: String,
    pub(crate) sent: usize,
    pub(crate) received: Vec<Envelope>,
    pub(crate) summary: TraceSummary,
    pub(crate) rows: Vec<Row>,
    pub(crate) took: Duration,
}

impl Played {
    /// The failed rows, one sentence each.
    pub(crate) fn failed(&self) -> Vec<String> {
        verdict::failed(&self.case, &self.rows)
    }

    /// For programs.
    pub(crate) fn to_json(&self) -> Value {
        json!({"case": self.case, "sent": self.sent, "seconds": self.took.as_secs_f64(), "rows": self.rows, "summary": self.summary})
    }
}

impl Player<'_> {
    /// Plays the case and compares it with `recorded`.
    pub(crate) async fn play(&self, recorded: Option<&TraceSummary>) -> Result<Played, Failure> {
        let started = Instant::now();
        let before = self.scrape().await?;
        let topic = format!("{}.{}", self.case.topic, Uuid::now_v7().simple());
        let mut reader = Reader::new(self.client, &topic);
        let mut sent = Vec::new();
        for batch in 0..self.case.batches {
            self.wave(batch, &topic, &mut sent, &mut reader).await?;
        }
        // Anything that came twice is there by now: deliveries are written with the outcome.
        reader.read(Duration::ZERO).await?;
        let after = self.settled(&before, sent.len() as f64).await?;
        let run = Run { case: self.case, sent: &sent, received: &reader.received, recorded };
        let mut rows = run.rows();
        let added = after.since(&before);
        let (needs, case, alone) = (self.needs, self.case, self.alone);
        rows.extend(
            Metrics { needs, case, added: &added, after: &after, sent: sent.len() as u64, alone }.rows(),
        );
        let summary = run.summary();
        let received = reader.received;
        Ok(Played {
            case: self.case.name.clone(),
            sent: sent.len(),
            received,
            summary,
            rows,
            took: started.elapsed(),
        })
    }

    async fn wave(
        &self,
        batch: u32,
        topic: &str,
        sent: &mut Vec<Sent>,
        reader: &mut Reader<'_>,
    ) -> Result<(), Failure> {
        let deadline = Instant::now() + Duration::from_secs(self.case.wait_seconds);
        let comparisons = self.case.prompts.comparisons();
        let mut progress = Progress::new(
            &format!("{} wave {}", self.case.name, batch + 1),
            comparisons.len() as u64,
            self.quiet,
        );
        let outgoing: Vec<Outgoing> = comparisons.iter().map(|c| self.outgoing(c, batch, topic)).collect();
        let receipts = send_all(self.client, &outgoing, deadline).await?;
        let mut wanted = BTreeSet::new();
        for ((receipt, out), comparison) in receipts.into_iter().zip(outgoing).zip(comparisons) {
            wanted.insert(receipt.queue_id);
            sent.push(Sent {
                request_id: receipt.queue_id,
                correlation_id: out.correlation_id,
                batch,
                pair: comparison.pair,
                metadata: out.body["metadata"].as_object().cloned().unwrap_or_default(),
            });
        }
        // A callback that does not come in time is a failed row, not an error here.
        reader.wait_for(&wanted, deadline, |done| progress.set(done)).await?;
        progress.finish();
        Ok(())
    }

    fn outgoing(&self, comparison: &Comparison, batch: u32, topic: &str) -> Outgoing {
        let correlation_id = Uuid::now_v7();
        let mut metadata = Map::new();
        metadata.insert("essay_a_id".to_owned(), json!(comparison.a));
        metadata.insert("essay_b_id".to_owned(), json!(comparison.b));
        if let Some(id) = &self.case.bos_batch_id {
            metadata.insert(
                "bos_batch_id".to_owned(),
                json!(id.replace("{batch}", &format!("{:03}", batch + 1))),
            );
        }
        if let Some(hint) = &self.case.batching_hint {
            metadata.insert(docket_types::submission::hint::BATCHING_MODE.to_owned(), json!(hint));
        }
        let mut overrides = json!({"provider_override": self.case.provider});
        if let Some(model) = &self.case.model {
            overrides["model_override"] = json!(model);
        }
        let body = json!({
            "user_prompt": comparison.prompt,
            "callback_topic": topic,
            "correlation_id": correlation_id,
            "metadata": metadata,
            "llm_config_overrides": overrides,
        });
        Outgoing { correlation_id, body }
    }

    async fn scrape(&self) -> Result<Scrape, Failure> {
        let text = self.client.metrics().await?;
        Scrape::parse(&text).map_err(|e| Failure::new(Exit::Failed, e))
    }

    /// The metrics once they count every callback, or as they are when that takes too long.
    async fn settled(&self, before: &Scrape, sent: f64) -> Result<Scrape, Failure> {
        let deadline = Instant::now() + METRICS_WITHIN;
        let labels = [("queue_processing_mode", self.needs.queue_mode.as_str())];
        loop {
            let now = self.scrape().await?;
            let added = now.since(before);
            let counted = added.total("llm_provider_comparison_callbacks_total", &labels);
            let jobs = |status| added.total("llm_provider_batch_api_jobs_total", &[("status", status)]);
            let jobs_done = jobs("scheduled") <= jobs("completed") + jobs("failed");
            let idle = now.total("llm_provider_queue_depth", &[("queue_type", "total")]) == 0.0;
            if counted >= sent && jobs_done && (idle || !self.alone) || Instant::now() >= deadline {
                return Ok(now);
            }
            sleep(METRICS_EVERY).await;
        }
    }
}
