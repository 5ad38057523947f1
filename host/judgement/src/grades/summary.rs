//! What a grading says, whichever method gave it.

use serde::{Deserialize, Serialize};

use super::{Anchors, Confidence, GradeError, Scale, Unavailable};
use crate::Scores;

/// How grades came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodName {
    /// The ordinal model.
    Ordinal,
    /// The reference service's projection.
    GaussianMixture,
    /// From a known grade distribution.
    Equipercentile,
}

/// A grading: of every item that is not an anchor, or the reason why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GradeSummary {
    /// How.
    pub method: MethodName,
    /// The scale's id.
    pub scale: String,
    /// Why there are no grades; nothing if there are.
    pub unavailable: Option<Unavailable>,
    /// The graded items in their order; anchors have no entry.
    pub students: Vec<StudentGrade>,
    /// Where the grades lie; nothing if there are none.
    pub calibration: Option<Calibration>,
}

/// One item's grade.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudentGrade {
    /// The item.
    pub item: u32,
    /// Its final grade, perhaps with `+` or `-`.
    pub grade: String,
    /// The most probable of [`Calibration::grades`], an index; the lower one of equals.
    pub most_probable: usize,
    /// Each grade's probability, in the order of [`Calibration::grades`]; sums to 1.
    pub probabilities: Vec<f64>,
    /// The mean place in [`Calibration::grades`] under the probabilities.
    pub mean_grade: f64,
    /// Probability that the grade is the most probable one or a neighbour of it.
    pub within_one: f64,
    /// Whether the two most probable grades are within 0.15 of each other.
    pub borderline: bool,
    /// How sure the grade is.
    pub confidence: Confidence,
    /// The final grade between 0 (worst) and 1 (best).
    pub normalised: f64,
    /// The score in logits.
    pub score: f64,
    /// Its standard error in logits.
    pub standard_error: f64,
}

/// Where the grades lie on the scale of the scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The grades that the probabilities speak of, from low to high.
    pub grades: Vec<String>,
    /// The middle of each grade in logits; of the outermost by the method's own lights.
    pub centers: Vec<f64>,
    /// The cuts between neighbours in logits: one fewer than grades, never falling.
    pub boundaries: Vec<f64>,
    /// Standard error of each cut in logits; empty if the method has none.
    pub boundary_errors: Vec<f64>,
    /// How sharply the anchors' grades follow the scores, per logit; nothing if the method does not ask.
    pub slope: Option<f64>,
    /// How many anchors were used.
    pub anchor_count: usize,
    /// The anchors' grades, each once, from low to high.
    pub anchor_grades: Vec<String>,
    /// How each anchor fits with the others; empty if the method does not ask.
    pub anchor_fit: Vec<AnchorFit>,
    /// Standard errors of all items.
    pub all: ErrorSummary,
    /// Standard errors of the anchors.
    pub anchors: ErrorSummary,
    /// Standard errors of the graded items.
    pub students: ErrorSummary,
}

/// An anchor's grade against what the other anchors say of its score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AnchorFit {
    /// The item.
    pub item: u32,
    /// Its known grade, an index of [`Calibration::grades`].
    pub known: usize,
    /// The mean grade that the other anchors predict for it. Nothing if they have one grade only.
    pub predicted: Option<f64>,
    /// Known minus predicted, in standard deviations of the prediction.
    pub residual_z: Option<f64>,
    /// Whether it stands out: the residual is beyond 2.5.
    pub drifted: bool,
}

/// Standard errors in logits; all 0 without items.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ErrorSummary {
    /// Their mean.
    pub mean: f64,
    /// The largest.
    pub max: f64,
    /// The smallest.
    pub min: f64,
    /// Of how many items.
    pub items: usize,
}

impl ErrorSummary {
    fn of(errors: impl Iterator<Item = f64>) -> Self {
        let errors: Vec<f64> = errors.collect();
        if errors.is_empty() {
            return Self::default();
        }
        Self {
            mean: errors.iter().sum::<f64>() / errors.len() as f64,
            max: errors.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            min: errors.iter().copied().fold(f64::INFINITY, f64::min),
            items: errors.len(),
        }
    }

    /// Of all items, of the anchors, and of the others.
    pub(super) fn three(anchors: &Anchors, scores: &Scores) -> [Self; 3] {
        let errors = || (0u32..).zip(scores.standard_error.iter().copied());
        [
            Self::of(errors().map(|(_, se)| se)),
            Self::of(errors().filter(|&(item, _)| anchors.has(item)).map(|(_, se)| se)),
            Self::of(errors().filter(|&(item, _)| !anchors.has(item)).map(|(_, se)| se)),
        ]
    }
}

impl GradeSummary {
    /// No grades, and why.
    pub(super) fn without(method: MethodName, scale: &Scale, reason: Unavailable) -> Self {
        Self {
            method,
            scale: scale.id().to_owned(),
            unavailable: Some(reason),
            students: Vec::new(),
            calibration: None,
        }
    }
}

/// The most probable grade; the lower one of equals.
pub(super) fn most_probable(probabilities: &[f64]) -> usize {
    (1..probabilities.len())
        .fold(0, |best, at| if probabilities[at] > probabilities[best] { at } else { best })
}

/// What the probabilities of grades say besides themselves.
pub(super) struct Reading {
    pub(super) most_probable: usize,
    pub(super) mean_grade: f64,
    pub(super) within_one: f64,
    pub(super) borderline: bool,
}

impl Reading {
    pub(super) fn of(probabilities: &[f64]) -> Self {
        let most_probable = most_probable(probabilities);
        let near = most_probable.saturating_sub(1)..=(most_probable + 1).min(probabilities.len() - 1);
        let second = probabilities
            .iter()
            .enumerate()
            .filter(|&(grade, _)| grade != most_probable)
            .map(|(_, &p)| p)
            .fold(0.0, f64::max);
        Self {
            most_probable,
            mean_grade: probabilities.iter().enumerate().map(|(grade, p)| grade as f64 * p).sum(),
            within_one: probabilities[near].iter().sum::<f64>().min(1.0),
            borderline: probabilities[most_probable] - second <= BORDERLINE,
        }
    }
}

/// Two grades whose probabilities are this near are a matter of taste.
const BORDERLINE: f64 = 0.15;

/// Puts an item's grade together.
pub(super) fn student(
    scale: &Scale,
    scores: &Scores,
    item: u32,
    probabilities: Vec<f64>,
    grade: String,
    confidence: Confidence,
) -> Result<StudentGrade, GradeError> {
    let Reading { most_probable, mean_grade, within_one, borderline } = Reading::of(&probabilities);
    Ok(StudentGrade {
        item,
        normalised: scale.normalised(&grade)?,
        grade,
        most_probable,
        probabilities,
        mean_grade,
        within_one,
        borderline,
        confidence,
        score: scores.mean[item as usize],
        standard_error: scores.standard_error[item as usize],
    })
}

/// The items that are to be graded: all that are no anchors.
pub(super) fn students<'a>(anchors: &'a Anchors, scores: &'a Scores) -> impl Iterator<Item = u32> + 'a {
    (0..u32::try_from(scores.items()).unwrap_or(u32::MAX)).filter(|&item| !anchors.has(item))
}

/// The anchors' grades, each once, from low to high.
pub(super) fn grades_of(scale: &Scale, anchors: &Anchors) -> Vec<String> {
    scale
        .grades()
        .iter()
        .enumerate()
        .filter(|&(at, _)| anchors.all().iter().any(|anchor| anchor.grade == at))
        .map(|(_, grade)| grade.clone())
        .collect()
}

/// The middle of each grade: between its cuts; the outermost as far beyond their cut as half their neighbour's width.
pub(super) fn centers(boundaries: &[f64]) -> Vec<f64> {
    let (Some(&first), Some(&last)) = (boundaries.first(), boundaries.last()) else { return Vec::new() };
    let half = |pair: Option<&[f64]>| pair.map_or(0.0, |pair| (pair[1] - pair[0]) / 2.0);
    let inner = boundaries.windows(2).map(|pair| f64::midpoint(pair[0], pair[1]));
    std::iter::once(first - half(boundaries.windows(2).next()))
        .chain(inner)
        .chain(std::iter::once(last + half(boundaries.windows(2).last())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_read() {
        let reading = Reading::of(&[0.1, 0.3, 0.4, 0.2]);
        assert_eq!(reading.most_probable, 2);
        assert!((reading.mean_grade - 1.7).abs() < 1e-12);
        assert!((reading.within_one - 0.9).abs() < 1e-12);
        assert!(reading.borderline);
        assert!(!Reading::of(&[0.1, 0.2, 0.5, 0.2]).borderline);
        assert_eq!(Reading::of(&[0.5, 0.5]).most_probable, 0);
        assert!((Reading::of(&[0.8, 0.1, 0.1]).within_one - 0.9).abs() < 1e-12);
    }
}
