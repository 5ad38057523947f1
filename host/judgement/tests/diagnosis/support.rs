//! Data with known results, a simulator and a plain fit.

use docket_judgement::{Bias, Comparison, Comparisons, Scores, Verdict};
use nalgebra::{DMatrix, DVector};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// American League 1987 (Agresti): home, away, home wins, away wins.
pub(crate) const BASEBALL: &str = "0 1 4 3|0 2 4 2|0 3 4 3|0 4 6 1|0 5 4 2|0 6 6 0|1 0 3 3|1 2 4 2|1 3 4 3|1 4 6 0|1 5 6 1|1 6 4 3|\
2 0 2 5|2 1 4 3|2 3 2 4|2 4 4 3|2 5 4 2|2 6 6 0|3 0 3 3|3 1 5 1|3 2 2 5|3 4 4 3|3 5 4 2|3 6 6 1|4 0 5 1|4 1 2 5|\
4 2 3 3|4 3 4 2|4 5 5 2|4 6 6 0|5 0 2 5|5 1 3 3|5 2 3 4|5 3 4 3|5 4 4 2|5 6 2 4|6 0 2 5|6 1 1 5|6 2 1 6|6 3 2 4|\
6 4 1 6|6 5 3 4";

/// Preferences for German parties in 2009 (psychotools): i, j, i preferred, j preferred.
pub(crate) const PARTIES: &str = "0 1 119 73|0 2 25 167|1 2 23 169|0 3 38 154|1 3 34 158|2 3 124 68|0 4 69 123|1 4 76 116|\
2 4 128 64|3 4 125 67|0 5 83 109|1 5 70 122|2 5 137 55|3 5 134 58|4 5 106 86";

/// Rows of `i j wins losses` as comparisons with weights.
pub(crate) fn rows(items: usize, data: &str) -> Comparisons {
    let mut rows = Vec::new();
    for line in data.split('|') {
        let numbers: Vec<u32> = line.split_whitespace().map(|number| number.parse().unwrap()).collect();
        for (verdict, weight) in [(Verdict::First, numbers[2]), (Verdict::Second, numbers[3])] {
            if weight > 0 {
                let weight = weight as f32;
                rows.push(Comparison { weight, ..Comparison::new(numbers[0], numbers[1], verdict) });
            }
        }
    }
    Comparisons::new(items, 1, rows).unwrap()
}

pub(crate) fn scores(mean: &[f64], standard_error: &[f64]) -> Scores {
    Scores {
        mean: mean.to_vec(),
        standard_error: standard_error.to_vec(),
        sigma: 1.0,
        scale_error: 0.0,
        bias: Vec::new(),
    }
}

/// Scores with one standard error.
pub(crate) fn even(mean: &[f64], standard_error: f64) -> Scores {
    scores(mean, &vec![standard_error; mean.len()])
}

pub(crate) fn biased(scores: Scores, values: &[f64]) -> Scores {
    let bias = values.iter().map(|&value| Bias { value, standard_error: 0.1 }).collect();
    Scores { bias, ..scores }
}

pub(crate) fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.uniform() * end as f64) as usize
    }

    /// Two different items.
    pub(crate) fn pair(&mut self, items: usize) -> (u32, u32) {
        let first = self.below(items);
        let second = (first + 1 + self.below(items - 1)) % items;
        (first as u32, second as u32)
    }

    /// Whether an item with log-odds `odds` wins.
    pub(crate) fn verdict(&mut self, odds: f64) -> Verdict {
        if self.uniform() < logistic(odds) { Verdict::First } else { Verdict::Second }
    }
}

/// The most probable scores under a normal prior with standard deviation 2, by Newton steps.
pub(crate) fn fit(comparisons: &Comparisons) -> Option<Scores> {
    let n = comparisons.items();
    let mut at = DVector::<f64>::zeros(n);
    let mut variances = DMatrix::zeros(n, n);
    for _ in 0..12 {
        let (mut gradient, mut curvature) = (&at * -0.25, DMatrix::identity(n, n) * 0.25);
        for row in comparisons.rows() {
            let (first, second, weight) = (row.first as usize, row.second as usize, f64::from(row.weight));
            let won = match row.verdict {
                Verdict::First => 1.0,
                Verdict::Second => 0.0,
                Verdict::Tie => 0.5,
                Verdict::Soft(odds) => logistic(f64::from(odds)),
            };
            let p = logistic(at[first] - at[second]);
            gradient[first] += weight * (won - p);
            gradient[second] -= weight * (won - p);
            for (a, b, sign) in
                [(first, first, 1.0), (second, second, 1.0), (first, second, -1.0), (second, first, -1.0)]
            {
                curvature[(a, b)] += sign * weight * p * (1.0 - p);
            }
        }
        let root = curvature.cholesky()?;
        at += root.solve(&gradient);
        variances = root.inverse();
    }
    let centre = at.mean();
    let mean: Vec<f64> = at.iter().map(|score| score - centre).collect();
    let errors: Vec<f64> = variances.diagonal().iter().map(|variance| variance.sqrt()).collect();
    Some(scores(&mean, &errors))
}
