//! Whether a judge favours what is shown first.

use serde::{Deserialize, Serialize};

use super::DiagnosticsError;
use super::residual;
use crate::numeric::logistic;
use crate::{Comparisons, Scores};

/// A judge's liking for one position.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PositionBias {
    /// The judge.
    pub judge: usize,
    /// How many decisive answers.
    pub answers: f64,
    /// Share of them in which the first was called better.
    pub first_share: f64,
    /// The share that the scores alone would give.
    pub expected_share: f64,
    /// The fitted bias in logits; 0 if the fit has none.
    pub bias: f64,
    /// Its standard error; 0 if the fit has none.
    pub standard_error: f64,
    /// Bias over standard error; nothing without a standard error.
    pub z: Option<f64>,
}

/// One entry for each judge with decisive answers, in order.
///
/// # Errors
/// Scores that do not belong to the items or are not finite; no decisive answer.
pub fn position_bias(
    comparisons: &Comparisons,
    scores: &Scores,
) -> Result<Vec<PositionBias>, DiagnosticsError> {
    let mut sums = vec![(0.0, 0.0, 0.0); comparisons.judges()];
    for row in residual::all(comparisons, scores)? {
        let (answers, first, expected) = &mut sums[row.judge];
        *answers += row.weight;
        *first += if row.won { row.weight } else { 0.0 };
        *expected += row.weight * logistic(row.gap);
    }
    let of = |(judge, &(answers, first, expected)): (usize, &(f64, f64, f64))| {
        let fitted = scores.bias.get(judge);
        let standard_error = fitted.map_or(0.0, |bias| bias.standard_error);
        let bias = fitted.map_or(0.0, |bias| bias.value);
        PositionBias {
            judge,
            answers,
            first_share: first / answers,
            expected_share: expected / answers,
            bias,
            standard_error,
            z: (standard_error > 0.0).then(|| bias / standard_error),
        }
    };
    Ok(sums.iter().enumerate().filter(|(_, sums)| sums.0 > 0.0).map(of).collect())
}
