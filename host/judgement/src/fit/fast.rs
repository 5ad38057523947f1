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
        assert!(exp(-1e30) > 0.0 && exp(1e30).is_finite());
    }
}
