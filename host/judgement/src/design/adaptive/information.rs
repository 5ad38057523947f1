//! What the next verdict tells about the difference of two scores.

use std::sync::OnceLock;

/// Fisher information of a soft verdict about the difference: the log-odds carry logistic noise (variance pi^2/3).
pub(crate) const SOFT: f64 = 3.0 / (std::f64::consts::PI * std::f64::consts::PI);

const MEANS: usize = 49;
const MEAN_STEP: f64 = 0.25;
const DEVIATIONS: usize = 49;
const DEVIATION_STEP: f64 = 0.125;

/// Tables over the mean and the deviation of a normal difference `d`, where `P(first is better) = 1/(1+exp(-d))`.
pub(crate) struct Information {
    /// The mutual information of verdict and difference in nats (Lindley 1956), over the variance.
    gain: Vec<f32>,
    /// The expected Fisher information `E[p (1 - p)]`.
    weight: Vec<f32>,
}

/// The tables, made once.
pub(crate) fn information() -> &'static Information {
    static TABLES: OnceLock<Information> = OnceLock::new();
    TABLES.get_or_init(Information::new)
}

/// `p (1 - p)` of log-odds.
pub(crate) fn fisher(logit: f64) -> f64 {
    let small = libm::exp(-logit.abs());
    small / ((1.0 + small) * (1.0 + small))
}

/// The entropy in nats of a verdict with these log-odds.
fn entropy(logit: f64) -> f64 {
    let distance = logit.abs();
    let small = libm::exp(-distance);
    libm::log1p(small) + distance * small / (1.0 + small)
}

fn probability(logit: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-logit))
}

/// Mutual information over variance, and expected Fisher information, by the trapezoid rule.
fn integrate(mean: f64, deviation: f64) -> (f64, f64) {
    if deviation == 0.0 {
        return (fisher(mean) / 2.0, fisher(mean));
    }
    let (mut mass, mut chance, mut within, mut weight) = (0.0, 0.0, 0.0, 0.0);
    for step in -28..=28 {
        let z = f64::from(step) * 0.25;
        let density = libm::exp(-0.5 * z * z);
        let logit = mean + deviation * z;
        mass += density;
        chance += density * probability(logit);
        within += density * entropy(logit);
        weight += density * fisher(logit);
    }
    let chance = chance / mass;
    let total = entropy(libm::log(chance / (1.0 - chance)));
    ((total - within / mass).max(0.0) / (deviation * deviation), weight / mass)
}

impl Information {
    fn new() -> Self {
        let (mut gain, mut weight) = (Vec::new(), Vec::new());
        for m in 0..MEANS {
            for s in 0..DEVIATIONS {
                let (g, w) = integrate(m as f64 * MEAN_STEP, s as f64 * DEVIATION_STEP);
                gain.push(g as f32);
                weight.push(w as f32);
            }
        }
        Self { gain, weight }
    }

    #[inline]
    fn look_up(table: &[f32], mean: f64, deviation: f64) -> f64 {
        let x = (mean.abs() / MEAN_STEP).min((MEANS - 1) as f64 - 1e-6);
        let y = (deviation / DEVIATION_STEP).min((DEVIATIONS - 1) as f64 - 1e-6);
        let (column, row) = (x as usize, y as usize);
        let (fx, fy) = (x - column as f64, y - row as f64);
        let at = column * DEVIATIONS + row;
        let near = f64::from(table[at]) * (1.0 - fy) + f64::from(table[at + 1]) * fy;
        let far = f64::from(table[at + DEVIATIONS]) * (1.0 - fy) + f64::from(table[at + DEVIATIONS + 1]) * fy;
        near * (1.0 - fx) + far * fx
    }

    /// The mutual information in nats of a verdict and a difference with this mean and variance.
    pub(crate) fn gain(&self, mean: f64, variance: f64) -> f64 {
        Self::look_up(&self.gain, mean, variance.sqrt()) * variance
    }

    /// The expected Fisher information of a verdict about a difference with this mean and variance.
    pub(crate) fn weight(&self, mean: f64, variance: f64) -> f64 {
        Self::look_up(&self.weight, mean, variance.sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_agree_with_the_integrals() {
        let tables = information();
        for (mean, deviation) in [(0.0, 0.1), (0.6, 0.4), (1.1, 1.7), (3.33, 0.9), (5.05, 2.2), (0.1, 5.9)] {
            let (gain, weight) = integrate(mean, deviation);
            let variance = deviation * deviation;
            let found = tables.gain(mean, variance);
            assert!((found - gain * variance).abs() < 0.02 * gain * variance, "gain at {mean} {deviation}");
            assert!(
                (tables.weight(-mean, variance) - weight).abs() < 0.02 * weight,
                "weight at {mean} {deviation}"
            );
        }
    }

    #[test]
    fn known_values_come_out() {
        // A fair coin of which nothing else is known: E[p(1-p)] is 1/4 at a point, and the information is w v / 2.
        let tables = information();
        assert!((tables.weight(0.0, 0.0) - 0.25).abs() < 1e-6);
        assert!((tables.gain(0.0, 1e-4) - 0.125e-4).abs() < 1e-8);
        // With a large variance the verdict is almost known given the difference: it tells nearly one bit.
        let bits = tables.gain(0.0, 36.0) / std::f64::consts::LN_2;
        assert!(bits > 0.6 && bits < 1.0, "{bits}");
        assert!(tables.gain(8.0, 1.0) < tables.gain(1.0, 1.0));
    }
}
