//! Single hard answers of weight 1, many at a time: their slopes, curvatures and log-likelihood, in single precision.

use crate::fit::edges::LANES;
use crate::fit::fast::{self, Lanes};
use crate::fit::system::System;
use crate::{Comparison, Verdict};

/// About how many answers are worked on before the next ones are looked at.
const BLOCK: usize = 2048;

/// The answers, which are the first edges of the system.
#[derive(Default)]
pub(super) struct Singles {
    /// 1 if the first won, -1 if the second won, 0 for a tie.
    sign: Vec<i8>,
    judge: Vec<u16>,
    /// How many ties there are.
    pub(super) ties: usize,
}

/// Where the model stands.
pub(super) struct Point<'a> {
    pub(super) scores: &'a [f64],
    pub(super) bias: &'a [f64],
    /// The tie parameter; 0 for none.
    pub(super) nu: f64,
    pub(super) log_nu: f64,
}

/// What all answers say there.
#[derive(Default)]
pub(super) struct Expansion {
    /// Each item's sums of slopes and of curvatures.
    pub(super) items: Vec<[f32; 2]>,
    /// Each judge's sum of slopes.
    pub(super) bias: Vec<f64>,
    /// Gradient and information of the log tie parameter.
    pub(super) nu: (f64, f64),
    pub(super) log_likelihood: f64,
}

/// What eight answers say of their log-odds.
struct Seen {
    slope: Lanes,
    curvature: Lanes,
    /// The probability of a tie.
    tie: Lanes,
    /// The log-likelihood is this, minus the logarithm of `factor`, plus `ln(nu)` for a tie.
    away: Lanes,
    factor: Lanes,
}

/// Eight log-odds, with one exponential each; the formulas are those of [`crate::fit::likelihood::expected`].
#[inline(always)]
fn look(z: &Lanes, sign: &[i8; LANES], nu: f32) -> Seen {
    let [mut slope, mut curvature, mut tie, mut away, mut factor] = [[0.0_f32; LANES]; 5];
    for l in 0..LANES {
        let won = f32::from(sign[l]);
        let e = fast::exp(-0.5 * z[l].abs());
        factor[l] = 1.0 + e * (e + nu);
        away[l] = 0.5 * (won * z[l] - z[l].abs());
        let inverse = 1.0 / factor[l];
        let difference = (1.0 - e * e) * inverse;
        let difference = if z[l] < 0.0 { -difference } else { difference };
        slope[l] = 0.5 * (won - difference);
        curvature[l] = 0.25 * e * (nu * (1.0 + e * e) + 4.0 * e) * inverse * inverse;
        tie[l] = nu * e * inverse;
    }
    Seen { slope, curvature, tie, away, factor }
}

/// Sums over a block.
#[derive(Default)]
struct Totals {
    away: Lanes64,
    slope: Lanes64,
    log: f64,
}

type Lanes64 = [f64; LANES];

impl Singles {
    /// Adds an answer, whose edge has to be added to the system.
    pub(super) fn push(&mut self, row: &Comparison) {
        self.sign.push(match row.verdict {
            Verdict::First => 1,
            Verdict::Second => -1,
            Verdict::Tie | Verdict::Soft(_) => 0,
        });
        self.ties += usize::from(self.sign.last() == Some(&0));
        self.judge.push(row.judge);
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.sign.len()
    }

    /// Each answer's judge.
    pub(super) fn judges(&self) -> impl Iterator<Item = u16> + '_ {
        self.judge.iter().copied()
    }

    /// Sums up everything at a point, and sets the edges' weights to the curvatures.
    pub(super) fn expand(&self, system: &mut System, at: &Point<'_>) -> Expansion {
        if at.nu > 0.0 || at.bias.len() > 1 {
            self.expand_in_blocks::<true>(system, at)
        } else {
            self.expand_in_blocks::<false>(system, at)
        }
    }

    /// Without `GENERAL` there are one judge and no ties.
    fn expand_in_blocks<const GENERAL: bool>(&self, system: &mut System, at: &Point<'_>) -> Expansion {
        let scores: Vec<f32> = at.scores.iter().map(|&score| score as f32).collect();
        let mut all = Expansion {
            items: vec![[0.0; 2]; scores.len()],
            bias: vec![0.0; at.bias.len()],
            ..Expansion::default()
        };
        let (runs, second, weights) = system.parts();
        let (mut z, mut slope): (Vec<f32>, Vec<f32>) = (Vec::new(), Vec::new());
        let (mut next, mut from) = (0, 0);
        while from < self.len() {
            let (begin, mut to) = (next, from);
            z.clear();
            while to < self.len() && to - from < BLOCK {
                let (first, end) = (runs[next].0, (runs[next].1 as usize).min(self.len()));
                let x = scores[first as usize] + if GENERAL { 0.0 } else { at.bias[0] as f32 };
                z.extend(second[to..end].iter().map(|&k| x - scores[k as usize]));
                (to, next) = (end, next + 1);
            }
            if GENERAL {
                for (z, &judge) in z.iter_mut().zip(&self.judge[from..to]) {
                    *z += at.bias[usize::from(judge)] as f32;
                }
            }
            slope.resize(z.len(), 0.0);
            self.look_at_block::<GENERAL>(from, &z, at, (&mut slope, &mut weights[from..to]), &mut all);
            let mut place = from;
            for &(first, end) in &runs[begin..next] {
                let end = (end as usize).min(self.len());
                let mut own = [0.0_f32; 2];
                let found = slope[place - from..end - from].iter().zip(&weights[place..end]);
                for (&k, (&slope, &curvature)) in second[place..end].iter().zip(found) {
                    let other = &mut all.items[k as usize];
                    other[0] -= slope;
                    other[1] += curvature;
                    own[0] += slope;
                    own[1] += curvature;
                }
                all.items[first as usize][0] += own[0];
                all.items[first as usize][1] += own[1];
                place = end;
            }
            from = to;
        }
        if at.nu > 0.0 {
            all.log_likelihood += self.ties as f64 * at.log_nu;
        }
        all
    }

    /// Slopes and curvatures of a block, and the sums that are not the items'.
    fn look_at_block<const GENERAL: bool>(
        &self,
        from: usize,
        z: &[f32],
        at: &Point<'_>,
        (slopes, curvatures): (&mut [f32], &mut [f32]),
        all: &mut Expansion,
    ) {
        // So few factors to a logarithm that their product is a number; without ties each is at most 2.
        let together = if GENERAL { 16 } else { 512 };
        let nu = if GENERAL { at.nu as f32 } else { 0.0 };
        let sign = &self.sign[from..from + z.len()];
        let (mut totals, mut product) = (Totals::default(), [1.0_f64; LANES]);
        for (batch, (z, sign)) in z.chunks(LANES).zip(sign.chunks(LANES)).enumerate() {
            let (mut z_of, mut sign_of) = ([0.0_f32; LANES], [0_i8; LANES]);
            z_of[..z.len()].copy_from_slice(z);
            sign_of[..z.len()].copy_from_slice(sign);
            let seen = look(&z_of, &sign_of, nu);
            let begin = batch * LANES;
            let range = begin..begin + z.len();
            slopes[range.clone()].copy_from_slice(&seen.slope[..z.len()]);
            curvatures[range.clone()].copy_from_slice(&seen.curvature[..z.len()]);
            if GENERAL {
                for (l, &judge) in self.judge[from..][range].iter().enumerate() {
                    all.bias[usize::from(judge)] += f64::from(seen.slope[l]);
                    let tie = f64::from(seen.tie[l]);
                    all.nu.0 += if sign[l] == 0 { 1.0 - tie } else { -tie };
                    all.nu.1 += tie * (1.0 - tie);
                }
            }
            // What fills up the last eight is a tie at 0: without `away`, and its slope is 0.
            for (l, product) in product.iter_mut().enumerate() {
                totals.away[l] += f64::from(seen.away[l]);
                totals.slope[l] += f64::from(seen.slope[l]);
                *product *= if l < z.len() { f64::from(seen.factor[l]) } else { 1.0 };
            }
            if batch % together == together - 1 {
                totals.log +=
                    std::mem::replace(&mut product, [1.0; LANES]).map(libm::log).iter().sum::<f64>();
            }
        }
        totals.log += product.map(libm::log).iter().sum::<f64>();
        all.log_likelihood += totals.away.iter().sum::<f64>() - totals.log;
        if !GENERAL {
            all.bias[0] += totals.slope.iter().sum::<f64>();
        }
    }
}
