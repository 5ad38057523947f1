//! The mode: scores of maximum posterior density under a normal prior, or of maximum likelihood where it exists, by
//! Newton's method. Fast at any size; on sparse data its scores and standard errors are a little small, and [`super::ep`]
//! is better.

mod dense;
mod sparse;

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::edges::Edges;
use super::sites::{self, Site};
use super::{FitError, check, positive};
use crate::graph::Structure;
use crate::{Bias, Comparisons, Scores};

/// What a tie is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ties {
    /// Half a win and half a loss. This shrinks scores.
    Half,
    /// An outcome of its own (Davidson 1970), with a fitted tie parameter.
    Davidson,
}

/// How to fit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The prior's precision: `1 / sigma^2`. 0 is maximum likelihood, of the tie parameter too.
    pub lambda: f64,
    /// Whether judges may prefer the item shown first.
    pub position_bias: bool,
    /// The precision of the normal prior of position biases around 0; 0 for none.
    pub bias_precision: f64,
    /// What a tie is.
    pub ties: Ties,
    /// Up to so many items the Hessian is kept dense and standard errors are exact.
    pub dense_limit: usize,
    /// Whether standard errors are wanted, beyond [`Self::dense_limit`], where they cost time of their own. Otherwise
    /// they are 0.
    pub standard_errors: bool,
    /// Whether the graph is looked at; otherwise [`Fit::structure`] is empty. Without a prior it always is.
    pub structure: bool,
    /// The fit has converged when Newton's decrement, the gain still to be had in log-likelihood, falls below this
    /// share of one answer per item.
    pub tolerance: f64,
    /// The most Newton steps.
    pub max_iterations: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lambda: 0.25,
            position_bias: true,
            bias_precision: 0.25,
            ties: Ties::Davidson,
            dense_limit: 1000,
            standard_errors: true,
            structure: true,
            tolerance: 1e-9,
            max_iterations: 100,
        }
    }
}

/// What the fit found.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Scores, standard errors (from the curvature), the prior's sigma (0 stands for no prior), position biases.
    pub scores: Scores,
    /// Davidson's tie parameter; 0 when there are no ties or they are half wins.
    pub nu: f64,
    /// The standard error of `ln(nu)`; 0 when it was not fitted, and beyond [`Options::dense_limit`] without the
    /// uncertainty of the scores.
    pub log_nu_error: f64,
    /// The log-likelihood of all answers, each on its own, without the prior.
    pub log_likelihood: f64,
    /// How many Newton steps were made.
    pub iterations: u32,
    /// The shape of the comparison graph.
    pub structure: Structure,
    /// The scores' covariance around their mean; dense fits only.
    pub covariance: Option<DMatrix<f64>>,
}

/// What there is to fit.
struct Problem<'a> {
    items: usize,
    judges: usize,
    biases: usize,
    sites: &'a [Site],
    options: &'a Options,
    fit_nu: bool,
}

/// Fits the scores. A soft answer counts as a fraction of a win and the rest of a loss.
///
/// # Errors
/// Fewer than two items, no comparisons, an option out of range; without a prior, data for which there is no maximum;
/// no convergence; numbers too far apart for the arithmetic.
pub fn fit(comparisons: &Comparisons, options: &Options) -> Result<Fit, FitError> {
    check(comparisons)?;
    positive("tolerance", options.tolerance)?;
    for (name, value) in [("lambda", options.lambda), ("bias_precision", options.bias_precision)] {
        if value != 0.0 {
            positive(name, value)?;
        }
    }
    let wanted = options.structure || options.lambda == 0.0;
    let structure = if wanted { Structure::of(comparisons) } else { Structure::default() };
    if options.lambda == 0.0 && !structure.strongly_connected() {
        return Err(FitError::NoMaximum { strong_components: structure.strong_components });
    }
    let (items, judges) = (comparisons.items(), comparisons.judges());
    let biases = if options.position_bias { judges } else { 0 };
    let mut fit = if items <= options.dense_limit && biases <= options.dense_limit.max(100) {
        let sites = prepared(sites::merge(comparisons), options.ties);
        let fit_nu = sites.iter().any(|site| site.ties > 0.0);
        dense::fit(&Problem { items, judges, biases, sites: &sites, options, fit_nu })?
    } else {
        let mut edges = Edges::new(comparisons);
        let sites = prepared(std::mem::take(&mut edges.general), options.ties);
        let single = options.ties == Ties::Davidson && edges.sign.contains(&0);
        let fit_nu = single || sites.iter().any(|site| site.ties > 0.0);
        sparse::fit(&Problem { items, judges, biases, sites: &sites, options, fit_nu }, &edges)?
    };
    fit.scores.bias.resize(comparisons.judges(), Bias { value: 0.0, standard_error: 0.0 });
    fit.structure = structure;
    Ok(fit)
}

/// The sites with wins, losses and ties only.
fn prepared(mut sites: Vec<Site>, ties: Ties) -> Vec<Site> {
    sites.iter_mut().for_each(|site| share_out(site, ties));
    sites
}

/// Soft answers become fractions of wins and losses; ties too if they are to be halves.
fn share_out(site: &mut Site, ties: Ties) {
    if site.soft > 0.0 {
        // The mean logit of the site's soft answers stands for each of them.
        let p = 1.0 / (1.0 + libm::exp(-site.soft_sum / site.soft));
        site.wins += site.soft * p;
        site.losses += site.soft * (1.0 - p);
        site.soft = 0.0;
    }
    if ties == Ties::Half {
        site.wins += 0.5 * site.ties;
        site.losses += 0.5 * site.ties;
        site.ties = 0.0;
    }
}

/// The standard deviation a precision stands for; 0 for no prior.
fn sigma(lambda: f64) -> f64 {
    if lambda > 0.0 { 1.0 / lambda.sqrt() } else { 0.0 }
}

/// The precision of the log tie parameter's prior around 0: weak, and none without a prior of the scores.
fn log_nu_precision(options: &Options) -> f64 {
    if options.lambda > 0.0 { 0.25 } else { 0.0 }
}
