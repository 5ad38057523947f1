//! What a stop rule would have made of a run.

use super::{Point, Run};
use crate::stopping::{Decision, Inputs, Reason, Rules, assess};

/// How many random matchings every design of a study is taken to begin with.
const RANDOM_ROUNDS: u32 = 4;

/// The measurement after which the scores would have counted as reliable, by the rules that also decide on real
/// assessments. They are asked after each wave, as there; the budget plays no part. Nothing: they never would have.
pub fn stopped<'a>(run: &'a Run, rules: &Rules) -> Option<&'a Point> {
    let mut reliable_waves = 0;
    let mut points = run.points.iter().peekable();
    while let Some(point) = points.next() {
        if points.peek().is_some_and(|next| next.wave == point.wave) {
            continue;
        }
        let verdict = assess(&inputs(point, reliable_waves), rules);
        if (verdict.decision, verdict.reason) == (Decision::Finish, Reason::Reliable) {
            return Some(point);
        }
        reliable_waves = verdict.facts.reliable_waves;
    }
    None
}

/// What is known after a wave.
fn inputs(point: &Point, reliable_waves: u32) -> Inputs {
    let answered = point.comparisons;
    let items = (answered as f64 / point.per_item).round() as usize;
    Inputs {
        items,
        expected_items: items,
        budget: usize::MAX,
        requested: answered,
        answered,
        failed: 0,
        pairs_answered: answered,
        passes: 0,
        random_rounds: RANDOM_ROUNDS,
        score_change: None,
        reliability: Some(point.reliability),
        separation_reliability: point.ssr,
        reliable_waves,
        design_exhausted: false,
        resampling_exhausted: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stopping::ReliabilityRule;

    fn at(wave: u32, per_item: f64, reliability: f64) -> Point {
        Point {
            wave,
            comparisons: (100.0 * per_item) as usize,
            per_item,
            spearman: 0.0,
            true_reliability: 0.0,
            rmse: 0.0,
            ssr: Some(0.99),
            reliability,
            coverage: 0.0,
            sigma: 1.0,
            bias: None,
        }
    }

    fn after(points: &[Point], margin: f64, waves: u32) -> Option<f64> {
        let run = Run { points: points.to_vec(), scores: None, history: Vec::new(), nothing: None };
        let rule = ReliabilityRule { target: 0.9, margin, waves, ..ReliabilityRule::default() };
        let rules = Rules { reliability: Some(rule), ..Rules::default() };
        stopped(&run, &rules).map(|point| point.per_item)
    }

    #[test]
    fn a_run_stops_after_the_wave_that_meets_the_rule() {
        let points = [
            at(0, 2.0, 0.95),
            at(1, 4.0, 0.91),
            at(1, 4.5, 0.89),
            at(2, 5.0, 0.91),
            at(3, 5.5, 0.92),
            at(4, 10.0, 0.92),
        ];
        assert_eq!(after(&points, 0.0, 1), Some(5.0), "not too soon, and not within a wave");
        assert_eq!(after(&points, 0.0, 2), Some(5.5));
        assert_eq!(after(&points, 0.5, 1), Some(10.0), "half of .25 / 5.5 is too near at 5.5");
        assert_eq!(after(&points, 1.0, 1), None);
        assert_eq!(after(&[], 0.0, 1), None);
    }
}
