//! How reliable scores are.

use crate::Scores;

/// Scale separation reliability, `(Var(s) - mean(se^2)) / Var(s)` (Andrich 1982), at least 0.
///
/// The scores must come from a fit with hardly any prior (posterior means are shrunk already, which makes this too small).
/// For comparison with other tools only: where pairs were chosen by the scores it is far too high, even for coin tosses.
pub fn separation_reliability(scores: &Scores) -> f64 {
    let n = scores.mean.len() as f64;
    let mean = scores.mean.iter().sum::<f64>() / n;
    let spread = scores.mean.iter().map(|score| (score - mean) * (score - mean)).sum::<f64>() / n;
    let error = scores.standard_error.iter().map(|se| se * se).sum::<f64>() / n;
    if spread > 0.0 { ((spread - error) / spread).max(0.0) } else { 0.0 }
}

/// The largest change of any score between two fits of the same items, in logits. Nothing without a fit before.
pub fn score_change(previous: Option<&Scores>, current: Option<&Scores>) -> Option<f64> {
    let (previous, current) = (previous?, current?);
    let change = |(item, score): (usize, &f64)| (score - previous.mean.get(item).unwrap_or(&0.0)).abs();
    current.mean.iter().enumerate().map(change).reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(mean: &[f64], standard_error: f64) -> Scores {
        let standard_error = vec![standard_error; mean.len()];
        Scores { mean: mean.to_vec(), standard_error, sigma: 1.0, scale_error: 0.0, bias: Vec::new() }
    }

    #[test]
    fn separation_reliability_takes_the_error_off_the_spread() {
        assert!((separation_reliability(&scores(&[-1.0, 1.0], 0.5)) - 0.75).abs() < 1e-12);
        assert!(separation_reliability(&scores(&[-1.0, 1.0], 2.0)).abs() < 1e-12);
        assert!(separation_reliability(&scores(&[1.0, 1.0], 2.0)).abs() < 1e-12);
    }

    #[test]
    fn the_change_is_that_of_the_item_that_moved_most() {
        let (before, after) = (scores(&[0.0, 1.0], 0.1), scores(&[0.02, 0.7], 0.1));
        assert_eq!(score_change(Some(&before), Some(&before)), Some(0.0));
        assert!((score_change(Some(&before), Some(&after)).unwrap() - 0.3).abs() < 1e-12);
        // A new item counts from 0, a first fit has no change.
        assert!(
            (score_change(Some(&before), Some(&scores(&[0.0, 1.0, 1.5], 0.1))).unwrap() - 1.5).abs() < 1e-12
        );
        assert_eq!(score_change(None, Some(&before)), None);
        assert_eq!(score_change(Some(&before), None), None);
    }
}
