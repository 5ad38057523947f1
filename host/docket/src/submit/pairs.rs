//! Which pairs to compare: every pair, or a fair choice of them, each way round about as often.

/// `count` pairs of `n` things (all when `count` is none or larger), as indexes (first, second).
///
/// Round robin: each round pairs everybody once, so that a choice of pairs is spread evenly. Who comes first
/// goes to whoever was first less often so far.
pub(super) fn choose(n: usize, count: Option<usize>) -> Vec<(usize, usize)> {
    // The circle method needs an even number: an odd one gets a seat that nobody takes.
    let seats = n + n % 2;
    let mut first = vec![0_u32; n];
    let rounds = (0..seats.saturating_sub(1)).flat_map(|round| {
        let seat = move |k: usize| if k == 0 { 0 } else { 1 + (round + k - 1) % (seats - 1) };
        (0..seats / 2).map(move |k| (seat(k), seat(seats - 1 - k)))
    });
    let mut chosen: Vec<(usize, usize)> =
        rounds.filter(|&(a, b)| a < n && b < n).take(count.unwrap_or(usize::MAX)).collect();
    for pair in &mut chosen {
        if first[pair.0] > first[pair.1] {
            *pair = (pair.1, pair.0);
        }
        first[pair.0] += 1;
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn all_pairs_once_for_any_number() {
        for n in 0..16 {
            let all = choose(n, None);
            let distinct: BTreeSet<_> = all.iter().map(|&(a, b)| (a.min(b), a.max(b))).collect();
            assert_eq!(all.len(), n * n.saturating_sub(1) / 2, "{n}");
            assert_eq!(distinct.len(), all.len(), "{n}");
            assert!(all.iter().all(|(a, b)| a != b && *a < n && *b < n));
        }
    }

    #[test]
    fn a_choice_is_spread_evenly_and_both_ways_round() {
        let chosen = choose(14, Some(60));
        assert_eq!(chosen.len(), 60);
        let times = |f: fn(&(usize, usize)) -> Vec<usize>| {
            let mut counts = [0_i32; 14];
            chosen.iter().flat_map(f).for_each(|i| counts[i] += 1);
            counts
        };
        let (all, first) = (times(|p| vec![p.0, p.1]), times(|p| vec![p.0]));
        assert!(all.iter().max().unwrap() - all.iter().min().unwrap() <= 1, "{all:?}");
        for (all, first) in all.iter().zip(first) {
            assert!((2 * first - all).abs() <= 3, "first in {first} of {all}");
        }
    }
}
