//! Pairs that make the ranking more certain, chosen one after another.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use nalgebra::DMatrix;

use super::posterior::Posterior;
use crate::design::Pair;
use crate::design::rounds::Choice;
use crate::matching::Edge;

/// The expected loss of a ranking is the sum of the variances of all ranks, to first order `tr(D C D')` for the scores'
/// covariance `C` and the derivatives `D` of the expected ranks by the scores. The loss here is that, scaled to a mean
/// of 1 per item, plus `share` times the sum of the variances of the scores.
pub(super) struct Loss {
    /// `C (D'D / t + share I) C`.
    sensitivity: DMatrix<f64>,
}

impl Loss {
    /// The loss at a posterior; nothing if its covariance is not known.
    pub(super) fn new(posterior: &Posterior<'_>, share: f64) -> Option<Self> {
        let covariance = posterior.covariance()?;
        let n = covariance.nrows();
        let slopes = slopes(posterior, n);
        let scale = n as f64 / slopes.norm_squared().max(f64::MIN_POSITIVE);
        let moved = times(&slopes, covariance);
        let mut sensitivity = DMatrix::zeros(n, n);
        for a in 0..n {
            for b in a..n {
                let ranks = moved.column(a).dot(&moved.column(b)) * scale;
                let scores = covariance.column(a).dot(&covariance.column(b)) * share;
                sensitivity[(a, b)] = ranks + scores;
                sensitivity[(b, a)] = ranks + scores;
            }
        }
        Some(Self { sensitivity })
    }

    /// By how much a verdict on a pair is expected to lower the loss.
    pub(super) fn gain(&self, posterior: &Posterior<'_>, a: u32, b: u32) -> f64 {
        let (x, y) = (a as usize, b as usize);
        let s = &self.sensitivity;
        posterior.shrinkage(a, b) * (s[(x, x)] + s[(y, y)] - 2.0 * s[(x, y)])
    }

    /// Takes a pair as judged. Called before the posterior learns of it.
    fn expect(&mut self, posterior: &Posterior<'_>, pair: Pair) {
        let Some(covariance) = posterior.covariance() else { return };
        let factor = posterior.shrinkage(pair.first, pair.second);
        let (a, b) = (pair.first as usize, pair.second as usize);
        let direction = covariance.column(a) - covariance.column(b);
        let change = self.sensitivity.column(a) - self.sensitivity.column(b);
        let square = factor * factor * (change[a] - change[b]);
        for k in 0..direction.len() {
            let along = square * direction[k] - factor * change[k];
            let mut column = self.sensitivity.column_mut(k);
            column.axpy(-factor * direction[k], &change, 1.0);
            column.axpy(along, &direction, 1.0);
        }
    }
}

/// The derivatives of every expected rank by every score, up to a factor.
fn slopes(posterior: &Posterior<'_>, n: usize) -> DMatrix<f64> {
    let mut slopes = DMatrix::zeros(n, n);
    for a in 0..n {
        for b in 0..a {
            let (mean, variance) = posterior.difference(a as u32, b as u32);
            let density = libm::exp(-0.5 * mean * mean / variance) / variance.sqrt();
            slopes[(a, b)] -= density;
            slopes[(b, a)] -= density;
            slopes[(a, a)] += density;
            slopes[(b, b)] += density;
        }
    }
    slopes
}

/// A matrix product in a fixed order of operations, so that it is the same on every machine.
fn times(left: &DMatrix<f64>, right: &DMatrix<f64>) -> DMatrix<f64> {
    let mut product = DMatrix::zeros(left.nrows(), right.ncols());
    for k in 0..right.ncols() {
        let mut column = product.column_mut(k);
        for j in 0..left.ncols() {
            column.axpy(right[(j, k)], &left.column(j), 1.0);
        }
    }
    product
}

/// A pair with the gain it had when last looked at. The largest gain is the greatest, then the first edge.
struct Entry {
    gain: f64,
    edge: usize,
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.gain.total_cmp(&other.gain).then(other.edge.cmp(&self.edge))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}

/// Chooses `most` of the edges, always the one with the greatest gain given those before, with no item in more than
/// `cap` of them. Gains hardly ever grow as pairs are chosen, so that only the greatest are looked at again (Minoux 1978).
pub(super) fn pick(
    posterior: &mut Posterior<'_>,
    loss: &mut Loss,
    edges: &[Edge],
    most: usize,
    cap: u32,
) -> Vec<Choice> {
    let mut heap: BinaryHeap<Entry> = edges
        .iter()
        .enumerate()
        .map(|(edge, pair)| Entry { gain: loss.gain(posterior, pair.a, pair.b), edge })
        .collect();
    let mut used = std::collections::BTreeMap::new();
    let mut choices = Vec::with_capacity(most);
    while choices.len() < most {
        let Some(entry) = heap.pop() else { break };
        let Edge { a, b, .. } = edges[entry.edge];
        if [a, b].iter().any(|item| used.get(item).is_some_and(|&times| times >= cap)) {
            continue;
        }
        let gain = loss.gain(posterior, a, b);
        if heap.peek().is_some_and(|next| next.gain > gain) {
            heap.push(Entry { gain, edge: entry.edge });
            continue;
        }
        for item in [a, b] {
            *used.entry(item).or_insert(0) += 1;
        }
        loss.expect(posterior, Pair::new(a, b));
        posterior.expect(Pair::new(a, b));
        choices.push(Choice { a, b, value: gain });
    }
    choices
}
