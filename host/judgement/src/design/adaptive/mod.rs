//! The adaptive design: the pairs from which most is learnt, in matchings that can be judged at the same time.

mod density;
mod information;
mod posterior;
mod ranks;

use serde::{Deserialize, Serialize};

use super::ledger::Ledger;
use super::nearby::choose;
use super::random::random_rounds;
use super::rounds::{in_rounds, matched, open_edges, ordered, participants};
use super::{Context, Design, Dice, InvalidContext, Kind, Next};
use density::Density;
use posterior::Posterior;
use ranks::{Loss, pick};

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
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
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
    /// x
    pub refresh: u32,
    /// x
    pub share: f64,
}

impl Default for Adaptive {
    fn default() -> Self {
        Self {
            random_rounds: 4,
            rounds: 4,
            rule: Rule::Information,
            dense: 1000,
            free: 8,
            refresh: 1,
            share: 0.0,
        }
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
        if self.rule == Rule::Ranks && context.items <= self.dense {
            let waves = self.refresh.max(1);
            return Ok(in_rounds(context, &mut ledger, Kind::Adaptive, waves, &mut dice, |ledger, _| {
                let all = participants(context, ledger);
                ledger.allow_repeats(&all);
                let Some(mut loss) = Loss::new(&posterior, self.share) else { return Vec::new() };
                let edges = open_edges(ledger, &all, |_, _| 0.0);
                let most = (self.rounds as usize * all.len() / 2).div_ceil(waves as usize);
                pick(&mut posterior, &mut loss, &edges, most, self.free)
            }));
        }
        if self.rule == Rule::Ranks {
            return Ok(in_rounds(
                context,
                &mut ledger,
                Kind::Adaptive,
                self.rounds,
                &mut dice,
                |ledger, _| {
                    let order =
                        ordered(&participants(context, ledger), |item| (scores.mean[item as usize], 0.0));
                    let density = Density::new(&posterior, &order, &scores.mean, self.share);
                    let choices = choose(ledger, &order, 2, |a, b| density.gain(&posterior, a, b));
                    for choice in &choices {
                        posterior.expect(super::Pair::new(choice.a, choice.b));
                    }
                    choices
                },
            ));
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
}

impl Value {
    fn new(rule: Rule, posterior: &Posterior<'_>) -> Self {
        match (rule, posterior.covariance()) {
            (Rule::Reordering, _) => Self::Reordering,
            _ => Self::Information,
        }
    }

    fn of(&self, posterior: &Posterior<'_>, a: u32, b: u32) -> f64 {
        match self {
            Self::Information => posterior.gain(a, b),
            Self::Reordering => {
                let (mean, variance) = posterior.difference(a, b);
                -mean.abs() / variance.sqrt()
            }
        }
    }
}
