//! Scores by expectation propagation (Minka 2001): every answer's likelihood is replaced by the normal factor that keeps
//! the posterior's mean and variance, so that scores are posterior means and standard errors posterior deviations.
//! On sparse data both are better than mode and curvature.
//!
//! The model: scores are `N(0, sigma^2)`; judge `j` sees `z = a_j (s_first - s_second) + b_j`; a hard answer follows
//! Bradley and Terry (1952), with ties Davidson (1970); a soft answer is `N(slope_j z, noise_j^2)`. Everything but the
//! scores is fitted: `sigma`, `slope`, `noise`, the tie parameter and the discriminations `a_j` by maximum marginal
//! likelihood with weak priors, the position biases `b_j` together with the scores.

mod dense;
mod hyper;
mod loopy;
mod sweep;
mod tilt;

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::edges::Edges;
use super::{FitError, check, positive, sites};
use crate::graph::Structure;
use crate::{Bias, Comparisons, Scores};

/// Where the standard deviation of true scores comes from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sigma {
    /// It is estimated: expectation-maximisation with a secant, and a weak prior around 1.4 logits.
    Fitted,
    /// It is given, in logits.
    Fixed(f64),
}

/// How to fit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The standard deviation of true scores.
    pub sigma: Sigma,
    /// Whether judges may prefer the item shown first.
    pub position_bias: bool,
    /// The standard deviation, in logits, of the normal prior of a judge's position bias around 0.
    pub bias_deviation: f64,
    /// Whether judges differ in how sharply they see. Their geometric mean is 1, their log-normal prior has the
    /// standard deviation .3. Without it all are 1.
    pub discrimination: bool,
    /// Up to so many items the covariance of all scores is kept, which makes standard errors right for any design;
    /// beyond, it is neglected where items are not compared with each other.
    pub dense_limit: usize,
    /// Whether the graph is looked at; otherwise [`Fit::structure`] is empty.
    pub structure: bool,
    /// The fit has converged when no score moves by more than this share of its standard error.
    pub tolerance: f64,
    /// The most iterations over all comparisons.
    pub max_iterations: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            sigma: Sigma::Fitted,
            position_bias: true,
            bias_deviation: 2.0,
            discrimination: false,
            dense_limit: 1000,
            structure: true,
            tolerance: 1e-3,
            max_iterations: 300,
        }
    }
}

/// How a judge's soft answers relate to true log-odds: `answer = slope * z + noise`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The slope; above 1 the judge is overconfident. 1 when there are no hard answers to compare with.
    pub slope: f64,
    /// The standard deviation of one answer, in the judge's logits.
    pub noise: f64,
}

/// What the fit found.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Scores, standard errors, sigma and position biases.
    pub scores: Scores,
    /// Davidson's tie parameter: equal items tie with probability `nu / (2 + nu)`. 0 when nobody answered with a tie.
    pub nu: f64,
    /// Each judge's discrimination.
    pub discrimination: Vec<f64>,
    /// Each judge's calibration; nothing for a judge without soft answers.
    pub calibration: Vec<Option<Calibration>>,
    /// How many iterations were made.
    pub iterations: u32,
    /// Whether they settled.
    pub converged: bool,
    /// The shape of the comparison graph.
    pub structure: Structure,
    /// The scores' covariance, uncentred; dense fits only.
    covariance: Option<DMatrix<f64>>,
}

impl Fit {
    /// The covariance of the scores under the prior `N(0, sigma^2)`, widened for what is not known of sigma, with the common level that no comparison tells of
    /// still in it (so differences are right, and so are traces up to a constant). Only up to [`Options::dense_limit`].
    pub const fn covariance(&self) -> Option<&DMatrix<f64>> {
        self.covariance.as_ref()
    }

    /// The variance of the difference of two scores; without the covariance, the sum of their squared standard errors.
    ///
    /// Indices beyond the items give `None`.
    pub fn difference_variance(&self, a: u32, b: u32) -> Option<f64> {
        let (a, b) = (a as usize, b as usize);
        let errors = &self.scores.standard_error;
        let apart = errors.get(a)? * errors.get(a)? + errors.get(b)? * errors.get(b)?;
        Some(match &self.covariance {
            Some(c) => (c[(a, a)] + c[(b, b)] - 2.0 * c[(a, b)]).max(0.0),
            None => apart,
        })
    }
}

/// Fits the scores.
///
/// # Errors
/// Fewer than two items, no comparisons, an option out of range, or numbers too far apart for the arithmetic. Items
/// that were never compared, never won or never lost, and graphs in several parts are no errors: the prior holds
/// them, and [`Fit::structure`] tells of them. A fit that did not settle says so in [`Fit::converged`].
pub fn fit(comparisons: &Comparisons, options: &Options) -> Result<Fit, FitError> {
    check(comparisons)?;
    positive("bias_deviation", options.bias_deviation)?;
    positive("tolerance", options.tolerance)?;
    if let Sigma::Fixed(sigma) = options.sigma {
        positive("sigma", sigma)?;
    }
    let edges = Edges::new(comparisons);
    let problem =
        Problem { items: comparisons.items(), judges: comparisons.judges(), edges: &edges, options };
    let mut fit = if problem.items <= options.dense_limit && problem.judges <= options.dense_limit.max(100) {
        let sites = sites::merge(comparisons);
        let start = loopy::start(&problem, &sites)?;
        dense::fit(&problem, &sites, start)?
    } else {
        loopy::fit(&problem)?
    };
    if options.structure {
        fit.structure = Structure::of(comparisons);
    }
    Ok(fit)
}

/// What there is to fit.
struct Problem<'a> {
    items: usize,
    judges: usize,
    edges: &'a Edges,
    options: &'a Options,
}

/// What the posterior says of items and judges.
struct Posterior<'a> {
    /// Means of the scores, summing to 0.
    mean: &'a [f64],
    /// Their variances around the mean of all.
    variance: &'a [f64],
    /// The judges' position biases.
    bias: &'a [Bias],
}

/// Puts the result together.
fn assemble(
    posterior: &Posterior<'_>,
    hyper: &hyper::Hyper,
    iterations: u32,
    converged: bool,
) -> Result<Fit, FitError> {
    let mean = posterior.mean.to_vec();
    let standard_error: Vec<f64> = posterior.variance.iter().map(|v| v.max(0.0).sqrt()).collect();
    if !mean.iter().chain(&standard_error).all(|x| x.is_finite()) {
        return Err(FitError::Numerical("expectation propagation"));
    }
    let scores = Scores {
        mean,
        standard_error,
        sigma: hyper.variance().sqrt(),
        scale_error: 0.0,
        bias: posterior.bias.to_vec(),
    };
    Ok(Fit {
        scores,
        nu: hyper.nu(),
        discrimination: hyper.discriminations(),
        calibration: hyper.calibrations(),
        iterations,
        converged,
        structure: Structure::default(),
        covariance: None,
    })
}
