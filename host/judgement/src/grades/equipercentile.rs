//! Grades from a known grade distribution, when there are no anchors.
//!
//! The cuts are the quantiles of the *true* scores' distribution: of the mixture of all items' posteriors, not of the
//! estimates alone. Estimates are nearer to the mean than the truth is, so their own quantiles would leave the outer
//! grades too small.

use super::confidence::normalised_entropy;
use super::summary::{ErrorSummary, centers, most_probable, student, students};
use super::{Anchors, Calibration, Confidence, GradeError, GradeSummary, MethodName, Scale};
use crate::Scores;
use crate::numeric::normal_below;

/// Grades every item so that the grades are expected to have the given shares. `shares` follow [`Scale::grades`] and
/// are brought to a sum of 1.
pub(super) fn grade(scale: &Scale, scores: &Scores, shares: &[f64]) -> Result<GradeSummary, GradeError> {
    let grades = scale.grades();
    let sum: f64 = shares.iter().sum();
    let bad = shares.iter().any(|&share| !share.is_finite() || share < 0.0);
    if shares.len() != grades.len() || bad || sum <= 0.0 || !sum.is_finite() {
        return Err(GradeError::Shares { grades: grades.len() });
    }
    let mut below = 0.0;
    let boundaries: Vec<f64> = shares[..shares.len() - 1]
        .iter()
        .map(|share| {
            below += share / sum;
            quantile(scores, below)
        })
        .collect();
    let none = Anchors::default();
    let graded = students(&none, scores)
        .map(|item| {
            let (score, se) = (scores.mean[item as usize], scores.standard_error[item as usize]);
            let probabilities = shares_of(&boundaries, score, se);
            let best = most_probable(&probabilities);
            let confidence = Confidence::of(normalised_entropy(&probabilities), None);
            student(scale, scores, item, probabilities, grades[best].clone(), confidence)
        })
        .collect::<Result<Vec<_>, GradeError>>()?;
    let [all, anchors, of_students] = ErrorSummary::three(&none, scores);
    Ok(GradeSummary {
        method: MethodName::Equipercentile,
        scale: scale.id().to_owned(),
        unavailable: None,
        students: graded,
        calibration: Some(Calibration {
            grades: grades.to_vec(),
            centers: centers(&boundaries),
            boundaries,
            boundary_errors: Vec::new(),
            slope: None,
            anchor_count: 0,
            anchor_grades: Vec::new(),
            anchor_fit: Vec::new(),
            all,
            anchors,
            students: of_students,
        }),
    })
}

fn shares_of(boundaries: &[f64], score: f64, se: f64) -> Vec<f64> {
    let mut before = 0.0;
    boundaries
        .iter()
        .map(|&cut| normal_below(cut, score, se))
        .chain(std::iter::once(1.0))
        .map(|up_to| {
            let own = (up_to - before).max(0.0);
            before = up_to;
            own
        })
        .collect()
}

/// The score that a share of the true scores lies below, by bisection.
fn quantile(scores: &Scores, share: f64) -> f64 {
    let pairs = || scores.mean.iter().zip(&scores.standard_error);
    let (mut low, mut high) = pairs().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (m, se)| {
        (low.min(m - 9.0 * se - 1e-9), high.max(m + 9.0 * se + 1e-9))
    });
    // Finite even for empty outer grades: a summary is to be written down.
    if share <= 0.0 || share >= 1.0 {
        return if share <= 0.0 { low } else { high };
    }
    let n = scores.items() as f64;
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if pairs().map(|(&m, &se)| normal_below(middle, m, se)).sum::<f64>() / n < share {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(n: u32, se: f64) -> Scores {
        let mean = (0..n).map(|at| 0.1 * f64::from(at) - 0.05 * f64::from(n - 1)).collect();
        Scores { mean, standard_error: vec![se; n as usize], sigma: 1.0, scale_error: 0.0, bias: Vec::new() }
    }

    #[test]
    fn grades_are_expected_to_have_the_shares_asked_for() {
        let scale = Scale::new("own", &["1", "2", "3", "4"], None).unwrap();
        let summary = grade(&scale, &scores(60, 0.8), &[1.0, 4.0, 3.0, 2.0]).unwrap();
        for (at, share) in [0.1, 0.4, 0.3, 0.2].into_iter().enumerate() {
            let expected =
                summary.students.iter().map(|student| student.probabilities[at]).sum::<f64>() / 60.0;
            assert!((expected - share).abs() < 1e-9, "grade {at}: {expected}");
        }
    }

    #[test]
    fn exact_scores_are_cut_by_rank() {
        let scale = Scale::new("own", &["1", "2"], None).unwrap();
        let summary = grade(&scale, &scores(10, 0.0), &[0.3, 0.7]).unwrap();
        let ones = summary.students.iter().filter(|student| student.grade == "1").count();
        assert_eq!(ones, 3);
        assert!(summary.students.iter().all(|student| student.confidence.score > 0.999));
    }

    #[test]
    fn an_empty_grade_stays_empty() {
        let scale = Scale::new("own", &["1", "2", "3"], None).unwrap();
        for shares in [[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]] {
            let summary = grade(&scale, &scores(20, 0.5), &shares).unwrap();
            let empty = shares.iter().position(|&share| share == 0.0).unwrap();
            assert!(summary.students.iter().all(|student| student.probabilities[empty] < 1e-9), "{shares:?}");
        }
    }

    #[test]
    fn shares_must_fit_the_scale() {
        let scale = Scale::new("own", &["1", "2"], None).unwrap();
        for shares in [&[1.0][..], &[1.0, -0.1], &[0.0, 0.0], &[f64::NAN, 1.0], &[1.0, 1.0, 1.0]] {
            assert_eq!(grade(&scale, &scores(5, 0.1), shares), Err(GradeError::Shares { grades: 2 }));
        }
    }
}
