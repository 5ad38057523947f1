//! The reference service's projection: a Gaussian per grade, cut off at the boundaries.
//!
//! It is here to reproduce what that service gave. Its faults are its own: expected places between 0 and 1 are mixed
//! with scores in logits, and the cut-off makes almost every grade certain. The ordinal model has neither.

use super::confidence::normalised_entropy;
use super::summary::{ErrorSummary, grades_of, most_probable, student, students};
use super::{
    AnchorFit, Anchors, Calibration, Confidence, GradeError, GradeSummary, MethodName, Scale, StudentGrade,
};
use crate::Scores;

/// Variance of grades when a single anchor leaves none to measure.
const LONE_VARIANCE: f64 = 0.1;
/// No grade is narrower.
const VARIANCE_FLOOR: f64 = 0.01;
/// With as many anchors a grade stands on its own.
const ENOUGH: f64 = 3.0;

/// Where the grades lie.
struct Bands {
    means: Vec<f64>,
    variances: Vec<f64>,
    boundaries: Vec<f64>,
}

/// Grades all items that are no anchors.
pub(super) fn grade(scale: &Scale, anchors: &Anchors, scores: &Scores) -> Result<GradeSummary, GradeError> {
    let bands = bands(scale, anchors, scores);
    let graded = students(anchors, scores)
        .map(|item| one(scale, scores, &bands, item))
        .collect::<Result<Vec<_>, GradeError>>()?;
    let [all, of_anchors, of_students] = ErrorSummary::three(anchors, scores);
    Ok(GradeSummary {
        method: MethodName::GaussianMixture,
        scale: scale.id().to_owned(),
        unavailable: None,
        students: graded,
        calibration: Some(Calibration {
            grades: scale.grades().to_vec(),
            centers: bands.means,
            boundaries: bands.boundaries,
            boundary_errors: Vec::new(),
            slope: None,
            anchor_count: anchors.all().len(),
            anchor_grades: grades_of(scale, anchors),
            anchor_fit: Vec::<AnchorFit>::new(),
            all,
            anchors: of_anchors,
            students: of_students,
        }),
    })
}

fn bands(scale: &Scale, anchors: &Anchors, scores: &Scores) -> Bands {
    let score_of = |item: u32| scores.mean[item as usize];
    let every: Vec<f64> = anchors.all().iter().map(|anchor| score_of(anchor.item)).collect();
    let pooled = if every.len() > 1 { moments(&every).1 } else { LONE_VARIANCE };
    let count = scale.grades().len();
    let (mut means, mut variances) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for grade in 0..count {
        let own: Vec<f64> =
            anchors.all().iter().filter(|anchor| anchor.grade == grade).map(|a| score_of(a.item)).collect();
        let (n, expected) = (own.len() as f64, (grade as f64 + 0.5) / count as f64);
        let (mean, variance) = match moments(&own) {
            _ if own.is_empty() => (expected, 2.0 * pooled),
            moments if n >= ENOUGH => moments,
            (mean, _) => (n / ENOUGH * mean + (1.0 - n / ENOUGH) * expected, pooled * ENOUGH / n),
        };
        means.push(mean);
        variances.push(variance.max(VARIANCE_FLOOR));
    }
    let means = isotonic(&means);
    let boundaries = means.windows(2).map(|pair| f64::midpoint(pair[0], pair[1])).collect();
    Bands { means, variances, boundaries }
}

/// Mean and population variance; not a number when there is nothing.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / n)
}

/// The nearest values that never fall (pool adjacent violators, equal weights; Ayer et al., 1955).
fn isotonic(values: &[f64]) -> Vec<f64> {
    let mut pools: Vec<(f64, usize)> = Vec::with_capacity(values.len());
    for &value in values {
        let mut pool = (value, 1);
        while let Some(&(mean, size)) = pools.last() {
            if mean <= pool.0 {
                break;
            }
            pools.pop();
            let together = size + pool.1;
            pool = ((mean * size as f64 + pool.0 * pool.1 as f64) / together as f64, together);
        }
        pools.push(pool);
    }
    pools.into_iter().flat_map(|(mean, size)| std::iter::repeat_n(mean, size)).collect()
}

fn one(scale: &Scale, scores: &Scores, bands: &Bands, item: u32) -> Result<StudentGrade, GradeError> {
    let (score, se) = (scores.mean[item as usize], scores.standard_error[item as usize]);
    let probabilities = posterior(scale, bands, score, se);
    let primary = most_probable(&probabilities);
    let confidence = Confidence::of(normalised_entropy(&probabilities), Some(se));
    let name = final_grade(scale, bands, primary, score);
    student(scale, scores, item, probabilities, name, confidence)
}

/// The boundaries around a grade; the outermost are endless.
fn around(bands: &Bands, grade: usize) -> (f64, f64) {
    let lower = grade.checked_sub(1).and_then(|below| bands.boundaries.get(below)).copied();
    (lower.unwrap_or(f64::NEG_INFINITY), bands.boundaries.get(grade).copied().unwrap_or(f64::INFINITY))
}

fn posterior(scale: &Scale, bands: &Bands, score: f64, se: f64) -> Vec<f64> {
    let logs: Vec<f64> = (0..bands.means.len())
        .map(|grade| {
            let (lower, upper) = around(bands, grade);
            if score < lower || score > upper {
                return f64::NEG_INFINITY;
            }
            let variance = bands.variances[grade] + se * se;
            let away = score - bands.means[grade];
            // The constant of the Gaussian is common to all grades.
            libm::log(scale.priors()[grade]) - 0.5 * (libm::log(variance) + away * away / variance)
        })
        .collect();
    let highest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if highest == f64::NEG_INFINITY {
        return vec![1.0 / logs.len() as f64; logs.len()];
    }
    let weights: Vec<f64> = logs.iter().map(|log| libm::exp(log - highest)).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

fn final_grade(scale: &Scale, bands: &Bands, primary: usize, score: f64) -> String {
    let name = &scale.grades()[primary];
    if scale.modifiers() {
        let (lower, upper) = around(bands, primary);
        let width = upper - lower;
        let place = if width.is_finite() && width > 0.0 { (score - lower) / width } else { 0.5 };
        let sign = match name.as_str() {
            "E" | "D" | "C" | "B" | "A" if place < 0.25 => "-",
            "E" | "B" if place > 0.75 => "+",
            _ => "",
        };
        return format!("{name}{sign}");
    }
    match scale.below_lowest() {
        Some(below) if primary == 0 && score < bands.means[0] - 2.0 * bands.variances[0].sqrt() => {
            below.to_owned()
        }
        _ => name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_run_back_as_far_as_they_must() {
        assert_eq!(isotonic(&[1.0, 4.0, 3.0, 2.0]), [1.0, 3.0, 3.0, 3.0]);
        assert_eq!(isotonic(&[4.0, 2.0, 0.0]), [2.0, 2.0, 2.0]);
        assert_eq!(isotonic(&[0.0, 1.0, 2.0]), [0.0, 1.0, 2.0]);
    }

    #[test]
    fn three_anchors_stand_on_their_own_and_two_borrow() {
        let scale = Scale::new("own", &["1", "2"], None).unwrap();
        let mean = vec![0.0, 0.3, 0.6, 2.0, 3.0];
        let scores = Scores {
            standard_error: vec![0.1; mean.len()],
            mean,
            sigma: 1.0,
            scale_error: 0.0,
            bias: Vec::new(),
        };
        let anchors = Anchors::new(&scale, [(0, "1"), (1, "1"), (2, "1"), (3, "2"), (4, "2")]).unwrap();
        let bands = bands(&scale, &anchors, &scores);
        let pooled = (1.18f64 * 1.18 + 0.88 * 0.88 + 0.58 * 0.58 + 0.82 * 0.82 + 1.82 * 1.82) / 5.0;
        for (found, expected) in bands.variances.iter().zip([0.06, pooled * 1.5]) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
        assert!((bands.means[1] - (2.5 * 2.0 / 3.0 + 0.25)).abs() < 1e-12);
    }
}
