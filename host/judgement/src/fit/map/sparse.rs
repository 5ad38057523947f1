//! Newton's method for many items: conjugate gradients for the scores, plain Newton steps for position biases and the
//! tie parameter, and standard errors by the cavity recursion on the comparison graph.

use super::{Fit, Problem, log_nu_precision, sigma};
use crate::fit::FitError;
use crate::fit::cavity;
use crate::fit::edges::{Edges, LANES};
use crate::fit::fast::{self, Lanes};
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

/// An item in single precision: its score, and the sums of the slopes and curvatures of single answers.
#[derive(Clone, Copy, Default)]
struct Node {
    score: f32,
    slope: f32,
    curvature: f32,
    /// Keeps nodes from straddling two cache lines.
    _rest: f32,
}

/// What eight single answers say of their log-odds.
struct Seen {
    slope: Lanes,
    curvature: Lanes,
    /// The probability of a tie.
    tie: Lanes,
    /// The log-likelihood is this, minus the logarithm of `factor`, plus `ln(nu)` for a tie.
    away: Lanes,
    factor: Lanes,
}

/// A sum of log-likelihoods, with many answers to a logarithm.
struct Likelihood {
    sum: [f64; LANES],
    product: [f64; LANES],
}

impl Default for Likelihood {
    fn default() -> Self {
        Self { sum: [0.0; LANES], product: [1.0; LANES] }
    }
}

impl Likelihood {
    #[inline(always)]
    fn add(&mut self, seen: &Seen) {
        for l in 0..LANES {
            self.add_lane(seen, l);
        }
    }

    #[inline(always)]
    fn add_lane(&mut self, seen: &Seen, l: usize) {
        self.sum[l] += f64::from(seen.away[l]);
        self.product[l] *= f64::from(seen.factor[l]);
    }

    /// Takes the logarithms of what has been multiplied so far.
    fn settle(&mut self) {
        for (sum, product) in self.sum.iter_mut().zip(&mut self.product) {
            *sum -= libm::log(*product);
            *product = 1.0;
        }
    }
}

/// The state of the fit and its derivatives.
struct State<'a> {
    problem: &'a Problem<'a>,
    edges: &'a Edges,
    scores: Vec<f64>,
    bias: Vec<f64>,
    log_nu: f64,
    system: System,
    /// Two of them stand for none.
    nodes: Vec<Node>,
    /// The gradient by the scores and the position biases.
    gradient: Vec<f64>,
    /// The sums of slopes by judge.
    bias_slope: Vec<f64>,
    /// Gradient and information of the log tie parameter.
    nu_slope: (f64, f64),
    /// Of single answers.
    log_likelihood: f64,
}

/// Fits any number of items.
pub(super) fn fit(problem: &Problem<'_>, edges: &Edges) -> Result<Fit, FitError> {
    let mut state = State::new(problem, edges);
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
    fn new(problem: &'a Problem<'a>, edges: &'a Edges) -> Self {
        let n = problem.items;
        let count = edges.live + problem.sites.len();
        let mut system = System::new(n, problem.options.lambda.max(1e-12), count);
        for number in 0..edges.live {
            let at = edges.place(number);
            system.add(edges.first[at], edges.second[at], 0.0);
        }
        for site in problem.sites {
            system.add(site.first, site.second, 0.0);
        }
        if problem.biases > 0 {
            let single = (0..edges.live).map(|number| edges.judge[edges.place(number)]);
            let judges = single.chain(problem.sites.iter().map(|site| site.judge));
            system = system.with_biases(problem.judges, problem.options.bias_precision.max(1e-12), judges);
        }
        Self {
            problem,
            edges,
            scores: vec![0.0; n],
            bias: vec![0.0; problem.judges],
            log_nu: 0.0,
            system,
            nodes: vec![Node::default(); n + 2],
            gradient: vec![0.0; n + problem.biases],
            bias_slope: vec![0.0; problem.judges],
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
        let n = self.problem.items;
        for (node, &score) in self.nodes.iter_mut().zip(&self.scores) {
            *node = Node { score: score as f32, ..Node::default() };
        }
        let prior = log_nu_precision(options);
        self.nu_slope = (-prior * self.log_nu, prior);
        self.bias_slope.fill(0.0);
        if self.problem.fit_nu || self.problem.judges > 1 {
            self.expand_single::<true>();
        } else {
            self.expand_single::<false>();
        }
        for ((gradient, node), score) in self.gradient.iter_mut().zip(&self.nodes).zip(&self.scores) {
            *gradient = f64::from(node.slope) - options.lambda * score;
        }
        let mut curvatures: Vec<f64> = self.nodes[..n].iter().map(|node| f64::from(node.curvature)).collect();
        let nu = self.nu();
        for (k, site) in self.problem.sites.iter().enumerate() {
            let (first, second) = (site.first as usize, site.second as usize);
            let judge = usize::from(site.judge);
            let z = self.scores[first] - self.scores[second] + self.bias[judge];
            let (slope, curvature) = Answers::of(site, nu).slope_and_curvature(z);
            let (_, _, tie) = expected(z, nu);
            self.gradient[first] += slope;
            self.gradient[second] -= slope;
            self.bias_slope[judge] += slope;
            self.nu_slope.0 += site.ties - site.hard() * tie;
            self.nu_slope.1 += site.hard() * tie * (1.0 - tie);
            self.system.weights()[self.edges.live + k] = curvature as f32;
            curvatures[first] += curvature;
            curvatures[second] += curvature;
        }
        let biases = self.gradient[n..].iter_mut().zip(&self.bias).zip(&self.bias_slope);
        for ((gradient, bias), slope) in biases {
            *gradient = slope - options.bias_precision * bias;
        }
        self.system.refresh(curvatures.into_iter());
    }

    /// The same for single answers. Without `GENERAL` there are one judge and no ties.
    fn expand_single<const GENERAL: bool>(&mut self) {
        let (stride, live) = (self.edges.stride, self.edges.live);
        let nu = if GENERAL { self.nu() as f32 } else { 0.0 };
        let bias: Vec<f32> = self.bias.iter().map(|&bias| bias as f32).collect();
        // Filling is at the end of the last lanes.
        let full = live.saturating_sub((LANES - 1) * stride);
        let (mut sum, mut likelihood) = ([0.0_f64; LANES], Likelihood::default());
        for batch in 0..stride {
            let seen = self.expand_batch::<GENERAL>(batch * LANES, nu, &bias);
            if batch < full {
                for l in 0..LANES {
                    self.take::<GENERAL>(batch, l, &seen);
                    sum[l] += f64::from(seen.slope[l]);
                }
                likelihood.add(&seen);
            } else {
                for l in (0..LANES).filter(|l| l * stride + batch < live) {
                    self.take::<GENERAL>(batch, l, &seen);
                    sum[l] += f64::from(seen.slope[l]);
                    likelihood.add_lane(&seen, l);
                }
            }
            if batch % 256 == 255 {
                likelihood.settle();
            }
        }
        likelihood.settle();
        self.log_likelihood = likelihood.sum.iter().sum::<f64>();
        if GENERAL {
            let ties = self.edges.sign.iter().filter(|&&sign| sign == 0).count();
            self.log_likelihood += ties as f64 * self.log_nu;
        } else {
            self.bias_slope[0] += sum.iter().sum::<f64>();
        }
    }

    /// Adds an answer to its items, its weight and the sums.
    #[inline(always)]
    fn take<const GENERAL: bool>(&mut self, batch: usize, l: usize, seen: &Seen) {
        let at = batch * LANES + l;
        let (slope, curvature) = (seen.slope[l], seen.curvature[l]);
        let first = &mut self.nodes[self.edges.first[at] as usize];
        first.slope += slope;
        first.curvature += curvature;
        let second = &mut self.nodes[self.edges.second[at] as usize];
        second.slope -= slope;
        second.curvature += curvature;
        self.system.weights()[l * self.edges.stride + batch] = curvature;
        if GENERAL {
            self.bias_slope[usize::from(self.edges.judge[at])] += f64::from(slope);
            let tie = f64::from(seen.tie[l]);
            self.nu_slope.0 += if self.edges.sign[at] == 0 { 1.0 - tie } else { -tie };
            self.nu_slope.1 += tie * (1.0 - tie);
        }
    }

    /// What eight single answers say, with one exponential each; the formulas are those of [`expected`].
    #[inline(always)]
    fn expand_batch<const GENERAL: bool>(&self, at: usize, nu: f32, biases: &[f32]) -> Seen {
        let [mut z, mut won, mut slope, mut curvature, mut tie, mut away, mut factor] = [[0.0_f32; LANES]; 7];
        let first = &self.edges.first[at..at + LANES];
        let (second, sign) = (&self.edges.second[at..at + LANES], &self.edges.sign[at..at + LANES]);
        let mut bias = [biases[0]; LANES];
        if GENERAL {
            bias = std::array::from_fn(|l| biases[usize::from(self.edges.judge[at + l])]);
        }
        for l in 0..LANES {
            z[l] = self.nodes[first[l] as usize].score - self.nodes[second[l] as usize].score + bias[l];
            won[l] = f32::from(sign[l]);
        }
        for l in 0..LANES {
            let e = fast::exp(-0.5 * z[l].abs());
            factor[l] = 1.0 + e * (e + nu);
            away[l] = 0.5 * (won[l] * z[l] - z[l].abs());
            let inverse = 1.0 / factor[l];
            let difference = (1.0 - e * e) * inverse;
            let difference = if z[l] < 0.0 { -difference } else { difference };
            slope[l] = 0.5 * (won[l] - difference);
            curvature[l] = 0.25 * e * (nu * (1.0 + e * e) + 4.0 * e) * inverse * inverse;
            tie[l] = nu * e * inverse;
        }
        Seen { slope, curvature, tie, away, factor }
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
