//! One visit to all single hard answers, eight at a time. Answers that are visited together see the same state; each
//! takes only its own message out of what it sees, so two of them may share an item.

use super::hyper::Sums;
use crate::fit::edges::{Edges, LANES};
use crate::fit::fast::{self, Lanes};

/// Up to these standard deviations of `z`, Gauss-Hermite rules with so many points are right to 1e-5.
const RULES: [(f32, usize); 2] = [(1.3, 8), (2.0, 12)];
/// Beyond, the density is looked at so many standard deviations to each side, and this much more per logit of the
/// deviation, because an unexpected answer shifts it.
const REACH: f32 = 4.5;
const REACH_PER_LOGIT: f32 = 0.7;
/// The tilted variance is kept between these shares of the cavity's.
const LEAST: f32 = 1e-3;
const MOST: f32 = 1.0 - 1e-6;

/// Everything the visits know: what each item sums up, and what each answer told its two items.
pub(super) struct Messages {
    /// Precision and precision-weighted mean of each item, and of two items that stand for none.
    pub(super) items: Vec<[f32; 2]>,
    to_first: [Vec<f32>; 2],
    to_second: [Vec<f32>; 2],
    /// Precision and precision-weighted mean of `z` that each answer stands for.
    pub(super) factor: [Vec<f32>; 2],
}

/// The parameters a visit uses, per judge where they are the judge's.
pub(super) struct Setting {
    pub(super) discrimination: Vec<f32>,
    pub(super) bias: Vec<f32>,
    pub(super) nu: f32,
    pub(super) ties: bool,
    pub(super) rules: [Vec<[f32; 2]>; 2],
}

/// The rules' points on the standard normal distribution, with weights that sum to 1: by Newton's method on the
/// orthonormal Hermite polynomials, with roots already found divided out.
pub(super) fn rules() -> [Vec<[f32; 2]>; 2] {
    RULES.map(|(_, count)| {
        // The polynomial and its derivative, by the three-term recurrence.
        let polynomial = |x: f64| {
            let (mut last, mut now) = (0.0, 1.0);
            for k in 0..count {
                let next = (x * now - (k as f64).sqrt() * last) / ((k + 1) as f64).sqrt();
                (last, now) = (now, next);
            }
            (now, (count as f64).sqrt() * last)
        };
        let mut roots: Vec<f64> = Vec::new();
        for _ in 0..count {
            let mut x = 2.0 * (count as f64).sqrt();
            for _ in 0..200 {
                let (value, slope) = polynomial(x);
                let divided: f64 = roots.iter().map(|root| 1.0 / (x - root)).sum();
                let step = value / (slope - value * divided);
                x -= step;
                if step.abs() < 1e-14 {
                    break;
                }
            }
            roots.push(x);
        }
        // Each weight is 1 / (n p_{n-1}(x)^2), and the derivative is sqrt(n) p_{n-1}.
        roots.iter().map(|&x| [x as f32, (1.0 / polynomial(x).1.powi(2)) as f32]).collect()
    })
}

/// What a visit to eight answers sees before and finds after.
struct Seen {
    mean: Lanes,
    variance: Lanes,
    shift: Lanes,
    share: Lanes,
    tie: Lanes,
}

impl Messages {
    /// Nobody has said anything; items have the prior's precision.
    pub(super) fn new(items: usize, edges: &Edges, precision: f64) -> Self {
        let none = || [vec![0.0; edges.first.len()], vec![0.0; edges.first.len()]];
        Self {
            items: vec![[precision as f32, 0.0]; items + 2],
            to_first: none(),
            to_second: none(),
            factor: none(),
        }
    }

    /// The sums of all messages an item got, precisely.
    pub(super) fn totals(&self, edges: &Edges) -> Vec<[f64; 2]> {
        let mut totals = vec![[0.0; 2]; self.items.len()];
        for at in 0..edges.first.len() {
            for part in 0..2 {
                totals[edges.first[at] as usize][part] += f64::from(self.to_first[part][at]);
                totals[edges.second[at] as usize][part] += f64::from(self.to_second[part][at]);
            }
        }
        totals
    }

    /// Visits all answers once and sums up what the outer parameters need.
    pub(super) fn visit(&mut self, edges: &Edges, setting: &Setting, sums: &mut Sums) {
        for batch in 0..edges.stride {
            self.visit_batch(batch, edges, setting, sums);
        }
    }

    #[inline(always)]
    fn visit_batch(&mut self, batch: usize, edges: &Edges, setting: &Setting, sums: &mut Sums) {
        let at = batch * LANES;
        let range = at..at + LANES;
        let (first, second) = (&edges.first[range.clone()], &edges.second[range.clone()]);
        let (judge, sign) = (&edges.judge[range.clone()], &edges.sign[range]);
        let [mut m1, mut m2, mut v1, mut v2, mut a, mut bias] = [[0.0_f32; LANES]; 6];
        let [mut s, mut win] = [[0.0_f32; LANES]; 2];
        for l in 0..LANES {
            let (x, y) = (self.items[first[l] as usize], self.items[second[l] as usize]);
            let (t1, t2) = (x[0] - self.to_first[0][at + l], y[0] - self.to_second[0][at + l]);
            (v1[l], m1[l]) = (t1, x[1] - self.to_first[1][at + l]);
            (v2[l], m2[l]) = (t2, y[1] - self.to_second[1][at + l]);
            a[l] = setting.discrimination[usize::from(judge[l])];
            bias[l] = setting.bias[usize::from(judge[l])];
            s[l] = if sign[l] < 0 { -1.0 } else { 1.0 };
            win[l] = if sign[l] == 0 { 0.0 } else { 1.0 };
        }
        let [mut mean, mut variance] = [[0.0_f32; LANES]; 2];
        for l in 0..LANES {
            v1[l] = 1.0 / v1[l].max(1e-20);
            v2[l] = 1.0 / v2[l].max(1e-20);
            m1[l] *= v1[l];
            m2[l] *= v2[l];
            mean[l] = a[l] * (m1[l] - m2[l]) + bias[l];
            variance[l] = a[l] * a[l] * (v1[l] + v2[l]);
        }
        let seen = tilt(mean, variance, s, win, setting);
        let [mut tau, mut pull, mut t1, mut p1, mut t2, mut p2] = [[0.0_f32; LANES]; 6];
        for l in 0..LANES {
            let (share, variance) = (seen.share[l], variance[l]);
            tau[l] = (1.0 / share - 1.0) / variance;
            pull[l] = ((mean[l] + seen.shift[l]) / share - mean[l]) / variance;
            let (strength, push) = (a[l] * a[l] * tau[l], a[l] * (pull[l] - tau[l] * bias[l]));
            let (from_second, from_first) = (1.0 / (1.0 + strength * v2[l]), 1.0 / (1.0 + strength * v1[l]));
            t1[l] = strength * from_second;
            p1[l] = (push + strength * m2[l]) * from_second;
            t2[l] = strength * from_first;
            p2[l] = (strength * m1[l] - push) * from_first;
        }
        for l in 0..LANES {
            let x = &mut self.items[first[l] as usize];
            x[0] += t1[l] - self.to_first[0][at + l];
            x[1] += p1[l] - self.to_first[1][at + l];
            let y = &mut self.items[second[l] as usize];
            y[0] += t2[l] - self.to_second[0][at + l];
            y[1] += p2[l] - self.to_second[1][at + l];
        }
        let range = at..at + LANES;
        self.to_first[0][range.clone()].copy_from_slice(&t1);
        self.to_first[1][range.clone()].copy_from_slice(&p1);
        self.to_second[0][range.clone()].copy_from_slice(&t2);
        self.to_second[1][range.clone()].copy_from_slice(&p2);
        self.factor[0][range.clone()].copy_from_slice(&tau);
        self.factor[1][range].copy_from_slice(&pull);
        for l in 0..LANES {
            // Lane l holds the answers from l * stride on, so filling is at the end of the last lanes.
            if l * edges.stride + batch < edges.live {
                add(sums, usize::from(judge[l]), &seen, l, bias[l], win[l], setting.ties);
            }
        }
    }
}

/// Adds one answer to the sums; the formulas are those of general sites.
#[inline(always)]
fn add(sums: &mut Sums, judge: usize, seen: &Seen, l: usize, bias: f32, win: f32, ties: bool) {
    let (variance, away) = (seen.variance[l], seen.mean[l] - bias);
    let slope = seen.shift[l] / variance;
    let curvature = (1.0 - seen.share[l]) / variance;
    let sum = &mut sums.bias[judge];
    sum.0 += f64::from(slope);
    sum.1 += f64::from(curvature);
    let sum = &mut sums.sharpness[judge];
    sum.0 += f64::from(slope * away + variance * (slope * slope - curvature));
    sum.1 += f64::from(curvature * (away * away + variance));
    if ties {
        let tie = seen.tie[l];
        sums.ties.0 += f64::from(1.0 - win - tie);
        sums.ties.1 += f64::from(tie * (1.0 - tie));
    }
}

/// The moments of `N(mean, variance)` times the likelihood of one answer, by the trapezoid rule. The step is a share of
/// the standard deviation that keeps it below 1.5 logits.
#[inline(always)]
fn tilt(mean: Lanes, variance: Lanes, sign: Lanes, win: Lanes, setting: &Setting) -> Seen {
    let widest = variance.iter().fold(0.0_f32, |a, &b| a.max(b)).sqrt();
    let [mut deviation, mut mass, mut one, mut two, mut tie] = [[0.0_f32; LANES]; 5];
    for l in 0..LANES {
        deviation[l] = variance[l].sqrt();
    }
    let mut look = |x: f32, weight: f32| {
        for l in 0..LANES {
            let z = mean[l] + deviation[l] * x;
            let half = fast::exp((-0.5 * sign[l] * z).clamp(-40.0, 40.0));
            let top = win[l] + (1.0 - win[l]) * half;
            let bottom = 1.0 / (1.0 + half * (half + setting.nu));
            let f = weight * top * bottom;
            mass[l] += f;
            one[l] += f * x;
            two[l] += f * x * x;
            tie[l] += f * half * bottom;
        }
    };
    match RULES.iter().position(|&(limit, _)| widest <= limit) {
        Some(rule) => setting.rules[rule].iter().for_each(|&[x, weight]| look(x, weight)),
        None => {
            let step = (1.5 / widest).min(1.0);
            let count = ((REACH + REACH_PER_LOGIT * widest) / step).min(200.0) as i32 + 1;
            for k in -count..=count {
                let x = k as f32 * step;
                look(x, fast::exp(-0.5 * x * x));
            }
        }
    }
    let [mut shift, mut share] = [[0.0_f32; LANES]; 2];
    for l in 0..LANES {
        let (u, inverse) = (one[l] / mass[l], 1.0 / mass[l]);
        share[l] = (two[l] * inverse - u * u).clamp(LEAST, MOST);
        shift[l] = deviation[l] * u;
        tie[l] *= setting.nu * inverse;
    }
    Seen { mean, variance, shift, share, tie }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::likelihood::{Answers, moments};

    #[test]
    fn eight_answers_at_once_have_the_moments_of_one() {
        for nu in [0.0_f32, 0.7] {
            let setting =
                Setting { discrimination: vec![], bias: vec![], nu, ties: nu > 0.0, rules: rules() };
            for variance in [0.05_f32, 0.6, 1.6, 3.9, 9.0, 30.0] {
                let mean: Lanes = std::array::from_fn(|l| l as f32 * 1.1 - 4.0);
                let sign: Lanes = std::array::from_fn(|l| if l % 3 == 1 { -1.0 } else { 1.0 });
                let win: Lanes = std::array::from_fn(|l| if nu > 0.0 && l % 3 == 2 { 0.0 } else { 1.0 });
                let seen = tilt(mean, [variance; LANES], sign, win, &setting);
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
