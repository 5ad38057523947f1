//! Arithmetic on lanes of single precision that compilers turn into vector instructions: the same bits on any machine,
//! because only addition, multiplication, division and square root of IEEE 754 are used, and nothing is fused.

use super::edges::LANES;

/// Eight numbers side by side.
pub(crate) type Lanes = [f32; LANES];

/// `exp(x)` for `x` clamped to -80..80, to 2e-7 of itself.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    // Adding this rounds to an integer that then stands in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-80.0, 80.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    // The logarithm of 2 in two parts, so that the remainder is exact.
    let r = (x - whole * 0.693_359_4) - whole * -2.121_944_4e-4;
    let mut p = 1.987_569_1e-4;
    for c in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5] {
        p = p * r + c;
    }
    let p = p * r * r + r + 1.0;
    let power = f32::from_bits((shifted.to_bits().wrapping_add(127)) << 23);
    p * power
}

/// `exp(x)` in double precision for `x` clamped to -700..700, to 4e-16 of itself.
#[inline(always)]
pub(crate) fn exp_double(x: f64) -> f64 {
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let x = x.clamp(-700.0, 700.0);
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let r = (x - whole * 0.693_147_180_369_123_8) - whole * 1.908_214_929_270_587_7e-10;
    let mut p = 1.0 / 6_227_020_800.0;
    for factorial in [
        479_001_600.0,
        39_916_800.0,
        3_628_800.0,
        362_880.0,
        40_320.0,
        5_040.0,
        720.0,
        120.0,
        24.0,
        6.0,
        2.0,
        1.0,
    ] {
        p = p * r + 1.0 / factorial;
    }
    let power = f64::from_bits((shifted.to_bits().wrapping_add(1023)) << 52);
    (p * r + 1.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_right_to_single_precision() {
        let mut worst = 0.0_f64;
        for k in -8000..=8000 {
            let x = k as f32 * 0.01;
            let want = f64::from(x).exp();
            worst = worst.max((f64::from(exp(x)) / want - 1.0).abs());
        }
        assert!(worst < 3e-7, "{worst}");
        for k in -6990..=6990 {
            let x = f64::from(k) * 0.1;
            assert!((exp_double(x) / x.exp() - 1.0).abs() < 1e-15, "{x}");
        }
        assert!(exp(-1e30) > 0.0 && exp(1e30).is_finite());
    }
}
