//! Comparisons whose outcome was clear beforehand. They say little of the scores, but upsets among them show lapses.

use serde::{Deserialize, Serialize};

use super::DiagnosticsError;
use super::residual;
use crate::{Comparisons, Scores};

/// Comparisons whose outcome was clear beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DeadComparisons {
    /// Their share of the decisive answers.
    pub share: f64,
    /// Their share of the information about the scores.
    pub information_share: f64,
    /// In how many of them the worse item won.
    pub upsets: f64,
    /// In how many of them the model expects that.
    pub expected_upsets: f64,
    /// Upsets above expectation in standard deviations; nothing without dead comparisons. Far above 2 speaks of lapses
    /// or of prompts that failed.
    pub z: Option<f64>,
}

/// Decisive answers whose better item wins with a probability above `threshold` (.95 is usual).
///
/// # Errors
/// A threshold outside .5 to 1; scores that do not belong to the items or are not finite; no decisive answer.
pub fn dead_comparisons(
    comparisons: &Comparisons,
    scores: &Scores,
    threshold: f64,
) -> Result<DeadComparisons, DiagnosticsError> {
    if !(0.5..1.0).contains(&threshold) {
        return Err(DiagnosticsError::Setting("a comparison is dead above a probability of at least .5"));
    }
    let rows = residual::all(comparisons, scores)?;
    let (mut answers, mut information) = (0.0, 0.0);
    let (mut dead, mut dead_information, mut upsets, mut expected) = (0.0, 0.0, 0.0, 0.0);
    for row in &rows {
        let (p, own) = (row.p(), row.weight * row.variance());
        answers += row.weight;
        information += own;
        if p.max(1.0 - p) > threshold {
            dead += row.weight;
            dead_information += own;
            upsets += if row.won == (p > 0.5) { 0.0 } else { row.weight };
            expected += row.weight * p.min(1.0 - p);
        }
    }
    Ok(DeadComparisons {
        share: dead / answers,
        information_share: dead_information / information.max(f64::MIN_POSITIVE),
        upsets,
        expected_upsets: expected,
        z: (dead_information > 0.0).then(|| (upsets - expected) / dead_information.sqrt()),
    })
}
