//! Newton's method for many items: conjugate gradients for the scores, plain Newton steps for position biases and the
//! tie parameter, and standard errors by the cavity recursion on the comparison graph.

use super::single::{Point, Singles};
use super::{Fit, Problem, log_nu_precision, sigma};
use crate::fit::FitError;
use crate::fit::cavity;
use crate::fit::likelihood::{Answers, expected};
use crate::fit::system::{SOLVED, System};
use crate::graph::Structure;
use crate::{Bias, Scores};

/// Scores of many items have settled when their root-mean-square step is below this, in logits; what is left is then
/// smaller still, because each step takes most of it.
const SETTLED: f64 = 1e-4;
/// Each Newton step is solved to a share of its right-hand side between these, smaller after smaller steps.
const FORCING: (f64, f64) = (1e-3, 0.1);
/// ... namely to this share of the last step.
const FORCING_SHARE: f64 = 0.1;
/// The fit ends with a step that is expected to leave less than this share of what is settled; not when the tie
/// parameter is fitted, whose steps do not know of the scores'.
const CERTAIN: f64 = 0.5;
const MAX_SOLVER_STEPS: u32 = 500;
const DIVERGED: f64 = 30.0;
/// No score moves farther than this in one step, in logits.
const MAX_STEP: f64 = 4.0;
/// The biases of more judges than this get the standard error they would have if the scores were known.
const MAX_EXACT_BIASES: usize = 32;

/// The state of the fit and its derivatives.
struct State<'a> {
    problem: &'a Problem<'a>,
    singles: &'a Singles,
    scores: Vec<f64>,
    bias: Vec<f64>,
    log_nu: f64,
    system: System,
    /// The gradient by the scores and the position biases.
    gradient: Vec<f64>,
    /// Gradient and information of the log tie parameter.
    nu_slope: (f64, f64),
    /// Of single answers.
    log_likelihood: f64,
}

/// Fits any number of items. The system's edges are the single answers.
pub(super) fn fit(problem: &Problem<'_>, singles: &Singles, system: System) -> Result<Fit, FitError> {
    let mut state = State::new(problem, singles, system);
    let settled = problem.options.tolerance.max(SETTLED);
    let mut forcing = FORCING.1;
    for iterations in 1..=problem.options.max_iterations {
        state.expand();
        let moved = state.step(forcing);
        if !moved.is_finite() {
            return Err(FitError::Numerical("Newton's method"));
        }
        if state.bias.iter().any(|b| b.abs() > DIVERGED) || state.log_nu.abs() > DIVERGED {
            return Err(FitError::NoMaximum { strong_components: 1 });
        }
        // What is left is the square of the step, and the share of it that was not solved for.
        let left = if problem.fit_nu { moved } else { moved * forcing.max(moved) / CERTAIN };
        if moved.min(left) <= settled {
            return Ok(state.finish(iterations));
        }
        forcing = (FORCING_SHARE * moved).clamp(FORCING.0, FORCING.1);
    }
    Err(FitError::NotConverged { iterations: problem.options.max_iterations })
}

impl<'a> State<'a> {
    fn new(problem: &'a Problem<'a>, singles: &'a Singles, mut system: System) -> Self {
        let n = problem.items;
        for site in problem.sites {
            system.add(site.first, site.second, 0.0);
        }
        if problem.biases > 0 {
            let judges = singles.judges().chain(problem.sites.iter().map(|site| site.judge));
            system = system.with_biases(problem.judges, problem.options.bias_precision.max(1e-12), judges);
        }
        Self {
            problem,
            singles,
            scores: vec![0.0; n],
            bias: vec![0.0; problem.judges],
            log_nu: 0.0,
            system,
            gradient: vec![0.0; n + problem.biases],
            nu_slope: (0.0, 0.0),
            log_likelihood: 0.0,
        }
    }

    fn nu(&self) -> f64 {
        if self.problem.fit_nu { libm::exp(self.log_nu) } else { 0.0 }
    }

    /// Gradient and weights at the scores as they stand.
    fn expand(&mut self) {
        let options = self.problem.options;
        let nu = self.nu();
        let point = Point { scores: &self.scores, bias: &self.bias, nu, log_nu: self.log_nu };
        let mut found = self.singles.expand(&mut self.system, &point);
        self.log_likelihood = found.log_likelihood;
        let prior = log_nu_precision(options);
        self.nu_slope = (found.nu.0 - prior * self.log_nu, found.nu.1 + prior);
        for ((gradient, sums), score) in self.gradient.iter_mut().zip(&found.items).zip(&self.scores) {
            *gradient = f64::from(sums[0]) - options.lambda * score;
        }
        let mut curvatures: Vec<f64> = found.items.iter().map(|sums| f64::from(sums[1])).collect();
        for (k, site) in self.problem.sites.iter().enumerate() {
            let (first, second) = (site.first as usize, site.second as usize);
            let judge = usize::from(site.judge);
            let z = self.scores[first] - self.scores[second] + self.bias[judge];
            let (slope, curvature) = Answers::of(site, nu).slope_and_curvature(z);
            let (_, _, tie) = expected(z, nu);
            self.gradient[first] += slope;
            self.gradient[second] -= slope;
            found.bias[judge] += slope;
            self.nu_slope.0 += site.ties - site.hard() * tie;
            self.nu_slope.1 += site.hard() * tie * (1.0 - tie);
            self.system.parts().2[self.singles.len() + k] = curvature as f32;
            curvatures[first] += curvature;
            curvatures[second] += curvature;
        }
        let biases = self.gradient[self.scores.len()..].iter_mut().zip(&self.bias).zip(&found.bias);
        for ((gradient, bias), slope) in biases {
            *gradient = slope - options.bias_precision * bias;
        }
        self.system.refresh(curvatures.into_iter());
    }

    /// One step of everything, solved for to this share; returns the scores' root-mean-square step or the largest other one.
    fn step(&mut self, forcing: f64) -> f64 {
        let step = self.system.solve(&self.gradient, forcing, MAX_SOLVER_STEPS);
        let (scores, biases) = step.split_at(self.scores.len());
        let mut moved = (scores.iter().map(|x| x * x).sum::<f64>() / self.problem.items as f64).sqrt();
        // Far from the mode a full step may overshoot, because the weights fall on the way.
        let share = (MAX_STEP / step.iter().fold(0.0_f64, |a, x| a.max(x.abs()))).min(1.0);
        for (score, step) in self.scores.iter_mut().zip(scores).chain(self.bias.iter_mut().zip(biases)) {
            *score += share * step;
        }
        moved = biases.iter().fold(moved, |a, x| a.max(x.abs()));
        if self.problem.fit_nu {
            let step = (self.nu_slope.0 / self.nu_slope.1.max(1e-12)).clamp(-1.0, 1.0);
            self.log_nu += step;
            moved = moved.max(step.abs());
        }
        moved
    }

    fn finish(mut self, iterations: u32) -> Fit {
        self.expand();
        let n = self.problem.items;
        let level = self.scores.iter().sum::<f64>() / n as f64;
        let errors = self.problem.options.standard_errors;
        let variance = if errors { cavity::variances(&self.system, n) } else { vec![0.0; n] };
        let bias = self.biases();
        let log_likelihood = self.log_likelihood();
        Fit {
            scores: Scores {
                mean: self.scores.iter().map(|x| x - level).collect(),
                standard_error: variance.iter().map(|v| v.sqrt()).collect(),
                sigma: sigma(self.problem.options.lambda),
                scale_error: 0.0,
                bias,
            },
            nu: self.nu(),
            log_nu_error: if self.problem.fit_nu { 1.0 / self.nu_slope.1.max(1e-12).sqrt() } else { 0.0 },
            log_likelihood,
            iterations,
            structure: Structure::default(),
            covariance: None,
        }
    }

    /// The biases with their standard errors.
    fn biases(&self) -> Vec<Bias> {
        if self.problem.biases == 0 {
            return Vec::new();
        }
        let first = self.scores.len();
        let error = |judge: usize| {
            let at = first + judge;
            if !self.problem.options.standard_errors {
                return 0.0;
            }
            if self.problem.biases > MAX_EXACT_BIASES {
                return 1.0 / self.system.diagonal()[at].sqrt();
            }
            let mut unit = vec![0.0; self.gradient.len()];
            unit[at] = 1.0;
            self.system.solve(&unit, SOLVED, MAX_SOLVER_STEPS)[at].max(0.0).sqrt()
        };
        self.bias.iter().enumerate().map(|(k, &value)| Bias { value, standard_error: error(k) }).collect()
    }

    /// The log-likelihood of all answers at the last expansion.
    fn log_likelihood(&self) -> f64 {
        let nu = self.nu();
        let general = self.problem.sites.iter().map(|site| {
            let z = self.scores[site.first as usize] - self.scores[site.second as usize];
            let tie = if site.ties > 0.0 { site.ties * self.log_nu } else { 0.0 };
            Answers::of(site, nu).log(z + self.bias[usize::from(site.judge)]) + tie
        });
        self.log_likelihood + general.sum::<f64>()
    }
}
