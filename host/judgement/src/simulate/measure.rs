//! How well scores agree with the truth.

use serde::{Deserialize, Serialize};

use crate::Scores;

/// A fit, measured against the truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// After which wave, from 0.
    pub wave: u32,
    /// How many comparisons were answered.
    pub comparisons: usize,
    /// Comparisons over items, each comparison counted once.
    pub per_item: f64,
    /// Spearman's rank correlation of scores and truth; 0 where the truth does not vary.
    pub spearman: f64,
    /// The squared correlation of scores and truth: the true reliability.
    pub true_reliability: f64,
    /// The root of the mean squared error in logits, both centred.
    pub rmse: f64,
    /// The scale separation reliability of a mode with hardly any prior, which adaptive pairs inflate; nothing where that
    /// fit fails.
    pub ssr: Option<f64>,
    /// The empirical-Bayes reliability.
    pub reliability: f64,
    /// The share of true scores within 1.96 standard errors.
    pub coverage: f64,
    /// The fit's standard deviation of true scores.
    pub sigma: f64,
    /// The first judge's position bias and its standard error.
    pub bias: Option<(f64, f64)>,
}

impl Point {
    pub(super) fn new(
        truth: &[f64],
        scores: &Scores,
        flat: Option<&Scores>,
        wave: u32,
        comparisons: usize,
    ) -> Self {
        let n = truth.len() as f64;
        let mean = truth.iter().sum::<f64>() / n;
        let errors = truth.iter().zip(&scores.mean).map(|(truth, score)| score - (truth - mean));
        let squared: f64 = errors.clone().map(|error| error * error).sum();
        let within = errors.zip(&scores.standard_error).filter(|(error, se)| error.abs() <= 1.96 * **se);
        let correlation = correlation(truth, &scores.mean);
        Self {
            wave,
            comparisons,
            per_item: comparisons as f64 / n,
            spearman: spearman(truth, &scores.mean),
            true_reliability: correlation * correlation,
            rmse: (squared / n).sqrt(),
            ssr: flat.map(crate::stopping::separation_reliability),
            reliability: scores.reliability(),
            coverage: within.count() as f64 / n,
            sigma: scores.sigma,
            bias: scores.bias.first().map(|bias| (bias.value, bias.standard_error)),
        }
    }
}

/// Pearson's correlation; 0 where one side does not vary.
fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (a, b) in x.iter().zip(y) {
        xx += (a - mean_x) * (a - mean_x);
        yy += (b - mean_y) * (b - mean_y);
        xy += (a - mean_x) * (b - mean_y);
    }
    if xx > 0.0 && yy > 0.0 { xy / (xx * yy).sqrt() } else { 0.0 }
}

/// Ranks from 0; equal values share the middle of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut below = 0;
    for same in order.chunk_by(|&a, &b| values[a] == values[b]) {
        for &item in same {
            ranks[item] = below as f64 + (same.len() - 1) as f64 / 2.0;
        }
        below += same.len();
    }
    ranks
}

/// Spearman's rank correlation of two lists of equal length, with middle ranks for ties; 0 where one does not vary.
pub fn spearman(x: &[f64], y: &[f64]) -> f64 {
    correlation(&ranks(x), &ranks(y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spearman_takes_ranks_with_ties_in_the_middle() {
        assert!((spearman(&[1.0, 2.0, 3.0], &[10.0, 200.0, 3000.0]) - 1.0).abs() < 1e-12);
        assert!((spearman(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]) + 1.0).abs() < 1e-12);
        // Ranks 1 2.5 2.5 4 against 1 2 3 4.
        assert!(
            (spearman(&[0.0, 1.0, 1.0, 2.0], &[0.0, 1.0, 2.0, 3.0]) - 0.948_683_298_050_513_8).abs() < 1e-12
        );
        assert!(spearman(&[1.0, 1.0], &[1.0, 2.0]).abs() < 1e-12);
    }

    #[test]
    fn a_point_measures_around_the_mean() {
        let scores = Scores {
            mean: vec![-1.0, 1.0],
            standard_error: vec![0.1, 0.6],
            sigma: 1.0,
            scale_error: 0.0,
            bias: Vec::new(),
        };
        let point = Point::new(&[10.0, 11.0], &scores, Some(&scores), 2, 6);
        assert!((point.rmse - 0.5).abs() < 1e-12);
        assert!((point.coverage - 0.5).abs() < 1e-12);
        assert!((point.per_item - 3.0).abs() < 1e-12);
        assert!((point.true_reliability - 1.0).abs() < 1e-12);
    }
}
