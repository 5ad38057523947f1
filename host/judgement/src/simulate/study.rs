//! Many synthetic assessments alike: what a design is worth on average.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Judge, Point, Run, Setup, SimulationError, run, truth};
use crate::design::Design;
use crate::fit::{FitError, ep};
use crate::{Comparisons, Scores};

/// Assessments that differ in their seed only.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Study {
    /// How many items there are; at least 2.
    pub items: usize,
    /// The standard deviation of true scores, in logits.
    pub sigma: f64,
    /// Who judges.
    pub judge: Judge,
    /// How many comparisons there are per item at most, each counted once.
    pub most_per_item: usize,
    /// From how many comparisons per item on it is measured within waves, every half comparison per item.
    pub measured_from: usize,
}

impl Default for Study {
    /// 100 items, 2 logits, and a judge who calls the first of two equal items better in six of ten cases.
    fn default() -> Self {
        let judge = Judge { bias: 0.405, ..Judge::default() };
        Self { items: 100, sigma: 2.0, judge, most_per_item: 12, measured_from: 3 }
    }
}

impl Study {
    /// The assessment of one seed, up to its last comparison.
    ///
    /// # Errors
    /// What [`SimulationError`] lists.
    pub fn run(&self, design: &dyn Design, seed: u64) -> Result<Run, SimulationError> {
        run(&mut Setup {
            truth: &truth(self.items, self.sigma, seed),
            judges: &[self.judge],
            design,
            fit: &fit,
            budget: self.most_per_item * self.items,
            every: (self.items / 2).max(1),
            measured_from: self.measured_from * self.items,
            seed,
            stop: &mut |_| false,
        })
    }
}

/// Expectation propagation to a thousandth of a logit: what lies behind that is lost in the noise of the answers.
fn fit(comparisons: &Comparisons) -> Result<Scores, FitError> {
    let options = ep::Options { tolerance: 1e-3, ..ep::Options::default() };
    ep::fit(comparisons, &options).map(|fit| fit.scores)
}

/// Averages over runs at one number of comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Means {
    /// How many comparisons were answered.
    pub comparisons: usize,
    /// Comparisons over items, each comparison counted once.
    pub per_item: f64,
    /// Spearman's rank correlation of scores and truth.
    pub spearman: f64,
    /// The standard error of that mean.
    pub spearman_error: f64,
    /// The root of the mean squared error, in logits.
    pub rmse: f64,
    /// The scale separation reliability, which adaptive pairs inflate; nothing where a run had none.
    pub inflated_ssr: Option<f64>,
    /// The empirical-Bayes reliability.
    pub reliability: f64,
    /// The squared correlation of scores and truth: what the reliability estimates.
    pub true_reliability: f64,
    /// The share of true scores within 1.96 standard errors.
    pub coverage: f64,
}

/// The averages at every number of comparisons that was measured in all runs, from few to many.
pub fn means(runs: &[Run]) -> Vec<Means> {
    let mut by_comparisons: BTreeMap<usize, Vec<&Point>> = BTreeMap::new();
    for point in runs.iter().flat_map(|run| &run.points) {
        by_comparisons.entry(point.comparisons).or_default().push(point);
    }
    by_comparisons.retain(|_, points| points.len() == runs.len());
    by_comparisons.values().map(|points| mean(points)).collect()
}

fn mean(points: &[&Point]) -> Means {
    let n = points.len() as f64;
    let over = |value: fn(&Point) -> f64| points.iter().map(|point| value(point)).sum::<f64>() / n;
    let spearman = over(|point| point.spearman);
    let separation: Option<Vec<f64>> = points.iter().map(|point| point.ssr).collect();
    let square = over(|point| point.spearman * point.spearman);
    Means {
        comparisons: points.first().map_or(0, |point| point.comparisons),
        per_item: over(|point| point.per_item),
        spearman,
        spearman_error: ((square - spearman * spearman).max(0.0) / n).sqrt(),
        rmse: over(|point| point.rmse),
        inflated_ssr: separation.map(|all| all.iter().sum::<f64>() / n),
        reliability: over(|point| point.reliability),
        true_reliability: over(|point| point.true_reliability),
        coverage: over(|point| point.coverage),
    }
}

/// Where a target was reached.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reached {
    /// Here, on the straight line between two measurements.
    At(Means),
    /// Here or before: it is the first measurement.
    Before(Means),
    /// Not up to here, the last measurement; nothing without one.
    Not(Option<Means>),
}

impl Reached {
    /// The averages there.
    pub const fn means(&self) -> Option<&Means> {
        match self {
            Self::At(means) | Self::Before(means) => Some(means),
            Self::Not(means) => means.as_ref(),
        }
    }

    /// Comparisons per item as people write it: `7.12`, `<= 3.00` or `> 12.00`.
    pub fn per_item(&self) -> String {
        let sign = match self {
            Self::At(_) => "",
            Self::Before(_) => "<= ",
            Self::Not(_) => "> ",
        };
        format!("{sign}{:.2}", self.means().map_or(0.0, |means| means.per_item))
    }
}

/// Where the mean Spearman correlation crosses `target`.
pub fn reached(means: &[Means], target: f64) -> Reached {
    let Some(place) = means.iter().position(|mean| mean.spearman >= target) else {
        return Reached::Not(means.last().copied());
    };
    let after = means[place];
    match place.checked_sub(1).map(|before| means[before]) {
        Some(before) => {
            let share = (target - before.spearman) / (after.spearman - before.spearman);
            Reached::At(between(&before, &after, share))
        }
        None => Reached::Before(after),
    }
}

fn between(before: &Means, after: &Means, share: f64) -> Means {
    let at = |value: fn(&Means) -> f64| value(before) + share * (value(after) - value(before));
    Means {
        comparisons: at(|mean| mean.comparisons as f64).round() as usize,
        per_item: at(|mean| mean.per_item),
        spearman: at(|mean| mean.spearman),
        spearman_error: at(|mean| mean.spearman_error),
        rmse: at(|mean| mean.rmse),
        inflated_ssr: before
            .inflated_ssr
            .zip(after.inflated_ssr)
            .map(|(before, after)| before + share * (after - before)),
        reliability: at(|mean| mean.reliability),
        true_reliability: at(|mean| mean.true_reliability),
        coverage: at(|mean| mean.coverage),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::RandomMatchings;

    fn at(per_item: f64, spearman: f64) -> Means {
        Means { per_item, spearman, comparisons: (10.0 * per_item) as usize, ..Means::default() }
    }

    #[test]
    fn a_target_is_reached_on_the_line_between_measurements() {
        let means = [at(3.0, 0.90), at(4.0, 0.94), at(5.0, 0.96)];
        let Reached::At(found) = reached(&means, 0.95) else { panic!("reached between two") };
        assert!((found.per_item - 4.5).abs() < 1e-9 && (found.spearman - 0.95).abs() < 1e-9);
        assert_eq!(found.comparisons, 45);
        assert_eq!(reached(&means, 0.95).per_item(), "4.50");
        assert_eq!(reached(&means, 0.80), Reached::Before(means[0]));
        assert_eq!(reached(&means, 0.80).per_item(), "<= 3.00");
        assert_eq!(reached(&means, 0.99), Reached::Not(Some(means[2])));
        assert_eq!(reached(&means, 0.99).per_item(), "> 5.00");
        assert_eq!(reached(&[], 0.5), Reached::Not(None));
    }

    #[test]
    fn averages_are_taken_where_every_run_was_measured() {
        let study = Study { items: 10, most_per_item: 4, ..Study::default() };
        let design = RandomMatchings::default();
        let mut runs: Vec<Run> = (0..3).map(|seed| study.run(&design, seed).unwrap()).collect();
        let all = means(&runs);
        assert_eq!(all.last().map(|mean| mean.comparisons), Some(40));
        let last = |run: &Run| run.points.last().unwrap().spearman;
        let expected = runs.iter().map(last).sum::<f64>() / 3.0;
        assert!((all.last().unwrap().spearman - expected).abs() < 1e-12);
        assert!(all.last().unwrap().spearman_error > 0.0);
        runs[0].points.pop();
        assert_ne!(
            means(&runs).last().map(|mean| mean.comparisons),
            Some(40),
            "one run was not measured there"
        );
    }
}
