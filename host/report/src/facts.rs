//! What several sections need to know, worked out once.

use crate::text;
use docket_types::assessment::{AssessmentView, ComparisonView, RankedEssay, State};
use std::collections::{HashMap, HashSet};

/// Half of a 95 % interval, in standard errors.
pub(crate) const Z95: f64 = 1.959_964;

/// An assessment with what follows from it.
pub(crate) struct Facts<'a> {
    pub(crate) view: &'a AssessmentView,
    pub(crate) comparisons: &'a [ComparisonView],
    /// The essays, best first; without a ranking in the order in which they were compared.
    pub(crate) essays: Vec<&'a str>,
    /// The place of each in `essays`.
    pub(crate) place: HashMap<&'a str, usize>,
    /// The best known reliability.
    pub(crate) reliability: Option<f64>,
}

impl<'a> Facts<'a> {
    pub(crate) fn new(view: &'a AssessmentView, comparisons: &'a [ComparisonView]) -> Self {
        let mut seen = HashSet::new();
        let ranked = view.ranking.iter().map(|essay| essay.essay_id.as_str());
        let compared = comparisons.iter().flat_map(|c| [c.essay_a_id.as_str(), c.essay_b_id.as_str()]);
        let essays: Vec<&str> = ranked.chain(compared).filter(|id| seen.insert(*id)).collect();
        let place = essays.iter().enumerate().map(|(i, id)| (*id, i)).collect();
        let by_wave = || view.waves.iter().rev().find_map(|wave| wave.reliability);
        let reliability = view.diagnostics.as_ref().map(|d| d.reliability);
        let reliability = reliability.or(view.progress.reliability).or_else(by_wave);
        Self { view, comparisons, essays, place, reliability: reliability.filter(|r| r.is_finite()) }
    }

    /// Whether numbers may still change.
    pub(crate) fn is_running(&self) -> bool {
        self.view.state == State::Running
    }

    /// Essays with a known grade.
    pub(crate) fn anchors(&self) -> usize {
        self.view.ranking.iter().filter(|essay| essay.anchor_grade.is_some()).count()
    }

    /// Essays that got a grade.
    pub(crate) fn graded(&self) -> usize {
        self.view.ranking.iter().filter(|essay| essay.grade.is_some()).count()
    }

    /// Essays whose two most probable grades are nearly as probable.
    pub(crate) fn borderline(&self) -> Vec<&'a RankedEssay> {
        let is_borderline = |essay: &&RankedEssay| essay.grade.as_ref().is_some_and(|grade| grade.borderline);
        self.view.ranking.iter().filter(is_borderline).collect()
    }

    /// The lower and upper end of each grade's band, with its name where the scale has one for it; in logits.
    pub(crate) fn bands(&self) -> Vec<(f64, f64, Option<&'a str>)> {
        let Some(grading) = &self.view.grading else { return Vec::new() };
        let cuts: Vec<f64> = grading.boundaries.iter().copied().filter(|cut| cut.is_finite()).collect();
        if cuts.is_empty() {
            return Vec::new();
        }
        let is_complete = cuts.len() + 1 == grading.grades.len();
        let lower = std::iter::once(f64::NEG_INFINITY).chain(cuts.iter().copied());
        let upper = cuts.iter().copied().chain(std::iter::once(f64::INFINITY));
        let name = |i: usize| is_complete.then(|| grading.grades.get(i).map(String::as_str)).flatten();
        lower.zip(upper).enumerate().map(|(i, (low, high))| (low, high, name(i))).collect()
    }
}

/// A standard error, where an unknown one is beyond all bounds.
pub(crate) fn known_error(error: f64) -> f64 {
    if error.is_finite() { error.max(0.0) } else { f64::INFINITY }
}

/// The 95 % interval of an essay's score, in logits. An unknown standard error leaves it open.
pub(crate) fn interval(essay: &RankedEssay) -> (f64, f64) {
    let error = known_error(essay.standard_error);
    (essay.score - Z95 * error, essay.score + Z95 * error)
}

/// The probability of the grade that an essay got, 0 to 1.
pub(crate) fn probability(view: &AssessmentView, essay: &RankedEssay) -> Option<f64> {
    let (grading, grade) = (view.grading.as_ref()?, essay.grade.as_ref()?);
    let at = grading.grades.iter().position(|name| *name == grade.grade)?;
    grade.probabilities.get(at).copied()
}

/// Reliability in words.
pub(crate) fn reliability_words(reliability: f64) -> (&'static str, &'static str) {
    match reliability {
        r if r >= 0.9 => ("high", "Another round of judging would give almost the same order."),
        r if r >= 0.8 => {
            ("good", "Another round of judging would give a very similar order; neighbours may swap.")
        }
        r if r >= 0.7 => ("moderate", "The top and the bottom can be told apart; the middle is uncertain."),
        r if r >= 0.5 => ("low", "Only large differences between essays can be trusted."),
        _ => ("very low", "The order is largely chance. Do not use it for decisions."),
    }
}

/// Why an assessment ended, in words, where it does not say so itself.
pub(crate) fn end_words(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "stable" => "The scores had stopped changing, so further comparisons were not worth their cost.",
        "reliable" => "The wanted reliability was reached.",
        "budget_spent" => "The budget of comparisons was spent.",
        "passes_spent" => "Every pair was compared as often as was asked for.",
        "no_pairs_left" => "Every useful pair of essays had been compared.",
        "nothing_succeeded" => "Not one comparison was answered.",
        "success_rate_too_low" => "Too many comparisons failed for scores that can be trusted.",
        "too_few_essays" => "There were fewer than two essays, so there was nothing to compare.",
        "cancelled" => "It was cancelled before it was finished.",
        _ => return None,
    })
}

/// A list of names that stays readable when it is long.
pub(crate) fn names(all: &[&str]) -> (Vec<String>, usize) {
    const SHOWN: usize = 12;
    (all.iter().take(SHOWN).map(|name| text::visible(name)).collect(), all.len().saturating_sub(SHOWN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_of_the_contract_has_words() {
        let reasons = [
            "stable",
            "reliable",
            "budget_spent",
            "passes_spent",
            "no_pairs_left",
            "nothing_succeeded",
            "success_rate_too_low",
            "too_few_essays",
            "cancelled",
        ];
        for reason in reasons {
            assert!(end_words(reason).is_some(), "{reason}");
        }
        assert_eq!(end_words("something_new"), None);
    }

    #[test]
    fn words_follow_the_number() {
        let words: Vec<&str> =
            [0.95, 0.9, 0.85, 0.75, 0.6, 0.1, f64::NAN].map(|r| reliability_words(r).0).into();
        assert_eq!(words, ["high", "high", "good", "moderate", "low", "very low", "very low"]);
    }
}
