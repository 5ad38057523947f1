//! What the designs that ask in rounds share. In a round each item meets at most one other.

use super::ledger::Ledger;
use super::nearby;
use super::{Context, Dice, Kind, Next, Nothing, Pair};
use crate::matching::{Edge, greedy, maximum_weight};

/// Up to how many items matchings are exact; beyond, they are greedy with exchanges.
pub(crate) const EXACT: usize = 300;
/// Beyond so many items only neighbours in some order are matched.
pub(crate) const MANY: usize = 1000;
/// How many more pairs than the others an item with priority above 1 may get before a round.
const EXTRAS: usize = 4;

/// A pair of a round with its value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice {
    pub(crate) a: u32,
    pub(crate) b: u32,
    pub(crate) value: f64,
}

/// The items that take part in the next round: all with priority 1 or more, and the others as far as they are behind.
pub(crate) fn participants(context: &Context<'_>, ledger: &Ledger) -> Vec<u32> {
    let all = 0..u32::try_from(ledger.items()).unwrap_or(u32::MAX);
    if context.priority.is_empty() {
        return all.collect();
    }
    let due = typical(context, ledger) + 1.0;
    all.filter(|&item| {
        let priority = context.priority_of(item);
        priority >= 1.0 || f64::from(ledger.counts[item as usize]) + 1.0 <= priority * due
    })
    .collect()
}

/// The comparisons of an item with priority 1, on average; of any item if there is none.
fn typical(context: &Context<'_>, ledger: &Ledger) -> f64 {
    let counted = |wanted: fn(f64) -> bool| {
        let (mut sum, mut number) = (0.0, 0.0);
        for (count, &priority) in ledger.counts.iter().zip(context.priority) {
            if wanted(priority) {
                sum += f64::from(*count);
                number += 1.0;
            }
        }
        (number > 0.0).then(|| sum / number)
    };
    counted(|priority| priority == 1.0).or_else(|| counted(|priority| priority > 0.0)).unwrap_or(0.0)
}

/// One more pair for each item with priority above 1 that is behind what it is due, with the nearest item in score, or
/// without scores the one with the least load.
fn extras(context: &Context<'_>, ledger: &Ledger) -> Vec<Choice> {
    if !context.priority.iter().any(|&priority| priority > 1.0) {
        return Vec::new();
    }
    let typical = typical(context, ledger);
    let mut partners: Vec<u32> = (0..u32::try_from(ledger.items()).unwrap_or(u32::MAX)).collect();
    let (mut times, mut choices) = (vec![0; ledger.items()], Vec::new());
    for item in partners.clone() {
        let priority = context.priority_of(item);
        if priority <= 1.0 || f64::from(ledger.counts[item as usize]) + 1.0 > priority * typical {
            continue;
        }
        let mut best: Option<Choice> = None;
        ledger.partners(item, &partners, &mut times, |other| {
            let value = match context.scores {
                Some(_) => -(context.score_of(item) - context.score_of(other)).abs(),
                None => -load(context, ledger, other),
            };
            let wanted = context.priority_of(other) > 0.0;
            if wanted && best.is_none_or(|best| value > best.value) {
                best = Some(Choice { a: item, b: other, value });
            }
        });
        if let Some(choice) = best {
            partners.retain(|&other| other != choice.a && other != choice.b);
            choices.push(choice);
        }
    }
    choices
}

/// An item's comparisons relative to its priority.
pub(crate) fn load(context: &Context<'_>, ledger: &Ledger, item: u32) -> f64 {
    f64::from(ledger.counts[item as usize]) / context.priority_of(item).max(1e-9)
}

/// The items without the one with the highest load (of equal ones the smallest index) if their number is odd.
fn even(context: &Context<'_>, ledger: &Ledger, items: &[u32]) -> Vec<u32> {
    let mut rest = items.to_vec();
    if rest.len() % 2 == 1 {
        let load = |item: u32| load(context, ledger, item);
        let most = (0..rest.len())
            .max_by(|&x, &y| load(rest[x]).total_cmp(&load(rest[y])).then(rest[y].cmp(&rest[x])));
        if let Some(place) = most {
            rest.remove(place);
        }
    }
    rest
}

/// All pairs of these items that can be had, with their values.
pub(crate) fn open_edges(
    ledger: &Ledger,
    items: &[u32],
    mut value: impl FnMut(u32, u32) -> f64,
) -> Vec<Edge> {
    let mut times = vec![0; ledger.items()];
    let mut edges = Vec::new();
    for (k, &a) in items.iter().enumerate() {
        ledger.partners(a, &items[k + 1..], &mut times, |b| {
            edges.push(Edge { a, b, weight: value(a, b) });
        });
    }
    edges
}

/// A matching of as many of these items as can be had, most valuable pairs first. Of an odd number one waits.
///
/// Beyond [`MANY`] items only pairs that are near in `place` are looked at.
pub(crate) fn matched(
    context: &Context<'_>,
    ledger: &Ledger,
    items: &[u32],
    place: impl Fn(u32) -> (f64, f64),
    mut value: impl FnMut(u32, u32) -> f64,
) -> Vec<Choice> {
    let paired = even(context, ledger, items);
    if paired.len() > MANY {
        let order = ordered(&paired, place);
        let choices = nearby::choose(ledger, &order, 1, |x, y| value(order[x], order[y]));
        if !choices.is_empty() {
            return choices;
        }
    }
    let mut edges = open_edges(ledger, &paired, &mut value);
    if edges.is_empty() {
        edges = open_edges(ledger, items, &mut value);
    }
    best_matching(ledger.items(), &edges)
}

/// The most valuable pairs of these items in which each stands at most once, most valuable first.
pub(crate) fn best_matching(items: usize, edges: &[Edge]) -> Vec<Choice> {
    let chosen = if items <= EXACT { maximum_weight(items, edges) } else { greedy(items, edges) };
    let mut choices: Vec<Choice> = chosen
        .into_iter()
        .map(|index| Choice { a: edges[index].a, b: edges[index].b, value: edges[index].weight })
        .collect();
    sort(&mut choices);
    choices
}

/// Items by their places, equal ones by their indices.
pub(crate) fn ordered(items: &[u32], place: impl Fn(u32) -> (f64, f64)) -> Vec<u32> {
    let mut order: Vec<(f64, f64, u32)> = items
        .iter()
        .map(|&item| {
            let (major, minor) = place(item);
            (major, minor, item)
        })
        .collect();
    order.sort_unstable_by(|x, y| x.0.total_cmp(&y.0).then(x.1.total_cmp(&y.1)).then(x.2.cmp(&y.2)));
    order.into_iter().map(|(_, _, item)| item).collect()
}

/// Most valuable first, equal ones by their items.
pub(crate) fn sort(choices: &mut [Choice]) {
    choices.sort_by(|x, y| {
        y.value.total_cmp(&x.value).then((x.a.min(x.b), x.a.max(x.b)).cmp(&(y.a.min(y.b), y.a.max(y.b))))
    });
}

/// Makes rounds until there are `most` of them, the budget is spent or a round finds nothing.
pub(crate) fn in_rounds(
    context: &Context<'_>,
    ledger: &mut Ledger,
    kind: Kind,
    most: u32,
    dice: &mut Dice,
    mut round: impl FnMut(&mut Ledger, &mut Dice) -> Vec<Choice>,
) -> Next {
    if context.budget == 0 {
        return Next::Nothing(Nothing::BudgetSpent);
    }
    let mut pairs: Vec<Pair> = Vec::new();
    for _ in 0..most.max(1) {
        for _ in 0..EXTRAS {
            for choice in extras(context, ledger).iter().take(context.budget - pairs.len()) {
                pairs.push(ledger.orient(choice.a, choice.b, dice));
            }
        }
        let mut choices = round(ledger, dice);
        choices.truncate(context.budget - pairs.len());
        if choices.is_empty() {
            break;
        }
        pairs.extend(choices.iter().map(|choice| ledger.orient(choice.a, choice.b, dice)));
        if pairs.len() == context.budget {
            break;
        }
    }
    ledger.balance(&mut pairs);
    Next::from_pairs(kind, pairs)
}
