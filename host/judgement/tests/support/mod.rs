//! Simulated items and judges for the fits' tests.

use docket_judgement::{Comparison, Comparisons, Verdict};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A seeded source of numbers.
pub(crate) struct Source(ChaCha8Rng);

impl Source {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        self.0.random::<f64>()
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0.random_range(0..n)
    }

    pub(crate) fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        radius * libm::cos(2.0 * std::f64::consts::PI * self.uniform())
    }

    /// Scores `N(0, sigma^2)`, centred.
    pub(crate) fn scores(&mut self, n: usize, sigma: f64) -> Vec<f64> {
        let drawn: Vec<f64> = (0..n).map(|_| sigma * self.normal()).collect();
        let mean = drawn.iter().sum::<f64>() / n as f64;
        drawn.iter().map(|x| x - mean).collect()
    }

    /// Random perfect matchings with random positions.
    pub(crate) fn matchings(&mut self, n: usize, waves: usize) -> Vec<(u32, u32)> {
        let mut order: Vec<u32> = (0..n as u32).collect();
        let mut pairs = Vec::new();
        for _ in 0..waves {
            for at in (1..n).rev() {
                order.swap(at, self.below(at + 1));
            }
            pairs.extend(order.chunks_exact(2).map(|pair| (pair[0], pair[1])));
        }
        pairs
    }

    /// A hard answer at log-odds `z`.
    pub(crate) fn hard(&mut self, z: f64) -> Verdict {
        if self.uniform() < 1.0 / (1.0 + libm::exp(-z)) { Verdict::First } else { Verdict::Second }
    }
}

/// Rows of one judge with a position bias.
pub(crate) fn judged(source: &mut Source, truth: &[f64], pairs: &[(u32, u32)], bias: f64) -> Vec<Comparison> {
    let answer = |&(a, b): &(u32, u32)| {
        let z = truth[a as usize] - truth[b as usize] + bias;
        Comparison::new(a, b, source.hard(z))
    };
    pairs.iter().map(answer).collect()
}

/// Comparisons of one judge.
pub(crate) fn one_judge(items: usize, rows: Vec<Comparison>) -> Comparisons {
    Comparisons::new(items, 1, rows).unwrap()
}

/// Root of the mean squared difference.
pub(crate) fn rmse(a: &[f64], b: &[f64]) -> f64 {
    (a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum::<f64>() / a.len() as f64).sqrt()
}
