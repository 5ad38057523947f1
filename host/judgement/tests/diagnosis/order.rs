//! Drift over time.

use docket_judgement::diagnostics::{DiagnosticsError, drift};
use docket_judgement::{Comparison, InvalidComparison, Scores, Verdict};

use crate::support::{Chance, even};

/// 1,000 answers whose position bias and slope are functions of time.
fn sequence(
    seed: u64,
    bias: impl Fn(usize) -> f64,
    slope: impl Fn(usize) -> f64,
) -> (Vec<Comparison>, Scores) {
    let mut chance = Chance::new(seed);
    let truth: Vec<f64> = (0..40).map(|_| 1.5 * chance.normal()).collect();
    let answers = (0..1000)
        .map(|at| {
            let (first, second) = chance.pair(40);
            let gap = truth[first as usize] - truth[second as usize];
            Comparison::new(first, second, chance.verdict(slope(at) * gap + bias(at)))
        })
        .collect();
    (answers, even(&truth, 0.2))
}

#[test]
fn a_judge_who_stays_the_same_does_not_drift() {
    let mut alarms = 0;
    for seed in 0..20 {
        let (answers, scores) = sequence(seed, |_| 0.0, |_| 1.0);
        let judge = &drift(&answers, &scores, 250).unwrap()[0];
        assert_eq!(judge.windows.iter().map(|window| window.answers).collect::<Vec<_>>(), [250; 4]);
        alarms += usize::from(judge.cusum_p < 0.05) + usize::from(judge.window_p < 0.05);
    }
    assert!(alarms <= 5, "{alarms} alarms in 40 tests at the level .05");
}

#[test]
fn a_bias_that_turns_is_found_where_it_turns() {
    let (answers, scores) = sequence(3, |at| if at < 600 { -0.5 } else { 0.6 }, |_| 1.0);
    let judge = &drift(&answers, &scores, 200).unwrap()[0];
    assert!(judge.cusum_p < 0.001 && judge.window_p < 0.001, "{judge:?}");
    assert!(judge.change_at.abs_diff(600) < 80, "{}", judge.change_at);
    assert!(judge.windows[0].bias_z < -2.0 && judge.windows[4].bias_z > 2.0, "{:?}", judge.windows);
    assert!((judge.windows[4].bias_shift - 0.6).abs() < 0.4);
}

#[test]
fn a_judge_who_stops_looking_loses_slope() {
    let (answers, scores) = sequence(5, |_| 0.0, |at| if at < 750 { 1.0 } else { 0.0 });
    let judge = &drift(&answers, &scores, 250).unwrap()[0];
    assert!(judge.windows[3].slope_z < -5.0 && judge.windows[0].slope_z > -3.0, "{:?}", judge.windows);
    assert!(judge.window_p < 0.001);
}

#[test]
fn judges_are_looked_at_one_by_one_and_short_ends_join() {
    let (mut answers, scores) = sequence(7, |_| 0.0, |_| 1.0);
    answers.truncate(240);
    answers.iter_mut().enumerate().for_each(|(at, row)| row.judge = if at % 2 == 0 { 0 } else { 2 });
    let found = drift(&answers, &scores, 50).unwrap();
    assert_eq!(found.iter().map(|judge| judge.judge).collect::<Vec<_>>(), [0, 2]);
    let sizes: Vec<usize> = found[0].windows.iter().map(|window| window.answers).collect();
    assert_eq!(sizes, [50, 70]);
    let sizes: Vec<usize> =
        drift(&answers, &scores, 45).unwrap()[0].windows.iter().map(|window| window.answers).collect();
    assert_eq!(sizes, [45, 45, 30]);
}

#[test]
fn bad_input_is_named() {
    let (answers, scores) = sequence(7, |_| 0.0, |_| 1.0);
    assert!(matches!(drift(&answers, &scores, 0), Err(DiagnosticsError::Setting(_))));
    assert_eq!(drift(&[], &scores, 10), Err(DiagnosticsError::NoComparisons));
    let foreign = [Comparison::new(0, 40, Verdict::First)];
    let unknown = InvalidComparison::UnknownItem { item: 40, items: 40 };
    assert_eq!(drift(&foreign, &scores, 10), Err(DiagnosticsError::Comparison(unknown)));
}
