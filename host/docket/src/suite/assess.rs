//! Playing an assessment: essays in, and everything that its name promises looked at afterwards.

use super::exposition::Scrape;
use super::scenario::{AssessmentCase, HostNeeds};
use super::verdict::{self, Row, show};
use crate::client::Client;
use crate::exit::{Exit, Failure};
use crate::output::Progress;
use docket_types::QueueMode;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// How often the assessment is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Plays an assessment against a host.
pub(crate) struct Assessor<'a> {
    pub(crate) client: &'a Client,
    pub(crate) needs: &'a HostNeeds,
    pub(crate) case: &'a AssessmentCase,
    /// Nobody else uses the host: counts must be exact.
    pub(crate) alone: bool,
    pub(crate) quiet: bool,
}

/// An assessment that was played.
pub(crate) struct Assessed {
    pub(crate) case: String,
    pub(crate) asked: usize,
    pub(crate) rows: Vec<Row>,
    pub(crate) took: Duration,
}

impl Assessed {
    /// The failed rows, one sentence each.
    pub(crate) fn failed(&self) -> Vec<String> {
        verdict::failed(&self.case, &self.rows)
    }

    /// For programs.
    pub(crate) fn to_json(&self) -> Value {
        json!({"case": self.case, "sent": self.asked, "seconds": self.took.as_secs_f64(), "rows": self.rows})
    }
}

/// What was seen of an assessment that ended.
struct Seen {
    view: Value,
    comparisons: Vec<Value>,
    callbacks: Vec<Value>,
    added: Scrape,
    name: String,
}

impl Assessor<'_> {
    /// Plays it, and looks.
    pub(crate) async fn play(&self) -> Result<Assessed, Failure> {
        let began = Instant::now();
        let before = self.scrape().await?;
        let name = format!("{}-{}", self.case.name, Uuid::now_v7().simple());
        let receipt = self.client.post("/api/v1/assessments", &self.request(&name)).await?;
        let id = text(&receipt, "id");
        let view = self.wait(&id).await?;
        let comparisons = self.comparisons(&id).await?;
        let topic = format!("docket.assessment.{id}");
        let callbacks = self.callbacks(&topic).await?;
        let added = self.scrape().await?.since(&before);
        let seen = Seen { view, comparisons, callbacks, added, name };
        let mut rows = seen.end_rows(self.case);
        rows.extend(seen.callback_rows());
        rows.extend(seen.coverage_rows(self.case));
        rows.extend(seen.metadata_rows(self.case));
        rows.extend(self.metric_rows(&seen));
        Ok(Assessed {
            case: self.case.name.clone(),
            asked: seen.comparisons.len(),
            rows,
            took: began.elapsed(),
        })
    }

    fn request(&self, name: &str) -> Value {
        let essays: Vec<Value> = (1..=self.case.essays)
            .map(|n| json!({"id": format!("essay-{n:03}"), "text": format!("Essay {n}. This is a short text of a student.")}))
            .collect();
        json!({"name": name, "essays": essays, "judging": self.case.judging,
            "materials": {"rubric": "Judge by content, structure and language."},
            "attribution": {"course_code": "ENG5", "language": "en", "user_id": "suite"}})
    }

    async fn wait(&self, id: &str) -> Result<Value, Failure> {
        let deadline = Instant::now() + Duration::from_secs(self.case.wait_seconds);
        let budget = self.case.judging.get("max_comparisons").and_then(toml::Value::as_integer).unwrap_or(0);
        let mut progress = Progress::new(&self.case.name, budget.unsigned_abs(), self.quiet);
        loop {
            let view = self.client.get(&format!("/api/v1/assessments/{id}")).await?;
            progress.set(count(&view["progress"], "answered"));
            if text(&view, "state") != "running" || Instant::now() >= deadline {
                progress.finish();
                return Ok(view);
            }
            sleep(LOOK_EVERY).await;
        }
    }

    async fn comparisons(&self, id: &str) -> Result<Vec<Value>, Failure> {
        let mut all = Vec::new();
        loop {
            let path = format!("/api/v1/assessments/{id}/comparisons?from={}&limit=200", all.len());
            let page = self.client.get(&path).await?;
            let rows = page["comparisons"].as_array().cloned().unwrap_or_default();
            if rows.is_empty() {
                return Ok(all);
            }
            all.extend(rows);
        }
    }

    async fn callbacks(&self, topic: &str) -> Result<Vec<Value>, Failure> {
        let (mut all, mut after) = (Vec::new(), 0);
        loop {
            let page = self.client.topic(topic, after, Duration::ZERO).await?;
            let Some(last) = page.last() else { return Ok(all) };
            after = last.seq;
            all.extend(page.into_iter().map(|event| event.event));
        }
    }

    async fn scrape(&self) -> Result<Scrape, Failure> {
        let text = self.client.metrics().await?;
        Scrape::parse(&text).map_err(|e| Failure::new(Exit::Failed, e))
    }

    fn metric_rows(&self, seen: &Seen) -> Vec<Row> {
        let mode = self.case.judging.get("batching_mode").and_then(toml::Value::as_str).unwrap_or_default();
        let asked = seen.comparisons.len() as f64;
        let added = |name: &str, labels: &[(&str, &str)]| seen.added.total(name, labels);
        let queue = [("queue_processing_mode", self.needs.queue_mode.as_str())];
        let exactly = |quantity: &str, live: f64, wanted: f64| {
            let ok = if self.alone { live == wanted } else { live >= wanted };
            let allowed = format!("{} {}", if self.alone { "=" } else { ">=" }, show(wanted));
            Row::rule(quantity, show(live), allowed, ok)
        };
        let mut rows = vec![
            exactly(
                "cj_llm_requests_total",
                added("cj_llm_requests_total", &[("batching_mode", mode)]),
                asked,
            ),
            exactly(
                "cj_llm_batches_started_total",
                added("cj_llm_batches_started_total", &[("batching_mode", mode)]),
                1.0,
            ),
            exactly(
                "cj_comparisons_total, completed",
                added("cj_comparisons_total", &[("status", "completed")]),
                asked,
            ),
            exactly(
                "cj_workflow_decisions_total, FINALIZE_SCORING",
                added("cj_workflow_decisions_total", &[("decision", "FINALIZE_SCORING")]),
                1.0,
            ),
            exactly(
                "llm_provider_comparison_callbacks_total",
                added("llm_provider_comparison_callbacks_total", &queue),
                asked,
            ),
        ];
        let waits = seen.added.histogram("llm_provider_queue_wait_time_seconds", &queue);
        rows.push(Row::rule(
            "queue wait, mean seconds",
            show(waits.mean()),
            "0 to 120",
            (0.0..=120.0).contains(&waits.mean()),
        ));
        match self.needs.queue_mode {
            QueueMode::PerRequest => {}
            QueueMode::SerialBundle => rows
                .push(at_least_one("serial bundles", added("llm_provider_serial_bundle_calls_total", &[]))),
            QueueMode::BatchApi => {
                for status in ["scheduled", "completed"] {
                    let jobs = added("llm_provider_batch_api_jobs_total", &[("status", status)]);
                    rows.push(at_least_one(&format!("jobs {status}"), jobs));
                }
            }
        }
        rows
    }
}

fn at_least_one(quantity: &str, live: f64) -> Row {
    Row::rule(quantity, show(live), ">= 1", live >= 1.0)
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn count(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_default()
}

fn equal(quantity: &str, live: u64, wanted: u64) -> Row {
    Row::rule(quantity, live.to_string(), format!("= {wanted}"), live == wanted)
}

impl Seen {
    fn end_rows(&self, case: &AssessmentCase) -> Vec<Row> {
        let state = text(&self.view, "state");
        let reason = text(&self.view["end"], "reason");
        let progress = &self.view["progress"];
        let mut rows = vec![
            Row::rule("state", &state, "completed", state == "completed"),
            Row::rule(
                "ended by the decision",
                &reason,
                case.expect.ends.join(" or "),
                case.expect.ends.contains(&reason),
            ),
            Row::rule(
                "current phase",
                self.view["current_phase"].to_string(),
                "null",
                self.view["current_phase"].is_null(),
            ),
            equal(
                "essays in the ranking",
                self.view["ranking"].as_array().map_or(0, |r| r.len() as u64),
                case.essays.into(),
            ),
            equal("comparisons asked for", count(progress, "requested"), case.expect.requested),
            equal("comparisons answered", count(progress, "answered"), case.expect.requested),
            equal("comparisons failed", count(progress, "failed"), 0),
        ];
        if let Some(waves) = case.expect.waves {
            rows.push(equal("waves", count(progress, "waves"), waves));
        }
        rows
    }

    fn callback_rows(&self) -> Vec<Row> {
        let asked = self.comparisons.len() as u64;
        let ids: BTreeSet<&str> =
            self.callbacks.iter().filter_map(|event| event["data"]["correlation_id"].as_str()).collect();
        let ours = self
            .callbacks
            .iter()
            .filter(|event| event["data"]["request_metadata"]["bos_batch_id"] == self.name.as_str());
        vec![
            equal("callbacks", self.callbacks.len() as u64, asked),
            equal("callbacks for different comparisons", ids.len() as u64, asked),
            equal("callbacks with the assessment's name", ours.count() as u64, asked),
        ]
    }

    fn coverage_rows(&self, case: &AssessmentCase) -> Vec<Row> {
        let (mut pairs, mut shown) = (BTreeSet::new(), BTreeMap::<String, (f64, f64)>::new());
        for comparison in &self.comparisons {
            let (a, b) = (text(comparison, "essay_a_id"), text(comparison, "essay_b_id"));
            shown.entry(a.clone()).or_default().0 += 1.0;
            shown.entry(b.clone()).or_default().1 += 1.0;
            pairs.insert(if a < b { (a, b) } else { (b, a) });
        }
        let skew = shown.values().map(|(a, b)| (a - b).abs() / (a + b)).fold(0.0, f64::max);
        let resampled = self.comparisons.iter().filter(|one| one["kind"] == "resampling").count() as u64;
        let most = case.expect.largest_skew;
        vec![
            equal("different pairs", pairs.len() as u64, case.expect.distinct_pairs),
            equal("comparisons by resampling", resampled, case.expect.resampled),
            Row::rule("largest skew of positions", show(skew), format!("<= {}", show(most)), skew <= most),
        ]
    }

    fn metadata_rows(&self, case: &AssessmentCase) -> Vec<Row> {
        let wanted = case.judging.get("batching_mode").and_then(toml::Value::as_str).unwrap_or_default();
        let stored = text(&self.view, "batching_mode");
        let asked = self.comparisons.len() as u64;
        let with = |fits: &dyn Fn(&Value) -> bool| {
            self.callbacks.iter().filter(|event| fits(&event["data"]["request_metadata"])).count() as u64
        };
        let hints = with(&|metadata| metadata["cj_llm_batching_mode"] == wanted);
        let sizes = with(&|metadata| {
            metadata["preferred_bundle_size"].as_u64().is_some_and(|n| (1..=64).contains(&n))
        });
        let hashes =
            with(&|metadata| metadata["prompt_sha256"].as_str().is_some_and(|hash| hash.len() == 64));
        vec![
            Row::rule("stored batching mode", &stored, wanted, stored == wanted),
            equal("callbacks with the batching mode hint", hints, asked),
            equal("callbacks with a bundle size of 1 to 64", sizes, asked),
            equal("callbacks with the prompt's hash", hashes, asked),
        ]
    }
}
