//! Agreement of scores from two random halves of the answers.

use serde::{Deserialize, Serialize};

use super::DiagnosticsError;
use super::misfit::Bootstrap;
use crate::random::Random;
use crate::{Comparisons, Scores};

/// Split-half reliability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SplitHalf {
    /// Reliability of the whole by the Spearman-Brown formula (1910) from the mean correlation; at most 1. Too high
    /// under adaptive pairing, whose pairs were chosen on the answers of both halves.
    pub reliability: f64,
    /// Pearson's correlation of the halves' scores, one for each split.
    pub correlations: Vec<f64>,
}

/// Splits the comparisons at random into halves as often as there are replicates, fits each half, and correlates their
/// scores. A comparison is never divided, whatever its weight.
///
/// # Errors
/// Fewer than two items or comparisons, no replicates, or no split of which both halves could be fitted to scores that
/// differ.
pub fn split_half(
    comparisons: &Comparisons,
    splits: Bootstrap,
    fit: impl Fn(&Comparisons) -> Option<Scores>,
) -> Result<SplitHalf, DiagnosticsError> {
    if comparisons.items() < 2 {
        return Err(DiagnosticsError::TooFewItems);
    }
    if comparisons.rows().len() < 2 {
        return Err(DiagnosticsError::NoComparisons);
    }
    if splits.replicates == 0 {
        return Err(DiagnosticsError::Setting("a split-half needs at least one split"));
    }
    let mut random = Random::new(splits.seed);
    let mut rows = comparisons.rows().to_vec();
    let mut correlations = Vec::with_capacity(splits.replicates);
    for _ in 0..splits.replicates {
        for at in (1..rows.len()).rev() {
            rows.swap(at, random.below(at + 1));
        }
        let (one, other) = rows.split_at(rows.len() / 2);
        let half = |rows: &[_]| Comparisons::new(comparisons.items(), comparisons.judges(), rows.to_vec());
        if let (Some(one), Some(other)) = (fit(&half(one)?), fit(&half(other)?)) {
            correlations.extend(correlation(&one.mean, &other.mean));
        }
    }
    if correlations.is_empty() {
        return Err(DiagnosticsError::Refit);
    }
    let mean = correlations.iter().sum::<f64>() / correlations.len() as f64;
    // For a correlation near -1 the formula runs to minus infinity; no agreement is no agreement.
    let reliability = if mean > 0.0 { 2.0 * mean / (1.0 + mean) } else { mean };
    Ok(SplitHalf { reliability, correlations })
}

/// Pearson's correlation; nothing when one side does not vary or the sides differ in length.
fn correlation(one: &[f64], other: &[f64]) -> Option<f64> {
    if one.len() != other.len() || one.is_empty() {
        return None;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_one, mean_other) = (mean(one), mean(other));
    let (mut both, mut of_one, mut of_other) = (0.0, 0.0, 0.0);
    for (a, b) in one.iter().zip(other) {
        both += (a - mean_one) * (b - mean_other);
        of_one += (a - mean_one) * (a - mean_one);
        of_other += (b - mean_other) * (b - mean_other);
    }
    let scale = (of_one * of_other).sqrt();
    (scale > 0.0 && scale.is_finite()).then(|| (both / scale).clamp(-1.0, 1.0))
}
