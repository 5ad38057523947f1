//! The reference service's scores, to the digits it gives.
#![allow(clippy::unwrap_used, reason = "tests")]

use docket_judgement::fit::FitError;
use docket_judgement::fit::ilsr::{Options, Quality, Summary, fit, largest_change, standard_errors};
use docket_judgement::{Comparison, Comparisons, Verdict};

fn of(items: usize, wins: &[(u32, u32)]) -> Comparisons {
    let rows = wins.iter().map(|&(a, b)| Comparison::new(a, b, Verdict::First)).collect();
    Comparisons::new(items, 1, rows).unwrap()
}

fn near(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    let close = got.iter().zip(want).all(|(g, w)| (g - w).abs() < 6e-7);
    assert!(close, "{got:?} {want:?}");
}

fn all_above(n: u32) -> Vec<(u32, u32)> {
    (0..n).flat_map(|i| (i + 1..n).map(move |k| (i, k))).collect()
}

const SIX: [(u32, u32); 15] = [
    (0, 1),
    (0, 2),
    (0, 3),
    (0, 4),
    (0, 5),
    (1, 2),
    (1, 3),
    (4, 1),
    (5, 1),
    (2, 3),
    (4, 2),
    (5, 2),
    (4, 3),
    (5, 3),
    (4, 5),
];

#[test]
fn scores_and_errors_of_small_sets() {
    let case = |items, wins: &[(u32, u32)], mean: &[f64], errors: &[f64]| {
        let found = fit(&of(items, wins), &Options::default()).unwrap();
        near(&found.mean, mean);
        if !errors.is_empty() {
            near(&found.standard_error, errors);
        }
    };
    case(2, &[(0, 1)], &[1.965913, -1.965913], &[2.0, 0.0]);
    case(2, &[(0, 1), (1, 0)], &[0.0, 0.0], &[1.414214, 0.0]);
    case(2, &[(0, 1), (0, 1), (0, 1), (1, 0)], &[0.542727, -0.542727], &[1.150927, 0.0]);
    case(3, &[(0, 1), (1, 2), (0, 2)], &[3.096052, 0.221449, -3.317501], &[2.0, 2.0, 0.0]);
    case(3, &[(0, 1), (1, 2), (2, 0)], &[0.0; 3], &[1.632993, 1.632993, 0.0]);
    case(3, &[(0, 1)], &[1.400185, -2.135932, 0.735748], &[]);
    case(4, &[(0, 1), (2, 3)], &[1.629048, -1.629048, 1.629048, -1.629048], &[2.0, 2.0, 2.0, 0.0]);
    case(4, &[(0, 1), (0, 2), (0, 3)], &[2.49215, -0.830717, -0.830717, -0.830717], &[]);
    let five = [(0, 1), (0, 2), (0, 3), (0, 4), (2, 1), (1, 3), (3, 2)];
    case(5, &five, &[2.52402, -0.631005, -0.631005, -0.631005, -0.631005], &[2.0, 2.0, 2.0, 2.0, 0.0]);
    case(6, &SIX, &[4.598556, -0.551716, -2.810589, -5.691187, 3.08105, 1.373887], &[]);
    let four = [3.808503, 1.562342, -1.054058, -4.316787];
    case(4, &all_above(4), &four, &[2.0, 2.0, 2.0, 0.0]);
    let anchored = fit(&of(4, &all_above(4)), &Options { reference: Some(0), ..Options::default() }).unwrap();
    near(&anchored.standard_error, &[0.0, 2.0, 2.0, 2.0]);
}

#[test]
fn the_same_answers_again_push_scores_outwards() {
    let repeated = |times: usize| fit(&of(4, &all_above(4).repeat(times)), &Options::default()).unwrap().mean;
    near(&repeated(2), &[4.771118, 1.895563, -1.366747, -5.299933]);
    near(&repeated(10), &[7.12584, 2.690879, -2.145602, -7.671117]);
    near(&repeated(20), &[8.158426, 3.036401, -2.489103, -8.705725]);
    let change = |times| largest_change(&repeated(times), &repeated(times - 1)).unwrap();
    near(&[2, 3, 4, 5].map(change), &[0.983147, 0.589915, 0.422565, 0.329411]);
}

#[test]
fn growing_evidence_of_six_items() {
    let totals = [3, 9, 18, 30, 45];
    let mut rows = Vec::new();
    let mut last: Option<Vec<f64>> = None;
    let mut changes = Vec::new();
    for (k, total) in totals.into_iter().enumerate() {
        rows.extend_from_slice(&SIX[..3 * (k + 1)]);
        assert_eq!(rows.len(), total);
        let mean = fit(&of(6, &rows), &Options::default()).unwrap().mean;
        changes.extend(last.map(|last| largest_change(&mean, &last).unwrap()));
        last = Some(mean);
    }
    near(&changes, &[1.690804, 2.87158, 3.201353, 1.291896]);
}

#[test]
fn errors_of_given_scores() {
    let mut pairs: Vec<(u32, u32)> = (0..9).map(|i| (i, i + 1)).collect();
    pairs.extend([(0, 5), (2, 7), (4, 9)]);
    let mean: Vec<f64> = (0..10).map(|i| -1.0 + 2.0 * f64::from(i) / 9.0).collect();
    let comparisons = of(10, &pairs);
    let free = [2.0, 2.0, 2.0, 2.0, 1.976153, 2.0, 2.0, 2.0, 1.7937, 0.0];
    near(&standard_errors(&mean, &comparisons, None, 2.0), &free);
    let anchored = [1.976153, 2.0, 2.0, 2.0, 1.705777, 0.0, 1.7401, 2.0, 2.0, 2.0];
    near(&standard_errors(&mean, &comparisons, Some(5), 2.0), &anchored);
    near(&standard_errors(&[0.3], &of(1, &[]), None, 2.0), &[0.0]);
    near(&standard_errors(&[0.0; 3], &of(3, &[]), None, 2.0), &[0.5; 3]);
}

#[test]
fn summary_quality_and_change() {
    let comparisons = of(4, &[(0, 1), (0, 2)]);
    let summary = Summary::of(&[2.0, 0.5, 0.5, 0.0], &comparisons, 2.0);
    assert_eq!((summary.items_at_cap, summary.isolated_items, summary.item_count), (1, 1, 4));
    assert_eq!((summary.min_comparisons_per_item, summary.max_comparisons_per_item), (0, 2));
    near(&[summary.mean_se, summary.min_se, summary.max_se], &[0.75, 0.0, 2.0]);
    assert_eq!(
        summary.quality(),
        Quality { bt_se_inflated: true, comparison_coverage_sparse: false, has_isolated_items: true }
    );
    let edge =
        Summary { mean_se: 0.4, max_se: 0.8, isolated_items: 0, mean_comparisons_per_item: 0.5, ..summary };
    assert_eq!(
        edge.quality(),
        Quality { bt_se_inflated: false, comparison_coverage_sparse: true, has_isolated_items: false }
    );
    assert_eq!(largest_change(&[1.0, 2.0], &[1.0, 2.0]), Some(0.0));
    assert!((largest_change(&[1.0, 2.02], &[1.0, 2.0]).unwrap() - 0.02).abs() < 1e-12);
    assert_eq!(largest_change(&[1.0, 2.0, 1.0], &[1.0, 2.0]), Some(1.0));
    assert_eq!(largest_change(&[1.0], &[]), None);
}

#[test]
fn what_cannot_be_fitted_is_an_error() {
    assert_eq!(fit(&of(0, &[]), &Options::default()), Err(FitError::TooFewItems { items: 0 }));
    assert_eq!(fit(&of(3, &[]), &Options::default()), Err(FitError::NoComparisons));
    let few = Options { max_iterations: 1, ..Options::default() };
    assert_eq!(fit(&of(2, &[(0, 1)]), &few), Err(FitError::NotConverged { iterations: 1 }));
    assert!(matches!(fit(&of(2, &[(0, 1)]), &Options { alpha: 0.0, ..few }), Err(FitError::Option { .. })));
}
