//! What makes the ranking of very many items more certain, without covariances.

use super::information::{SOFT, information};
use super::posterior::Posterior;

/// What each item's variance costs: an expected rank rises with the score by the number of items per logit around it, as
/// far as the posterior can tell items apart.
pub(super) struct Density {
    /// By place in the order.
    places: Vec<Place>,
    soft: bool,
}

/// What the gain of a pair depends on, for one of its items.
#[derive(Clone, Copy)]
struct Place {
    mean: f64,
    variance: f64,
    /// The squared slope, scaled to a mean of 1, plus the share of the scores, times the squared variance.
    worth: f64,
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
        let at = |place: usize| mean[order[place] as usize];
        let mut places: Vec<Place> = Vec::with_capacity(order.len());
        for place in 0..order.len() {
            while at(low) < at(place) - reach {
                low += 1;
            }
            while high < order.len() && at(high) <= at(place) + reach {
                high += 1;
            }
            let variance = 0.5 * posterior.difference(order[place], order[place]).1;
            places.push(Place { mean: at(place), variance, worth: (high - low) as f64 });
        }
        let mean_square = places.iter().map(|place| place.worth * place.worth).sum::<f64>() / n;
        for place in &mut places {
            let slope = place.worth;
            place.worth = (slope * slope / mean_square + share) * place.variance * place.variance;
        }
        Self { places, soft: posterior.is_soft() }
    }

    /// By how much a verdict on a pair, given by places in the order, is expected to lower the variance of the ranks.
    pub(super) fn gain(&self, x: usize, y: usize) -> f64 {
        let (x, y) = (self.places[x], self.places[y]);
        let variance = (x.variance + y.variance).max(1e-12);
        let weight = if self.soft { SOFT } else { information().weight(x.mean - y.mean, variance) };
        weight / (1.0 + weight * variance) * (x.worth + y.worth)
    }
}
