//! How far scores lie apart compared with their errors.

use serde::{Deserialize, Serialize};

use super::DiagnosticsError;
use super::residual;
use crate::Scores;

/// Separation of scores (Wright & Masters, 1982).
///
/// Under adaptive pairing `ssr` says too much: on answers by coin it reaches .9. It is to be shown beside the
/// reliability, and nothing is to stop on it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Separation {
    /// Variance of the scores (with n - 1), in logits squared.
    pub variance: f64,
    /// Mean squared standard error, in logits squared.
    pub error: f64,
    /// Scale separation reliability, `(variance - error) / variance`: at most 1, and negative when the errors are
    /// larger than the spread.
    pub ssr: f64,
    /// Separation `G`: true spread over error; 0 when there is none.
    pub separation: f64,
    /// How many groups can be told apart, `(4 G + 1) / 3`.
    pub strata: f64,
    /// Reliability by empirical Bayes ([`Scores::reliability`]): the honest one for posterior means and errors.
    pub reliability: f64,
}

/// Separation of scores that were fitted without shrinkage, or nearly so.
///
/// # Errors
/// Fewer than two items, scores that are not finite, and equal scores or errors of 0, for which it is not defined.
pub fn separation(scores: &Scores) -> Result<Separation, DiagnosticsError> {
    residual::check(scores.items(), scores)?;
    let n = scores.items() as f64;
    let mean = scores.mean.iter().sum::<f64>() / n;
    let variance = scores.mean.iter().map(|score| (score - mean) * (score - mean)).sum::<f64>() / (n - 1.0);
    let error = scores.standard_error.iter().map(|se| se * se).sum::<f64>() / n;
    if variance <= 0.0 || error <= 0.0 {
        return Err(DiagnosticsError::Setting("separation needs scores that differ and have errors"));
    }
    let separation = ((variance - error).max(0.0) / error).sqrt();
    Ok(Separation {
        variance,
        error,
        ssr: (variance - error) / variance,
        separation,
        strata: (4.0 * separation + 1.0) / 3.0,
        reliability: scores.reliability(),
    })
}
