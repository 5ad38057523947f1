//! The coverage design: pairs that have not met, rarely compared items and neighbours in score first.

use serde::{Deserialize, Serialize};

use super::ledger::Ledger;
use super::rounds::{in_rounds, load, matched, participants};
use super::{Context, Design, Dice, InvalidContext, Kind, Next};

/// Proximity counts up to this difference of scores, in logits.
const NEAR: f64 = 2.0;
/// The range of the random part of a pair's weight.
const JITTER: f64 = 0.001;

/// The matching of greatest cardinality and then weight among the pairs that have not met, where a pair weighs
/// `count_weight (1/(1+c_i) + 1/(1+c_j)) + proximity_weight exp(-|s_i - s_j|)` (the last only within 2 logits) plus a
/// random part below 0.001. Of an odd number of items the one with the most comparisons waits.
///
/// Exact up to 300 items (Edmonds 1965); up to 1,000 heaviest first with exchanges; beyond, only items near each other
/// in comparisons and score are paired.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Coverage {
    /// The weight of having few comparisons.
    pub count_weight: f64,
    /// The weight of being close in score.
    pub proximity_weight: f64,
    /// How many matchings make a wave; `u32::MAX` fills it up to the budget.
    pub rounds: u32,
}

impl Default for Coverage {
    fn default() -> Self {
        Self { count_weight: 1.0, proximity_weight: 0.5, rounds: 1 }
    }
}

impl Coverage {
    /// Fills the wave up to the budget.
    pub fn fill() -> Self {
        Self { rounds: u32::MAX, ..Self::default() }
    }

    fn weight(&self, context: &Context<'_>, ledger: &Ledger, a: u32, b: u32) -> f64 {
        let rare = |item| 1.0 / (1.0 + load(context, ledger, item));
        let distance = (context.score_of(a) - context.score_of(b)).abs();
        let near = if distance < NEAR { libm::exp(-distance) } else { 0.0 };
        self.count_weight * (rare(a) + rare(b)) + self.proximity_weight * near
    }
}

impl Design for Coverage {
    fn next_wave(&self, context: &Context<'_>) -> Result<Next, InvalidContext> {
        let mut ledger = Ledger::new(context)?;
        let mut dice = Dice::new(context.seed, context.wave, 1);
        Ok(in_rounds(context, &mut ledger, Kind::Coverage, self.rounds, &mut dice, |ledger, dice| {
            let all = participants(context, ledger);
            let ledger: &Ledger = ledger;
            let place = |item| (load(context, ledger, item), context.score_of(item));
            let weight = |a, b| self.weight(context, ledger, a, b) + JITTER * dice.unit();
            matched(context, ledger, &all, place, weight)
        }))
    }
}
