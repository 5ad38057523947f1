//! The likelihood of answers as a function of one number `z`, the log-odds that the first item is better, and its
//! product with a normal distribution.
//!
//! With a tie parameter `nu` (Davidson 1970): `P(first) = e^{z/2}/D`, `P(second) = e^{-z/2}/D`, `P(tie) = nu/D`,
//! `D = e^{z/2} + e^{-z/2} + nu`. `nu = 0` is the model of Bradley and Terry (1952).

use super::fast;
use super::sites::Site;

/// Steps of the trapezoid rule are at most this long in logits: the rule's error is `exp(-2 pi^2 / step)`.
const MAX_STEP: f64 = 0.9;
/// ... and at most this share of the width at the mode.
const RELATIVE_STEP: f64 = 0.65;
/// Where the density has fallen by `exp(-DROP)` the integration ends.
const DROP: f64 = 26.0;

/// Counted answers on one ordered pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Answers {
    /// Half of wins minus losses: the slope.
    pub(crate) lean: f64,
    /// The weight of all answers.
    pub(crate) total: f64,
    /// The tie parameter.
    pub(crate) nu: f64,
}

impl Answers {
    /// The hard answers of a site.
    pub(crate) fn of(site: &Site, nu: f64) -> Self {
        Self { lean: 0.5 * (site.wins - site.losses), total: site.hard(), nu }
    }

    /// Log-likelihood without the constant `ties * ln(nu)`.
    pub(crate) fn log(&self, z: f64) -> f64 {
        let far = 0.5 * z.abs();
        let e = libm::exp(-far);
        self.lean * z - self.total * (far + libm::log1p(e * (e + self.nu)))
    }

    /// Its first derivative and minus its second, both in `z`.
    pub(crate) fn slope_and_curvature(&self, z: f64) -> (f64, f64) {
        let (difference, curvature, _) = expected(z, self.nu);
        (self.lean - 0.5 * self.total * difference, self.total * curvature)
    }
}

/// `P(first) - P(second)`, the information of one answer about `z`, and `P(tie)`.
pub(crate) fn expected(z: f64, nu: f64) -> (f64, f64, f64) {
    let e = libm::exp(-0.5 * z.abs());
    let d = 1.0 + e * (e + nu);
    let difference = (1.0 - e * e) / d;
    let tie = nu * e / d;
    let curvature = e * (nu * (1.0 + e * e) + 4.0 * e) / (4.0 * d * d);
    (if z < 0.0 { -difference } else { difference }, curvature, tie)
}

/// What is expected under the product of a normal distribution and a likelihood.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moments {
    /// The mean of `z`.
    pub(crate) mean: f64,
    /// Its variance.
    pub(crate) variance: f64,
}

/// The most likely `z` under `N(mean, variance)` times the likelihood, by safeguarded Newton.
fn mode(answers: &Answers, mean: f64, variance: f64) -> (f64, f64) {
    // The slope of the likelihood is bounded, so the mode is between these.
    let reach = variance * (0.5 * answers.total);
    let centre = mean + variance * answers.lean;
    let (mut low, mut high) = (centre - reach, centre + reach);
    let mut z = mean.clamp(low, high);
    for _ in 0..100 {
        let (slope, curvature) = answers.slope_and_curvature(z);
        let gradient = slope - (z - mean) / variance;
        let precision = curvature + 1.0 / variance;
        if gradient > 0.0 {
            low = low.max(z);
        } else {
            high = high.min(z);
        }
        let step = gradient / precision;
        if step.abs() * precision.sqrt() < 0.02 {
            return (z, precision);
        }
        let next = z + step;
        z = if next > low && next < high { next } else { 0.5 * (low + high) };
    }
    (z, answers.slope_and_curvature(z).1 + 1.0 / variance)
}

/// Calls `each(z, weight)` on points whose weights times the density integrate smooth functions; the density is
/// relative to that at the mode. The trapezoid rule is exact to rounding for analytic functions that die out on both
/// sides (Trefethen and Weideman 2014).
fn integrate(answers: &Answers, mean: f64, variance: f64, mut each: impl FnMut(f64, f64)) -> f64 {
    let (centre, precision) = mode(answers, mean, variance);
    let log_density = |z: f64| answers.log(z) - 0.5 * (z - mean) * (z - mean) / variance;
    let top = log_density(centre);
    let width = 1.0 / precision.sqrt();
    let step = (RELATIVE_STEP * width).min(MAX_STEP);
    each(centre, 1.0);
    for side in [-1.0, 1.0] {
        let mut k = 1.0;
        loop {
            let z = centre + side * k * step;
            let fall = log_density(z) - top;
            if fall < -DROP || k > 4000.0 {
                break;
            }
            each(z, libm::exp(fall));
            k += 1.0;
        }
    }
    centre
}

/// The widest normal distribution, as a standard deviation, for which [`of_one`] takes few enough points.
const WIDEST: f64 = 4.0;
/// How many points it works on at once.
const POINTS: usize = 8;

/// Mean and variance of `z` under `N(mean, variance)` times the likelihood of a single answer: the trapezoid rule on
/// the normal distribution's own scale, with one vectorised exponential per point.
fn of_one(answers: &Answers, mean: f64, variance: f64) -> (f64, f64) {
    let deviation = variance.sqrt();
    let step = RELATIVE_STEP.min(MAX_STEP / deviation);
    // An unexpected answer shifts the mass by up to half the variance.
    let count = ((7.0 + deviation) / step) as usize + 1;
    let sign = if answers.lean < 0.0 { -1.0 } else { 1.0 };
    let win = if answers.lean == 0.0 { 0.0 } else { 1.0 };
    let [mut mass, mut one, mut two] = [[0.0; POINTS]; 3];
    for batch in 0..(2 * count + 1).div_ceil(POINTS) {
        for l in 0..POINTS {
            let x = ((batch * POINTS + l) as f64 - count as f64) * step;
            let z = mean + deviation * x;
            let e = fast::exp_double((-0.5 * sign * z).clamp(-300.0, 300.0));
            let f = fast::exp_double(-0.5 * x * x) * (win + (1.0 - win) * e) / (1.0 + e * (e + answers.nu));
            mass[l] += f;
            one[l] += f * x;
            two[l] += f * x * x;
        }
    }
    let [mass, one, two] = [mass, one, two].map(|lanes| lanes.iter().sum::<f64>());
    let shift = one / mass;
    (mean + deviation * shift, variance * (two / mass - shift * shift))
}

/// Mean and variance of `z` under `N(mean, variance)` times the likelihood.
pub(crate) fn moments(answers: &Answers, mean: f64, variance: f64) -> Moments {
    let single = answers.total == 1.0 && (answers.lean.abs() == 0.5 || answers.lean == 0.0);
    if single && variance <= WIDEST * WIDEST && (answers.nu > 0.0 || answers.lean != 0.0) {
        let (mean, variance) = of_one(answers, mean, variance);
        return Moments { mean, variance };
    }
    let (mut mass, mut first, mut second) = (0.0, 0.0, 0.0);
    let mut origin = None;
    let centre = integrate(answers, mean, variance, |z, density| {
        let from = z - *origin.get_or_insert(z);
        mass += density;
        first += density * from;
        second += density * from * from;
    });
    let shift = first / mass;
    let tilted = second / mass - shift * shift;
    Moments { mean: centre + shift, variance: tilted }
}

/// The expectation of several functions of `z` under the same product.
pub(crate) fn expectation<const N: usize>(
    answers: &Answers,
    mean: f64,
    variance: f64,
    functions: impl Fn(f64) -> [f64; N],
) -> [f64; N] {
    let (mut mass, mut sums) = (0.0, [0.0; N]);
    integrate(answers, mean, variance, |z, density| {
        mass += density;
        for (sum, value) in sums.iter_mut().zip(functions(z)) {
            *sum += density * value;
        }
    });
    sums.map(|sum| sum / mass)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same by brute force.
    fn slow(answers: &Answers, mean: f64, variance: f64) -> (f64, f64) {
        let (mut mass, mut first, mut second) = (0.0, 0.0, 0.0);
        let sd = variance.sqrt();
        let step = sd / 2000.0;
        for k in -24_000..=24_000 {
            let z = mean + f64::from(k) * step;
            let density = (answers.log(z) - 0.5 * (z - mean) * (z - mean) / variance).exp();
            mass += density;
            first += density * (z - mean);
            second += density * (z - mean) * (z - mean);
        }
        let shift = first / mass;
        (mean + shift, second / mass - shift * shift)
    }

    #[test]
    fn moments_agree_with_a_fine_sum() {
        for (lean, total, nu) in
            [(0.5, 1.0, 0.0), (-0.5, 1.0, 0.0), (3.0, 20.0, 0.0), (0.0, 1.0, 0.7), (0.5, 1.0, 2.0)]
        {
            for (mean, variance) in [(0.0, 1.0), (2.0, 0.3), (-10.0, 20.0), (5.0, 0.01), (-3.0, 8.0)] {
                let answers = Answers { lean, total, nu };
                let got = moments(&answers, mean, variance);
                let (m, v) = slow(&answers, mean, variance);
                assert!(
                    (got.mean - m).abs() < 2e-7 * (1.0 + m.abs()),
                    "{answers:?} {mean} {variance}: {} {m}",
                    got.mean
                );
                assert!(
                    (got.variance - v).abs() < 2e-6 * v,
                    "{answers:?} {mean} {variance}: {} {v}",
                    got.variance
                );
            }
        }
    }

    #[test]
    fn derivatives_agree_with_differences() {
        for nu in [0.0, 0.6, 3.0] {
            let answers = Answers { lean: 0.5, total: 3.0, nu };
            for z in [-30.0, -4.0, -0.3, 0.2, 1.0, 9.0] {
                let h = 1e-4;
                let (slope, curvature) = answers.slope_and_curvature(z);
                let (up, mid, down) = (answers.log(z + h), answers.log(z), answers.log(z - h));
                assert!((slope - (up - down) / (2.0 * h)).abs() < 1e-7, "{nu} {z}");
                assert!((curvature + (up - 2.0 * mid + down) / (h * h)).abs() < 1e-5, "{nu} {z}");
            }
        }
    }
}
