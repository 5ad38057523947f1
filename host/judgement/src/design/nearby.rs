//! Matchings of very many items: only neighbours in some order are looked at, in `O(n log n)`.

use super::ledger::Ledger;
use super::rounds::Choice;

/// How many following items each is compared with.
const WINDOW: usize = u16::BITS as usize;
/// How many values are told apart.
const BUCKETS: usize = 1 << 12;
/// How many others a left-over item is tried with.
const TRIES: usize = 64;

/// Pairs that have not met, between items at most 16 places apart: half as many as items, the most valuable first (to
/// within 1/4096 of the range of values), and no item in more than `cap` of them. With a cap of 1 this is a matching,
/// where items left over are matched with each other, further apart if need be.
///
/// `value` is for two places in the order.
pub(crate) fn choose(
    ledger: &Ledger<'_>,
    order: &[u32],
    cap: u32,
    mut value: impl FnMut(usize, usize) -> f64,
) -> Vec<Choice> {
    let candidates = Candidates::new(ledger, order, &mut value);
    let mut used = vec![0; order.len()];
    let most = order.len() / 2;
    let mut pairs: Vec<(usize, usize)> = Vec::with_capacity(most);
    let mut from = 0;
    while pairs.len() < most && from < BUCKETS {
        let (next, some) = candidates.next(from, order.len(), |x, y| used[x] < cap && used[y] < cap);
        for (x, y) in some {
            if used[x] < cap && used[y] < cap && pairs.len() < most {
                used[x] += 1;
                used[y] += 1;
                pairs.push((x, y));
            }
        }
        from = next;
    }
    if cap == 1 {
        let left = (0..order.len()).filter(|&place| used[place] == 0).collect();
        match_rest(ledger, order, left, &mut pairs);
    }
    pairs.into_iter().map(|(x, y)| Choice { a: order[x], b: order[y], value: value(x, y) }).collect()
}

/// Pairs of places up to [`WINDOW`] apart, in buckets by value.
struct Candidates {
    /// The bucket of each place and distance, the most valuable is 0; [`BUCKETS`] if the pair cannot be had.
    bucket: Vec<u16>,
    /// How many there are in each bucket.
    count: Vec<usize>,
}

impl Candidates {
    fn new(ledger: &Ledger<'_>, order: &[u32], value: &mut impl FnMut(usize, usize) -> f64) -> Self {
        let met = ledger.met_nearby(order);
        let mut values = vec![f32::NAN; order.len() * WINDOW];
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        for (place, (met, values)) in met.iter().zip(values.chunks_exact_mut(WINDOW)).enumerate() {
            let ahead = WINDOW.min(order.len() - 1 - place);
            for (k, slot) in values[..ahead].iter_mut().enumerate() {
                if met >> k & 1 == 0 {
                    let value = value(place, place + 1 + k) as f32;
                    *slot = value;
                    low = low.min(value);
                    high = high.max(value);
                }
            }
        }
        let scale = if high > low { (BUCKETS - 1) as f32 / (high - low) } else { 0.0 };
        let mut count = vec![0; BUCKETS + 1];
        let bucket = |value: f32| {
            let bucket = if value.is_nan() { BUCKETS } else { ((high - value) * scale) as usize % BUCKETS };
            count[bucket] += 1;
            bucket as u16
        };
        let bucket = values.into_iter().map(bucket).collect();
        Self { bucket, count }
    }

    /// The pairs of the next buckets that are still `wanted`, most valuable first and otherwise in order: of at least
    /// `most` pairs, or all that are left. Also says which bucket is next after them.
    fn next(
        &self,
        from: usize,
        most: usize,
        wanted: impl Fn(usize, usize) -> bool,
    ) -> (usize, Vec<(usize, usize)>) {
        let (mut to, mut size) = (from, 0);
        let mut start = [0; BUCKETS];
        while to < BUCKETS && size < most {
            start[to] = size;
            size += self.count[to];
            to += 1;
        }
        let mut sorted = vec![(0, 0); size];
        for (index, &bucket) in self.bucket.iter().enumerate() {
            let bucket = usize::from(bucket);
            if bucket >= from && bucket < to {
                let place = index / WINDOW;
                sorted[start[bucket]] = (place, place + 1 + index % WINDOW);
                start[bucket] += 1;
            }
        }
        sorted.retain(|&(x, y)| wanted(x, y));
        (to, sorted)
    }
}

/// Matches the items that are left: with each other, or else by breaking up a pair near by.
fn match_rest(ledger: &Ledger<'_>, order: &[u32], left: Vec<usize>, pairs: &mut Vec<(usize, usize)>) {
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
