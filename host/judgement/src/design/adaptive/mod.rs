//! The adaptive design: the pairs from which most is learnt, in matchings that can be judged at the same time.

mod information;
mod posterior;

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::ledger::Ledger;
use super::random::random_rounds;
use super::rounds::{in_rounds, matched, open_edges, participants};
use super::{Context, Design, Dice, InvalidContext, Kind, Next};
use posterior::Posterior;

/// What makes a pair worth asking for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The mutual information of the verdict with the scores (Lindley 1956).
    Information,
    /// The smallest difference relative to its deviation.
    Reordering,
    /// The expected reduction of the variance of the ranks.
    Ranks,
}

/// Random matchings first, then the pairs of greatest expected information.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Adaptive {
    /// How many random matchings come first.
    pub random_rounds: u32,
    /// How many matchings make a wave.
    pub rounds: u32,
    /// What makes a pair valuable.
    pub rule: Rule,
    /// Up to how many items covariances are used.
    pub dense: usize,
    /// Free picks.
    pub free: u32,
}

impl Default for Adaptive {
    fn default() -> Self {
        Self { random_rounds: 4, rounds: 4, rule: Rule::Information, dense: 1000, free: 0 }
    }
}

impl Design for Adaptive {
    fn next_wave(&self, context: &Context<'_>) -> Result<Next, InvalidContext> {
        let mut ledger = Ledger::new(context)?;
        let taking_part = participants(context, &ledger).len();
        let pairs: u32 = ledger.counts.iter().sum::<u32>() / 2;
        let done = pairs / u32::try_from(taking_part / 2).unwrap_or(u32::MAX).max(1);
        let scores = match context.scores {
            Some(scores) if done >= self.random_rounds => scores,
            _ => {
                let rounds = self.random_rounds.saturating_sub(done).clamp(1, self.rounds.max(1));
                return Ok(random_rounds(context, &mut ledger, Kind::Random, rounds, true));
            }
        };
        let mut posterior = Posterior::new(context, scores, self.dense);
        let mut dice = Dice::new(context.seed, context.wave, 4);
        if self.free > 0 {
            return Ok(in_rounds(context, &mut ledger, Kind::Adaptive, 1, &mut dice, |ledger, _| {
                let all = participants(context, ledger);
                ledger.allow_repeats(&all);
                let mut value = Value::new(self.rule, &posterior);
                let mut edges = open_edges(ledger, &all, |_, _| 0.0);
                let mut used = vec![0; ledger.items()];
                let mut choices = Vec::new();
                for _ in 0..(self.rounds as usize * all.len() / 2) {
                    let mut best: Option<(f64, usize)> = None;
                    for (k, e) in edges.iter().enumerate() {
                        if used[e.a as usize] >= self.free || used[e.b as usize] >= self.free {
                            continue;
                        }
                        let v = value.of(&posterior, e.a, e.b);
                        if best.is_none_or(|(b, _)| v > b) {
                            best = Some((v, k));
                        }
                    }
                    let Some((v, k)) = best else { break };
                    let e = edges.swap_remove(k);
                    used[e.a as usize] += 1;
                    used[e.b as usize] += 1;
                    value.expect(&posterior, e.a, e.b);
                    posterior.expect(super::Pair::new(e.a, e.b));
                    choices.push(super::rounds::Choice { a: e.a, b: e.b, value: v });
                }
                choices
            }));
        }
        Ok(in_rounds(context, &mut ledger, Kind::Adaptive, self.rounds, &mut dice, |ledger, _| {
            let all = participants(context, ledger);
            ledger.allow_repeats(&all);
            let value = Value::new(self.rule, &posterior);
            let place = |item: u32| (scores.mean[item as usize], 0.0);
            let choices = matched(context, ledger, &all, place, |a, b| value.of(&posterior, a, b));
            for choice in &choices {
                posterior.expect(super::Pair::new(choice.a, choice.b));
            }
            choices
        }))
    }
}

/// The worth of pairs.
enum Value {
    Information,
    Reordering,
    Ranks(DMatrix<f64>),
}

impl Value {
    fn new(rule: Rule, posterior: &Posterior<'_>) -> Self {
        match (rule, posterior.covariance()) {
            (Rule::Reordering, _) => Self::Reordering,
            (Rule::Ranks, Some(covariance)) => {
                let n = covariance.nrows();
                let mut slope = DMatrix::zeros(n, n);
                for a in 0..n {
                    for b in 0..n {
                        if a != b {
                            let (mean, variance) = posterior.difference(a as u32, b as u32);
                            let density = libm::exp(-0.5 * mean * mean / variance) / variance.sqrt();
                            slope[(a, b)] -= density;
                            slope[(a, a)] += density;
                        }
                    }
                }
                let moved = slope * covariance;
                Self::Ranks(moved.transpose() * moved)
            }
            _ => Self::Information,
        }
    }

    fn expect(&mut self, posterior: &Posterior<'_>, a: u32, b: u32) {
        if let (Self::Ranks(m), Some(c)) = (self, posterior.covariance()) {
            let (_, variance) = posterior.difference(a, b);
            let weight = posterior.weight(a, b);
            let f = weight / (1.0 + weight * variance);
            let (a, b) = (a as usize, b as usize);
            let u = c.column(a) - c.column(b);
            let r = m.column(a) - m.column(b);
            let s = f * f * (r[a] - r[b]);
            for k in 0..u.len() {
                m.column_mut(k).axpy(-f * u[k], &r, 1.0);
                m.column_mut(k).axpy(-f * r[k] + s * u[k], &u, 1.0);
            }
        }
    }

    fn of(&self, posterior: &Posterior<'_>, a: u32, b: u32) -> f64 {
        match self {
            Self::Information => posterior.gain(a, b),
            Self::Reordering => {
                let (mean, variance) = posterior.difference(a, b);
                -mean.abs() / variance.sqrt()
            }
            Self::Ranks(moved) => {
                let (x, y) = (a as usize, b as usize);
                let (_, variance) = posterior.difference(a, b);
                let weight = posterior.weight(a, b);
                weight / (1.0 + weight * variance) * (moved[(x, x)] + moved[(y, y)] - 2.0 * moved[(x, y)])
            }
        }
    }
}
