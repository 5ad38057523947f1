//! Whether a judge changes over time.
//!
//! [`Comparisons`](crate::Comparisons) forget when answers came, so this takes the answers in the order they came.

use serde::{Deserialize, Serialize};

use super::DiagnosticsError;
use super::residual::{self, Decisive};
use crate::numeric::normal_below;
use crate::{Comparison, Scores};

/// A stretch of a judge's answers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DriftWindow {
    /// How many decisive comparisons it has.
    pub answers: usize,
    /// Change of the position bias within it in logits, by one Newton step.
    pub bias_shift: f64,
    /// Score test (Rao, 1948) of that change, in standard deviations.
    pub bias_z: f64,
    /// Score test of a change in discrimination: above 0 the judge follows the scores more closely than elsewhere.
    pub slope_z: f64,
}

/// A judge over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JudgeDrift {
    /// The judge.
    pub judge: usize,
    /// Stretches of the answers in order.
    pub windows: Vec<DriftWindow>,
    /// Probability of a window as far out in bias or slope, corrected for their number (Bonferroni).
    pub window_p: f64,
    /// The largest cumulative sum of residuals, as that of a Brownian bridge.
    pub cusum: f64,
    /// Probability of a sum as large without drift (Kolmogorov, 1933). A little too large for few answers.
    pub cusum_p: f64,
    /// After how many decisive comparisons the sum was largest: where a single change is most likely.
    pub change_at: usize,
}

/// Drift of each judge with decisive answers. `answers` are in the order they came, all judges together; `window` is
/// how many decisive comparisons a window has (a last one below half of that joins its neighbour).
///
/// # Errors
/// A window of 0; an answer that cannot be used or is not about the scored items; scores that are not finite; no
/// decisive answer.
pub fn drift(
    answers: &[Comparison],
    scores: &Scores,
    window: usize,
) -> Result<Vec<JudgeDrift>, DiagnosticsError> {
    if window == 0 {
        return Err(DiagnosticsError::Setting("a window needs at least one comparison"));
    }
    residual::check(scores.items(), scores)?;
    let judges = answers.iter().map(|row| usize::from(row.judge) + 1).max().unwrap_or(0);
    answers.iter().try_for_each(|row| row.check(scores.items(), judges))?;
    let mut of_judge: Vec<Vec<Decisive>> = vec![Vec::new(); judges];
    for row in answers.iter().filter_map(|row| residual::decisive(row, scores)) {
        of_judge[row.judge].push(row);
    }
    if of_judge.iter().all(Vec::is_empty) {
        return Err(DiagnosticsError::NoComparisons);
    }
    let seen = of_judge.iter().enumerate().filter(|(_, rows)| !rows.is_empty());
    Ok(seen.map(|(judge, rows)| one(judge, rows, window)).collect())
}

fn one(judge: usize, rows: &[Decisive], window: usize) -> JudgeDrift {
    let windows: Vec<DriftWindow> = stretches(rows, window).map(window_of).collect();
    let furthest =
        windows.iter().map(|window| window.bias_z.abs().max(window.slope_z.abs())).fold(0.0, f64::max);
    let tests = 2.0 * windows.len() as f64;
    let (cusum, change_at) = cusum(rows);
    JudgeDrift {
        judge,
        window_p: (2.0 * normal_below(-furthest, 0.0, 1.0) * tests).min(1.0),
        windows,
        cusum,
        cusum_p: kolmogorov(cusum),
        change_at,
    }
}

fn stretches(rows: &[Decisive], window: usize) -> impl Iterator<Item = &[Decisive]> {
    let whole = (rows.len() / window).max(1);
    let count = if rows.len() > whole * window && 2 * (rows.len() - whole * window) >= window {
        whole + 1
    } else {
        whole
    };
    (0..count).map(move |at| {
        let end = if at + 1 == count { rows.len() } else { (at + 1) * window };
        &rows[at * window..end]
    })
}

fn window_of(rows: &[Decisive]) -> DriftWindow {
    let (mut residual, mut variance, mut along, mut along_variance) = (0.0, 0.0, 0.0, 0.0);
    for row in rows {
        let (own, spread) = (row.weight * row.residual(), row.weight * row.variance());
        residual += own;
        variance += spread;
        along += own * row.gap;
        along_variance += spread * row.gap * row.gap;
    }
    let z = |sum: f64, variance: f64| if variance > 0.0 { sum / variance.sqrt() } else { 0.0 };
    DriftWindow {
        answers: rows.len(),
        bias_shift: if variance > 0.0 { residual / variance } else { 0.0 },
        bias_z: z(residual, variance),
        slope_z: z(along, along_variance),
    }
}

/// The largest distance of the running sum of residuals from a straight line to its end, over its standard deviation,
/// and where it is.
fn cusum(rows: &[Decisive]) -> (f64, usize) {
    let total: f64 = rows.iter().map(|row| row.weight * row.residual()).sum();
    let variance: f64 = rows.iter().map(|row| row.weight * row.variance()).sum();
    if variance <= 0.0 {
        return (0.0, 0);
    }
    let (mut sum, mut passed, mut furthest) = (0.0, 0.0, (0.0, 0));
    for (at, row) in rows.iter().enumerate() {
        sum += row.weight * row.residual();
        passed += row.weight * row.variance();
        let away = (sum - passed / variance * total).abs() / variance.sqrt();
        if away > furthest.0 {
            furthest = (away, at + 1);
        }
    }
    furthest
}

/// Probability that a Brownian bridge goes as far.
fn kolmogorov(distance: f64) -> f64 {
    // Below this the series needs many terms, and the probability is 1 to nine digits.
    if distance < 0.25 {
        return 1.0;
    }
    let term = |k: i32| {
        let k = f64::from(k);
        libm::exp(-2.0 * k * k * distance * distance)
    };
    let sum: f64 = (1..=20).map(|k| if k % 2 == 1 { term(k) } else { -term(k) }).sum();
    (2.0 * sum).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kolmogorov_at_its_usual_points() {
        for (distance, p) in [(1.358_1, 0.05), (1.627_6, 0.01), (0.827_57, 0.5)] {
            assert!((kolmogorov(distance) - p).abs() < 5e-4, "{distance}: {}", kolmogorov(distance));
        }
        assert!((kolmogorov(0.3) - 1.0).abs() < 1e-4);
    }
}
