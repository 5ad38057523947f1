//! What the reference service computes: iterative Luce spectral ranking (Maystre and Grossglauser 2015) with a constant
//! rate between all items, and standard errors from the Fisher information with one item held fixed.
//!
//! It is here to compare with. The constant rate acts within each round, so it is no prior: the same answers again and
//! again keep pushing scores outwards, and lopsided records have standard errors at the cap. Use [`super::ep`].

use nalgebra::{DMatrix, DVector, SymmetricEigen};
use serde::{Deserialize, Serialize};

use super::{FitError, positive};
use crate::{Comparisons, Verdict};

/// Beyond this difference of scores an outcome counts as certain.
const CERTAIN: f64 = 10.0;
/// Eigenvalues below this share of the largest count as 0.
const SINGULAR: f64 = 1e-10;

/// The constants of the method.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The rate every ordered pair of items has without any comparison. Positive.
    pub alpha: f64,
    /// The most rounds.
    pub max_iterations: u32,
    /// The rounds end when the scores' changes sum to at most this times the number of items.
    pub tolerance: f64,
    /// The item whose standard error is 0; the last one if nothing is said.
    pub reference: Option<u32>,
    /// No standard error is above this.
    pub cap: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { alpha: 0.01, max_iterations: 100, tolerance: 1e-8, reference: None, cap: 2.0 }
    }
}

/// Scores as the reference service has them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// Each item's score in logits; their mean is 0.
    pub mean: Vec<f64>,
    /// Each item's standard error relative to the reference item, capped.
    pub standard_error: Vec<f64>,
    /// How many rounds were made.
    pub iterations: u32,
}

/// Fits the scores. Only [`Verdict::First`] and [`Verdict::Second`] count.
///
/// # Errors
/// No items, nothing to count, an option out of range, or no convergence within the rounds.
pub fn fit(comparisons: &Comparisons, options: &Options) -> Result<Fit, FitError> {
    positive("alpha", options.alpha)?;
    positive("tolerance", options.tolerance)?;
    let n = comparisons.items();
    if n == 0 {
        return Err(FitError::TooFewItems { items: n });
    }
    let wins = wins(comparisons);
    if wins.is_empty() {
        return Err(FitError::NoComparisons);
    }
    let mut worth = vec![1.0; n];
    let mut last: Option<Vec<f64>> = None;
    for iterations in 1..=options.max_iterations {
        let mean = log_stationary(&rates(n, &wins, &worth, options.alpha))?;
        let moved = last.as_ref().map(|last| mean.iter().zip(last).map(|(a, b)| (a - b).abs()).sum::<f64>());
        if moved.is_some_and(|moved| moved <= options.tolerance * n as f64) {
            let standard_error = standard_errors(&mean, comparisons, options.reference, options.cap);
            return Ok(Fit { mean, standard_error, iterations });
        }
        let total: f64 = mean.iter().map(|&log| libm::exp(log)).sum();
        for (worth, &log) in worth.iter_mut().zip(&mean) {
            *worth = n as f64 * libm::exp(log) / total;
        }
        last = Some(mean);
    }
    Err(FitError::NotConverged { iterations: options.max_iterations })
}

/// Winner, loser and weight of each answer that counts.
fn wins(comparisons: &Comparisons) -> Vec<(usize, usize, f64)> {
    let rows = comparisons.rows().iter();
    rows.filter_map(|row| {
        let (first, second) = (row.first as usize, row.second as usize);
        match row.verdict {
            Verdict::First => Some((first, second, f64::from(row.weight))),
            Verdict::Second => Some((second, first, f64::from(row.weight))),
            Verdict::Tie | Verdict::Soft(_) => None,
        }
    })
    .collect()
}

/// The Markov chain's rates, from losers to winners, transposed: column `i` has the rates out of `i` and sums to 0.
fn rates(n: usize, wins: &[(usize, usize, f64)], worth: &[f64], alpha: f64) -> DMatrix<f64> {
    let mut into = DMatrix::from_element(n, n, alpha);
    for &(winner, loser, weight) in wins {
        into[(winner, loser)] += weight / (worth[winner] + worth[loser]);
    }
    for item in 0..n {
        into[(item, item)] -= into.column(item).sum();
    }
    into
}

/// The centred logarithm of the stationary distribution.
fn log_stationary(into: &DMatrix<f64>) -> Result<Vec<f64>, FitError> {
    let last = into.nrows() - 1;
    let head = into.view((0, 0), (last, last)).into_owned();
    let target = -into.view((0, last), (last, 1)).into_owned();
    let solved = head.lu().solve(&target).ok_or(FitError::Numerical("the stationary distribution"))?;
    let logs: Vec<f64> = solved.iter().chain([&1.0]).map(|&share| libm::log(share)).collect();
    let centre = logs.iter().sum::<f64>() / logs.len() as f64;
    if centre.is_finite() {
        Ok(logs.iter().map(|log| log - centre).collect())
    } else {
        Err(FitError::Numerical("the stationary distribution"))
    }
}

/// Standard errors of given scores relative to one item (the last if nothing, or no item, is named), at most `cap`.
///
/// Fewer than two scores have the standard error 0; without any answer that counts each has .5.
pub fn standard_errors(
    mean: &[f64],
    comparisons: &Comparisons,
    reference: Option<u32>,
    cap: f64,
) -> Vec<f64> {
    let n = mean.len();
    if n < 2 {
        return vec![0.0; n];
    }
    let wins = wins(comparisons);
    if wins.is_empty() {
        return vec![0.5; n];
    }
    let reference = reference.map_or(n - 1, |item| item as usize).min(n - 1);
    let place = |item: usize| (item != reference).then(|| if item < reference { item } else { item - 1 });
    let mut information = DMatrix::zeros(n - 1, n - 1);
    for &(winner, loser, weight) in wins.iter().filter(|&&(winner, loser, _)| winner < n && loser < n) {
        let difference = mean[winner] - mean[loser];
        let p = 1.0 / (1.0 + libm::exp(-difference));
        let v = if difference.abs() > CERTAIN { 0.0 } else { weight * p * (1.0 - p) };
        let (a, b) = (place(winner), place(loser));
        for item in [a, b].into_iter().flatten() {
            information[(item, item)] += v;
        }
        if let (Some(a), Some(b)) = (a, b) {
            information[(a, b)] -= v;
            information[(b, a)] -= v;
        }
    }
    let variance = pseudo_inverse_diagonal(information);
    let of = |item| place(item).map_or(0.0, |at| variance[at].max(0.0).sqrt().min(cap));
    (0..n).map(of).collect()
}

/// The diagonal of a symmetric matrix's pseudo-inverse.
fn pseudo_inverse_diagonal(matrix: DMatrix<f64>) -> DVector<f64> {
    let size = matrix.nrows();
    let SymmetricEigen { eigenvectors, eigenvalues } = matrix.symmetric_eigen();
    let cut = SINGULAR * eigenvalues.amax();
    let mut diagonal = DVector::zeros(size);
    for (value, vector) in eigenvalues.iter().zip(eigenvectors.column_iter()) {
        if value.abs() > cut {
            diagonal += vector.map(|x| x * x / value);
        }
    }
    diagonal
}

/// A summary of standard errors and of how evenly items were compared. The reference item's 0 is in mean and minimum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Mean of the standard errors.
    pub mean_se: f64,
    /// The largest.
    pub max_se: f64,
    /// The smallest.
    pub min_se: f64,
    /// How many items there are.
    pub item_count: usize,
    /// How many comparisons there are.
    pub comparison_count: usize,
    /// How many standard errors reach the cap.
    pub items_at_cap: usize,
    /// How many items were never compared.
    pub isolated_items: usize,
    /// Mean number of comparisons an item stands in.
    pub mean_comparisons_per_item: f64,
    /// The fewest.
    pub min_comparisons_per_item: u32,
    /// The most.
    pub max_comparisons_per_item: u32,
}

/// Warnings drawn from a [`Summary`]. They inform; they gate nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    /// The mean standard error is above .4 or the largest above .8.
    pub bt_se_inflated: bool,
    /// Items stand in fewer than one comparison on average.
    pub comparison_coverage_sparse: bool,
    /// Some item was never compared.
    pub has_isolated_items: bool,
}

impl Summary {
    /// Sums up standard errors of items with so many comparisons each. Without items everything is 0.
    pub fn of(standard_error: &[f64], comparisons: &Comparisons, cap: f64) -> Self {
        let counts = comparisons.counts();
        let n = standard_error.len().max(1) as f64;
        let least = standard_error.iter().copied().fold(f64::INFINITY, f64::min);
        Self {
            mean_se: standard_error.iter().sum::<f64>() / n,
            max_se: standard_error.iter().copied().fold(0.0, f64::max),
            min_se: if least.is_finite() { least } else { 0.0 },
            item_count: standard_error.len(),
            comparison_count: comparisons.rows().len(),
            items_at_cap: standard_error.iter().filter(|&&se| se >= cap).count(),
            isolated_items: counts.iter().filter(|&&count| count == 0).count(),
            mean_comparisons_per_item: counts.iter().map(|&count| f64::from(count)).sum::<f64>() / n,
            min_comparisons_per_item: counts.iter().copied().min().unwrap_or(0),
            max_comparisons_per_item: counts.iter().copied().max().unwrap_or(0),
        }
    }

    /// The warnings.
    pub fn quality(&self) -> Quality {
        Quality {
            bt_se_inflated: self.mean_se > 0.4 || self.max_se > 0.8,
            comparison_coverage_sparse: self.mean_comparisons_per_item < 1.0,
            has_isolated_items: self.isolated_items > 0,
        }
    }
}

/// The largest change of a score; an item that had none before counts as having had 0. Nothing when there were no
/// scores before, which can never count as stable.
pub fn largest_change(current: &[f64], previous: &[f64]) -> Option<f64> {
    if previous.is_empty() {
        return None;
    }
    let before = previous.iter().copied().chain(std::iter::repeat(0.0));
    Some(current.iter().zip(before).map(|(now, before)| (now - before).abs()).fold(0.0, f64::max))
}
