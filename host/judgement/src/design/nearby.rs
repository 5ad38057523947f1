//! Matchings of very many items: only neighbours in some order are looked at, in `O(n log n)`.

use super::ledger::Ledger;
use super::rounds::Choice;

/// How many following items each is compared with.
const WINDOW: usize = 16;
/// How many values are told apart.
const BUCKETS: usize = 1 << 12;
/// How many others a left-over item is tried with.
const TRIES: usize = 64;

/// A pair of places in the order.
#[derive(Clone, Copy)]
struct Candidate {
    value: f32,
    place: u32,
    distance: u32,
}

/// Pairs that have not met, between items at most 16 places apart: half as many as items, the most valuable first (to
/// within 1/4096 of the range of values), and no item in more than `cap` of them. With a cap of 1 this is a matching,
/// where items left over are matched with each other, further apart if need be.
pub(crate) fn choose(
    ledger: &Ledger,
    order: &[u32],
    cap: u32,
    mut value: impl FnMut(u32, u32) -> f64,
) -> Vec<Choice> {
    let candidates = sorted(candidates(ledger, order, &mut value));
    let mut used = vec![0; order.len()];
    let most = order.len() / 2;
    let mut pairs: Vec<(usize, usize)> = Vec::with_capacity(most);
    for candidate in candidates {
        let (x, y) = (candidate.place as usize, (candidate.place + candidate.distance) as usize);
        if used[x] < cap && used[y] < cap && pairs.len() < most {
            used[x] += 1;
            used[y] += 1;
            pairs.push((x, y));
        }
    }
    if cap == 1 {
        let left = (0..order.len()).filter(|&place| used[place] == 0).collect();
        match_rest(ledger, order, left, &mut pairs);
    }
    pairs
        .into_iter()
        .map(|(x, y)| Choice { a: order[x], b: order[y], value: value(order[x], order[y]) })
        .collect()
}

fn candidates(ledger: &Ledger, order: &[u32], value: &mut impl FnMut(u32, u32) -> f64) -> Vec<Candidate> {
    let mut stamp = vec![u32::MAX; ledger.items()];
    let mut found = Vec::with_capacity(order.len() * WINDOW);
    for (place, &a) in order.iter().enumerate() {
        for b in ledger.met(a) {
            stamp[b as usize] = a;
        }
        let ahead = &order[place + 1..order.len().min(place + 1 + WINDOW)];
        for (k, &b) in ahead.iter().enumerate() {
            if stamp[b as usize] != a {
                let value = value(a, b) as f32;
                found.push(Candidate { value, place: place as u32, distance: k as u32 + 1 });
            }
        }
    }
    found
}

/// Most valuable first, by counting; equal ones stay in order.
fn sorted(candidates: Vec<Candidate>) -> Vec<Candidate> {
    let values = || candidates.iter().map(|candidate| candidate.value);
    let (low, high) = (values().fold(f32::INFINITY, f32::min), values().fold(f32::NEG_INFINITY, f32::max));
    let scale = if high > low { (BUCKETS - 1) as f32 / (high - low) } else { 0.0 };
    let bucket = |candidate: &Candidate| ((high - candidate.value) * scale) as usize % BUCKETS;
    let mut start = vec![0_usize; BUCKETS + 1];
    for candidate in &candidates {
        start[bucket(candidate) + 1] += 1;
    }
    for k in 0..BUCKETS {
        start[k + 1] += start[k];
    }
    let mut result = candidates.clone();
    for candidate in &candidates {
        let place = &mut start[bucket(candidate)];
        result[*place] = *candidate;
        *place += 1;
    }
    result
}

/// Matches the items that are left: with each other, or else by breaking up a pair near by.
fn match_rest(ledger: &Ledger, order: &[u32], left: Vec<usize>, pairs: &mut Vec<(usize, usize)>) {
    let open = |x: usize, y: usize| ledger.is_open(order[x], order[y]);
    let mut waiting = left;
    let mut alone = Vec::new();
    while let Some(&x) = waiting.first() {
        match waiting[1..].iter().take(TRIES).position(|&y| open(x, y)) {
            Some(k) => {
                pairs.push((x, waiting.remove(k + 1)));
            }
            None => alone.push(x),
        }
        waiting.remove(0);
    }
    for two in alone.chunks_exact(2) {
        let (x, y) = (two[0], two[1]);
        let broken =
            pairs.iter().rposition(|&(u, v)| (open(x, u) && open(y, v)) || (open(x, v) && open(y, u)));
        if let Some(k) = broken {
            let (u, v) = pairs[k];
            let straight = open(x, u) && open(y, v);
            pairs[k] = if straight { (x, u) } else { (x, v) };
            pairs.push(if straight { (y, v) } else { (y, u) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Run;
    use super::super::{Coverage, Design, RandomMatchings, Swiss};
    use std::collections::BTreeSet;

    #[test]
    fn many_items_are_matched_completely_and_without_repeats() {
        let designs: [&dyn Design; 3] =
            [&Coverage::default(), &RandomMatchings::default(), &Swiss::default()];
        for design in designs {
            let items = 1501;
            let mut run = Run::new(items);
            for wave in 1..=24 {
                let pairs = run.step(design);
                let met: BTreeSet<u32> = pairs.iter().flat_map(|pair| [pair.first, pair.second]).collect();
                assert_eq!(pairs.len(), items / 2, "wave {wave}");
                assert_eq!(met.len(), items - 1);
            }
            assert_eq!(run.distinct(), run.history.len());
            let counts = run.counts();
            assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1);
            assert!(run.skew() < 0.3, "{}", run.skew());
        }
    }
}
