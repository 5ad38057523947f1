//! What a run must have added to the queue's metrics.

use super::exposition::{Histogram, Scrape};
use super::scenario::{Case, HostNeeds};
use super::verdict::{Row, show};
use docket_types::QueueMode;
use std::collections::BTreeMap;

/// The longest average wait of a request.
const MAX_AVERAGE_WAIT_S: f64 = 120.0;

/// The deepest queue after a run.
const MAX_DEPTH: f64 = 1000.0;

/// A run's metrics.
pub(crate) struct Metrics<'a> {
    pub(crate) needs: &'a HostNeeds,
    pub(crate) case: &'a Case,
    /// What the run added.
    pub(crate) added: &'a Scrape,
    /// What stands there now, for gauges.
    pub(crate) after: &'a Scrape,
    /// How many requests were sent.
    pub(crate) sent: u64,
    /// Nobody else used the host: counts must be exact.
    pub(crate) alone: bool,
}

impl Metrics<'_> {
    /// Every row for the mode that the host must be in.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let mut rows = match self.needs.queue_mode {
            QueueMode::PerRequest => Vec::new(),
            QueueMode::SerialBundle => self.bundle_rows(),
            QueueMode::BatchApi => self.job_rows(),
        };
        rows.extend(self.wait_rows());
        rows.push(self.callback_row());
        rows.extend(self.depth_row());
        rows
    }

    fn bundle_rows(&self) -> Vec<Row> {
        let calls = "llm_provider_serial_bundle_calls_total";
        let items = "llm_provider_serial_bundle_items_per_call";
        let model = self.busiest_model(calls, &[]);
        let labels = self.labels(&model);
        let n = self.added.total(calls, &labels);
        let histogram = self.added.histogram(items, &labels);
        vec![
            at_least_one(format!("bundle calls, model {model}"), n),
            at_least_one("bundle sizes observed".to_owned(), histogram.count),
            self.largest_row("largest bundle", &histogram),
            self.count_row("requests in bundles", histogram.sum),
        ]
    }

    fn job_rows(&self) -> Vec<Row> {
        let jobs = "llm_provider_batch_api_jobs_total";
        let model = self.busiest_model(jobs, &[("status", "scheduled")]);
        let labels = self.labels(&model);
        let status = |wanted| self.added.total(jobs, &[labels[0], labels[1], ("status", wanted)]);
        let items = self.added.histogram("llm_provider_batch_api_items_per_job", &labels);
        let duration = self.added.histogram("llm_provider_batch_api_job_duration_seconds", &labels);
        vec![
            at_least_one(format!("jobs scheduled, model {model}"), status("scheduled")),
            at_least_one("jobs completed".to_owned(), status("completed")),
            Row::rule("jobs failed", show(status("failed")), "= 0", status("failed") == 0.0),
            at_least_one("job sizes observed".to_owned(), items.count),
            self.largest_row("largest job", &items),
            self.count_row("requests in jobs", items.sum),
            at_least_one("job durations observed".to_owned(), duration.count),
        ]
    }

    /// Observations above the cap are impossible, and seen as such: a bucket whose lower border is the cap or more.
    fn largest_row(&self, quantity: &str, sizes: &Histogram) -> Row {
        let cap = f64::from(self.needs.bundle_cap);
        let allowed = format!("1 to {}", show(cap));
        match sizes.highest() {
            None => Row::rule(quantity, "none", allowed, false),
            Some((above, upto)) => {
                let smallest_possible = above + 1.0;
                let live = if above == 0.0 {
                    show(upto)
                } else {
                    format!("{} to {}", show(smallest_possible), show(upto))
                };
                Row::rule(
                    quantity,
                    live,
                    allowed,
                    upto >= 1.0 && smallest_possible <= cap && sizes.mean() <= cap,
                )
            }
        }
    }

    fn wait_rows(&self) -> Vec<Row> {
        let name = "llm_provider_queue_wait_time_seconds";
        let mode = [("queue_processing_mode", self.needs.queue_mode.as_str())];
        let wait = self.added.histogram(name, &mode);
        let results = self.added.by_label(&format!("{name}_count"), &mode, "result");
        let names: Vec<&str> = results.keys().map(String::as_str).collect();
        let known = !names.is_empty() && names.iter().all(|r| ["success", "failure", "expired"].contains(r));
        let average_ok = wait.count > 0.0 && (0.0..=MAX_AVERAGE_WAIT_S).contains(&wait.mean());
        vec![
            self.count_row(&format!("waits observed, {}", mode[0].1), wait.count),
            Row::rule("average wait, s", show(wait.mean()), format!("0 to {MAX_AVERAGE_WAIT_S}"), average_ok),
            Row::rule("results of waits", names.join(" "), "success, failure, expired", known),
        ]
    }

    fn callback_row(&self) -> Row {
        let labels = [("queue_processing_mode", self.needs.queue_mode.as_str()), ("result", "success")];
        let n = self.added.total("llm_provider_comparison_callbacks_total", &labels);
        self.count_row("callbacks counted as success", n)
    }

    fn depth_row(&self) -> Option<Row> {
        let depth = self.after.value("llm_provider_queue_depth", &[("queue_type", "total")])?;
        Some(Row::rule("queue depth afterwards", show(depth), format!("<= {MAX_DEPTH}"), depth <= MAX_DEPTH))
    }

    fn labels<'b>(&'b self, model: &'b str) -> [(&'b str, &'b str); 2] {
        [("provider", self.case.provider.as_str()), ("model", model)]
    }

    /// The model label with the highest count; `none` when nothing was counted.
    fn busiest_model(&self, name: &str, labels: &[(&str, &str)]) -> String {
        let mut wanted = vec![("provider", self.case.provider.as_str())];
        wanted.extend_from_slice(labels);
        let models: BTreeMap<String, f64> = self.added.by_label(name, &wanted, "model");
        let busiest = models.into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
        busiest.map_or_else(|| "none".to_owned(), |(model, _)| model)
    }

    /// Each request counts once; on a host that others use too, at least once.
    fn count_row(&self, quantity: &str, live: f64) -> Row {
        let expected = self.sent as f64;
        if self.alone {
            Row::rule(quantity, show(live), format!("= {expected}"), live == expected)
        } else {
            Row::rule(quantity, show(live), format!(">= {expected}"), live >= expected)
        }
    }
}

fn at_least_one(quantity: String, live: f64) -> Row {
    Row::rule(quantity, show(live), ">= 1", live >= 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::scenario::Library;
    use crate::suite::verdict::Verdict;

    const BUNDLES: &str = r#"
llm_provider_serial_bundle_calls_total{provider="mock",model="default"} 2
llm_provider_serial_bundle_items_per_call_bucket{provider="mock",model="default",le="1.0"} 1
llm_provider_serial_bundle_items_per_call_bucket{provider="mock",model="default",le="32"} 1
llm_provider_serial_bundle_items_per_call_bucket{provider="mock",model="default",le="64"} 2
llm_provider_serial_bundle_items_per_call_bucket{provider="mock",model="default",le="+Inf"} 2
llm_provider_serial_bundle_items_per_call_sum{provider="mock",model="default"} 66
llm_provider_serial_bundle_items_per_call_count{provider="mock",model="default"} 2
llm_provider_queue_wait_time_seconds_sum{queue_processing_mode="serial_bundle",result="success"} 3.5
llm_provider_queue_wait_time_seconds_count{queue_processing_mode="serial_bundle",result="success"} 66
llm_provider_comparison_callbacks_total{queue_processing_mode="serial_bundle",result="success"} 66
llm_provider_queue_depth{queue_type="total"} 0
"#;

    fn failed(text: &str, alone: bool, cap: u32) -> Vec<String> {
        let mut scenario = Library::new(None).scenario("eng5-anchor").unwrap();
        scenario.host.bundle_cap = cap;
        let (after, before) = (Scrape::parse(text).unwrap(), Scrape::default());
        let added = after.since(&before);
        let case = &scenario.cases[0];
        let metrics = Metrics { needs: &scenario.host, case, added: &added, after: &after, sent: 66, alone };
        metrics.rows().into_iter().filter(|r| r.verdict == Verdict::Failed).map(|r| r.quantity).collect()
    }

    #[test]
    fn a_good_run_passes() {
        assert_eq!(failed(BUNDLES, true, 64), Vec::<String>::new());
    }

    #[test]
    fn a_bundle_above_the_cap_is_seen() {
        assert_eq!(failed(BUNDLES, true, 32), ["largest bundle"]);
        let above_64 = BUNDLES.replace("le=\"64\"} 2", "le=\"64\"} 1");
        assert_eq!(failed(&above_64, true, 64), ["largest bundle"]);
    }

    #[test]
    fn each_rule_can_fail() {
        for (from, to, quantity) in [
            (
                "_sum{provider=\"mock\",model=\"default\"} 66",
                "_sum{provider=\"mock\",model=\"default\"} 65",
                "requests in bundles",
            ),
            ("result=\"success\"} 3.5", "result=\"success\"} 8000", "average wait, s"),
            (
                "callbacks_total{queue_processing_mode=\"serial_bundle\"",
                "callbacks_total{queue_processing_mode=\"per_request\"",
                "callbacks counted as success",
            ),
            (
                "queue_depth{queue_type=\"total\"} 0",
                "queue_depth{queue_type=\"total\"} 1001",
                "queue depth afterwards",
            ),
            (
                "result=\"success\"} 66\nllm_provider_comparison",
                "result=\"lost\"} 66\nllm_provider_comparison",
                "results of waits",
            ),
        ] {
            assert!(BUNDLES.contains(from), "{from}");
            assert_eq!(failed(&BUNDLES.replacen(from, to, 1), true, 64), [quantity]);
        }
        let nothing = failed("x 1", true, 64);
        assert_eq!(nothing.len(), 8, "{nothing:?}");
    }

    #[test]
    fn on_a_shared_host_others_may_add() {
        let more = BUNDLES.replace("} 66", "} 70");
        assert_eq!(failed(&more, false, 64), Vec::<String>::new());
        assert!(!failed(&more, true, 64).is_empty());
    }
}
