//! A live run against a recorded one: winners, tokens, latency, and the waves against each other.

use super::callback::{ComparisonResult, Envelope, Sent, findings};
use super::scenario::Case;
use super::summary::TraceSummary;
use super::verdict::{Row, Verdict, show};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The labels that a winner may have.
const LABELS: [&str; 2] = ["Essay A", "Essay B"];

/// How many findings a row shows.
const SHOWN_FINDINGS: usize = 3;

/// What was sent and what came back.
pub(crate) struct Run<'a> {
    pub(crate) case: &'a Case,
    pub(crate) sent: &'a [Sent],
    pub(crate) received: &'a [Envelope],
    pub(crate) recorded: Option<&'a TraceSummary>,
}

impl Run<'_> {
    /// The results of one wave, or of all.
    fn results(&self, batch: Option<u32>) -> Vec<&ComparisonResult> {
        let wanted: BTreeSet<Uuid> =
            self.sent.iter().filter(|s| batch.is_none_or(|b| s.batch == b)).map(|s| s.request_id).collect();
        self.received.iter().map(|e| &e.data).filter(|data| wanted.contains(&data.request_id)).collect()
    }

    /// The run's summary.
    pub(crate) fn summary(&self) -> TraceSummary {
        TraceSummary::of(self.case.recorded.as_deref().unwrap_or(&self.case.name), &self.results(None))
    }

    /// Every row that the case asks for.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let all = self.summary();
        let mut rows = self.callback_rows(&all);
        let waves: Vec<TraceSummary> =
            (0..self.case.batches).map(|b| TraceSummary::of("wave", &self.results(Some(b)))).collect();
        rows.extend(self.winner_rows("", &all));
        if waves.len() > 1 {
            for (n, wave) in waves.iter().enumerate() {
                rows.extend(self.winner_rows(&format!("wave {}: ", n + 1), wave));
            }
        }
        rows.extend(self.token_rows(&all));
        rows.extend(self.latency_rows(&all));
        rows.extend(self.wave_rows(&waves));
        rows
    }

    fn callback_rows(&self, all: &TraceSummary) -> Vec<Row> {
        let expected = self.sent.len() as u64;
        let found = findings(self.sent, self.received);
        let shown = found.iter().take(SHOWN_FINDINGS).cloned().collect::<Vec<_>>().join("; ");
        let live = if found.is_empty() {
            "all good".to_owned()
        } else {
            format!("{} findings: {shown}", found.len())
        };
        vec![
            Row::rule(
                "callbacks",
                self.received.len().to_string(),
                format!("= {expected}"),
                self.received.len() as u64 == expected,
            ),
            Row::rule("failed comparisons", all.error_count.to_string(), "= 0", all.error_count == 0),
            Row::rule(
                "each callback",
                live,
                "one per request, winner, text, confidence 1 to 5, ids back",
                found.is_empty(),
            ),
        ]
    }

    fn winner_rows(&self, prefix: &str, live: &TraceSummary) -> Vec<Row> {
        let expect = &self.case.expect;
        let mut rows = Vec::new();
        for (label, least) in &expect.winner_share_min {
            let share = live.winner_share(label);
            let row = Row::rule(
                format!("{prefix}share of {label}"),
                show(share),
                format!(">= {}", show(*least)),
                share >= *least,
            );
            let recorded =
                self.recorded.map_or_else(|| row.recorded.clone(), |r| show(r.winner_share(label)));
            rows.push(Row { recorded, ..row });
        }
        if let (Some(drift), Some(recorded)) = (expect.winner_drift_max, self.recorded) {
            for label in LABELS {
                let quantity = format!("{prefix}share of {label}");
                rows.push(Row::near(
                    quantity,
                    Some(recorded.winner_share(label)),
                    live.winner_share(label),
                    |_| drift,
                ));
            }
        }
        if let (Some(favourite), Some(recorded)) = (&expect.favourite, self.recorded) {
            let leads = |s: &TraceSummary| s.winner_share(favourite) >= 0.5;
            let ok = leads(recorded) && leads(live);
            let row = Row::rule(format!("{prefix}{favourite} ahead"), yes(leads(live)), "yes in both", ok);
            rows.push(Row { recorded: yes(leads(recorded)), ..row });
        }
        rows
    }

    fn token_rows(&self, live: &TraceSummary) -> Vec<Row> {
        let (Some(rules), Some(recorded)) = (self.case.expect.tokens, self.recorded) else {
            return Vec::new();
        };
        let (r, l) = (&recorded.token_usage, &live.token_usage);
        let kinds = [
            ("prompt tokens, mean", &r.prompt_tokens, &l.prompt_tokens, rules.prompt),
            ("completion tokens, mean", &r.completion_tokens, &l.completion_tokens, rules.completion),
            ("total tokens, mean", &r.total_tokens, &l.total_tokens, rules.total),
        ];
        kinds
            .into_iter()
            .map(|(name, r, l, margin)| {
                Row::near(name, r.mean, l.mean.unwrap_or(f64::NAN), |mean| margin.around(mean))
            })
            .collect()
    }

    fn latency_rows(&self, live: &TraceSummary) -> Vec<Row> {
        let (Some(rules), Some(recorded)) = (self.case.expect.latency, self.recorded) else {
            return Vec::new();
        };
        let (r, l) = (&recorded.response_time_ms, &live.response_time_ms);
        let mean = Row::at_most_over(
            "response time, mean ms",
            r.mean_ms,
            l.mean_ms.unwrap_or(f64::NAN),
            rules.mean_over_ms,
        );
        let p95 = Row::at_most_over(
            "response time, p95 ms",
            r.p95_ms,
            l.p95_ms.unwrap_or(f64::NAN),
            rules.p95_over_ms,
        );
        let recorded_p99 = r.p99_ms.map_or_else(|| "unknown".to_owned(), show);
        let p99 = Row {
            quantity: "response time, p99 ms".to_owned(),
            recorded: recorded_p99,
            live: show(l.p99_ms.unwrap_or(f64::NAN)),
            allowed: "shown only".to_owned(),
            verdict: Verdict::Ok,
        };
        vec![mean, p95, p99]
    }

    fn wave_rows(&self, waves: &[TraceSummary]) -> Vec<Row> {
        let mut rows = Vec::new();
        if self.case.expect.identical_token_means {
            for (name, pick) in [
                ("prompt", (|s| s.token_usage.prompt_tokens.mean) as fn(&TraceSummary) -> Option<f64>),
                ("completion", |s| s.token_usage.completion_tokens.mean),
                ("total", |s| s.token_usage.total_tokens.mean),
            ] {
                let means: Vec<f64> = waves.iter().filter_map(pick).collect();
                let range = means.iter().copied().fold(f64::MIN, f64::max)
                    - means.iter().copied().fold(f64::MAX, f64::min);
                let ok = means.len() == waves.len() && range == 0.0;
                rows.push(Row::rule(format!("{name} token means over waves, range"), show(range), "= 0", ok));
            }
        }
        if self.case.expect.same_winner_per_pair {
            rows.extend(self.pair_rows());
        }
        rows
    }

    fn pair_rows(&self) -> Vec<Row> {
        let winners: BTreeMap<Uuid, Option<&str>> =
            self.received.iter().map(|e| (e.data.request_id, e.data.winner.as_deref())).collect();
        let mut by_pair: BTreeMap<&str, Vec<(u32, Option<&str>)>> = BTreeMap::new();
        for sent in self.sent {
            if let Some(winner) = winners.get(&sent.request_id) {
                by_pair.entry(&sent.pair).or_default().push((sent.batch, *winner));
            }
        }
        let waves: BTreeSet<u32> = (0..self.case.batches).collect();
        let once_each = by_pair.values().filter(|seen| {
            seen.len() == waves.len()
                && seen.iter().map(|(batch, _)| *batch).collect::<BTreeSet<_>>() == waves
        });
        let stable = by_pair.values().filter(|seen| seen.windows(2).all(|two| two[0].1 == two[1].1));
        let expected = self.case.prompts.comparisons().len();
        let (once_each, stable) = (once_each.count(), stable.count());
        vec![
            Row::rule(
                "pairs answered once in each wave",
                once_each.to_string(),
                format!("= {expected}"),
                once_each == expected,
            ),
            Row::rule(
                "pairs with one winner over all waves",
                stable.to_string(),
                format!("= {expected}"),
                stable == expected,
            ),
        ]
    }
}

fn yes(it_is: bool) -> String {
    if it_is { "yes" } else { "no" }.to_owned()
}

#[cfg(test)]
#[path = "parity_tests.rs"]
mod tests;
