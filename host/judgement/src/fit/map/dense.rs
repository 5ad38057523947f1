//! Newton's method with the whole Hessian of scores, position biases and the tie parameter.

use nalgebra::{Cholesky, DMatrix, DVector};

use super::{Fit, Problem, log_nu_precision, sigma};
use crate::fit::FitError;
use crate::fit::inverse::inverse;
use crate::fit::likelihood::{Answers, expected};
use crate::graph::Structure;
use crate::{Bias, Scores};

/// Position biases and log tie parameters beyond this mean that there is no maximum.
const DIVERGED: f64 = 30.0;

/// Fits with exact standard errors.
pub(super) fn fit(problem: &Problem<'_>) -> Result<Fit, FitError> {
    let size = problem.items + problem.biases + usize::from(problem.fit_nu);
    let mut at = DVector::zeros(size);
    let mut objective = value(problem, &at);
    for iterations in 1..=problem.options.max_iterations {
        let (gradient, hessian) = expand(problem, &at);
        let factored = Cholesky::new(hessian).ok_or(FitError::Numerical("Newton's method"))?;
        let step = factored.solve(&gradient);
        let decrement = gradient.dot(&step);
        if !decrement.is_finite() {
            return Err(FitError::Numerical("Newton's method"));
        }
        let small = problem.options.tolerance * problem.options.tolerance * problem.items as f64;
        let (mut share, mut next) = (1.0, &at + &step);
        let mut reached = value(problem, &next);
        while reached < objective && decrement > 1e-12 * (1.0 + objective.abs()) && share > 1e-6 {
            share *= 0.5;
            next = &at + &step * share;
            reached = value(problem, &next);
        }
        at = next;
        objective = reached;
        if at.rows(problem.items, size - problem.items).iter().any(|x| x.abs() > DIVERGED) {
            return Err(FitError::NoMaximum { strong_components: 1 });
        }
        if decrement <= small.max(1e-15 * (1.0 + objective.abs())) {
            return finish(problem, &at, iterations);
        }
    }
    Err(FitError::NotConverged { iterations: problem.options.max_iterations })
}

impl Problem<'_> {
    /// The log-odds that a site's first item is better.
    fn z(&self, at: &DVector<f64>, site: &crate::fit::sites::Site) -> f64 {
        let bias = if self.biases > 0 { at[self.items + usize::from(site.judge)] } else { 0.0 };
        at[site.first as usize] - at[site.second as usize] + bias
    }

    fn log_nu(&self, at: &DVector<f64>) -> Option<f64> {
        self.fit_nu.then(|| at[self.items + self.biases])
    }

    fn prior(&self, index: usize) -> f64 {
        if index < self.items {
            self.options.lambda
        } else if index < self.items + self.biases {
            self.options.bias_precision
        } else {
            log_nu_precision(self.options)
        }
    }
}

fn log_likelihood(problem: &Problem<'_>, at: &DVector<f64>) -> f64 {
    let log_nu = problem.log_nu(at);
    let nu = log_nu.map_or(0.0, libm::exp);
    let of = |site| Answers::of(site, nu).log(problem.z(at, site)) + site.ties * log_nu.unwrap_or(0.0);
    problem.sites.iter().map(of).sum()
}

fn value(problem: &Problem<'_>, at: &DVector<f64>) -> f64 {
    let prior: f64 = at.iter().enumerate().map(|(k, x)| 0.5 * problem.prior(k) * x * x).sum();
    log_likelihood(problem, at) - prior
}

/// The gradient and the negative Hessian.
fn expand(problem: &Problem<'_>, at: &DVector<f64>) -> (DVector<f64>, DMatrix<f64>) {
    let (n, size) = (problem.items, at.len());
    let nu = problem.log_nu(at).map_or(0.0, libm::exp);
    let mut gradient = DVector::from_fn(size, |k, _| -problem.prior(k) * at[k]);
    let mut hessian = DMatrix::from_diagonal(&DVector::from_fn(size, |k, _| problem.prior(k)));
    if problem.options.lambda == 0.0 {
        // The common level is free: any curvature along it will do, and it is taken out of the covariance again.
        hessian.view_mut((0, 0), (n, n)).add_scalar_mut(1.0 / n as f64);
    }
    for site in problem.sites {
        let z = problem.z(at, site);
        let answers = Answers::of(site, nu);
        let (slope, curvature) = answers.slope_and_curvature(z);
        let (difference, _, tie) = expected(z, nu);
        let all =
            [(site.first as usize, 1.0), (site.second as usize, -1.0), (n + usize::from(site.judge), 1.0)];
        let parts = &all[..if problem.biases > 0 { 3 } else { 2 }];
        let cross = -0.5 * site.hard() * tie * difference;
        for &(i, x) in parts {
            gradient[i] += x * slope;
            for &(k, y) in parts {
                hessian[(i, k)] += x * y * curvature;
            }
            if problem.fit_nu {
                hessian[(i, size - 1)] += x * cross;
                hessian[(size - 1, i)] += x * cross;
            }
        }
        if problem.fit_nu {
            gradient[size - 1] += site.ties - site.hard() * tie;
            hessian[(size - 1, size - 1)] += site.hard() * tie * (1.0 - tie);
        }
    }
    (gradient, hessian)
}

fn finish(problem: &Problem<'_>, at: &DVector<f64>, iterations: u32) -> Result<Fit, FitError> {
    let n = problem.items;
    let (_, hessian) = expand(problem, at);
    let inverse = inverse(hessian).ok_or(FitError::Numerical("Newton's method"))?;
    let lambda = problem.options.lambda;
    // Along the common level the inverse is exactly 1/lambda (or the 1 put there), which no comparison tells of.
    let common = if lambda > 0.0 { 1.0 / (lambda * n as f64) } else { 1.0 / n as f64 };
    let covariance = inverse.view((0, 0), (n, n)).add_scalar(-common);
    let level = at.rows(0, n).mean();
    let error = |k: usize| inverse[(k, k)].max(0.0).sqrt();
    let biases = n..n + problem.biases;
    let scores = Scores {
        mean: at.iter().take(n).map(|x| x - level).collect(),
        standard_error: covariance.diagonal().iter().map(|v| v.max(0.0).sqrt()).collect(),
        sigma: sigma(lambda),
        scale_error: 0.0,
        bias: biases.map(|k| Bias { value: at[k], standard_error: error(k) }).collect(),
    };
    if !scores.mean.iter().chain(&scores.standard_error).all(|x| x.is_finite()) {
        return Err(FitError::Numerical("Newton's method"));
    }
    Ok(Fit {
        scores,
        nu: problem.log_nu(at).map_or(0.0, libm::exp),
        log_nu_error: if problem.fit_nu { error(at.len() - 1) } else { 0.0 },
        log_likelihood: log_likelihood(problem, at),
        iterations,
        structure: Structure::default(),
        covariance: Some(covariance),
    })
}
