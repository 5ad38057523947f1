//! What makes the ranking of very many items more certain, without covariances.

use super::posterior::Posterior;

/// What each item's variance costs: an expected rank rises with the score by the number of items per logit around it, as
/// far as the posterior can tell items apart.
pub(super) struct Density {
    /// The squared slope, scaled to a mean of 1, plus the share of the scores, times the squared variance.
    worth: Vec<f64>,
}

impl Density {
    /// Counts, for each item, those whose score is within 1.25 typical deviations of a difference.
    ///
    /// `order` holds the items by their scores `mean`.
    pub(super) fn new(posterior: &Posterior<'_>, order: &[u32], mean: &[f64], share: f64) -> Self {
        let n = order.len() as f64;
        let variance = order.iter().map(|&item| posterior.difference(item, item).1).sum::<f64>() / n;
        let reach = 1.25 * variance.sqrt();
        let (mut low, mut high) = (0, 0);
        let mut slope = vec![0.0; mean.len()];
        let at = |place: usize| mean[order[place] as usize];
        for place in 0..order.len() {
            while at(low) < at(place) - reach {
                low += 1;
            }
            while high < order.len() && at(high) <= at(place) + reach {
                high += 1;
            }
            slope[order[place] as usize] = (high - low) as f64;
        }
        let mean_square = slope.iter().map(|s| s * s).sum::<f64>() / n;
        let mut worth = slope;
        for &item in order {
            let variance = 0.5 * posterior.difference(item, item).1;
            let worth = &mut worth[item as usize];
            *worth = (*worth * *worth / mean_square + share) * variance * variance;
        }
        Self { worth }
    }

    /// By how much a verdict on a pair is expected to lower the variance of the ranks.
    pub(super) fn gain(&self, posterior: &Posterior<'_>, a: u32, b: u32) -> f64 {
        posterior.shrinkage(a, b) * (self.worth[a as usize] + self.worth[b as usize])
    }
}
