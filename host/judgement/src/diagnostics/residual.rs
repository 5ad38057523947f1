//! Decisive answers with the probability that the fit gives them.

use super::DiagnosticsError;
use crate::numeric::logistic;
use crate::{Comparison, Comparisons, Scores, Verdict};

/// A decisive answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decisive {
    pub(super) first: usize,
    pub(super) second: usize,
    pub(super) judge: usize,
    pub(super) weight: f64,
    /// Score of the first less that of the second, in logits.
    pub(super) gap: f64,
    /// The judge's position bias, in logits.
    pub(super) bias: f64,
    /// Whether the first was called better.
    pub(super) won: bool,
}

impl Decisive {
    /// Probability that the first is called better.
    pub(super) fn p(&self) -> f64 {
        logistic(self.gap + self.bias)
    }

    /// Variance of one answer: also its Fisher information about the gap.
    pub(super) fn variance(&self) -> f64 {
        let odds = self.gap + self.bias;
        logistic(odds) * logistic(-odds)
    }

    /// Outcome less its probability.
    pub(super) fn residual(&self) -> f64 {
        if self.won { logistic(-self.gap - self.bias) } else { -self.p() }
    }
}

/// Which side a verdict takes; nothing for a tie.
pub(super) fn first_wins(verdict: Verdict) -> Option<bool> {
    match verdict {
        Verdict::First => Some(true),
        Verdict::Second => Some(false),
        Verdict::Soft(logit) if logit != 0.0 => Some(logit > 0.0),
        Verdict::Tie | Verdict::Soft(_) => None,
    }
}

/// A comparison with its probability; nothing for a tie. Indices must have been checked.
pub(super) fn decisive(row: &Comparison, scores: &Scores) -> Option<Decisive> {
    let (first, second, judge) = (row.first as usize, row.second as usize, usize::from(row.judge));
    Some(Decisive {
        first,
        second,
        judge,
        weight: f64::from(row.weight),
        gap: scores.mean[first] - scores.mean[second],
        bias: bias(scores, judge),
        won: first_wins(row.verdict)?,
    })
}

/// A judge's position bias in logits; none when the fit has none.
pub(super) fn bias(scores: &Scores, judge: usize) -> f64 {
    scores.bias.get(judge).map_or(0.0, |bias| bias.value)
}

/// All decisive answers in canonical order.
///
/// # Errors
/// Scores that do not belong to the items or are not finite; no decisive answer.
pub(super) fn all(comparisons: &Comparisons, scores: &Scores) -> Result<Vec<Decisive>, DiagnosticsError> {
    check(comparisons.items(), scores)?;
    let rows: Vec<Decisive> = comparisons.rows().iter().filter_map(|row| decisive(row, scores)).collect();
    if rows.is_empty() { Err(DiagnosticsError::NoComparisons) } else { Ok(rows) }
}

/// Refuses scores that do not belong to the items or are not finite.
pub(super) fn check(items: usize, scores: &Scores) -> Result<(), DiagnosticsError> {
    if items < 2 {
        return Err(DiagnosticsError::TooFewItems);
    }
    if scores.items() != items {
        return Err(DiagnosticsError::Mismatch { items, scores: scores.items() });
    }
    let broken = |item: &usize| {
        !scores.mean[*item].is_finite() || !scores.standard_error.get(*item).is_some_and(|se| se.is_finite())
    };
    if let Some(item) = (0..items).find(broken) {
        return Err(DiagnosticsError::Score(item));
    }
    match scores.bias.iter().position(|bias| !bias.value.is_finite()) {
        Some(judge) => Err(DiagnosticsError::Bias(judge)),
        None => Ok(()),
    }
}
