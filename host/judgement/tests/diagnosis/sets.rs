//! Halves, circular triples, repeats, positions and dead comparisons.

use docket_judgement::diagnostics::{
    Bootstrap, DiagnosticsError, circular_triples, dead_comparisons, position_bias, repeats, split_half,
};
use docket_judgement::{Comparison, Comparisons, Scores, Verdict};

use crate::support::{BASEBALL, Chance, biased, even, fit, logistic, rows};
use Verdict::{First, Second, Tie};

const FEW: Bootstrap = Bootstrap { replicates: 50, seed: 3 };

fn set(items: usize, rows: &[(u32, u32, Verdict)]) -> Comparisons {
    let rows = rows.iter().map(|&(first, second, verdict)| Comparison::new(first, second, verdict)).collect();
    Comparisons::new(items, 1, rows).unwrap()
}

fn simulated(items: usize, answers: usize, sigma: f64, seed: u64) -> Comparisons {
    let mut chance = Chance::new(seed);
    let truth: Vec<f64> = (0..items).map(|_| sigma * chance.normal()).collect();
    let rows = (0..answers)
        .map(|_| {
            let (first, second) = chance.pair(items);
            Comparison::new(first, second, chance.verdict(truth[first as usize] - truth[second as usize]))
        })
        .collect();
    Comparisons::new(items, 1, rows).unwrap()
}

#[test]
fn halves_agree_for_a_judge_and_not_for_a_coin() {
    let splits = Bootstrap { replicates: 4, seed: 1 };
    let honest = split_half(&simulated(24, 480, 2.0, 4), splits, fit).unwrap();
    assert!(honest.reliability > 0.9, "{honest:?}");
    let mean = honest.correlations.iter().sum::<f64>() / 4.0;
    assert!((honest.reliability - 2.0 * mean / (1.0 + mean)).abs() < 1e-12);
    let coin = split_half(&simulated(24, 480, 0.0, 4), splits, fit).unwrap();
    assert!(coin.reliability < 0.5, "{coin:?}");
    let never = |_: &Comparisons| None;
    assert_eq!(split_half(&simulated(5, 20, 1.0, 1), splits, never), Err(DiagnosticsError::Refit));
}

#[test]
fn a_cycle_is_seen_and_a_quarter_of_one_is_expected() {
    let equal = even(&[0.0; 3], 0.5);
    let cycle =
        circular_triples(&set(3, &[(0, 1, First), (2, 1, Second), (2, 0, First)]), &equal, FEW).unwrap();
    assert_eq!((cycle.triples, cycle.circular), (1, 1));
    assert!((cycle.expected - 0.25).abs() < 1e-12);
    let chain =
        circular_triples(&set(3, &[(0, 1, First), (1, 2, First), (0, 2, First)]), &equal, FEW).unwrap();
    assert_eq!((chain.triples, chain.circular), (1, 0));
    assert_eq!(chain.p, 1.0);
    let open = circular_triples(&set(3, &[(0, 1, First), (1, 2, First)]), &equal, FEW).unwrap();
    assert_eq!((open.triples, open.expected), (0, 0.0));
    let undecided = [(0, 1, First), (1, 0, First), (1, 2, First), (2, 0, First)];
    assert_eq!(circular_triples(&set(3, &undecided), &equal, FEW).unwrap().triples, 0);
}

#[test]
fn expected_triples_are_those_of_normal_scores() {
    // Known shares of circular triples among normal scores: sigma 1 .150, sigma 2 .073, coin .25.
    for (sigma, share) in [(0.0, 0.25), (1.0, 0.150), (2.0, 0.073)] {
        let mut chance = Chance::new(2);
        let truth: Vec<f64> = (0..40).map(|_| sigma * chance.normal()).collect();
        let mut all = Vec::new();
        for first in 0..40u32 {
            for second in first + 1..40 {
                let gap = truth[first as usize] - truth[second as usize];
                all.push((first, second, chance.verdict(gap)));
            }
        }
        let few = Bootstrap { replicates: 20, seed: 0 };
        let found = circular_triples(&set(40, &all), &even(&truth, 0.1), few).unwrap();
        assert_eq!(found.triples, 40 * 39 * 38 / 6);
        let expected = found.expected / found.triples as f64;
        assert!((expected - share).abs() < 0.25 * share, "{sigma}: {expected}");
        let away = (found.circular as f64 - found.expected).abs();
        assert!(away < 3.5 * found.standard_deviation, "{found:?}");
    }
}

#[test]
fn more_cycles_than_the_model_has_are_improbable() {
    let truth: Vec<f64> = (0..12).map(|at| f64::from(at) - 5.5).collect();
    let mut chance = Chance::new(6);
    let mut all = Vec::new();
    for first in 0..12u32 {
        for second in first + 1..12 {
            all.push((first, second, chance.verdict(0.0)));
        }
    }
    let found = circular_triples(&set(12, &all), &even(&truth, 0.3), FEW).unwrap();
    assert!(found.p < 0.05 && found.circular as f64 > found.expected, "{found:?}");
}

#[test]
fn repeats_and_swaps_are_counted() {
    let asked = [(0, 1, First), (0, 1, First), (0, 1, Second), (1, 0, First), (1, 0, Second), (2, 0, Tie)];
    let scores = biased(even(&[0.4, -0.2, -0.2], 0.3), &[0.5]);
    let report = repeats(&set(3, &asked), &scores).unwrap()[0];
    // Shown in order: item 0, 0, 1 win; shown the other way round: 1, 0.
    assert_eq!((report.repeats.pairs, report.repeats.agreeing), (4.0, 1.0));
    assert_eq!(report.consistency(), Some(0.25));
    // Three times two pairs across orders; item 0 then 1 twice, item 1 then 0 once.
    assert_eq!((report.swaps.pairs, report.swaps.flips, report.swaps.flips_to_first), (6.0, 3.0, 2.0));
    assert_eq!(report.flip_rate(), Some(0.5));
    let (first, second) = (logistic(1.1), logistic(0.1));
    let fresh = 6.0 * (first * (1.0 - second) + (1.0 - first) * second);
    assert!((report.swaps.expected_fresh - fresh).abs() < 1e-12);
    assert!((report.swaps.expected_repeated - 6.0 * (first - second)).abs() < 1e-12);
    let same = |p: f64| p * p + (1.0 - p) * (1.0 - p);
    assert!((report.repeats.expected - (3.0 * same(first) + same(second))).abs() < 1e-12);
    let none = repeats(&set(2, &[(0, 1, First)]), &even(&[0.0; 2], 0.1)).unwrap()[0];
    assert_eq!((none.consistency(), none.flip_rate()), (None, None));
}

#[test]
fn expected_flips_are_those_of_a_simulation() {
    // Normal scores with sigma 2 and a bias of .405: .252 for fresh noise, .097 for repeated noise.
    let mut chance = Chance::new(1);
    let truth: Vec<f64> = (0..120).map(|_| 2.0 * chance.normal()).collect();
    let mut all = Vec::new();
    for first in 0..120u32 {
        for second in first + 1..120 {
            all.push((first, second, First));
            all.push((second, first, First));
        }
    }
    let swaps = repeats(&set(120, &all), &biased(even(&truth, 0.1), &[0.405])).unwrap()[0].swaps;
    assert!((swaps.expected_fresh / swaps.pairs - 0.252).abs() < 0.03, "{swaps:?}");
    assert!((swaps.expected_repeated / swaps.pairs - 0.097).abs() < 0.015, "{swaps:?}");
    assert_eq!((swaps.flips, swaps.flips_to_first), (swaps.pairs, swaps.pairs));
}

#[test]
fn the_share_of_the_first_is_set_against_the_scores() {
    let home = biased(even(&[0.54, 0.4, 0.25, 0.2, 0.06, -0.37, -1.08], 0.2), &[0.302_260_655_5]);
    let baseball = rows(7, BASEBALL);
    let found = position_bias(&baseball, &home).unwrap();
    assert_eq!(found.len(), 1);
    let wins: f64 =
        baseball.rows().iter().filter(|row| row.verdict == First).map(|row| f64::from(row.weight)).sum();
    assert!((found[0].first_share - wins / found[0].answers).abs() < 1e-12);
    assert!((found[0].expected_share - 0.5).abs() < 0.01 && found[0].first_share > 0.55, "{found:?}");
    assert!((found[0].z.unwrap() - 3.022_606_555).abs() < 1e-6);
    let soft = set(
        2,
        &[
            (0, 1, Verdict::Soft(0.4)),
            (0, 1, Verdict::Soft(0.3)),
            (0, 1, Verdict::Soft(-2.0)),
            (0, 1, Verdict::Soft(0.0)),
        ],
    );
    let found = position_bias(&soft, &even(&[0.0; 2], 0.1)).unwrap()[0];
    assert_eq!((found.answers, found.first_share, found.z), (3.0, 2.0 / 3.0, None));
}

#[test]
fn upsets_among_clear_comparisons_are_counted() {
    let scores = even(&[4.0, 0.0, -4.0], 0.2);
    let mut all = vec![(0, 2, First); 8];
    all.extend([(2, 0, First), (2, 0, First), (0, 1, First), (1, 2, First), (1, 2, Tie)]);
    let found = dead_comparisons(&set(3, &all), &scores, 0.99).unwrap();
    assert!((found.share - 10.0 / 12.0).abs() < 1e-12);
    assert_eq!(found.upsets, 2.0);
    assert!((found.expected_upsets - 10.0 * logistic(-8.0)).abs() < 1e-12);
    assert!(found.information_share < 0.1 && found.z.unwrap() > 10.0, "{found:?}");
    let none = dead_comparisons(&set(3, &all), &even(&[0.0; 3], 0.2), 0.95).unwrap();
    assert_eq!((none.share, none.z), (0.0, None));
    assert!(matches!(dead_comparisons(&set(3, &all), &scores, 1.0), Err(DiagnosticsError::Setting(_))));
    let other: Scores = even(&[0.0; 2], 0.1);
    assert!(matches!(dead_comparisons(&set(3, &all), &other, 0.9), Err(DiagnosticsError::Mismatch { .. })));
}
