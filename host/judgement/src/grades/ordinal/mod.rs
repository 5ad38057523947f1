//! Grades by an ordinal model that carries every uncertainty on: that of the item's score, of the anchors' scores, of
//! the grader's hand, and of where the cuts lie.
//!
//! Known limits. The errors of anchors and items are taken as independent. A scale's grade below the lowest is one
//! more grade at the bottom that no anchor can have: only the gaps of the others say where it begins. The scale's
//! priors play no part: how common grades are follows from scores and cuts.

mod fit;
mod model;

use super::confidence::normalised_entropy;
use super::summary::{ErrorSummary, centers, grades_of, most_probable, student, students};
use super::{
    AnchorFit, Anchors, Calibration, Confidence, GradeError, GradeSummary, MethodName, Scale, StudentGrade,
};
use crate::Scores;
use fit::{Posterior, fit};
use model::{Curve, Known};

/// Which grade an item gets from its probabilities.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GradeRule {
    /// The mean of the probabilities, to the nearest grade: best where a miss by two grades is worse than two by one.
    #[default]
    Mean,
    /// The most probable grade: best where only the exact grade counts.
    MostProbable,
}

/// Which grade the probabilities speak of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Target {
    /// The grade that another grader like those of the anchors would give: a grader's own error is part of it.
    #[default]
    Given,
    /// The grade that the score deserves under the common cuts: graders' errors blur the cuts, but not the grade.
    Deserved,
}

/// Settings of the ordinal model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrdinalSettings {
    /// Which grade to give.
    pub rule: GradeRule,
    /// Which grade the probabilities speak of.
    pub target: Target,
    /// How many draws of the cuts to average over, at least 2.
    pub draws: usize,
    /// The seed of the draws.
    pub seed: u64,
}

impl Default for OrdinalSettings {
    fn default() -> Self {
        Self { rule: GradeRule::default(), target: Target::default(), draws: 200, seed: 0 }
    }
}

/// An anchor beyond this many standard deviations stands out.
const DRIFTED: f64 = 2.5;

/// Brings scores to mean 0 and the true scores to standard deviation 1, where the prior is at home.
struct Unit {
    mean: f64,
    deviation: f64,
}

impl Unit {
    fn of(scores: &Scores) -> Self {
        let n = scores.items() as f64;
        let mean = scores.mean.iter().sum::<f64>() / n;
        let spread = scores.mean.iter().map(|score| (score - mean) * (score - mean)).sum::<f64>() / n;
        let error = scores.standard_error.iter().map(|se| se * se).sum::<f64>() / n;
        let deviation = (spread + error).sqrt();
        Self { mean, deviation: if deviation > 0.0 { deviation } else { 1.0 } }
    }

    fn score(&self, scores: &Scores, item: u32) -> (f64, f64) {
        let error = scores.standard_error[item as usize] / self.deviation;
        ((scores.mean[item as usize] - self.mean) / self.deviation, error * error)
    }
}

/// Grades all items that are no anchors.
pub(super) fn grade(
    scale: &Scale,
    anchors: &Anchors,
    scores: &Scores,
    settings: &OrdinalSettings,
) -> Result<GradeSummary, GradeError> {
    if settings.draws < 2 {
        return Err(GradeError::Setting("the ordinal model needs at least two draws"));
    }
    let (unit, outcomes) = (Unit::of(scores), scale.outcomes());
    let posterior = fit(outcomes.len() - 1, &known(scale, anchors, scores, &unit), None)?;
    let curves = posterior.draws(settings.draws, settings.seed)?;
    let graded = students(anchors, scores)
        .map(|item| {
            one(
                scale,
                &outcomes,
                scores,
                item,
                settings.rule,
                &mean(&curves, &unit, scores, item, settings.target),
            )
        })
        .collect::<Result<Vec<_>, GradeError>>()?;
    let (boundaries, boundary_errors) = boundaries(&curves, &unit);
    let [all, of_anchors, of_students] = ErrorSummary::three(anchors, scores);
    Ok(GradeSummary {
        method: MethodName::Ordinal,
        scale: scale.id().to_owned(),
        unavailable: None,
        students: graded,
        calibration: Some(Calibration {
            centers: centers(&boundaries),
            boundaries,
            boundary_errors,
            slope: Some(Curve::of(&posterior.mode).slope / unit.deviation),
            anchor_count: anchors.all().len(),
            anchor_grades: grades_of(scale, anchors),
            anchor_fit: anchor_fit(scale, anchors, scores, settings, &posterior)?,
            grades: outcomes,
            all,
            anchors: of_anchors,
            students: of_students,
        }),
    })
}

/// Where an anchor's grade stands among the outcomes: one up if there is an outcome below the lowest grade.
fn outcome(scale: &Scale, grade: usize) -> usize {
    grade + usize::from(scale.below_lowest().is_some())
}

fn known(scale: &Scale, anchors: &Anchors, scores: &Scores, unit: &Unit) -> Vec<Known> {
    anchors
        .all()
        .iter()
        .map(|anchor| {
            let (score, variance) = unit.score(scores, anchor.item);
            Known { score, variance, grade: outcome(scale, anchor.grade) }
        })
        .collect()
}

/// An item's grade probabilities, averaged over the curves.
fn mean(curves: &[Curve], unit: &Unit, scores: &Scores, item: u32, target: Target) -> Vec<f64> {
    let (score, variance) = unit.score(scores, item);
    let mut probabilities = vec![0.0; curves.first().map_or(0, |curve| curve.cuts.len()) + 1];
    for curve in curves {
        match target {
            Target::Given => curve.add_given(score, variance, &mut probabilities),
            Target::Deserved => curve.add_deserved(score, variance, &mut probabilities),
        }
    }
    let sum: f64 = probabilities.iter().sum();
    probabilities.iter_mut().for_each(|p| *p /= sum);
    probabilities
}

fn one(
    scale: &Scale,
    outcomes: &[String],
    scores: &Scores,
    item: u32,
    rule: GradeRule,
    probabilities: &[f64],
) -> Result<StudentGrade, GradeError> {
    let (place, _) = mean_and_variance(probabilities);
    let given = match rule {
        GradeRule::Mean => ((place + 0.5) as usize).min(outcomes.len() - 1),
        GradeRule::MostProbable => most_probable(probabilities),
    };
    let confidence = Confidence::of(normalised_entropy(probabilities), None);
    student(scale, scores, item, probabilities.to_vec(), outcomes[given].clone(), confidence)
}

fn mean_and_variance(probabilities: &[f64]) -> (f64, f64) {
    let mean: f64 = probabilities.iter().enumerate().map(|(at, p)| at as f64 * p).sum();
    let square = |at: usize| (at as f64 - mean) * (at as f64 - mean);
    (mean, probabilities.iter().enumerate().map(|(at, p)| square(at) * p).sum())
}

/// Each cut in logits: its mean and standard deviation over the curves.
fn boundaries(curves: &[Curve], unit: &Unit) -> (Vec<f64>, Vec<f64>) {
    let count = curves.len() as f64;
    let cuts = curves.first().map_or(0, |curve| curve.cuts.len());
    (0..cuts)
        .map(|cut| {
            let mean = curves.iter().map(|curve| curve.cuts[cut]).sum::<f64>() / count;
            let away = |curve: &Curve| (curve.cuts[cut] - mean) * (curve.cuts[cut] - mean);
            let spread = curves.iter().map(away).sum::<f64>() / count;
            (unit.mean + unit.deviation * mean, unit.deviation * spread.sqrt())
        })
        .unzip()
}

/// Predicts each anchor's grade from the other anchors.
fn anchor_fit(
    scale: &Scale,
    anchors: &Anchors,
    scores: &Scores,
    settings: &OrdinalSettings,
    all: &Posterior,
) -> Result<Vec<AnchorFit>, GradeError> {
    let unit = Unit::of(scores);
    let cuts = scale.outcomes().len() - 1;
    let one = |(place, anchor): (usize, &super::Anchor)| {
        let known_grade = outcome(scale, anchor.grade);
        let others = anchors.without(place);
        if others.unavailable().is_some() {
            return Ok(AnchorFit {
                item: anchor.item,
                known: known_grade,
                predicted: None,
                residual_z: None,
                drifted: false,
            });
        }
        let posterior = fit(cuts, &known(scale, &others, scores, &unit), Some(&all.mode))?;
        let curves = posterior.draws(settings.draws, settings.seed)?;
        let (predicted, variance) =
            mean_and_variance(&mean(&curves, &unit, scores, anchor.item, Target::Given));
        let z = (known_grade as f64 - predicted) / variance.max(1e-12).sqrt();
        Ok(AnchorFit {
            item: anchor.item,
            known: known_grade,
            predicted: Some(predicted),
            residual_z: Some(z),
            drifted: z.abs() > DRIFTED,
        })
    };
    anchors.all().iter().enumerate().map(one).collect()
}
