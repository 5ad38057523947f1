//! Expectation propagation with a normal distribution for each item of its own (Minka 2001; Herbrich, Minka and Graepel
//! 2006): time and memory in proportion to the comparisons. It is all there is for many items, and the start of the
//! dense fit for few.

use super::hyper::{Hyper, Sums};
use super::sweep::{Messages, Setting};
use super::{Fit, Posterior, Problem, assemble};
use crate::Bias;
use crate::fit::FitError;
use crate::fit::edges::is_simple;
use crate::fit::likelihood::{Answers, moments};
use crate::fit::sites::Site;
use crate::fit::system::System;

/// For many items the scores have settled when their root-mean-square change is below this share of a standard error.
const SETTLED: f64 = 1e-3;
/// A start for the dense fit need not be better than this.
const START: f64 = 3e-3;
/// The first visits only spread the answers.
const FIRST_VISITS: u32 = 2;
/// Where the dense fit starts.
pub(super) struct Start {
    pub(super) hyper: Hyper,
    /// Precision and precision-weighted mean of `z` for each merged site.
    pub(super) factor: Vec<(f64, f64)>,
}

struct State<'a> {
    problem: &'a Problem<'a>,
    hyper: Hyper,
    bias: Vec<f64>,
    messages: Messages,
    /// What general sites told their items: precision and precision-weighted mean, first and second.
    told: Vec<[[f64; 2]; 2]>,
    /// What general sites' hard answers say of `z`.
    factor: Vec<(f64, f64)>,
    mean: Vec<f64>,
    /// The prior's precision that the items' sums contain.
    precision: f64,
    iterations: u32,
    converged: bool,
}

/// A start for the dense fit: the outer parameters and each site's factor.
pub(super) fn start(problem: &Problem<'_>, sites: &[Site]) -> Result<Start, FitError> {
    let mut state = State::new(problem);
    state.run(START, problem.options.max_iterations.min(60))?;
    let (mut simple, mut general) = (0, 0);
    let factor = sites
        .iter()
        .map(|site| {
            if is_simple(site) {
                let at = problem.edges.place(simple);
                simple += 1;
                let [tau, pull] = &state.messages.factor;
                (f64::from(tau[at]), f64::from(pull[at]))
            } else {
                general += 1;
                state.factor[general - 1]
            }
        })
        .collect();
    Ok(Start { hyper: state.hyper, factor })
}

/// Fits any number of items.
pub(super) fn fit(problem: &Problem<'_>) -> Result<Fit, FitError> {
    let mut state = State::new(problem);
    state.run(problem.options.tolerance.max(SETTLED), problem.options.max_iterations)?;
    let totals = state.totals();
    let n = problem.items;
    let mean: Vec<f64> = totals.iter().map(|t| t[1] / t[0]).collect();
    let level = mean.iter().sum::<f64>() / n as f64;
    // The common level, of which no comparison tells, does not show in these variances: messages go round loops
    // without noticing it.
    let posterior = Posterior {
        mean: &mean.iter().map(|m| m - level).collect::<Vec<_>>(),
        variance: &totals.iter().map(|t| 1.0 / t[0]).collect::<Vec<_>>(),
        bias: &state.biases(),
    };
    assemble(&posterior, &state.hyper, state.iterations, state.converged)
}

impl<'a> State<'a> {
    fn new(problem: &'a Problem<'a>) -> Self {
        let hyper = Hyper::new(problem);
        let precision = 1.0 / hyper.variance();
        let general = problem.edges.general.len();
        Self {
            problem,
            bias: vec![0.0; problem.judges],
            messages: Messages::new(problem.items, problem.edges, precision),
            told: vec![[[0.0; 2]; 2]; general],
            factor: vec![(0.0, 0.0); general],
            mean: vec![0.0; problem.items],
            precision,
            hyper,
            iterations: 0,
            converged: false,
        }
    }

    /// Visits and steps until nothing moves.
    fn run(&mut self, tolerance: f64, most: u32) -> Result<(), FitError> {
        let mut residual = if self.hyper.free() { 1.0 } else { 0.0 };
        while self.iterations < most {
            self.iterations += 1;
            let sums = self.visit();
            let moved = self.settle()?;
            let bias = self.step_bias(&sums);
            let moved = moved.max(bias);
            if moved <= tolerance && residual <= 3.0 * tolerance {
                self.converged = true;
                break;
            }
            if self.hyper.free() && self.iterations > FIRST_VISITS && moved <= (0.3 * residual).max(tolerance)
            {
                residual = self.hyper.step(&self.complete(sums));
            }
        }
        Ok(())
    }

    /// One visit to all answers.
    fn visit(&mut self) -> Sums {
        let precision = 1.0 / self.hyper.variance();
        let change = (precision - self.precision) as f32;
        for item in &mut self.messages.items {
            item[0] = (item[0] + change).max(0.5 * precision as f32);
        }
        self.precision = precision;
        let mut sums = Sums::new(self.problem.items, self.problem.judges);
        let nu = self.hyper.nu();
        let setting = Setting {
            discrimination: self.hyper.discriminations().iter().map(|&a| a as f32).collect(),
            bias: self.bias.iter().map(|&b| b as f32).collect(),
            nu: nu as f32,
            ties: nu > 0.0,
            sharpness: self.problem.options.discrimination,
        };
        self.messages.visit(self.problem.edges, &setting, &mut sums);
        for at in 0..self.told.len() {
            self.visit_general(at, nu, &mut sums);
        }
        sums
    }

    /// One visit to a general site.
    fn visit_general(&mut self, at: usize, nu: f64, sums: &mut Sums) {
        let site = &self.problem.edges.general[at];
        let (a, bias) = (self.hyper.discrimination(site.judge), self.bias[usize::from(site.judge)]);
        let ends = [site.first as usize, site.second as usize];
        let told = self.told[at];
        let least = 0.5 * self.precision;
        let [one, two] = [0, 1].map(|end| {
            let item = self.messages.items[ends[end]];
            let precision = (f64::from(item[0]) - told[end][0]).max(least);
            ((f64::from(item[1]) - told[end][1]) / precision, 1.0 / precision)
        });
        let (mean, variance) = (a * (one.0 - two.0) + bias, a * a * (one.1 + two.1));
        let (soft_tau, soft_pull) = self.hyper.soft(site);
        if site.hard() > 0.0 {
            // The soft answers belong to what the hard ones see.
            let precision = 1.0 / variance + soft_tau;
            let cavity = ((mean / variance + soft_pull) / precision, 1.0 / precision);
            let found = moments(&Answers::of(site, nu), cavity.0, cavity.1);
            sums.add_hard(site, cavity, &found, bias, nu);
            let tau = (1.0 / found.variance - precision).max(1e-10);
            self.factor[at] = (tau, found.mean / found.variance - cavity.0 * precision);
        }
        let (tau, pull) = (self.factor[at].0 + soft_tau, self.factor[at].1 + soft_pull);
        let precision = 1.0 / variance + tau;
        let z = ((mean / variance + pull) / precision, 1.0 / precision);
        sums.add_soft(site, z);
        let sum = &mut sums.bias[usize::from(site.judge)];
        sum.0 += (z.0 - mean) / variance;
        sum.1 += (1.0 - z.1 / variance) / variance;
        let (strength, push) = (a * a * tau, a * (pull - tau * bias));
        let answer = |sign: f64, other: (f64, f64)| {
            let share = 1.0 / (1.0 + strength * other.1);
            [strength * share, (sign * push + strength * other.0) * share]
        };
        let new = [answer(1.0, two), answer(-1.0, one)];
        for end in 0..2 {
            for part in 0..2 {
                self.messages.items[ends[end]][part] += (new[end][part] - told[end][part]) as f32;
            }
        }
        self.told[at] = new;
    }

    /// How far the scores moved, in standard errors.
    fn settle(&mut self) -> Result<f64, FitError> {
        let mut moved = 0.0;
        for (item, mean) in self.messages.items.iter().zip(&mut self.mean) {
            let (precision, now) = (f64::from(item[0]), f64::from(item[1]) / f64::from(item[0]));
            moved += (now - *mean) * (now - *mean) * precision;
            *mean = now;
        }
        let moved = (moved / self.mean.len() as f64).sqrt();
        if moved.is_finite() { Ok(moved) } else { Err(FitError::Numerical("expectation propagation")) }
    }

    /// One step of Newton's method for each judge's position bias; returns the largest step.
    fn step_bias(&mut self, sums: &Sums) -> f64 {
        if !self.problem.options.position_bias {
            return 0.0;
        }
        let deviation = self.problem.options.bias_deviation;
        let prior = 1.0 / (deviation * deviation);
        let mut largest = 0.0_f64;
        for (bias, &(gradient, information)) in self.bias.iter_mut().zip(&sums.bias) {
            let step = ((gradient - prior * *bias) / (information + prior)).clamp(-1.0, 1.0);
            *bias += step;
            largest = largest.max(step.abs());
        }
        largest
    }

    /// Adds what is known of the items.
    fn complete(&self, mut sums: Sums) -> Sums {
        let n = self.mean.len() as f64;
        let level = self.mean.iter().sum::<f64>() / n;
        let squares: f64 = self.mean.iter().map(|m| (m - level) * (m - level)).sum();
        let items = self.messages.items.iter().take(self.mean.len());
        let variances: f64 = items.map(|item| 1.0 / f64::from(item[0])).sum();
        sums.spread = squares + variances;
        sums
    }

    /// Precision and precision-weighted mean of each item, summed up afresh.
    fn totals(&self) -> Vec<[f64; 2]> {
        let mut totals = self.messages.totals(self.problem.edges);
        totals.truncate(self.problem.items);
        for (site, told) in self.problem.edges.general.iter().zip(&self.told) {
            for part in 0..2 {
                totals[site.first as usize][part] += told[0][part];
                totals[site.second as usize][part] += told[1][part];
            }
        }
        for total in &mut totals {
            total[0] = (total[0] + self.precision).max(0.5 * self.precision);
        }
        totals
    }

    /// The judges' biases with standard errors: the bias's column is solved for against the scores.
    fn biases(&self) -> Vec<Bias> {
        let (n, edges) = (self.problem.items, self.problem.edges);
        if !self.problem.options.position_bias {
            return vec![Bias { value: 0.0, standard_error: 0.0 }; self.problem.judges];
        }
        let deviation = self.problem.options.bias_deviation;
        let mut information = vec![1.0 / (deviation * deviation); self.problem.judges];
        let mut system = System::new(n, self.precision, edges.live + edges.general.len());
        let single = (0..edges.live).map(|number| {
            let at = edges.place(number);
            (edges.first[at], edges.second[at], edges.judge[at], f64::from(self.messages.factor[0][at]))
        });
        let general = edges.general.iter().zip(&self.factor);
        let general = general.map(|(s, &(tau, _))| (s.first, s.second, s.judge, tau + self.hyper.soft(s).0));
        let discriminations = self.hyper.discriminations();
        let seen = || single.clone().chain(general.clone());
        let with_a = || seen().map(|(i, k, j, tau)| (i, k, j, discriminations[usize::from(j)], tau));
        for (first, second, judge, a, tau) in with_a() {
            information[usize::from(judge)] += tau;
            system.add(first, second, a * a * tau);
        }
        let information = system.left_of_biases(information, with_a());
        let of =
            |(&value, information): (&f64, f64)| Bias { value, standard_error: 1.0 / information.sqrt() };
        self.bias.iter().zip(information).map(of).collect()
    }
}
