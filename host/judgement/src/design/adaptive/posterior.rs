//! How uncertain differences of scores are, and how much less so once further pairs are judged.

use nalgebra::{DMatrix, DVector};

use super::information::{SOFT, fisher, information};
use crate::design::{Context, Outcome, Pair};
use crate::{Scores, Verdict};

/// The narrowest prior that is believed, in logits.
const LEAST_SIGMA: f64 = 0.1;

/// A normal posterior of the scores.
pub(super) struct Posterior<'a> {
    scores: &'a Scores,
    soft: bool,
    spread: Spread,
}

enum Spread {
    /// The covariance of all items.
    Dense(DMatrix<f64>),
    /// The variances alone.
    Diagonal(Vec<f64>),
}

impl<'a> Posterior<'a> {
    /// The posterior given the answers and the expected information of the pairs that are pending: with all
    /// covariances (Laplace's method) up to `dense` items, and with variances alone beyond.
    pub(super) fn new(context: &Context<'_>, scores: &'a Scores, dense: usize) -> Self {
        let rows = context.answered.rows();
        let soft = rows.iter().filter(|row| matches!(row.verdict, Verdict::Soft(_))).count() * 2 > rows.len();
        let spread = if context.items <= dense { covariance(context, scores, soft) } else { None };
        let spread = spread.unwrap_or_else(|| {
            Spread::Diagonal(scores.standard_error.iter().map(|error| error * error).collect())
        });
        let mut posterior = Self { scores, soft, spread };
        if let Spread::Diagonal(_) = posterior.spread {
            for request in context.history.iter().filter(|request| request.outcome == Outcome::Pending) {
                posterior.expect(request.pair);
            }
        }
        posterior
    }

    /// Whether soft verdicts are expected.
    pub(super) fn is_soft(&self) -> bool {
        self.soft
    }

    /// Mean and variance of the difference of two scores.
    pub(super) fn difference(&self, a: u32, b: u32) -> (f64, f64) {
        let (a, b) = (a as usize, b as usize);
        let variance = match &self.spread {
            Spread::Dense(c) => c[(a, a)] + c[(b, b)] - 2.0 * c[(a, b)],
            Spread::Diagonal(v) => v[a] + v[b],
        };
        (self.scores.mean[a] - self.scores.mean[b], variance.max(1e-12))
    }

    /// The mutual information of the next verdict on a pair with the scores, in nats.
    pub(super) fn gain(&self, a: u32, b: u32) -> f64 {
        let (mean, variance) = self.difference(a, b);
        if self.soft { 0.5 * libm::log1p(SOFT * variance) } else { information().gain(mean, variance) }
    }

    /// The expected Fisher information of the next verdict on a pair.
    pub(super) fn weight(&self, a: u32, b: u32) -> f64 {
        let (mean, variance) = self.difference(a, b);
        if self.soft { SOFT } else { information().weight(mean, variance) }
    }

    /// By what factor a verdict on a pair shrinks the covariance: with `u = C (e_a - e_b)`, by this times `u u'`.
    pub(super) fn shrinkage(&self, a: u32, b: u32) -> f64 {
        let (mean, variance) = self.difference(a, b);
        let weight = if self.soft { SOFT } else { information().weight(mean, variance) };
        weight / (1.0 + weight * variance)
    }

    /// The covariance, if it is known.
    pub(super) fn covariance(&self) -> Option<&DMatrix<f64>> {
        match &self.spread {
            Spread::Dense(covariance) => Some(covariance),
            Spread::Diagonal(_) => None,
        }
    }

    /// Takes a pair as judged, with the information that is expected of it and no news about the means.
    pub(super) fn expect(&mut self, pair: Pair) {
        let weight = self.weight(pair.first, pair.second);
        let factor = self.shrinkage(pair.first, pair.second);
        let (a, b) = (pair.first as usize, pair.second as usize);
        match &mut self.spread {
            Spread::Dense(c) => {
                let direction: DVector<f64> = c.column(a) - c.column(b);
                for k in 0..direction.len() {
                    let scale = factor * direction[k];
                    c.column_mut(k).axpy(-scale, &direction, 1.0);
                }
            }
            Spread::Diagonal(v) => {
                let (of_a, of_b) = (v[a], v[b]);
                v[a] = 1.0 / (1.0 / of_a + weight / (1.0 + weight * of_b));
                v[b] = 1.0 / (1.0 / of_b + weight / (1.0 + weight * of_a));
            }
        }
    }
}

/// The inverse of the prior's and the comparisons' information at the scores.
fn covariance(context: &Context<'_>, scores: &Scores, soft: bool) -> Option<Spread> {
    let n = context.items;
    let sigma = if scores.sigma.is_finite() { scores.sigma.max(LEAST_SIGMA) } else { 1.0 };
    let mut precision = DMatrix::from_diagonal_element(n, n, 1.0 / (sigma * sigma));
    let mut add = |pair: Pair, weight: f64| {
        let (a, b) = (pair.first as usize, pair.second as usize);
        precision[(a, a)] += weight;
        precision[(b, b)] += weight;
        precision[(a, b)] -= weight;
        precision[(b, a)] -= weight;
    };
    let difference = |pair: Pair| scores.mean[pair.first as usize] - scores.mean[pair.second as usize];
    for row in context.answered.rows() {
        let pair = Pair::new(row.first, row.second);
        let bias = scores.bias.get(usize::from(row.judge)).map_or(0.0, |bias| bias.value);
        let weight = match row.verdict {
            Verdict::Soft(_) => SOFT,
            _ => fisher(difference(pair) + bias),
        };
        add(pair, weight * f64::from(row.weight));
    }
    for request in context.history.iter().filter(|request| request.outcome == Outcome::Pending) {
        add(request.pair, if soft { SOFT } else { fisher(difference(request.pair)) });
    }
    precision.cholesky().map(|factor| Spread::Dense(factor.inverse()))
}
