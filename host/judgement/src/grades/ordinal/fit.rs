//! The posterior of slope and cuts: its mode by Newton steps, and draws around it.

use nalgebra::{DMatrix, DVector};

use super::model::{Curve, Known, log_posterior, prior_centre};
use crate::grades::GradeError;
use crate::random::Random;

/// Half the width of the differences that the second derivatives are taken from.
const DIFFERENCE: f64 = 1e-4;
/// More steps than any fit needs.
const STEPS: usize = 200;
/// A gradient this small is a mode.
const FLAT: f64 = 1e-9;

/// The posterior near its mode: normal with the curvature there (Laplace's method).
#[derive(Debug, Clone)]
pub(super) struct Posterior {
    pub(super) mode: Vec<f64>,
    /// Lower triangular root of the inverse covariance.
    root: DMatrix<f64>,
}

/// Finds the mode for a number of cuts, starting at `from` or at the prior's centre.
pub(super) fn fit(cuts: usize, anchors: &[Known], from: Option<&[f64]>) -> Result<Posterior, GradeError> {
    let mut at = from.map_or_else(|| prior_centre(cuts), <[f64]>::to_vec);
    let (mut value, mut gradient) = log_posterior(&at, anchors);
    for _ in 0..STEPS {
        if gradient.iter().all(|by| by.abs() < FLAT) {
            break;
        }
        let root = root_of_curvature(&at, anchors).ok_or(GradeError::Fit)?;
        let step = solve(&root, &gradient).ok_or(GradeError::Fit)?;
        let Some((next, found)) = uphill(&at, &step, value, anchors) else { break };
        at = next;
        (value, gradient) = found;
    }
    let root = root_of_curvature(&at, anchors).ok_or(GradeError::Fit)?;
    Ok(Posterior { mode: at, root })
}

/// Parameters with the value and the gradient of the log posterior there.
type Point = (Vec<f64>, (f64, Vec<f64>));

/// Halves a step until it leads up; nothing when no part of it does.
fn uphill(at: &[f64], step: &[f64], value: f64, anchors: &[Known]) -> Option<Point> {
    // A step of more than one in a logarithm is beyond where the curvature says anything.
    let longest = step.iter().fold(1.0f64, |longest, by| longest.max(by.abs()));
    let mut part = 1.0 / longest;
    for _ in 0..40 {
        let next: Vec<f64> = at.iter().zip(step).map(|(at, by)| at + part * by).collect();
        let found = log_posterior(&next, anchors);
        if found.0 > value {
            return Some((next, found));
        }
        part *= 0.5;
    }
    None
}

/// The Cholesky root of minus the second derivatives; away from the mode they are lifted until they have one.
fn root_of_curvature(at: &[f64], anchors: &[Known]) -> Option<DMatrix<f64>> {
    let size = at.len();
    let mut curvature: DMatrix<f64> = DMatrix::zeros(size, size);
    for column in 0..size {
        let gradient_at = |by: f64| {
            let mut moved = at.to_vec();
            moved[column] += by;
            log_posterior(&moved, anchors).1
        };
        let (up, down) = (gradient_at(DIFFERENCE), gradient_at(-DIFFERENCE));
        for row in 0..size {
            let second = (down[row] - up[row]) / (2.0 * DIFFERENCE);
            curvature[(row, column)] += 0.5 * second;
            curvature[(column, row)] += 0.5 * second;
        }
    }
    let mut lift = 0.0;
    for _ in 0..60 {
        let lifted = DMatrix::from_fn(size, size, |row, column| {
            curvature[(row, column)] + if row == column { lift } else { 0.0 }
        });
        if let Some(root) = lifted.cholesky() {
            return Some(root.unpack());
        }
        lift = if lift == 0.0 { 1e-3 } else { lift * 2.0 };
    }
    None
}

fn solve(root: &DMatrix<f64>, right: &[f64]) -> Option<Vec<f64>> {
    let half = root.solve_lower_triangular(&DVector::from_column_slice(right))?;
    root.tr_solve_lower_triangular(&half).map(|solved| solved.as_slice().to_vec())
}

impl Posterior {
    /// Curves drawn from the posterior: each draw with its mirror image around the mode, so that their mean is the
    /// mode's. At least two.
    pub(super) fn draws(&self, count: usize, seed: u64) -> Result<Vec<Curve>, GradeError> {
        let mut random = Random::new(seed);
        let mut curves = Vec::with_capacity(count + 1);
        while curves.len() < count.max(2) {
            let noise = DVector::from_iterator(self.mode.len(), self.mode.iter().map(|_| random.normal()));
            let away = self.root.tr_solve_lower_triangular(&noise).ok_or(GradeError::Fit)?;
            for sign in [1.0, -1.0] {
                let drawn: Vec<f64> =
                    self.mode.iter().zip(away.iter()).map(|(mode, by)| mode + sign * by).collect();
                curves.push(Curve::of(&drawn));
            }
        }
        Ok(curves)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_anchors_the_prior_is_what_is_left() {
        let posterior = fit(5, &[], None).unwrap();
        let curve = Curve::of(&posterior.mode);
        let gaps: Vec<f64> = curve.cuts.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.iter().all(|gap| (gap - 0.6).abs() < 1e-9), "{gaps:?}");
        assert!(curve.cuts.iter().sum::<f64>().abs() < 1e-9);
        assert!((curve.slope - 5.0).abs() < 1e-9);
    }

    #[test]
    fn many_anchors_outweigh_the_prior() {
        let truth = Curve { slope: 9.0, cuts: vec![-0.9, 0.1, 0.4] };
        let mut random = Random::new(5);
        let anchors: Vec<Known> = (0..3000)
            .map(|_| {
                let score = random.normal();
                let uniform = random.uniform();
                let grade = truth
                    .cuts
                    .iter()
                    .filter(|&&cut| crate::numeric::logistic(9.0 * (cut - score)) < uniform)
                    .count();
                Known { score, variance: 0.0, grade }
            })
            .collect();
        let curve = Curve::of(&fit(3, &anchors, None).unwrap().mode);
        assert!((curve.slope - 9.0).abs() < 0.7, "{}", curve.slope);
        for (found, cut) in curve.cuts.iter().zip(&truth.cuts) {
            assert!((found - cut).abs() < 0.03, "{:?}", curve.cuts);
        }
    }

    #[test]
    fn the_mode_is_flat_even_for_grades_against_the_scores() {
        let anchors: Vec<Known> = (0..6)
            .map(|at| Known { score: f64::from(at) - 2.5, variance: 0.1, grade: 5 - at as usize })
            .collect();
        let posterior = fit(5, &anchors, None).unwrap();
        let (_, gradient) = log_posterior(&posterior.mode, &anchors);
        assert!(gradient.iter().all(|by| by.abs() < 1e-6), "{gradient:?}");
        assert!(Curve::of(&posterior.mode).slope < 2.0);
    }
}
