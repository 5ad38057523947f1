//! Expectation propagation with the full covariance of scores and position biases: exact interactions between all
//! items, at the cost of one inverse per iteration.

use nalgebra::{DMatrix, DVector};

use super::hyper::{Hyper, Sums};
use super::loopy::Start;
use super::{Fit, Posterior, Problem, assemble};
use crate::Bias;
use crate::fit::FitError;
use crate::fit::inverse::inverse;
use crate::fit::likelihood::{Answers, moments};
use crate::fit::sites::Site;

/// A site never gives less precision than this.
const MIN_PRECISION: f64 = 1e-10;
/// Damping never falls below this share of a step.
const MIN_DAMPING: f64 = 0.2;
/// How far the logarithm of sigma squared is moved to see what follows, and the most iterations for that.
const NUDGE: f64 = 0.2;
const NUDGED_ITERATIONS: u32 = 20;

struct State<'a> {
    problem: &'a Problem<'a>,
    sites: &'a [Site],
    /// Precision and precision-weighted mean of `z` that each site's hard answers stand for.
    factor: Vec<(f64, f64)>,
    covariance: DMatrix<f64>,
    mean: DVector<f64>,
    z: Vec<(f64, f64)>,
    cavity: Vec<(f64, f64)>,
    score: Vec<f64>,
    variance: Vec<f64>,
    bias: Vec<Bias>,
}

/// Fits with the full covariance.
pub(super) fn fit(problem: &Problem<'_>, sites: &[Site], start: Start) -> Result<Fit, FitError> {
    let Start { mut hyper, factor } = start;
    hyper.forget();
    let mut state = State::new(problem, sites, factor);
    let options = problem.options;
    let (mut iterations, mut converged) = (0, false);
    let (mut damping, mut last_change) = (1.0_f64, f64::INFINITY);
    let mut last_residual = if hyper.free() { 1.0 } else { 0.0 };
    state.solve(&hyper)?;
    while iterations < options.max_iterations {
        iterations += 1;
        state.visit(&hyper, damping);
        let change = state.solve(&hyper)?;
        if change > last_change {
            damping = (0.7 * damping).max(MIN_DAMPING);
        }
        last_change = change;
        if change > options.tolerance.max(0.03 * last_residual) {
            continue;
        }
        if !hyper.free() || (last_residual <= 3.0 * options.tolerance && change <= options.tolerance) {
            converged = true;
            break;
        }
        last_residual = hyper.step(&state.sums(&hyper));
        last_change = f64::INFINITY;
    }
    let scale_error = state.widen(&hyper)?;
    let mut fit = assemble(&state.posterior(), &hyper, iterations, converged)?;
    fit.scores.scale_error = scale_error;
    let n = problem.items;
    fit.covariance = Some(state.covariance.view((0, 0), (n, n)).into_owned());
    Ok(fit)
}

impl<'a> State<'a> {
    fn new(problem: &'a Problem<'a>, sites: &'a [Site], factor: Vec<(f64, f64)>) -> Self {
        let size = problem.items + if problem.options.position_bias { problem.judges } else { 0 };
        Self {
            problem,
            sites,
            factor,
            covariance: DMatrix::zeros(size, size),
            mean: DVector::zeros(size),
            z: vec![(0.0, 1.0); sites.len()],
            cavity: vec![(0.0, 1.0); sites.len()],
            score: vec![0.0; problem.items],
            variance: vec![0.0; problem.items],
            bias: vec![Bias { value: 0.0, standard_error: 0.0 }; problem.judges],
        }
    }

    fn posterior(&self) -> Posterior<'_> {
        Posterior { mean: &self.score, variance: &self.variance, bias: &self.bias }
    }

    /// The posterior of scores and biases from the factors; returns how far the scores moved, in standard errors.
    fn solve(&mut self, hyper: &Hyper) -> Result<f64, FitError> {
        let (n, size) = (self.problem.items, self.mean.len());
        let options = self.problem.options;
        let mut precision = DMatrix::zeros(size, size);
        let mut target = DVector::zeros(size);
        for at in 0..size {
            let variance =
                if at < n { hyper.variance() } else { options.bias_deviation * options.bias_deviation };
            precision[(at, at)] = 1.0 / variance;
        }
        for (site, &(tau, pull)) in self.sites.iter().zip(&self.factor) {
            let soft = hyper.soft(site);
            let (tau, pull) = (tau + soft.0, pull + soft.1);
            let a = hyper.discrimination(site.judge);
            let parts =
                [(site.first as usize, a), (site.second as usize, -a), (n + usize::from(site.judge), 1.0)];
            let parts = &parts[..if options.position_bias { 3 } else { 2 }];
            for &(i, x) in parts {
                target[i] += x * pull;
                for &(k, y) in parts {
                    precision[(i, k)] += x * y * tau;
                }
            }
        }
        self.covariance = inverse(precision).ok_or(FitError::Numerical("expectation propagation"))?;
        let mean = &self.covariance * target;
        let mut change = 0.0_f64;
        for at in 0..size {
            let variance = self.covariance[(at, at)];
            change = change.max((mean[at] - self.mean[at]).abs() / variance.sqrt());
        }
        self.mean = mean;
        self.summarise(hyper, &mut change);
        if change.is_finite() { Ok(change) } else { Err(FitError::Numerical("expectation propagation")) }
    }

    /// Centred scores, biases, and what each site sees.
    fn summarise(&mut self, hyper: &Hyper, change: &mut f64) {
        let n = self.problem.items;
        let level = self.mean.rows(0, n).mean();
        // The comparisons say nothing of the common level, so its variance is the prior's.
        let common = hyper.variance() / n as f64;
        for item in 0..n {
            self.score[item] = self.mean[item] - level;
            let variance = (self.covariance[(item, item)] - common).max(0.0);
            let scale = variance.max(f64::MIN_POSITIVE);
            *change = change.max((variance - self.variance[item]).abs() / scale);
            self.variance[item] = variance;
        }
        for (judge, bias) in self.bias.iter_mut().enumerate() {
            if self.problem.options.position_bias {
                let at = n + judge;
                *bias = Bias { value: self.mean[at], standard_error: self.covariance[(at, at)].sqrt() };
            }
        }
        for (site, z) in self.sites.iter().zip(&mut self.z) {
            let (i, k) = (site.first as usize, site.second as usize);
            let a = hyper.discrimination(site.judge);
            let c = &self.covariance;
            let mut mean = a * (self.mean[i] - self.mean[k]);
            let mut variance = a * a * (c[(i, i)] + c[(k, k)] - 2.0 * c[(i, k)]);
            if self.problem.options.position_bias {
                let b = n + usize::from(site.judge);
                mean += self.mean[b];
                variance += c[(b, b)] + 2.0 * a * (c[(i, b)] - c[(k, b)]);
            }
            *z = (mean, variance);
        }
    }

    /// Adds what the scores owe to not knowing sigma: their change with the logarithm of sigma squared, over the
    /// information on it (Kass and Steffey 1989). Both are seen from a fit with a slightly larger sigma, because then
    /// items lie farther apart and answers tell less, which doubles the uncertainty where close items were compared.
    /// Returns the standard error that the scores have in common, as a share of each score.
    fn widen(&mut self, hyper: &Hyper) -> Result<f64, FitError> {
        let Some(prior) = hyper.log_variance_precision() else { return Ok(0.0) };
        let before = self.spread() / hyper.variance();
        let (score, variance) = (self.score.clone(), self.variance.clone());
        let covariance = self.covariance.clone();
        let nudged = hyper.with_variance(hyper.variance() * libm::exp(NUDGE));
        for _ in 0..NUDGED_ITERATIONS {
            self.visit(&nudged, 1.0);
            if self.solve(&nudged)? <= self.problem.options.tolerance {
                break;
            }
        }
        let information = prior + (0.5 * (before - self.spread() / nudged.variance()) / NUDGE).max(0.0);
        let along: Vec<f64> = self.score.iter().zip(&score).map(|(after, m)| (after - m) / NUDGE).collect();
        (self.score, self.variance, self.covariance) = (score, variance, covariance);
        for (k, along_k) in along.iter().enumerate() {
            for (i, along_i) in along.iter().enumerate() {
                self.covariance[(i, k)] += along_i * along_k / information;
            }
            self.variance[k] += along_k * along_k / information;
        }
        let square = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>();
        Ok((square(&along) / information / square(&self.score).max(f64::MIN_POSITIVE)).sqrt())
    }

    /// The sum of the scores' expected squares.
    fn spread(&self) -> f64 {
        self.score.iter().zip(&self.variance).map(|(m, v)| m * m + v).sum()
    }

    /// What each site sees without its own hard answers.
    fn cavities(&mut self) {
        for ((&(mean, variance), &(tau, pull)), cavity) in
            self.z.iter().zip(&self.factor).zip(&mut self.cavity)
        {
            let precision = (1.0 / variance - tau).max(1e-12);
            *cavity = ((mean / variance - pull) / precision, 1.0 / precision);
        }
    }

    /// What the outer parameters need to know.
    fn sums(&mut self, hyper: &Hyper) -> Sums {
        self.cavities();
        let nu = hyper.nu();
        let mut sums = Sums::new(self.problem.items, self.problem.judges);
        sums.spread = self.spread();
        for ((site, &z), &cavity) in self.sites.iter().zip(&self.z).zip(&self.cavity) {
            sums.add_soft(site, z);
            if site.hard() > 0.0 && hyper.needs_answers() {
                let bias = self.bias[usize::from(site.judge)].value;
                let found = moments(&Answers::of(site, nu), cavity.0, cavity.1);
                sums.add_hard(site, cavity, &found, bias, nu);
            }
        }
        sums
    }

    /// New factors of all sites from the posterior as it stands.
    fn visit(&mut self, hyper: &Hyper, damping: f64) {
        self.cavities();
        let nu = hyper.nu();
        for ((site, &(mean, variance)), factor) in self.sites.iter().zip(&self.cavity).zip(&mut self.factor) {
            if site.hard() == 0.0 {
                continue;
            }
            let found = moments(&Answers::of(site, nu), mean, variance);
            let tau = (1.0 / found.variance - 1.0 / variance).max(MIN_PRECISION);
            let pull = found.mean / found.variance - mean / variance;
            factor.0 += damping * (tau - factor.0);
            factor.1 += damping * (pull - factor.1);
        }
    }
}
