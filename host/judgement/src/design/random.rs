//! The random design: balanced random matchings.

use serde::{Deserialize, Serialize};

use super::ledger::Ledger;
use super::rounds::{Choice, MANY, best_matching, in_rounds, load, open_edges, participants};
use super::{Context, Design, Dice, InvalidContext, Kind, Next};

/// How often each pair that has met before looks for another to exchange partners with.
const ATTEMPTS: usize = 64;

/// Random perfect matchings of pairs that have not met: every item is compared equally often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RandomMatchings {
    /// How many matchings make a wave.
    pub rounds: u32,
    /// Pairs meet again once all have met.
    pub repeats: bool,
}

impl Default for RandomMatchings {
    fn default() -> Self {
        Self { rounds: 1, repeats: true }
    }
}

impl Design for RandomMatchings {
    fn next_wave(&self, context: &Context<'_>) -> Result<Next, InvalidContext> {
        let mut ledger = Ledger::new(context)?;
        Ok(random_rounds(context, &mut ledger, Kind::Random, self.rounds, self.repeats))
    }
}

/// A wave of random matchings.
pub(crate) fn random_rounds(
    context: &Context<'_>,
    ledger: &mut Ledger,
    kind: Kind,
    rounds: u32,
    repeats: bool,
) -> Next {
    let mut dice = Dice::new(context.seed, context.wave, 3);
    in_rounds(context, ledger, kind, rounds, &mut dice, |ledger, dice| {
        let all = participants(context, ledger);
        if repeats {
            ledger.allow_repeats(&all);
        }
        let mut items = all.clone();
        dice.shuffle(&mut items);
        wait(context, ledger, &mut items);
        let pairs = exchanged(ledger, &items, dice);
        if !pairs.is_empty() && (pairs.len() * 2 == items.len() || items.len() > MANY) {
            return pairs;
        }
        let edges = open_edges(ledger, &items, |_, _| dice.unit());
        if edges.is_empty() {
            let edges = open_edges(ledger, &all, |_, _| dice.unit());
            return best_matching(ledger.items(), &edges);
        }
        best_matching(ledger.items(), &edges)
    })
}

/// Takes the last item with the highest load out of an odd number of shuffled items.
fn wait(context: &Context<'_>, ledger: &Ledger, shuffled: &mut Vec<u32>) {
    if shuffled.len() % 2 == 1 {
        let load = |k: usize| load(context, ledger, shuffled[k]);
        if let Some(place) = (0..shuffled.len()).max_by(|&x, &y| load(x).total_cmp(&load(y))) {
            shuffled.remove(place);
        }
    }
}

/// Neighbours in the shuffled order, where pairs that cannot be had exchange partners with random others. What then
/// still cannot be had is left out.
fn exchanged(ledger: &Ledger, items: &[u32], dice: &mut Dice) -> Vec<Choice> {
    let mut order = items.to_vec();
    let pairs = order.len() / 2;
    let open = |order: &[u32], k: usize| ledger.is_open(order[2 * k], order[2 * k + 1]);
    let mut bad: Vec<bool> = (0..pairs).map(|k| !open(&order, k)).collect();
    for k in 0..pairs {
        for _ in 0..ATTEMPTS {
            if !bad[k] {
                break;
            }
            let other = dice.below(pairs);
            let side = dice.below(2);
            if other == k {
                continue;
            }
            order.swap(2 * k + 1, 2 * other + side);
            let (here, there) = (open(&order, k), open(&order, other));
            if here && (there || bad[other]) {
                bad[k] = false;
                bad[other] = !there;
            } else {
                order.swap(2 * k + 1, 2 * other + side);
            }
        }
    }
    (0..pairs)
        .filter(|&k| !bad[k])
        .map(|k| Choice { a: order[2 * k], b: order[2 * k + 1], value: 0.0 })
        .collect()
}
