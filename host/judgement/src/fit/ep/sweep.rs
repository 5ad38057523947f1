//! One visit to all single hard answers, eight at a time. Answers that are visited together see the same state; each
//! takes only its own message out of what it sees, so two of them may share an item.

use super::hyper::Sums;
use super::tilt::{Rule, Seen, rules, tilt};
use crate::fit::edges::{Edges, LANES};

/// Everything the visits know: what each item sums up, and what each answer told its two items.
pub(super) struct Messages {
    /// Precision and precision-weighted mean of each item, and of two items that stand for none.
    pub(super) items: Vec<[f32; 2]>,
    to_first: [Vec<f32>; 2],
    to_second: [Vec<f32>; 2],
    /// Precision and precision-weighted mean of `z` that each answer stands for.
    pub(super) factor: [Vec<f32>; 2],
    rules: Vec<Rule>,
}

/// The parameters a visit uses, per judge where they are the judge's.
pub(super) struct Setting {
    pub(super) discrimination: Vec<f32>,
    pub(super) bias: Vec<f32>,
    pub(super) nu: f32,
    pub(super) ties: bool,
    /// Whether the sums for discriminations are wanted.
    pub(super) sharpness: bool,
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
            rules: rules(),
        }
    }

    /// The sums of all messages an item got, precisely.
    pub(super) fn totals(&self, edges: &Edges) -> Vec<[f64; 2]> {
        let mut totals = vec![[0.0; 2]; self.items.len()];
        for at in 0..edges.first.len() {
            for (end, told) in [(edges.first[at], &self.to_first), (edges.second[at], &self.to_second)] {
                for (total, part) in totals[end as usize].iter_mut().zip(told) {
                    *total += f64::from(part[at]);
                }
            }
        }
        totals
    }

    /// Visits all answers once and sums up what the outer parameters need.
    pub(super) fn visit(&mut self, edges: &Edges, setting: &Setting, sums: &mut Sums) {
        if setting.ties {
            self.visit_all::<true>(edges, setting, sums);
        } else {
            self.visit_all::<false>(edges, setting, sums);
        }
    }

    fn visit_all<const TIES: bool>(&mut self, edges: &Edges, setting: &Setting, sums: &mut Sums) {
        // Lane l holds the answers from l * stride on, so filling is at the end of the last lanes.
        let full = edges.live.saturating_sub((LANES - 1) * edges.stride);
        let plain = setting.bias.len() == 1 && !TIES && !setting.sharpness;
        let mut bias = [[0.0_f64; LANES]; 2];
        for batch in 0..edges.stride {
            let seen = self.visit_batch::<TIES>(batch, edges, setting);
            if plain && batch < full {
                for l in 0..LANES {
                    bias[0][l] += f64::from(seen.shift[l] / seen.variance[l]);
                    bias[1][l] += f64::from((1.0 - seen.share[l]) / seen.variance[l]);
                }
                continue;
            }
            let at = batch * LANES;
            for l in (0..LANES).filter(|l| l * edges.stride + batch < edges.live) {
                add(sums, edges.judge[at + l], edges.sign[at + l], &seen, l, setting);
            }
        }
        if plain {
            sums.bias[0].0 += bias[0].iter().sum::<f64>();
            sums.bias[0].1 += bias[1].iter().sum::<f64>();
        }
    }

    #[inline(always)]
    fn visit_batch<const TIES: bool>(&mut self, batch: usize, edges: &Edges, setting: &Setting) -> Seen {
        let at = batch * LANES;
        let range = at..at + LANES;
        let (first, second) = (&edges.first[range.clone()], &edges.second[range.clone()]);
        let sign = &edges.sign[range.clone()];
        let [mut m1, mut m2, mut v1, mut v2] = [[0.0_f32; LANES]; 4];
        let (mut a, mut bias) = ([setting.discrimination[0]; LANES], [setting.bias[0]; LANES]);
        if setting.bias.len() > 1 {
            for (l, &judge) in edges.judge[range].iter().enumerate() {
                a[l] = setting.discrimination[usize::from(judge)];
                bias[l] = setting.bias[usize::from(judge)];
            }
        }
        let [mut s, mut win] = [[1.0_f32; LANES]; 2];
        for l in 0..LANES {
            let (x, y) = (self.items[first[l] as usize], self.items[second[l] as usize]);
            let (t1, t2) = (x[0] - self.to_first[0][at + l], y[0] - self.to_second[0][at + l]);
            (v1[l], m1[l]) = (t1, x[1] - self.to_first[1][at + l]);
            (v2[l], m2[l]) = (t2, y[1] - self.to_second[1][at + l]);
            s[l] = if sign[l] < 0 { -1.0 } else { 1.0 };
            if TIES {
                win[l] = if sign[l] == 0 { 0.0 } else { 1.0 };
            }
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
        let seen = tilt::<TIES>(mean, variance, s, win, setting.nu, &self.rules);
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
        seen
    }
}

/// Adds one answer to the sums; the formulas are those of general sites.
#[inline(always)]
fn add(sums: &mut Sums, judge: u16, sign: i8, seen: &Seen, l: usize, setting: &Setting) {
    let judge = usize::from(judge);
    let (variance, away) = (seen.variance[l], seen.mean[l] - setting.bias[judge]);
    let slope = seen.shift[l] / variance;
    let curvature = (1.0 - seen.share[l]) / variance;
    let sum = &mut sums.bias[judge];
    sum.0 += f64::from(slope);
    sum.1 += f64::from(curvature);
    if setting.sharpness {
        let sum = &mut sums.sharpness[judge];
        sum.0 += f64::from(slope * away + variance * (slope * slope - curvature));
        sum.1 += f64::from(curvature * (away * away + variance));
    }
    if setting.ties {
        let tie = seen.tie[l];
        let tied = if sign == 0 { 1.0 } else { 0.0 };
        sums.ties.0 += f64::from(tied - tie);
        sums.ties.1 += f64::from(tie * (1.0 - tie));
    }
}
