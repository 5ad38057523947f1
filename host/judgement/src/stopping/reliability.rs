//! How reliable scores are.

use crate::Scores;

/// Scale separation reliability, `(Var(s) - mean(se^2)) / Var(s)` (Andrich 1982), at least 0.
///
/// For comparison with other tools only: where pairs were chosen by the scores it is far too high, even for coin tosses.
pub fn separation_reliability(scores: &Scores) -> f64 {
    let n = scores.mean.len() as f64;
    let mean = scores.mean.iter().sum::<f64>() / n;
    let spread = scores.mean.iter().map(|score| (score - mean) * (score - mean)).sum::<f64>() / n;
    let error = scores.standard_error.iter().map(|se| se * se).sum::<f64>() / n;
    if spread > 0.0 { ((spread - error) / spread).max(0.0) } else { 0.0 }
}
