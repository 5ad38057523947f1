//! `TraceSummary`: what a run looked like, in the form in which earlier runs were recorded.
//!
//! A recorded value that nobody wrote down is null; it is shown and not compared.

use super::callback::ComparisonResult;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A run in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TraceSummary {
    pub(crate) scenario_id: String,
    pub(crate) total_events: u64,
    pub(crate) success_count: u64,
    pub(crate) error_count: u64,
    /// By winner; failed comparisons count as `error`.
    pub(crate) winner_counts: BTreeMap<String, u64>,
    pub(crate) error_code_counts: BTreeMap<String, u64>,
    pub(crate) response_time_ms: Latency,
    pub(crate) token_usage: TokenUsage,
    pub(crate) bt_se_summary: Option<Value>,
    pub(crate) bt_quality_flags: Option<Value>,
}

/// Milliseconds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Latency {
    pub(crate) min_ms: Option<f64>,
    pub(crate) mean_ms: Option<f64>,
    pub(crate) p95_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
}

/// Tokens by kind.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenUsage {
    pub(crate) prompt_tokens: Spread,
    pub(crate) completion_tokens: Spread,
    pub(crate) total_tokens: Spread,
}

/// The extremes and the mean of something.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spread {
    pub(crate) min: Option<f64>,
    pub(crate) mean: Option<f64>,
    pub(crate) max: Option<f64>,
}

impl TraceSummary {
    /// The share of `label` among the comparisons that have a winner; zero without any.
    pub(crate) fn winner_share(&self, label: &str) -> f64 {
        let winners: u64 = self.winner_counts.iter().filter(|(key, _)| *key != "error").map(|(_, n)| n).sum();
        let of_label = self.winner_counts.get(label).copied().unwrap_or(0);
        if winners == 0 { 0.0 } else { of_label as f64 / winners as f64 }
    }

    /// Sums up `results`.
    pub(crate) fn of(scenario_id: &str, results: &[&ComparisonResult]) -> Self {
        let mut winner_counts = BTreeMap::new();
        let mut error_code_counts = BTreeMap::new();
        for result in results {
            *winner_counts.entry(result.winner.clone().unwrap_or_else(|| "error".to_owned())).or_insert(0) +=
                1;
            if let Some(code) = result.error_code() {
                *error_code_counts.entry(code).or_insert(0) += 1;
            }
        }
        let success_count = results.iter().filter(|r| r.is_success()).count() as u64;
        let times: Vec<f64> = results.iter().map(|r| r.response_time_ms as f64).collect();
        let tokens =
            |pick: fn(&ComparisonResult) -> u64| Spread::of(results.iter().map(|r| pick(r) as f64).collect());
        Self {
            scenario_id: scenario_id.to_owned(),
            total_events: results.len() as u64,
            success_count,
            error_count: results.len() as u64 - success_count,
            winner_counts,
            error_code_counts,
            response_time_ms: Latency::of(times),
            token_usage: TokenUsage {
                prompt_tokens: tokens(|r| r.token_usage.prompt_tokens),
                completion_tokens: tokens(|r| r.token_usage.completion_tokens),
                total_tokens: tokens(|r| r.token_usage.total_tokens),
            },
            bt_se_summary: None,
            bt_quality_flags: None,
        }
    }

    /// Sorted keys, indented by two.
    pub(crate) fn to_json(&self) -> serde_json::Result<String> {
        // A `Value` keeps its keys sorted; the struct would keep its own order.
        serde_json::to_string_pretty(&serde_json::to_value(self)?)
    }
}

impl Latency {
    /// Of these times.
    pub(crate) fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        Self {
            min_ms: Some(percentile(&times, 0.0)),
            mean_ms: Some(mean(&times)),
            p95_ms: Some(percentile(&times, 95.0)),
            p99_ms: Some(percentile(&times, 99.0)),
        }
    }
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self {
            min: Some(percentile(&values, 0.0)),
            mean: Some(mean(&values)),
            max: Some(percentile(&values, 100.0)),
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// Linear interpolation at `(n - 1) * p / 100` of sorted values; zero without values.
fn percentile(sorted: &[f64], p: f64) -> f64 {
    let (Some(&first), Some(&last)) = (sorted.first(), sorted.last()) else { return 0.0 };
    if p <= 0.0 {
        return first;
    }
    if p >= 100.0 {
        return last;
    }
    let at = (sorted.len() - 1) as f64 * p / 100.0;
    let low = at.floor() as usize;
    let (a, b) = (sorted[low], sorted.get(low + 1).copied().unwrap_or(last));
    a + (b - a) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_interpolate() {
        let values = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(percentile(&values, 50.0), 2.5);
        assert!((percentile(&values, 95.0) - 3.85).abs() < 1e-12);
        assert_eq!(percentile(&values, 0.0), 1.0);
        assert_eq!(percentile(&values, -1.0), 1.0);
        assert_eq!(percentile(&values, 100.0), 4.0);
        assert_eq!(percentile(&[], 50.0), 0.0);
        assert_eq!(percentile(&[7.0], 99.0), 7.0);
    }

    #[test]
    fn a_run_is_summed_up() {
        let answers = [ComparisonResult::example("Essay A", 10), ComparisonResult::example("Essay B", 30)];
        let failed = ComparisonResult::example_error("timeout");
        let summary = TraceSummary::of("s", &[&answers[0], &answers[1], &failed]);
        assert_eq!((summary.total_events, summary.success_count, summary.error_count), (3, 2, 1));
        assert_eq!(summary.winner_counts["error"], 1);
        assert_eq!(summary.error_code_counts["timeout"], 1);
        assert_eq!(summary.winner_share("Essay A"), 0.5);
        assert_eq!(summary.response_time_ms.p95_ms, Some(28.0));
    }

    #[test]
    fn keys_are_sorted() {
        let text = TraceSummary::of("s", &[]).to_json().unwrap();
        assert!(text.find("bt_quality_flags").unwrap() < text.find("scenario_id").unwrap());
        assert_eq!(serde_json::from_str::<TraceSummary>(&text).unwrap().total_events, 0);
    }
}
