//! The resampling design: pairs that have met, once more and the other way round.

use serde::{Deserialize, Serialize};

use super::ledger::Ledger;
use super::{Context, Design, Dice, InvalidContext, Kind, Next, Nothing, Outcome};

/// Every pair that has met, those of rarely compared items first and equal ones in random order, each at most once.
///
/// No item stands in more than `ceil(2 m / n)` of the pairs (at least 1), where `m` is the smaller of the number of
/// candidates and the budget.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resampling {}

impl Design for Resampling {
    fn next_wave(&self, context: &Context<'_>) -> Result<Next, InvalidContext> {
        let mut ledger = Ledger::new(context)?;
        if context.budget == 0 {
            return Ok(Next::Nothing(Nothing::BudgetSpent));
        }
        let mut dice = Dice::new(context.seed, context.wave, 2);
        let taken = |item| context.priority_of(item) > 0.0;
        let mut met: Vec<(u32, u32)> = context
            .history
            .iter()
            .filter(|request| context.failures_allowed == 0 || request.outcome != Outcome::Failed)
            .map(|request| request.pair.unordered())
            .filter(|&(a, b)| taken(a) && taken(b))
            .collect();
        met.sort_unstable();
        met.dedup();
        let mut candidates: Vec<(u32, u64, (u32, u32))> = met
            .into_iter()
            .map(|(a, b)| {
                let count = ledger.counts[a as usize] + ledger.counts[b as usize];
                (count, dice.below(1 << 53) as u64, (a, b))
            })
            .collect();
        candidates.sort_unstable();
        let most = candidates.len().min(context.budget);
        let cap = (2 * most).div_ceil(context.items).max(1);
        let mut used = vec![0_usize; context.items];
        let mut pairs = Vec::with_capacity(most);
        for (_, _, (a, b)) in candidates {
            if pairs.len() == most {
                break;
            }
            if used[a as usize] < cap && used[b as usize] < cap {
                used[a as usize] += 1;
                used[b as usize] += 1;
                pairs.push(ledger.orient_again(a, b, &mut dice));
            }
        }
        Ok(Next::from_pairs(Kind::Resampling, pairs))
    }
}
