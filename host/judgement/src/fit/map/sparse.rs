//! Newton's method for many items: conjugate gradients for the scores, plain Newton steps for position biases and the
//! tie parameter, and standard errors by the cavity recursion on the comparison graph.

use super::{Fit, Problem, log_nu_precision, sigma};
use crate::fit::FitError;
use crate::fit::cavity;
use crate::fit::edges::{Edges, LANES};
use crate::fit::fast;
use crate::fit::likelihood::{Answers, expected};
use crate::fit::system::System;
use crate::graph::Structure;
use crate::{Bias, Scores};

/// Scores of many items have settled when their root-mean-square step is below this, in logits; what is left is then
/// smaller still, because each step takes most of it.
const SETTLED: f64 = 1e-4;
/// Each Newton step is solved to this share of its right-hand side.
const FORCING: f64 = 0.05;
const MAX_SOLVER_STEPS: u32 = 500;
const DIVERGED: f64 = 30.0;
/// No score moves farther than this in one step, in logits.
const MAX_STEP: f64 = 4.0;
/// The biases of more judges than this get the standard error they would have if the scores were known.
const MAX_EXACT_BIASES: usize = 32;

/// The state of the fit and its derivatives.
struct State<'a> {
    problem: &'a Problem<'a>,
    edges: &'a Edges,
    scores: Vec<f64>,
    bias: Vec<f64>,
    log_nu: f64,
    system: System,
    /// The gradient by the scores, two that stand for none, and the position biases.
    gradient: Vec<f64>,
    /// Gradient and information of the log tie parameter.
    nu_slope: (f64, f64),
}

/// Fits any number of items.
pub(super) fn fit(problem: &Problem<'_>, edges: &Edges) -> Result<Fit, FitError> {
    let mut state = State::new(problem, edges);
    let settled = problem.options.tolerance.max(SETTLED);
    for iterations in 1..=problem.options.max_iterations {
        state.expand();
        let moved = state.step();
        if !moved.is_finite() {
            return Err(FitError::Numerical("Newton's method"));
        }
        if state.bias.iter().any(|b| b.abs() > DIVERGED) || state.log_nu.abs() > DIVERGED {
            return Err(FitError::NoMaximum { strong_components: 1 });
        }
        if moved <= settled {
            return Ok(state.finish(iterations));
        }
    }
    Err(FitError::NotConverged { iterations: problem.options.max_iterations })
}

impl<'a> State<'a> {
    fn new(problem: &'a Problem<'a>, edges: &'a Edges) -> Self {
        let n = problem.items;
        let mut system = System::new(n + 2, problem.options.lambda.max(1e-12));
        for (&first, &second) in edges.first.iter().zip(&edges.second) {
            system.add(first, second, 0.0);
        }
        for site in problem.sites {
            system.add(site.first, site.second, 0.0);
        }
        if problem.biases > 0 {
            let judges = edges.judge.iter().copied().chain(problem.sites.iter().map(|site| site.judge));
            system = system.with_biases(problem.judges, problem.options.bias_precision.max(1e-12), judges);
        }
        let unknown = n + 2 + problem.biases;
        Self {
            problem,
            edges,
            scores: vec![0.0; n + 2],
            bias: vec![0.0; problem.judges],
            log_nu: 0.0,
            system,
            gradient: vec![0.0; unknown],
            nu_slope: (0.0, 0.0),
        }
    }

    fn nu(&self) -> f64 {
        if self.problem.fit_nu { libm::exp(self.log_nu) } else { 0.0 }
    }

    /// Gradient and weights at the scores as they stand.
    fn expand(&mut self) {
        let options = self.problem.options;
        for (gradient, score) in self.gradient.iter_mut().zip(&self.scores) {
            *gradient = -options.lambda * score;
        }
        for (gradient, bias) in self.gradient[self.scores.len()..].iter_mut().zip(&self.bias) {
            *gradient = -options.bias_precision * bias;
        }
        let prior = log_nu_precision(options);
        self.nu_slope = (-prior * self.log_nu, prior);
        let nu = self.nu();
        for batch in 0..self.edges.stride {
            self.expand_batch(batch, nu as f32);
        }
        for (k, site) in self.problem.sites.iter().enumerate() {
            let (first, second) = (site.first as usize, site.second as usize);
            let judge = usize::from(site.judge);
            let z = self.scores[first] - self.scores[second] + self.bias[judge];
            let (slope, curvature) = Answers::of(site, nu).slope_and_curvature(z);
            let (_, _, tie) = expected(z, nu);
            self.gradient[first] += slope;
            self.gradient[second] -= slope;
            if let Some(gradient) = self.gradient.get_mut(self.scores.len() + judge) {
                *gradient += slope;
            }
            self.nu_slope.0 += site.ties - site.hard() * tie;
            self.nu_slope.1 += site.hard() * tie * (1.0 - tie);
            self.system.set(self.edges.first.len() + k, curvature);
        }
        self.system.refresh();
    }

    /// The same for eight single answers, with one exponential each; the formulas are those of [`expected`].
    #[inline(always)]
    fn expand_batch(&mut self, batch: usize, nu: f32) {
        let at = batch * LANES;
        let [mut z, mut won, mut slope, mut curvature, mut ties] = [[0.0_f32; LANES]; 5];
        for l in 0..LANES {
            let (first, second) = (self.edges.first[at + l] as usize, self.edges.second[at + l] as usize);
            let bias = self.bias[usize::from(self.edges.judge[at + l])];
            z[l] = (self.scores[first] - self.scores[second] + bias) as f32;
            won[l] = f32::from(self.edges.sign[at + l]);
        }
        for l in 0..LANES {
            let e = fast::exp(-0.5 * z[l].abs());
            let inverse = 1.0 / (1.0 + e * (e + nu));
            let difference = (1.0 - e * e) * inverse;
            let difference = if z[l] < 0.0 { -difference } else { difference };
            slope[l] = 0.5 * (won[l] - difference);
            curvature[l] = 0.25 * e * (nu * (1.0 + e * e) + 4.0 * e) * inverse * inverse;
            ties[l] = nu * e * inverse;
        }
        for l in 0..LANES {
            if l * self.edges.stride + batch < self.edges.live {
                let (slope, curvature) = (f64::from(slope[l]), f64::from(curvature[l]));
                self.gradient[self.edges.first[at + l] as usize] += slope;
                self.gradient[self.edges.second[at + l] as usize] -= slope;
                let judge = self.scores.len() + usize::from(self.edges.judge[at + l]);
                if let Some(gradient) = self.gradient.get_mut(judge) {
                    *gradient += slope;
                }
                let tie = f64::from(ties[l]);
                self.nu_slope.0 += if won[l] == 0.0 { 1.0 - tie } else { -tie };
                self.nu_slope.1 += tie * (1.0 - tie);
                self.system.set(at + l, curvature);
            }
        }
    }

    /// One step of everything; returns the scores' root-mean-square step or the largest other one.
    fn step(&mut self) -> f64 {
        let step = self.system.solve(&self.gradient, FORCING, MAX_SOLVER_STEPS);
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
        let level = self.scores[..n].iter().sum::<f64>() / n as f64;
        let variance = cavity::variances(&self.system, n);
        let bias = self.biases();
        let log_likelihood = self.log_likelihood();
        Fit {
            scores: Scores {
                mean: self.scores[..n].iter().map(|x| x - level).collect(),
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
            if self.problem.biases > MAX_EXACT_BIASES {
                return 1.0 / self.system.diagonal()[at].sqrt();
            }
            let mut unit = vec![0.0; self.gradient.len()];
            unit[at] = 1.0;
            self.system.solve(&unit, 1e-4, MAX_SOLVER_STEPS)[at].max(0.0).sqrt()
        };
        self.bias.iter().enumerate().map(|(k, &value)| Bias { value, standard_error: error(k) }).collect()
    }

    fn log_likelihood(&self) -> f64 {
        let nu = self.nu();
        let z = |first: u32, second: u32, judge: u16| {
            self.scores[first as usize] - self.scores[second as usize] + self.bias[usize::from(judge)]
        };
        // Minus the logarithms of the normalising factors, several to a logarithm; each factor is small.
        let (mut single, mut product) = (0.0, 1.0);
        for number in 0..self.edges.live {
            let at = self.edges.place(number);
            let sign = f64::from(self.edges.sign[at]);
            let z = z(self.edges.first[at], self.edges.second[at], self.edges.judge[at]);
            let e = fast::exp_double(-0.5 * z.abs());
            product *= 1.0 + e * (e + nu);
            single += 0.5 * (sign * z - z.abs()) + if sign == 0.0 { self.log_nu } else { 0.0 };
            if product > 1e100 {
                single -= libm::log(product);
                product = 1.0;
            }
        }
        single -= libm::log(product);
        let general = self.problem.sites.iter().map(|site| {
            let tie = if site.ties > 0.0 { site.ties * self.log_nu } else { 0.0 };
            Answers::of(site, nu).log(z(site.first, site.second, site.judge)) + tie
        });
        single + general.sum::<f64>()
    }
}
