//! The cumulative-logit model of grades given scores: its parameters, prior and likelihood.
//!
//! `P(G <= g | t) = logistic(a (c_g - t))` (McCullagh, 1980) for a true score `t`. A score with mean `z` and variance
//! `v` gives `logistic(s (c_g - z))` with `s = a / sqrt(1 + pi/8 a^2 v)` (MacKay, 1992): its error makes the slope
//! flatter. Scores are standardised before they come here.
//!
//! Parameters: the logarithm of the slope, the mean of the cuts, and the logarithm of each gap between neighbouring
//! cuts, so that cuts are in order whatever the parameters are.

use crate::numeric::{logistic, normal_below};

/// `pi / 8`: how much a score's variance flattens a logistic curve.
const FLATTEN: f64 = std::f64::consts::PI / 8.0;

/// Grades are expected to span this many standard deviations between the outermost cuts' outer neighbours.
const SPAN: f64 = 3.0;
/// Expected slope per gap: a grader's error is about half a grade.
const SLOPE_PER_GAP: f64 = 3.0;
/// Standard deviation of the logarithm of the slope.
const SLOPE_SPREAD: f64 = 0.6;
/// Standard deviation of the mean cut, in standard deviations of the scores.
const MIDDLE_SPREAD: f64 = 1.0;
/// Standard deviation that the logarithms of all gaps share.
const GAP_COMMON: f64 = 0.6;
/// Standard deviation of each gap's logarithm around what they share: how near to equal gaps are thought to be.
const GAP_OWN: f64 = 0.35;

/// An anchor as the model sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// Standardised score.
    pub(super) score: f64,
    /// Its variance.
    pub(super) variance: f64,
    /// Its grade, from 0 to the number of cuts.
    pub(super) grade: usize,
}

/// Slope and cuts, out of a parameter vector.
#[derive(Debug, Clone)]
pub(super) struct Curve {
    pub(super) slope: f64,
    pub(super) cuts: Vec<f64>,
}

/// The slope that is left of `slope` for a score with an error, with its derivative by the logarithm of `slope`.
pub(super) fn flattened(slope: f64, variance: f64) -> (f64, f64) {
    let widened = 1.0 + FLATTEN * slope * slope * variance;
    let left = slope / widened.sqrt();
    (left, left / widened)
}

impl Curve {
    /// Reads parameters: `[ln slope, middle, ln gap...]`.
    pub(super) fn of(parameters: &[f64]) -> Self {
        let mut cuts = vec![0.0];
        let mut place = 0.0;
        for log_gap in &parameters[2..] {
            place += libm::exp(*log_gap);
            cuts.push(place);
        }
        let shift = parameters[1] - cuts.iter().sum::<f64>() / cuts.len() as f64;
        cuts.iter_mut().for_each(|cut| *cut += shift);
        Self { slope: libm::exp(parameters[0]), cuts }
    }

    /// Adds the probability of each grade that a grader would give to `probabilities`.
    pub(super) fn add_given(&self, score: f64, variance: f64, probabilities: &mut [f64]) {
        let (slope, _) = flattened(self.slope, variance);
        self.add(probabilities, |cut| logistic(slope * (cut - score)));
    }

    /// Adds the probability of each grade that the true score lies in to `probabilities`.
    pub(super) fn add_deserved(&self, score: f64, variance: f64, probabilities: &mut [f64]) {
        let error = variance.sqrt();
        self.add(probabilities, |cut| normal_below(cut, score, error));
    }

    fn add(&self, probabilities: &mut [f64], below: impl Fn(f64) -> f64) {
        let mut before = 0.0;
        for (grade, own) in probabilities.iter_mut().enumerate() {
            let up_to = self.cuts.get(grade).map_or(1.0, |&cut| below(cut));
            *own += (up_to - before).max(0.0);
            before = up_to;
        }
    }
}

/// The prior's centre for a number of cuts.
pub(super) fn prior_centre(cuts: usize) -> Vec<f64> {
    let gap = SPAN / cuts as f64;
    let mut centre = vec![libm::log(SLOPE_PER_GAP / gap), 0.0];
    centre.resize(cuts + 1, libm::log(gap));
    centre
}

/// Logarithm of the posterior density up to a constant, with its gradient.
pub(super) fn log_posterior(parameters: &[f64], anchors: &[Known]) -> (f64, Vec<f64>) {
    let curve = Curve::of(parameters);
    let last = curve.cuts.len();
    let (mut value, mut gradient) = log_prior(parameters);
    let mut by_cut = vec![0.0; last];
    for anchor in anchors {
        let (slope, by_log_slope) = flattened(curve.slope, anchor.variance);
        let lower = anchor.grade.checked_sub(1);
        let upper = (anchor.grade < last).then_some(anchor.grade);
        let place = |cut: Option<usize>| cut.map(|cut| curve.cuts[cut] - anchor.score);
        let (log_p, by_upper, by_lower) =
            log_between(place(upper).map(|at| slope * at), place(lower).map(|at| slope * at));
        value += log_p;
        for (cut, by) in [(upper, by_upper), (lower, by_lower)] {
            if let Some(cut) = cut {
                by_cut[cut] += by * slope;
                gradient[0] += by * by_log_slope * (curve.cuts[cut] - anchor.score);
            }
        }
    }
    gradient[1] += by_cut.iter().sum::<f64>();
    let total: f64 = by_cut.iter().sum();
    for (gap, log_gap) in parameters[2..].iter().enumerate() {
        // A wider gap moves the cuts above it up, and all of them down so that the middle stays.
        let above: f64 = by_cut[gap + 1..].iter().sum();
        let share = (last - 1 - gap) as f64 / last as f64;
        gradient[gap + 2] += libm::exp(*log_gap) * (above - share * total);
    }
    (value, gradient)
}

fn log_prior(parameters: &[f64]) -> (f64, Vec<f64>) {
    let centre = prior_centre(parameters.len() - 1);
    let away: Vec<f64> = parameters.iter().zip(&centre).map(|(at, centre)| at - centre).collect();
    let mut gradient =
        vec![-away[0] / (SLOPE_SPREAD * SLOPE_SPREAD), -away[1] / (MIDDLE_SPREAD * MIDDLE_SPREAD)];
    // The gaps' covariance is own^2 I + common^2 J; its inverse is (I - share J) / own^2.
    let (own, common) = (GAP_OWN * GAP_OWN, GAP_COMMON * GAP_COMMON);
    let gaps = &away[2..];
    let share = common / (own + gaps.len() as f64 * common);
    let sum: f64 = gaps.iter().sum();
    gradient.extend(gaps.iter().map(|gap| -(gap - share * sum) / own));
    let value = gradient.iter().zip(&away).map(|(by, away)| 0.5 * by * away).sum();
    (value, gradient)
}

/// `ln(logistic(upper) - logistic(lower))` with its derivatives by `upper` and `lower`; nothing is the endless end.
fn log_between(upper: Option<f64>, lower: Option<f64>) -> (f64, f64, f64) {
    let log_logistic =
        |x: f64| if x >= 0.0 { -libm::log1p(libm::exp(-x)) } else { x - libm::log1p(libm::exp(x)) };
    let (mut value, mut by_upper, mut by_lower) = (0.0, 0.0, 0.0);
    if let Some(upper) = upper {
        value += log_logistic(upper);
        by_upper = logistic(-upper);
    }
    if let Some(lower) = lower {
        value += log_logistic(-lower);
        by_lower = -logistic(lower);
    }
    if let (Some(upper), Some(lower)) = (upper, lower) {
        let width = (upper - lower).max(1e-300);
        value += libm::log(-libm::expm1(-width));
        let pull = 1.0 / libm::expm1(width);
        by_upper += pull;
        by_lower -= pull;
    }
    (value, by_upper, by_lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_of_two_logistics_keeps_its_digits_in_the_tails() {
        let (value, ..) = log_between(Some(-40.0), Some(-41.0));
        let exact = -40.0 + libm::log(1.0 - libm::exp(-1.0));
        assert!((value - exact).abs() < 1e-12, "{value} {exact}");
        let (value, ..) = log_between(Some(1.0), Some(-0.5));
        assert!((value - libm::log(logistic(1.0) - logistic(-0.5))).abs() < 1e-14);
    }

    #[test]
    fn the_gradient_is_that_of_the_value() {
        let anchors: Vec<Known> = (0..7)
            .map(|at| Known {
                score: -1.5 + 0.5 * f64::from(at),
                variance: 0.05 * f64::from(at),
                grade: (at as usize) / 2 + usize::from(at == 1),
            })
            .collect();
        let at = vec![1.1, 0.2, -0.4, -0.9, -0.1];
        let (_, gradient) = log_posterior(&at, &anchors);
        for parameter in 0..at.len() {
            let moved = |by: f64| {
                let mut moved = at.clone();
                moved[parameter] += by;
                log_posterior(&moved, &anchors).0
            };
            let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!(
                (slope - gradient[parameter]).abs() < 1e-7,
                "{parameter}: {slope} {}",
                gradient[parameter]
            );
        }
    }

    #[test]
    fn an_uncertain_score_spreads_its_grades() {
        let curve = Curve { slope: 4.0, cuts: vec![-1.0, 0.0, 1.0] };
        let of = |variance| {
            let mut probabilities = vec![0.0; 4];
            curve.add_given(0.5, variance, &mut probabilities);
            probabilities
        };
        let (sure, unsure) = (of(0.0), of(1.0));
        assert!((sure.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(sure[2] > unsure[2] && unsure[0] > sure[0]);
    }
}
