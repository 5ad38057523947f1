//! Curves that more than one module needs, through `libm` so that they are the same on every machine.

/// `1 / (1 + exp(-x))` without overflow.
pub(crate) fn logistic(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + libm::exp(-x))
    } else {
        let e = libm::exp(x);
        e / (1.0 + e)
    }
}

/// Probability that a normal variable with this mean and standard deviation is below `cut`. Without deviation it is
/// its mean.
pub(crate) fn normal_below(cut: f64, mean: f64, deviation: f64) -> f64 {
    if deviation > 0.0 {
        0.5 * libm::erfc((mean - cut) / (deviation * std::f64::consts::SQRT_2))
    } else {
        f64::from(u8::from(mean <= cut))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_tails() {
        assert!((normal_below(1.959_963_985, 0.0, 1.0) - 0.975).abs() < 1e-9);
        assert!((normal_below(1.0, 3.0, 2.0) - 0.158_655_254).abs() < 1e-9);
        assert_eq!((normal_below(1.0, 1.0, 0.0), normal_below(0.9, 1.0, 0.0)), (1.0, 0.0));
    }

    #[test]
    fn logistic_at_the_ends() {
        assert!((logistic(0.0) - 0.5).abs() < 1e-15);
        assert!((logistic(2.0) + logistic(-2.0) - 1.0).abs() < 1e-15);
        assert_eq!((logistic(1e6), logistic(-1e6)), (1.0, 0.0));
    }
}
