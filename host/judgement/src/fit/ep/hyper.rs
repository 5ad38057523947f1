//! The parameters around the scores: each step is expectation-maximisation on what the posterior says, and the steps
//! are extrapolated from their differences (Anderson 1965), which for one parameter is the secant method.

use nalgebra::{DMatrix, DVector};

use super::{Calibration, Problem, Sigma};
use crate::fit::likelihood::{self, Answers, Moments};
use crate::fit::sites::Site;

/// The variance of scores where its prior is centred, and the standard deviation of that prior on the log scale.
const VARIANCE_CENTRE: f64 = 2.0;
const LOG_VARIANCE_DEVIATION: f64 = 2.0;
/// The log of the scores' variance stays within this.
const LOG_VARIANCE_RANGE: (f64, f64) = (-9.0, 6.0);
/// Standard deviations of the priors of the log tie parameter, the log discrimination, and the slope of soft answers.
const LOG_NU_DEVIATION: f64 = 2.0;
const LOG_DISCRIMINATION_DEVIATION: f64 = 0.3;
const SLOPE_DEVIATION: f64 = 1.0;
/// The noise of soft answers starts as if so many answers with variance 1 had been seen.
const NOISE_ANSWERS: f64 = 2.0;
/// How many past steps an extrapolation uses, and the longest step in any parameter (all are logarithms).
const WINDOW: usize = 3;
const MAX_STEP: f64 = 1.0;

/// The parameters, as logarithms, and what is fitted of them.
#[derive(Debug, Clone)]
pub(super) struct Hyper {
    log_variance: f64,
    log_nu: Option<f64>,
    log_discrimination: Vec<f64>,
    log_slope: Vec<f64>,
    log_noise: Vec<f64>,
    has_soft: Vec<bool>,
    seen: Vec<bool>,
    fit_variance: bool,
    fit_slope: bool,
    fit_discrimination: bool,
    steps: Vec<(DVector<f64>, DVector<f64>)>,
}

/// What a step needs to know of the posterior.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    /// How many items there are.
    items: usize,
    /// The sum of squared scores and of their variances.
    pub(super) spread: f64,
    /// Per judge, over soft answers: weight, sums of `z^2`, `y z` and `y^2`.
    pub(super) soft: Vec<[f64; 4]>,
    /// Gradient and information of the log tie parameter.
    pub(super) ties: (f64, f64),
    /// Per judge: gradient and information of the log discrimination.
    pub(super) sharpness: Vec<(f64, f64)>,
    /// Per judge: gradient and information of the position bias, if it is not among the scores.
    pub(super) bias: Vec<(f64, f64)>,
}

impl Sums {
    /// Nothing seen yet.
    pub(super) fn new(items: usize, judges: usize) -> Self {
        Self {
            items,
            spread: 0.0,
            soft: vec![[0.0; 4]; judges],
            ties: (0.0, 0.0),
            sharpness: vec![(0.0, 0.0); judges],
            bias: vec![(0.0, 0.0); judges],
        }
    }

    /// Adds a site's soft answers, given the mean and variance of `z` in the posterior.
    pub(super) fn add_soft(&mut self, site: &Site, (mean, variance): (f64, f64)) {
        let sum = &mut self.soft[usize::from(site.judge)];
        sum[0] += site.soft;
        sum[1] += site.soft * (mean * mean + variance);
        sum[2] += site.soft_sum * mean;
        sum[3] += site.soft_square;
    }

    /// Adds a site's hard answers, given the mean and variance of `z` without them and the moments with them.
    pub(super) fn add_hard(&mut self, site: &Site, cavity: (f64, f64), found: &Moments, bias: f64, nu: f64) {
        let (mean, variance) = cavity;
        // The first and second derivatives of the log of the integral, by the cavity's mean.
        let slope = (found.mean - mean) / variance;
        let curvature = (1.0 - found.variance / variance) / variance;
        let judge = usize::from(site.judge);
        let seen = mean - bias;
        self.sharpness[judge].0 += slope * seen + variance * (slope * slope - curvature);
        self.sharpness[judge].1 += curvature * (seen * seen + variance);
        if nu > 0.0 {
            let total = site.hard();
            let [tie, spread] = likelihood::expectation(&Answers::of(site, nu), mean, variance, |z| {
                let (_, _, tie) = likelihood::expected(z, nu);
                [tie, tie * (1.0 - tie)]
            });
            self.ties.0 += site.ties - total * tie;
            self.ties.1 += total * spread;
        }
    }
}

impl Hyper {
    /// Where the fit starts.
    pub(super) fn new(problem: &Problem<'_>) -> Self {
        let judges = problem.judges;
        let edges = problem.edges;
        let (mut has_soft, mut seen) = (vec![false; judges], vec![false; judges]);
        for site in &edges.general {
            has_soft[usize::from(site.judge)] |= site.soft > 0.0;
            seen[usize::from(site.judge)] = true;
        }
        let (mut ties, mut hard) = (false, edges.live > 0);
        for number in 0..edges.live {
            let at = edges.place(number);
            seen[usize::from(edges.judge[at])] = true;
            ties |= edges.sign[at] == 0;
        }
        ties |= edges.general.iter().any(|site| site.ties > 0.0);
        hard |= edges.general.iter().any(|site| site.hard() > 0.0);
        let log_variance = match problem.options.sigma {
            Sigma::Fixed(sigma) => 2.0 * libm::log(sigma),
            Sigma::Fitted => libm::log(VARIANCE_CENTRE),
        };
        Self {
            log_variance,
            log_nu: ties.then_some(0.0),
            log_discrimination: vec![0.0; judges],
            log_slope: vec![0.0; judges],
            log_noise: vec![0.0; judges],
            fit_variance: problem.options.sigma == Sigma::Fitted,
            fit_slope: has_soft.contains(&true) && hard,
            fit_discrimination: problem.options.discrimination
                && seen.iter().filter(|&&seen| seen).count() > 1,
            has_soft,
            seen,
            steps: Vec::new(),
        }
    }

    /// The variance of true scores.
    pub(super) fn variance(&self) -> f64 {
        libm::exp(self.log_variance)
    }

    /// The prior's precision of the log of the variance, if that is fitted.
    pub(super) fn log_variance_precision(&self) -> Option<f64> {
        self.fit_variance.then_some(1.0 / (LOG_VARIANCE_DEVIATION * LOG_VARIANCE_DEVIATION))
    }

    /// The same parameters but for the variance of true scores.
    pub(super) fn with_variance(&self, variance: f64) -> Self {
        Self { log_variance: libm::log(variance), ..self.clone() }
    }

    /// The tie parameter; 0 without ties.
    pub(super) fn nu(&self) -> f64 {
        self.log_nu.map_or(0.0, libm::exp)
    }

    /// A judge's discrimination.
    pub(super) fn discrimination(&self, judge: u16) -> f64 {
        libm::exp(self.log_discrimination[usize::from(judge)])
    }

    /// Every judge's discrimination.
    pub(super) fn discriminations(&self) -> Vec<f64> {
        self.log_discrimination.iter().map(|&log| libm::exp(log)).collect()
    }

    /// Every judge's calibration.
    pub(super) fn calibrations(&self) -> Vec<Option<Calibration>> {
        let of = |judge: usize| Calibration {
            slope: libm::exp(self.log_slope[judge]),
            noise: libm::exp(0.5 * self.log_noise[judge]),
        };
        (0..self.has_soft.len()).map(|judge| self.has_soft[judge].then(|| of(judge))).collect()
    }

    /// The precision and the precision-weighted mean that a site's soft answers give `z`.
    pub(super) fn soft(&self, site: &Site) -> (f64, f64) {
        if site.soft == 0.0 {
            return (0.0, 0.0);
        }
        let judge = usize::from(site.judge);
        let (slope, noise) = (libm::exp(self.log_slope[judge]), libm::exp(self.log_noise[judge]));
        (site.soft * slope * slope / noise, site.soft_sum * slope / noise)
    }

    /// Whether anything is fitted.
    pub(super) fn free(&self) -> bool {
        self.fit_variance || self.log_nu.is_some() || self.fit_discrimination || self.has_soft.contains(&true)
    }

    /// Whether the hard answers have to be summed up: their tie parameter or discriminations are fitted.
    pub(super) fn needs_answers(&self) -> bool {
        self.log_nu.is_some() || self.fit_discrimination
    }

    /// Forgets the steps so far, because the posterior is computed in another way from now on.
    pub(super) fn forget(&mut self) {
        self.steps.clear();
    }

    /// Makes one step and returns how far plain expectation-maximisation wanted to go: the largest change of a
    /// logarithm.
    pub(super) fn step(&mut self, sums: &Sums) -> f64 {
        let mut wanted = self.clone();
        if self.fit_variance {
            wanted.log_variance = self.next_variance(sums);
        }
        self.next_soft(sums, &mut wanted);
        if let Some(log_nu) = self.log_nu {
            let prior = 1.0 / (LOG_NU_DEVIATION * LOG_NU_DEVIATION);
            wanted.log_nu = Some(log_nu + newton(sums.ties.0 - prior * log_nu, sums.ties.1 + prior));
        }
        if self.fit_discrimination {
            let prior = 1.0 / (LOG_DISCRIMINATION_DEVIATION * LOG_DISCRIMINATION_DEVIATION);
            for (judge, &(gradient, information)) in sums.sharpness.iter().enumerate() {
                let log = self.log_discrimination[judge];
                wanted.log_discrimination[judge] = log + newton(gradient - prior * log, information + prior);
            }
            wanted.centre_discriminations();
        }
        let (from, to) = (self.vector(), wanted.vector());
        let residual = &to - &from;
        let size = residual.amax();
        let next = self.extrapolate(from, residual);
        self.set(&next);
        size
    }

    fn next_variance(&self, sums: &Sums) -> f64 {
        let free = (sums.items - 1) as f64;
        let found = sums.spread / free;
        let away = self.log_variance - libm::log(VARIANCE_CENTRE);
        let pull = 2.0 * away / (LOG_VARIANCE_DEVIATION * LOG_VARIANCE_DEVIATION * free);
        let factor = (found / self.variance() - pull).clamp(0.1, 10.0);
        (self.log_variance + libm::log(factor)).clamp(LOG_VARIANCE_RANGE.0, LOG_VARIANCE_RANGE.1)
    }

    /// Slopes and noises of soft answers.
    fn next_soft(&self, sums: &Sums, wanted: &mut Self) {
        let prior = 1.0 / (SLOPE_DEVIATION * SLOPE_DEVIATION);
        for (judge, &[weight, zz, yz, yy]) in sums.soft.iter().enumerate() {
            if !self.has_soft[judge] {
                continue;
            }
            let noise = libm::exp(self.log_noise[judge]);
            let mut slope = libm::exp(self.log_slope[judge]);
            if self.fit_slope {
                slope = ((yz / noise + prior) / (zz / noise + prior)).clamp(0.02, 50.0);
                wanted.log_slope[judge] = libm::log(slope);
            }
            let squares = (yy - 2.0 * slope * yz + slope * slope * zz).max(0.0);
            wanted.log_noise[judge] = libm::log((squares + NOISE_ANSWERS) / (weight + NOISE_ANSWERS));
        }
    }

    /// Keeps the geometric mean of the judges that answered at 1.
    fn centre_discriminations(&mut self) {
        let judges = self.seen.iter().filter(|&&seen| seen).count().max(1) as f64;
        let logs = self.log_discrimination.iter().zip(&self.seen);
        let mean = logs.filter(|&(_, &seen)| seen).map(|(log, _)| log).sum::<f64>() / judges;
        for (log, &seen) in self.log_discrimination.iter_mut().zip(&self.seen) {
            *log = if seen { *log - mean } else { 0.0 };
        }
    }

    fn vector(&self) -> DVector<f64> {
        let lists = [&self.log_discrimination, &self.log_slope, &self.log_noise];
        let scalars = [self.log_variance, self.log_nu.unwrap_or(0.0)];
        DVector::from_iterator(
            2 + 3 * self.seen.len(),
            scalars.into_iter().chain(lists.into_iter().flatten().copied()),
        )
    }

    fn set(&mut self, vector: &DVector<f64>) {
        let judges = self.seen.len();
        let values = vector.as_slice();
        self.log_variance = values[0].clamp(LOG_VARIANCE_RANGE.0, LOG_VARIANCE_RANGE.1);
        self.log_nu = self.log_nu.map(|_| values[1]);
        self.log_discrimination.copy_from_slice(&values[2..2 + judges]);
        self.log_slope.copy_from_slice(&values[2 + judges..2 + 2 * judges]);
        self.log_noise.copy_from_slice(&values[2 + 2 * judges..]);
    }

    /// The next point, from the residuals seen so far; the plain step where the extrapolation would go backwards.
    fn extrapolate(&mut self, from: DVector<f64>, residual: DVector<f64>) -> DVector<f64> {
        let free = 1
            + usize::from(self.log_nu.is_some())
            + self.has_soft.iter().filter(|&&soft| soft).count() * 2
            + usize::from(self.fit_discrimination) * self.seen.len();
        let used = self.steps.len().min(WINDOW.min(free));
        let past = &self.steps[self.steps.len() - used..];
        let mut step = residual.clone();
        if used > 0 {
            let differences: Vec<DVector<f64>> = past.iter().map(|(_, r)| &residual - r).collect();
            let moves: Vec<DVector<f64>> = past.iter().map(|(x, _)| &from - x).collect();
            let mut gram = DMatrix::from_fn(used, used, |a, b| differences[a].dot(&differences[b]));
            let ridge = 1e-10 * gram.trace() + 1e-300;
            gram += DMatrix::identity(used, used) * ridge;
            let target = DVector::from_fn(used, |a, _| differences[a].dot(&residual));
            if let Some(weights) = gram.cholesky().map(|c| c.solve(&target)) {
                for (k, weight) in weights.iter().enumerate() {
                    step -= (&moves[k] + &differences[k]) * *weight;
                }
            }
            if step.dot(&residual) <= 0.0 || !step.iter().all(|x| x.is_finite()) {
                step.copy_from(&residual);
            }
        }
        step.apply(|x| *x = x.clamp(-MAX_STEP, MAX_STEP));
        let next = &from + &step;
        self.steps.push((from, residual));
        if self.steps.len() > WINDOW {
            self.steps.remove(0);
        }
        next
    }
}

/// A bounded step.
fn newton(gradient: f64, information: f64) -> f64 {
    (gradient / information).clamp(-0.7, 0.7)
}
