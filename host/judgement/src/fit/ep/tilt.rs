//! The moments of eight normal distributions times the likelihood of one answer each, by the trapezoid rule. Its points
//! are equally far apart, so that their exponentials are powers of a single one.

use crate::fit::edges::LANES;
use crate::fit::fast::{self, Lanes};

/// The step in standard deviations is at most [`STEP`], and in logits at most [`LOGITS`].
const STEP: f32 = 1.05;
const LOGITS: f32 = 1.25;
/// The density is looked at so many standard deviations to each side, and this much more per logit of the deviation,
/// because an unexpected answer shifts it.
const REACH: f32 = 4.2;
const REACH_PER_LOGIT: f32 = 0.8;
/// The first rule is for deviations up to this; each next one for this much more.
const NARROWEST: f32 = 0.8;
const WIDER: f32 = 1.25;
const RULES: usize = 18;
/// The tilted variance is kept between these shares of the cavity's.
const LEAST: f32 = 1e-3;
const MOST: f32 = 1.0 - 1e-6;

/// Points for deviations up to a limit.
pub(super) struct Rule {
    limit: f32,
    step: f32,
    /// Points beyond 0, and what the density of the normal distribution is there, relative to 0.
    points: Vec<[f32; 2]>,
}

/// What a visit to eight answers sees before and finds after.
pub(super) struct Seen {
    /// Mean and variance of `z` before.
    pub(super) mean: Lanes,
    pub(super) variance: Lanes,
    /// How far the answer moves the mean.
    pub(super) shift: Lanes,
    /// Which share of the variance it leaves.
    pub(super) share: Lanes,
    /// The expected probability of a tie; 0 without ties.
    pub(super) tie: Lanes,
}

/// The rules, narrow ones first.
pub(super) fn rules() -> Vec<Rule> {
    let mut limit = NARROWEST;
    let mut rules = Vec::with_capacity(RULES);
    for _ in 0..RULES {
        let step = STEP.min(LOGITS / limit);
        let count = ((REACH + REACH_PER_LOGIT * limit) / step).ceil() as u32;
        let point = |k: u32| {
            let x = k as f32 * step;
            [x, fast::exp(-0.5 * x * x)]
        };
        rules.push(Rule { limit, step, points: (1..=count).map(point).collect() });
        limit *= WIDER;
    }
    rules
}

/// The moments of `N(mean, variance)` times the likelihood of one answer: `sign` says who won, `win` is 0 for a tie and
/// else 1.
#[inline(always)]
pub(super) fn tilt<const TIES: bool>(
    mean: Lanes,
    variance: Lanes,
    sign: Lanes,
    win: Lanes,
    nu: f32,
    rules: &[Rule],
) -> Seen {
    let mut deviation = [0.0_f32; LANES];
    for l in 0..LANES {
        deviation[l] = variance[l].sqrt();
    }
    let widest = deviation.iter().fold(0.0_f32, |a, &b| a.max(b));
    let rule = rules.iter().find(|rule| widest <= rule.limit).unwrap_or(&rules[rules.len() - 1]);
    let [mass, one, two, tie] = if TIES {
        with_ties(&mean, &deviation, &sign, &win, nu, rule)
    } else {
        without_ties(&mean, &deviation, &sign, rule)
    };
    let mut seen = Seen { mean, variance, shift: mean, share: variance, tie };
    for l in 0..LANES {
        let inverse = 1.0 / mass[l];
        let u = one[l] * inverse;
        seen.share[l] = (two[l] * inverse - u * u).clamp(LEAST, MOST);
        seen.shift[l] = deviation[l] * u;
        seen.tie[l] *= inverse;
    }
    seen
}

/// Mass, first and second moment in deviations from the mean. With `y` the log-odds of the answer at the mean, the
/// likelihood at `y + d` is `a / (a + b exp(-d))` for `a = exp(min(y, 0))`, `b = exp(-max(y, 0))`, of which only the
/// denominator matters; it is looked at on both sides of the mean in one go.
#[inline(always)]
fn without_ties(mean: &Lanes, deviation: &Lanes, sign: &Lanes, rule: &Rule) -> [Lanes; 4] {
    let [mut a, mut b, mut ratio, mut mass, mut one, mut two] = [[0.0_f32; LANES]; 6];
    for l in 0..LANES {
        let y = sign[l] * mean[l];
        let small = fast::exp(-y.abs());
        (a[l], b[l]) = if y < 0.0 { (small, 1.0) } else { (1.0, small) };
        ratio[l] = fast::exp(-deviation[l] * rule.step);
        mass[l] = 1.0 / (a[l] + b[l]);
    }
    let mut power = [1.0_f32; LANES];
    for &[x, weight] in &rule.points {
        for l in 0..LANES {
            power[l] *= ratio[l];
            let (above, below) = (a[l] + b[l] * power[l], a[l] * power[l] + b[l]);
            let f = weight / (above * below);
            let (above, below) = (f * below, f * above * power[l]);
            let sum = above + below;
            mass[l] += sum;
            one[l] += (above - below) * x;
            two[l] += sum * (x * x);
        }
    }
    for l in 0..LANES {
        one[l] *= sign[l];
    }
    [mass, one, two, [0.0; LANES]]
}

/// The same with ties, in halves of log-odds; the last result is the mass of ties.
#[inline(always)]
fn with_ties(mean: &Lanes, deviation: &Lanes, sign: &Lanes, win: &Lanes, nu: f32, rule: &Rule) -> [Lanes; 4] {
    let [mut a, mut b, mut c, mut ratio, mut mass, mut one, mut two, mut tie] = [[0.0_f32; LANES]; 8];
    for l in 0..LANES {
        let y = 0.5 * sign[l] * mean[l];
        let small = fast::exp((-y.abs()).max(-40.0));
        let (x, y) = if y < 0.0 { (small, 1.0) } else { (1.0, small) };
        (a[l], b[l], c[l]) = (x * x, y * y, nu * x * y);
        ratio[l] = fast::exp(-0.5 * deviation[l] * rule.step);
        mass[l] = 1.0 / (a[l] + b[l] + c[l]);
        tie[l] = mass[l] * mass[l] * c[l];
    }
    let mut power = [1.0_f32; LANES];
    for &[x, weight] in &rule.points {
        for l in 0..LANES {
            power[l] *= ratio[l];
            let p = power[l];
            let square = p * p;
            let above = 1.0 / (a[l] + c[l] * p + b[l] * square);
            let below = 1.0 / (a[l] * square + c[l] * p + b[l]);
            // The likelihood's numerator: 1 for a win; for a tie the half of the odds, up to a factor.
            let f = weight * above * (win[l] + (1.0 - win[l]) * p);
            let g = weight * below * (win[l] * square + (1.0 - win[l]) * p);
            mass[l] += f + g;
            one[l] += (f - g) * x;
            two[l] += (f + g) * (x * x);
            tie[l] += (f * above + g * below) * c[l] * p;
        }
    }
    for l in 0..LANES {
        one[l] *= sign[l];
    }
    [mass, one, two, tie]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::likelihood::{Answers, moments};

    #[test]
    fn eight_answers_at_once_have_the_moments_of_one() {
        let rules = rules();
        for nu in [0.0_f32, 0.7] {
            for variance in [0.05_f32, 0.6, 1.6, 3.9, 9.0, 30.0] {
                let mean: Lanes = std::array::from_fn(|l| l as f32 * 1.1 - 4.0);
                let sign: Lanes = std::array::from_fn(|l| if l % 3 == 1 { -1.0 } else { 1.0 });
                let win: Lanes = std::array::from_fn(|l| if nu > 0.0 && l % 3 == 2 { 0.0 } else { 1.0 });
                let seen = if nu > 0.0 {
                    tilt::<true>(mean, [variance; LANES], sign, win, nu, &rules)
                } else {
                    tilt::<false>(mean, [variance; LANES], sign, win, nu, &rules)
                };
                for l in 0..LANES {
                    let lean = 0.5 * f64::from(sign[l] * win[l]);
                    let answers = Answers { lean, total: 1.0, nu: f64::from(nu) };
                    let want = moments(&answers, f64::from(mean[l]), f64::from(variance));
                    let off = f64::from(mean[l] + seen.shift[l]) - want.mean;
                    assert!(off.abs() < 2e-3 * want.variance.sqrt(), "{nu} {variance} {l}: {off}");
                    let share = f64::from(seen.share[l] * variance) / want.variance;
                    assert!((share - 1.0).abs() < 2e-3, "{nu} {variance} {l}: {share}");
                }
            }
        }
    }
}
