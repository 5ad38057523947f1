//! Circular triples: A beats B, B beats C, C beats A.
//!
//! Some are expected of any judge who is not certain (Kendall & Babington Smith, 1940), so their number is set against
//! what the fit expects and not against 0.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::DiagnosticsError;
use super::misfit::{Bootstrap, answers};
use super::residual;
use crate::numeric::normal_below;
use crate::random::Random;
use crate::{Comparisons, Scores};

/// Triples of items of which all three pairs are decided by a majority.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Triples {
    /// How many there are.
    pub triples: usize,
    /// How many are circular.
    pub circular: usize,
    /// How many the model expects to be.
    pub expected: f64,
    /// Standard deviation of that number under the model, from the replicates.
    pub standard_deviation: f64,
    /// Probability under the model of as many circular ones or more, from the replicates.
    pub p: f64,
}

/// A compared pair, the lower index first.
struct Pair {
    low: u32,
    high: u32,
    /// 1 when the lower index won most answers, -1 when the higher did, 0 when neither.
    decided: i8,
    /// Probability that the lower index wins most, and that the higher does.
    wins: [f64; 2],
}

/// Three pairs that close a triple `i < k < l`: `ik`, `kl` and `il`, as indices of the pairs.
type Closed = [u32; 3];

/// Counts circular triples over all judges together.
///
/// # Errors
/// No replicates; scores that do not belong to the items or are not finite; no decisive answer.
pub fn circular_triples(
    comparisons: &Comparisons,
    scores: &Scores,
    bootstrap: Bootstrap,
) -> Result<Triples, DiagnosticsError> {
    if bootstrap.replicates == 0 {
        return Err(DiagnosticsError::Setting("a bootstrap needs at least one replicate"));
    }
    let pairs = pairs(comparisons, scores)?;
    let closed = closed(comparisons.items(), &pairs);
    let seen: Vec<i8> = pairs.iter().map(|pair| pair.decided).collect();
    let expected: f64 = closed
        .iter()
        .map(|triple| {
            let [ik, kl, il] = triple.map(|pair| pairs[pair as usize].wins);
            ik[0] * kl[0] * il[1] + ik[1] * kl[1] * il[0]
        })
        .sum();
    let circular = circular(&closed, &seen);
    let mut random = Random::new(bootstrap.seed);
    let (mut at_least, mut squares) = (0, 0.0);
    for _ in 0..bootstrap.replicates {
        let drawn: Vec<i8> = pairs.iter().map(|pair| draw(pair, &mut random)).collect();
        let again = self::circular(&closed, &drawn);
        at_least += usize::from(again >= circular);
        squares += (again as f64 - expected) * (again as f64 - expected);
    }
    let is_decided = |pair: u32| seen[pair as usize] != 0;
    Ok(Triples {
        triples: closed.iter().filter(|triple| triple.iter().all(|&pair| is_decided(pair))).count(),
        circular,
        expected,
        standard_deviation: (squares / bootstrap.replicates as f64).sqrt(),
        p: (at_least + 1) as f64 / (bootstrap.replicates + 1) as f64,
    })
}

fn draw(pair: &Pair, random: &mut Random) -> i8 {
    let uniform = random.uniform();
    match pair.wins {
        [low, _] if uniform < low => 1,
        [low, high] if uniform < low + high => -1,
        _ => 0,
    }
}

fn circular(closed: &[Closed], decided: &[i8]) -> usize {
    let is_circular = |triple: &&Closed| {
        let [ik, kl, il] = triple.map(|pair| decided[pair as usize]);
        ik != 0 && ik == kl && il == -ik
    };
    closed.iter().filter(is_circular).count()
}

/// All compared pairs in order.
fn pairs(comparisons: &Comparisons, scores: &Scores) -> Result<Vec<Pair>, DiagnosticsError> {
    // Answers that the lower index won and lost, and the chances of each answer.
    type Answers = (f64, f64, Vec<(f64, u32)>);
    let mut found: BTreeMap<(u32, u32), Answers> = BTreeMap::new();
    residual::check(comparisons.items(), scores)?;
    for row in comparisons.rows() {
        let Some(known) = residual::decisive(row, scores) else { continue };
        let swapped = row.first > row.second;
        let (won, lost, chances) =
            found.entry((row.first.min(row.second), row.first.max(row.second))).or_default();
        *(if known.won == swapped { lost } else { won }) += known.weight;
        let p = known.p();
        chances.push((if swapped { 1.0 - p } else { p }, answers(row.weight)));
    }
    if found.is_empty() {
        return Err(DiagnosticsError::NoComparisons);
    }
    let pair = |((low, high), (won, lost, chances)): ((u32, u32), Answers)| Pair {
        low,
        high,
        decided: i8::from(won > lost) - i8::from(won < lost),
        wins: majority(&chances),
    };
    Ok(found.into_iter().map(pair).collect())
}

/// Above this many answers of one pair the normal law stands in for the exact distribution.
const EXACT: u32 = 256;

/// Probability that most of the answers go one way, and the other.
fn majority(chances: &[(f64, u32)]) -> [f64; 2] {
    let answers: u32 = chances.iter().map(|(_, count)| count).sum();
    if answers > EXACT {
        let mean: f64 = chances.iter().map(|(p, count)| p * f64::from(*count)).sum();
        let variance: f64 = chances.iter().map(|(p, count)| p * (1.0 - p) * f64::from(*count)).sum();
        let lost = normal_below(f64::from(answers) / 2.0, mean, variance.sqrt());
        return [1.0 - lost, lost];
    }
    // The distribution of the number of wins, one answer after the other.
    let mut wins = vec![1.0];
    for &(p, count) in chances {
        for _ in 0..count {
            wins.push(0.0);
            for at in (1..wins.len()).rev() {
                wins[at] = wins[at] * (1.0 - p) + wins[at - 1] * p;
            }
            wins[0] *= 1.0 - p;
        }
    }
    let half = answers as usize;
    let most = wins.iter().enumerate().filter(|(won, _)| 2 * won > half).map(|(_, p)| p).sum();
    let least = wins.iter().enumerate().filter(|(won, _)| 2 * won < half).map(|(_, p)| p).sum();
    [most, least]
}

/// All triples whose three pairs were compared.
fn closed(items: usize, pairs: &[Pair]) -> Vec<Closed> {
    // The pairs are in order, so each item's higher partners are one stretch of them, in order.
    let mut starts = vec![pairs.len(); items + 1];
    for (at, pair) in pairs.iter().enumerate().rev() {
        starts[pair.low as usize] = at;
    }
    for item in (0..items).rev() {
        starts[item] = starts[item].min(starts[item + 1]);
    }
    let above = |item: u32| starts[item as usize]..starts[item as usize + 1];
    let mut closed = Vec::new();
    for (ik, pair) in (0u32..).zip(pairs) {
        let (mut il, mut kl) = (ik as usize + 1, above(pair.high).start);
        let (il_end, kl_end) = (above(pair.low).end, above(pair.high).end);
        while il < il_end && kl < kl_end {
            match pairs[il].high.cmp(&pairs[kl].high) {
                std::cmp::Ordering::Less => il += 1,
                std::cmp::Ordering::Greater => kl += 1,
                std::cmp::Ordering::Equal => {
                    closed.push([ik, kl as u32, il as u32]);
                    il += 1;
                    kl += 1;
                }
            }
        }
    }
    closed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn majorities() {
        assert_eq!(majority(&[(0.7, 1)]), [0.7, 1.0 - 0.7]);
        let [most, least] = majority(&[(0.6, 3)]);
        assert!((most - (0.216 + 3.0 * 0.36 * 0.4)).abs() < 1e-12 && (most + least - 1.0).abs() < 1e-12);
        let [most, least] = majority(&[(0.6, 1), (0.3, 1)]);
        assert!((most - 0.18).abs() < 1e-12 && (least - 0.28).abs() < 1e-12);
        let exact = majority(&[(0.52, 255)])[0];
        let normal = majority(&[(0.52, 257)])[0];
        assert!((exact - normal).abs() < 0.01, "{exact} {normal}");
    }
}
