//! The Swiss design: neighbours in the order of the scores meet, as in a Swiss-system tournament.

use serde::{Deserialize, Serialize};

use super::ledger::Ledger;
use super::random::random_rounds;
use super::rounds::{in_rounds, matched, participants};
use super::{Context, Design, Dice, InvalidContext, Kind, Next};
use crate::Verdict;

/// The range of the random part of a distance.
const JITTER: f64 = 1e-3;

/// By what items are neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The number of wins; a tie is half a win, and so is the side that a soft verdict favours a whole one.
    Wins,
    /// The score.
    Scores,
}

/// The matching whose pairs are nearest in wins or in score, without repeats until all have met. The first wave is random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Swiss {
    /// By what items are neighbours.
    pub order: Order,
    /// How many matchings make a wave.
    pub rounds: u32,
}

impl Default for Swiss {
    fn default() -> Self {
        Self { order: Order::Wins, rounds: 1 }
    }
}

/// Every item's wins.
fn wins(context: &Context<'_>) -> Vec<f64> {
    let mut wins = vec![0.0; context.items];
    for row in context.answered.rows() {
        let share = match row.verdict {
            Verdict::First => 1.0,
            Verdict::Second => 0.0,
            Verdict::Tie => 0.5,
            Verdict::Soft(logit) => f64::from(u8::from(logit > 0.0)),
        };
        wins[row.first as usize] += share * f64::from(row.weight);
        wins[row.second as usize] += (1.0 - share) * f64::from(row.weight);
    }
    wins
}

impl Design for Swiss {
    fn next_wave(&self, context: &Context<'_>) -> Result<Next, InvalidContext> {
        let mut ledger = Ledger::new(context)?;
        let places = match (self.order, context.scores) {
            _ if context.answered.rows().is_empty() => None,
            (Order::Wins, _) => Some(wins(context)),
            (Order::Scores, scores) => scores.map(|scores| scores.mean.clone()),
        };
        let Some(places) = places else {
            return Ok(random_rounds(context, &mut ledger, Kind::Random, self.rounds, true));
        };
        let mut dice = Dice::new(context.seed, context.wave, 5);
        Ok(in_rounds(context, &mut ledger, Kind::Swiss, self.rounds, &mut dice, |ledger, dice| {
            let all = participants(context, ledger);
            ledger.allow_repeats(&all);
            let place = |item: u32| (places[item as usize], 0.0);
            let near =
                |a: u32, b: u32| -(places[a as usize] - places[b as usize]).abs() + JITTER * dice.unit();
            matched(context, ledger, &all, place, near)
        }))
    }
}
