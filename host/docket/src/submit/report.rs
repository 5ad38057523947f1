//! The outcomes of a submission as tables or as JSON.

use crate::output::{print, table};
use crate::suite::callback::{ComparisonResult, Envelope};
use crate::suite::summary::Latency;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// The widest justification that a table shows.
const SHOWN_TEXT: usize = 60;

/// A comparison that was accepted.
pub(super) struct Asked {
    pub(super) request_id: Uuid,
    pub(super) a: String,
    pub(super) b: String,
}

/// What was asked and what came back.
pub(super) struct Report {
    pub(super) asked: Vec<Asked>,
    pub(super) received: Vec<Envelope>,
    pub(super) topic: String,
    pub(super) took: Duration,
}

/// How one essay did.
#[derive(Default)]
struct Standing {
    compared: u32,
    wins: u32,
}

impl Report {
    fn outcome(&self, asked: &Asked) -> Option<&ComparisonResult> {
        self.received.iter().map(|e| &e.data).find(|data| data.request_id == asked.request_id)
    }

    /// How many comparisons have an outcome and no winner.
    pub(super) fn failed(&self) -> usize {
        self.asked.iter().filter_map(|a| self.outcome(a)).filter(|r| !r.is_success()).count()
    }

    /// To standard output.
    pub(super) fn print(&self, as_json: bool) {
        if as_json {
            println!("{}", self.to_json());
            return;
        }
        print(&self.outcomes());
        if self.asked.len() > 1 {
            println!();
            print(&self.standings_table());
        }
        println!("\n{}", self.totals());
    }

    fn outcomes(&self) -> comfy_table::Table {
        let mut rows = table(&["essay A", "essay B", "winner", "confidence", "ms", "tokens", "why"]);
        for asked in &self.asked {
            let Some(result) = self.outcome(asked) else {
                rows.add_row([asked.a.as_str(), &asked.b, "none yet", "", "", "", ""]);
                continue;
            };
            let why = match result.error_code() {
                Some(code) => format!("{code}: {}", result.error_message().unwrap_or_default()),
                None => result.justification.clone().unwrap_or_default(),
            };
            rows.add_row([
                asked.a.clone(),
                asked.b.clone(),
                self.winner_name(asked, result).unwrap_or_else(|| "failed".to_owned()),
                result.confidence.map_or_else(String::new, |c| format!("{c:.2}")),
                result.response_time_ms.to_string(),
                result.token_usage.total_tokens.to_string(),
                shorten(&why),
            ]);
        }
        rows
    }

    fn winner_name(&self, asked: &Asked, result: &ComparisonResult) -> Option<String> {
        match result.winner.as_deref()? {
            "Essay A" => Some(asked.a.clone()),
            _ => Some(asked.b.clone()),
        }
    }

    fn standings(&self) -> Vec<(String, Standing)> {
        let mut all: BTreeMap<String, Standing> = BTreeMap::new();
        for asked in &self.asked {
            let winner = self.outcome(asked).and_then(|result| self.winner_name(asked, result));
            let Some(winner) = winner else { continue };
            for name in [&asked.a, &asked.b] {
                let standing = all.entry(name.clone()).or_default();
                standing.compared += 1;
                standing.wins += u32::from(*name == winner);
            }
        }
        let mut sorted: Vec<_> = all.into_iter().collect();
        sorted.sort_by(|a, b| b.1.wins.cmp(&a.1.wins).then_with(|| a.0.cmp(&b.0)));
        sorted
    }

    fn standings_table(&self) -> comfy_table::Table {
        let mut rows = table(&["essay", "wins", "of"]);
        for (name, standing) in self.standings() {
            rows.add_row([name, standing.wins.to_string(), standing.compared.to_string()]);
        }
        rows
    }

    fn totals(&self) -> String {
        let results: Vec<_> = self.asked.iter().filter_map(|a| self.outcome(a)).collect();
        let tokens: u64 = results.iter().map(|r| r.token_usage.total_tokens).sum();
        let cost: f64 = results.iter().map(|r| r.cost_estimate).sum();
        let good = results.len() - self.failed();
        let models: std::collections::BTreeSet<&str> =
            results.iter().filter(|r| r.is_success()).map(|r| r.model.as_str()).collect();
        let models = models.into_iter().collect::<Vec<_>>().join(", ");
        let latency = Latency::of(results.iter().map(|r| r.took_ms()).collect());
        let ms = |value: Option<f64>| value.unwrap_or_default();
        format!(
            "{good} succeeded, {} failed, {} without an outcome, in {:.2} s\n\
             from acceptance to outcome: mean {:.1} ms, p95 {:.1} ms\n\
             {tokens} tokens, {cost:.4} USD, model {models}\n\
             callbacks in topic {}",
            self.failed(),
            self.asked.len() - results.len(),
            self.took.as_secs_f64(),
            ms(latency.mean_ms),
            ms(latency.p95_ms),
            self.topic
        )
    }

    fn to_json(&self) -> Value {
        let outcomes: Vec<Value> = self
            .asked
            .iter()
            .map(|asked| {
                let result = self.received.iter().find(|e| e.data.request_id == asked.request_id);
                let result = result.map(|e| e.raw["data"].clone());
                json!({"request_id": asked.request_id, "a": asked.a, "b": asked.b, "result": result})
            })
            .collect();
        let standings: Vec<Value> = self
            .standings()
            .into_iter()
            .map(|(name, s)| json!({"essay": name, "wins": s.wins, "compared": s.compared}))
            .collect();
        let seconds = self.took.as_secs_f64();
        json!({"topic": self.topic, "seconds": seconds, "outcomes": outcomes, "standings": standings})
    }
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= SHOWN_TEXT {
        return text.to_owned();
    }
    text.chars().take(SHOWN_TEXT - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut data = ComparisonResult::example("Essay B", 7);
        data.request_id = Uuid::from_u128(9);
        let mut failed = ComparisonResult::example_error("timeout");
        failed.request_id = Uuid::from_u128(8);
        let envelope = |data: ComparisonResult| Envelope {
            event_type: String::new(),
            correlation_id: Uuid::nil(),
            data,
            raw: json!({"data": {"x": 1}}),
        };
        let asked = |id, a: &str, b: &str| Asked {
            request_id: Uuid::from_u128(id),
            a: a.to_owned(),
            b: b.to_owned(),
        };
        Report {
            asked: vec![asked(9, "x", "y"), asked(8, "y", "z"), asked(7, "x", "z")],
            received: vec![envelope(data), envelope(failed)],
            topic: "t".to_owned(),
            took: Duration::from_millis(1500),
        }
    }

    #[test]
    fn wins_go_to_the_essay_and_failures_to_nobody() {
        let standings = report().standings();
        assert_eq!(standings.len(), 2);
        assert_eq!((standings[0].0.as_str(), standings[0].1.wins, standings[0].1.compared), ("y", 1, 1));
        assert_eq!((standings[1].0.as_str(), standings[1].1.wins), ("x", 0));
    }

    #[test]
    fn tables_show_winners_failures_and_what_is_missing() {
        let text = report().outcomes().to_string();
        for word in ["timeout: m", "none yet", "failed", "Clearer."] {
            assert!(text.contains(word), "{word} in {text}");
        }
        let totals = report().totals();
        assert!(
            totals.starts_with("1 succeeded, 1 failed, 1 without an outcome, in 1.50 s")
                && totals.contains("44 tokens"),
            "{totals}"
        );
    }
}
