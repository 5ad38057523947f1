//! Designs, fit and stop rules together.

use super::*;
use crate::design::{Adaptive, Coverage, RandomMatchings};
use crate::fit::ep;
use crate::stopping::{Decision, Inputs, Reason, Rules, assess, score_change};

fn fit(comparisons: &Comparisons) -> Result<Scores, FitError> {
    let options = ep::Options { tolerance: 1e-3, ..ep::Options::default() };
    ep::fit(comparisons, &options).map(|fit| fit.scores)
}

fn plain<'a>(
    truth: &'a [f64],
    judges: &'a [Judge],
    design: &'a dyn Design,
    seed: u64,
    stop: &'a mut dyn FnMut(&Progress<'_>) -> bool,
) -> Setup<'a> {
    let budget = truth.len() * 6;
    Setup { truth, judges, design, fit: &fit, budget, every: 0, measured_from: 0, seed, stop }
}

#[test]
fn adaptive_pairs_rank_better_than_random_ones_for_the_same_money() {
    let adaptive = Adaptive { pairs_per_item: 1.0, ..Adaptive::default() };
    let random = RandomMatchings { rounds: 2, ..RandomMatchings::default() };
    let designs: [&dyn Design; 2] = [&adaptive, &random];
    let judge = Judge { bias: 0.405, ..Judge::default() };
    let mut sums = [0.0; 2];
    for seed in 0..5 {
        let truth = truth(40, 3.0, seed);
        for (sum, design) in sums.iter_mut().zip(designs) {
            let run = run(&mut plain(&truth, &[judge], design, seed, &mut |_| false)).unwrap();
            assert_eq!(run.history.len(), 240);
            assert_eq!(run.nothing, Some(Nothing::BudgetSpent));
            *sum += run.points.last().unwrap().spearman / 5.0;
        }
    }
    assert!(sums[0] > sums[1] + 0.01, "{sums:?}");
}

#[test]
fn coin_tosses_never_look_reliable_but_separation_is_fooled() {
    let adaptive = Adaptive { pairs_per_item: 1.0, ..Adaptive::default() };
    let coin = Judge { slope: 0.0, ..Judge::default() };
    let (mut most, mut fooled) = (0.0_f64, 0.0_f64);
    for seed in 0..3 {
        let truth = truth(40, 2.0, seed);
        let mut stopped = false;
        let mut stop = |progress: &Progress<'_>| {
            stopped |= decision(progress, 40, 0.8).0 == Decision::Finish;
            if progress.point.per_item >= 3.0 {
                most = most.max(progress.scores.reliability());
                fooled = fooled.max(progress.point.ssr.unwrap());
            }
            stopped
        };
        run(&mut plain(&truth, &[coin], &adaptive, seed, &mut stop)).unwrap();
        assert!(!stopped, "seed {seed}");
    }
    assert!(most < 0.6, "reliability {most}");
    assert!(fooled > 0.6 && fooled > most + 0.2, "separation {fooled}, reliability {most}");
}

/// The decision by reliability alone, with the budget far away.
fn decision(progress: &Progress<'_>, items: usize, target: f64) -> (Decision, Reason) {
    let rules: Rules =
        serde_json::from_str(&format!(r#"{{"reliability": {{"target": {target}, "margin": 0}}}}"#)).unwrap();
    let answered = progress.point.comparisons;
    let inputs = Inputs {
        items,
        expected_items: items,
        budget: usize::MAX,
        requested: answered,
        answered,
        failed: 0,
        pairs_answered: answered,
        passes: 0,
        random_rounds: 4,
        score_change: score_change(progress.previous, Some(progress.scores)),
        reliability: Some(progress.scores.reliability()),
        separation_reliability: progress.point.ssr,
        reliable_waves: 0,
        design_exhausted: false,
        resampling_exhausted: false,
    };
    let verdict = assess(&inputs, &rules);
    (verdict.decision, verdict.reason)
}

#[test]
fn a_good_judge_is_reliable_soon() {
    let adaptive = Adaptive { pairs_per_item: 1.0, ..Adaptive::default() };
    let mut truly = 0.0;
    for seed in 5..9 {
        let truth = truth(30, 3.0, seed);
        let mut stop =
            |progress: &Progress<'_>| decision(progress, 30, 0.8) == (Decision::Finish, Reason::Reliable);
        let judges = [Judge::default()];
        let plain = plain(&truth, &judges, &adaptive, seed, &mut stop);
        let run = run(&mut Setup { budget: 240, ..plain }).unwrap();
        let last = run.points.last().unwrap();
        assert!(last.per_item >= 3.0 && last.per_item <= 6.0, "{last:?}");
        assert_eq!(run.nothing, None, "the budget of 8 per item was not needed");
        truly += last.true_reliability / 4.0;
    }
    assert!(truly > 0.75, "{truly}");
}

#[test]
fn judges_take_turns_and_their_bias_is_found() {
    let judges = [Judge { bias: 1.4, ..Judge::default() }, Judge { bias: -0.5, ..Judge::default() }];
    let truth = truth(30, 2.0, 1);
    let run = run(&mut Setup {
        budget: 300,
        ..plain(&truth, &judges, &RandomMatchings::default(), 1, &mut |_| false)
    })
    .unwrap();
    let scores = run.scores.unwrap();
    for (bias, judge) in scores.bias.iter().zip(judges) {
        assert!((bias.value - judge.bias).abs() < 2.5 * bias.standard_error, "{bias:?}");
    }
}

#[test]
fn a_run_can_be_repeated_and_ends_without_pairs() {
    let truth = truth(4, 1.0, 3);
    let once =
        || run(&mut plain(&truth, &[Judge::default()], &Coverage::default(), 3, &mut |_| false)).unwrap();
    assert_eq!(once(), once());
    assert_eq!(once().nothing, Some(Nothing::NoPairLeft));
    assert_eq!(once().history.len(), 6);
    let nobody = run(&mut plain(&truth, &[], &Coverage::default(), 3, &mut |_| false));
    assert!(matches!(nobody, Err(SimulationError::Judges(0))));
}

#[test]
fn measurements_within_a_wave_do_not_change_the_run() {
    let truth = truth(10, 2.0, 8);
    let design = RandomMatchings { rounds: 4, ..RandomMatchings::default() };
    let measured = |every| {
        let judges = [Judge { soft: Some(1.0), ..Judge::default() }];
        let mut stop = |_: &Progress<'_>| false;
        run(&mut Setup { every, ..plain(&truth, &judges, &design, 8, &mut stop) }).unwrap()
    };
    let (coarse, fine) = (measured(0), measured(5));
    assert_eq!(coarse.history, fine.history);
    assert_eq!(coarse.points.last(), fine.points.last());
    assert_eq!(coarse.points.len(), 3);
    let sizes: Vec<usize> = fine.points.iter().map(|point| point.comparisons).collect();
    assert_eq!(sizes, (1..=12).map(|k| 5 * k).collect::<Vec<usize>>());
}
