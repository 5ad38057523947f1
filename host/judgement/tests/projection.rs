//! The reference service's projection: what it gave for known anchors.

#![expect(clippy::unwrap_used, reason = "a test may unwrap, and so may its helpers")]

use docket_judgement::Scores;
use docket_judgement::grades::{Anchors, GradeSummary, Method, Scale, grade};

/// Anchors as `(grade, score)`, then the scores to grade, all with one standard error.
fn project(scale: &str, known: &[(&str, f64)], asked: &[f64], se: f64) -> GradeSummary {
    let scale = Scale::by_id(scale).unwrap();
    let mean: Vec<f64> = known.iter().map(|&(_, score)| score).chain(asked.iter().copied()).collect();
    let scores =
        Scores { standard_error: vec![se; mean.len()], mean, sigma: 1.0, scale_error: 0.0, bias: Vec::new() };
    let anchors = Anchors::new(&scale, (0u32..).zip(known.iter().map(|&(grade, _)| grade))).unwrap();
    grade(&scale, &anchors, &scores, &Method::GaussianMixture).unwrap()
}

fn given(summary: &GradeSummary) -> Vec<&str> {
    summary.students.iter().map(|student| student.grade.as_str()).collect()
}

fn near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{found} is not {expected}");
    }
}

fn with<'a>(grades: &[(&'a str, &[f64])]) -> Vec<(&'a str, f64)> {
    grades.iter().flat_map(|&(grade, scores)| scores.iter().map(move |&score| (grade, score))).collect()
}

#[test]
fn three_anchors_on_the_swedish_scale() {
    let known = [("A", 0.9), ("B", 0.5), ("C", 0.1)];
    let summary = project("swedish_8_anchor", &known, &[0.85, 0.45, 0.15], 0.05);
    let calibration = summary.calibration.as_ref().unwrap();
    near(&calibration.centers, &[0.0625, 0.1875, 0.3125, 0.422_917, 0.422_917, 0.6875, 0.708_333, 0.925]);
    near(&calibration.boundaries, &[0.125, 0.25, 0.367_708, 0.422_917, 0.555_208, 0.697_917, 0.816_667]);
    assert_eq!(given(&summary), ["A", "C-", "E-"]);
    assert!(summary.students.iter().all(|student| (student.confidence.score - 1.0).abs() < 1e-12));
    assert_eq!(calibration.anchor_grades, ["C", "B", "A"]);
    assert_eq!((calibration.anchors.items, calibration.students.items, calibration.all.items), (3, 3, 6));
}

#[test]
fn sparse_anchors() {
    let known = with(&[("A", &[0.85]), ("C", &[0.55, 0.45]), ("D", &[0.3, 0.2]), ("E", &[0.15])]);
    let summary = project("swedish_8_anchor", &known, &[0.9, 0.5, 0.1], 0.05);
    let centers = [0.0625, 0.175, 0.270_833, 0.4375, 0.520_833, 0.6875, 0.8125, 0.908_333];
    near(&summary.calibration.as_ref().unwrap().centers, &centers);
    assert_eq!(given(&summary), ["A", "C-", "F"]);
}

#[test]
fn a_region_between_full_grades() {
    let known = with(&[("A", &[0.95, 0.9, 0.85]), ("B", &[0.8; 3]), ("C", &[0.6; 3]), ("D", &[0.4; 3])]);
    let summary = project("swedish_8_anchor", &known, &[0.76, 0.80], 0.05);
    near(&summary.calibration.as_ref().unwrap().boundaries[5..], &[0.743_75, 0.85]);
    assert_eq!(given(&summary), ["B-", "B"]);
}

#[test]
fn twenty_two_anchors() {
    let known = with(&[
        ("A", &[0.88, 0.85]),
        ("B", &[0.78, 0.75, 0.72]),
        ("C+", &[0.66, 0.63, 0.60]),
        ("C", &[0.54, 0.50, 0.46]),
        ("D+", &[0.40, 0.37, 0.34]),
        ("D", &[0.28, 0.25, 0.22]),
        ("E", &[0.16, 0.13, 0.10]),
        ("F", &[0.06, 0.03]),
    ]);
    let summary = project("swedish_8_anchor", &known, &[0.9, 0.5, 0.1], 0.05);
    let centers = [0.050_833, 0.13, 0.25, 0.37, 0.50, 0.63, 0.75, 0.889_167];
    for (found, expected) in summary.calibration.as_ref().unwrap().centers.iter().zip(centers) {
        assert!((found - expected).abs() < 1e-6);
    }
    assert_eq!(given(&summary), ["A", "C", "E-"]);
}

#[test]
fn a_score_on_a_boundary_is_shared() {
    let known = with(&[
        ("A", &[0.9; 3]),
        ("B", &[0.75; 3]),
        ("C+", &[0.65; 3]),
        ("C", &[0.55; 3]),
        ("D+", &[0.45; 3]),
        ("D", &[0.35; 3]),
        ("E", &[0.2; 3]),
        ("F", &[0.1; 3]),
    ]);
    let asked = [0.95, 0.82, 0.68, 0.5, 0.35, 0.22, 0.08];
    let summary = project("swedish_8_anchor", &known, &asked, 0.05);
    assert_eq!(given(&summary), ["A", "B+", "C+", "C-", "D", "E", "F"]);
    let on_it = &summary.students[3];
    near(&on_it.probabilities[3..5], &[4.0 / 9.0, 5.0 / 9.0]);
    near(&[on_it.confidence.score], &[0.818_316]);
    assert!(on_it.borderline);
    assert!(!summary.students[0].borderline);
}

#[test]
fn logits_on_the_legacy_scale() {
    let known = with(&[
        ("A", &[3.72, 2.31]),
        ("B", &[2.95, 2.94]),
        ("C+", &[-0.03]),
        ("C-", &[-1.99]),
        ("D+", &[-1.88]),
        ("D-", &[-4.05]),
        ("E+", &[-3.24]),
        ("E-", &[-7.99]),
        ("F+", &[-5.04, -6.31]),
    ]);
    let summary = project("eng5_np_legacy_9_step", &known, &[-9.0, 5.0], 0.05);
    near(&summary.calibration.as_ref().unwrap().centers[2..4], &[-0.992_778, -0.992_778]);
    assert_eq!(given(&summary), ["F+", "A"]);
}

#[test]
fn numbers_on_the_national_scale() {
    let known = [("1", -3.0), ("3", -1.5), ("5", 0.0), ("7", 1.5), ("9", 3.0)];
    let unsure = project("eng5_np_national_9_step", &known, &[0.2], 0.6);
    assert_eq!(given(&unsure), ["4"]);
    assert!((unsure.students[0].confidence.score - 0.8f64.sqrt()).abs() < 1e-9);
    let low = project("eng5_np_national_9_step", &known, &[-9.0], 2.0);
    assert_eq!(given(&low), ["0"]);
    assert_eq!(low.students[0].normalised, 0.0);
}
