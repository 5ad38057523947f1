//! Grades of items from their scores: scales, anchors with known grades, and three ways from the one to the other.
//!
//! The ordinal model is the one to use. The reference service's projection is there for comparison, and the
//! equipercentile way for sets without anchors but with a known distribution of grades.

mod anchors;
mod confidence;
mod equipercentile;
mod error;
mod kappa;
mod mixture;
mod ordinal;
mod scale;
mod summary;

pub use anchors::{Anchor, Anchors};
pub use confidence::{Confidence, ConfidenceLabel, normalised_entropy};
pub use error::{GradeError, Unavailable};
pub use kappa::quadratic_weighted_kappa;
pub use ordinal::{GradeRule, OrdinalSettings, Target};
pub use scale::Scale;
pub use summary::{AnchorFit, Calibration, ErrorSummary, GradeSummary, MethodName, StudentGrade};

use crate::Scores;

/// How to get from scores to grades.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// The ordinal model: probabilities that carry the uncertainty of scores, anchors and cuts.
    Ordinal(OrdinalSettings),
    /// The reference service's projection.
    GaussianMixture,
    /// By the shares that the grades of the scale are to have, from low to high; any positive sum. Needs no anchors,
    /// uses none, and grades every item.
    Equipercentile(Vec<f64>),
}

impl Default for Method {
    fn default() -> Self {
        Self::Ordinal(OrdinalSettings::default())
    }
}

impl Method {
    /// Its name.
    pub const fn name(&self) -> MethodName {
        match self {
            Self::Ordinal(_) => MethodName::Ordinal,
            Self::GaussianMixture => MethodName::GaussianMixture,
            Self::Equipercentile(_) => MethodName::Equipercentile,
        }
    }
}

/// Grades every item that is not an anchor.
///
/// Fewer than two different grades among the anchors give no cuts: the summary then has no grades and says why.
///
/// # Errors
/// Scores that are not finite or without standard error, an anchor that is no item, a setting out of range.
pub fn grade(
    scale: &Scale,
    anchors: &Anchors,
    scores: &Scores,
    method: &Method,
) -> Result<GradeSummary, GradeError> {
    anchors.check(scores)?;
    let nobody = || summary::students(anchors, scores).next().is_none();
    let reason = match method {
        Method::Equipercentile(_) => (scores.items() == 0).then_some(Unavailable::NoStudents),
        _ => anchors.unavailable().or_else(|| nobody().then_some(Unavailable::NoStudents)),
    };
    if let Some(reason) = reason {
        return Ok(GradeSummary::without(method.name(), scale, reason));
    }
    match method {
        Method::Ordinal(settings) => ordinal::grade(scale, anchors, scores, settings),
        Method::GaussianMixture => mixture::grade(scale, anchors, scores),
        Method::Equipercentile(shares) => equipercentile::grade(scale, scores, shares),
    }
}
