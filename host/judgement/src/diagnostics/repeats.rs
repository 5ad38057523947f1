//! The same pair asked again of the same judge: in the same order, and the other way round.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::DiagnosticsError;
use super::residual;
use crate::numeric::logistic;
use crate::{Comparisons, Scores};

/// Pairs of answers to one question in one order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Repeats {
    /// How many pairs of answers.
    pub pairs: f64,
    /// In how many both name the same item.
    pub agreeing: f64,
    /// In how many they would if each answer was drawn anew. More means that a judge's noise repeats itself.
    pub expected: f64,
}

/// Pairs of answers to one question in both orders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Swaps {
    /// How many pairs of answers.
    pub pairs: f64,
    /// In how many they name different items.
    pub flips: f64,
    /// In how many of the flips both name what was shown first.
    pub flips_to_first: f64,
    /// Expected flips if each answer was drawn anew.
    pub expected_fresh: f64,
    /// Expected flips if the noise of a question is the same in both orders: those that the position bias causes.
    pub expected_repeated: f64,
}

/// Repeated questions of one judge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct RepeatReport {
    /// In the same order.
    pub repeats: Repeats,
    /// In both orders.
    pub swaps: Swaps,
}

impl RepeatReport {
    /// Share of repeats that agree; nothing without repeats.
    pub fn consistency(&self) -> Option<f64> {
        (self.repeats.pairs > 0.0).then(|| self.repeats.agreeing / self.repeats.pairs)
    }

    /// Share of swaps that flip; nothing without swaps.
    pub fn flip_rate(&self) -> Option<f64> {
        (self.swaps.pairs > 0.0).then(|| self.swaps.flips / self.swaps.pairs)
    }
}

/// Answers of one judge to one pair: `[low shown first, high shown first]`, each `[low won, high won]`.
type Counts = [[f64; 2]; 2];

/// A report for each judge, in order.
///
/// # Errors
/// Scores that do not belong to the items or are not finite; no decisive answer.
pub fn repeats(comparisons: &Comparisons, scores: &Scores) -> Result<Vec<RepeatReport>, DiagnosticsError> {
    let mut questions: BTreeMap<(usize, usize, usize), Counts> = BTreeMap::new();
    for row in residual::all(comparisons, scores)? {
        let swapped = row.first > row.second;
        let pair = (row.judge, row.first.min(row.second), row.first.max(row.second));
        let low_won = row.won != swapped;
        questions.entry(pair).or_default()[usize::from(swapped)][usize::from(!low_won)] += row.weight;
    }
    let mut reports = vec![RepeatReport::default(); comparisons.judges()];
    for ((judge, low, high), counts) in questions {
        let (gap, bias) = (scores.mean[low] - scores.mean[high], residual::bias(scores, judge));
        add(&mut reports[judge], &counts, [logistic(gap + bias), logistic(gap - bias)]);
    }
    Ok(reports)
}

/// Adds one question. `low_wins` is the probability that the lower index wins, when shown first and when shown second.
fn add(report: &mut RepeatReport, counts: &Counts, low_wins: [f64; 2]) {
    let pairs_of = |answers: f64| (answers * (answers - 1.0) / 2.0).max(0.0);
    for ([low, high], p) in counts.iter().zip(low_wins) {
        let pairs = pairs_of(low + high);
        report.repeats.pairs += pairs;
        report.repeats.agreeing += pairs_of(*low) + pairs_of(*high);
        report.repeats.expected += pairs * (p * p + (1.0 - p) * (1.0 - p));
    }
    let [[low_first_low, low_first_high], [high_first_low, high_first_high]] = counts;
    let pairs = (low_first_low + low_first_high) * (high_first_low + high_first_high);
    let [shown_first, shown_second] = low_wins;
    let swaps = &mut report.swaps;
    swaps.pairs += pairs;
    swaps.flips += low_first_low * high_first_high + low_first_high * high_first_low;
    swaps.flips_to_first += low_first_low * high_first_high;
    swaps.expected_fresh += pairs * (shown_first * (1.0 - shown_second) + (1.0 - shown_first) * shown_second);
    swaps.expected_repeated += pairs * (shown_first - shown_second).abs();
}
