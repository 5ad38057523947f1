//! Grades: how they were given, where they begin, and which are open.

use super::{Section, none, some_names};
use crate::facts::{Facts, probability};
use crate::text;
use docket_types::assessment::{GradingView, RankedEssay};
use maud::{Markup, html};

/// The section.
pub(crate) fn section(facts: &Facts<'_>) -> Section {
    let (id, title) = ("grades", "Grades");
    let absent = |words: &str| Section { id, title, body: none(words), how: None };
    let Some(grading) = &facts.view.grading else {
        return absent(match (facts.is_running(), facts.view.ranking.is_empty(), facts.anchors()) {
            (true, _, _) => "Grades come at the end.",
            (_, true, _) => "No grades were given, because there are no scores.",
            (_, _, 0) => {
                "No grades were given: without anchors, essays whose grade is known, scores cannot be turned into grades."
            }
            _ => "No grades were given.",
        });
    };
    let body = html! {
        @if let Some(reason) = &grading.unavailable {
            p.none { "No grades were given: " bdi { (text::visible(reason)) } }
        }
        (method(facts, grading))
        (by_grade(facts, grading))
        (borderline(facts))
        @if !grading.drifted_anchors.is_empty() {
            h3 { "Anchors that do not fit" }
            p {
                "The judges place these anchors elsewhere than their known grades say: "
                (some_names(&grading.drifted_anchors.iter().map(String::as_str).collect::<Vec<_>>()))
                ". Check their grades, or use other anchors."
            }
        }
    };
    let how = html! {
        "A grade is the most probable one, given the essay's score, the uncertainty of that score and the uncertainty of the anchors. "
        "“Begins at” is the score at which a grade becomes more probable than the one below it. "
        "Even with perfect boundaries the exact grade is often one step off: the number to rely on is “±1 grade”."
    };
    Section { id, title, body, how: Some(how) }
}

fn method(facts: &Facts<'_>, grading: &GradingView) -> Markup {
    let method = match grading.method.as_str() {
        "ordinal" => "an ordinal model that carries the uncertainty of scores and anchors into the grades",
        "gaussian_mixture" => "a mixture of one normal distribution per grade",
        other => other,
    };
    let graded: Vec<&RankedEssay> = facts.view.ranking.iter().filter(|essay| essay.grade.is_some()).collect();
    let mean = |of: &dyn Fn(&RankedEssay) -> Option<f64>| {
        let all: Vec<f64> = graded.iter().filter_map(|essay| of(essay)).filter(|p| p.is_finite()).collect();
        (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
    };
    let exact = mean(&|essay| probability(facts.view, essay));
    let within = mean(&|essay| essay.grade.as_ref().map(|grade| grade.within_one));
    html! {
        p {
            "Scale " code { (text::visible(&grading.scale)) } ", from "
            (text::plural(facts.anchors(), "anchor", "anchors")) ", by " (text::visible(method)) "."
            @if let (Some(exact), Some(within)) = (exact, within) {
                " About " b { (text::percent(exact)) } " of the grades are expected to be exactly right and "
                b { (text::percent(within)) } " to be right or one step off."
            }
        }
    }
}

fn by_grade(facts: &Facts<'_>, grading: &GradingView) -> Markup {
    let count =
        |is: &dyn Fn(&RankedEssay) -> bool| facts.view.ranking.iter().filter(|essay| is(essay)).count();
    let has = |essay: &RankedEssay, grade: &str| essay.grade.as_ref().is_some_and(|g| g.grade == grade);
    let is_complete = grading.boundaries.len() + 1 == grading.grades.len();
    html! {
        div.scroll tabindex="0" role="region" aria-label="Grades" {
            table {
                caption.hidden { "Essays and anchors by grade" }
                thead {
                    tr {
                        th scope="col" { "Grade" }
                        th.n scope="col" { "Begins at" }
                        th.n scope="col" { "Essays" }
                        th.n scope="col" { "Of these borderline" }
                        th.n scope="col" { "Anchors" }
                    }
                }
                tbody {
                    @for (i, grade) in grading.grades.iter().enumerate().rev() {
                        tr {
                            th scope="row" { bdi { (text::visible(grade)) } }
                            td.n {
                                @if !is_complete { "–" } @else if i == 0 { "lowest" }
                                @else { (text::maybe(grading.boundaries.get(i - 1).copied(), 2)) }
                            }
                            td.n { (count(&|essay| has(essay, grade))) }
                            td.n { (count(&|essay| has(essay, grade) && essay.grade.as_ref().is_some_and(|g| g.borderline))) }
                            td.n { (count(&|essay| essay.anchor_grade.as_deref() == Some(grade))) }
                        }
                    }
                }
            }
        }
    }
}

/// The borderline essays with the two grades between which they stand.
fn borderline(facts: &Facts<'_>) -> Markup {
    let essays = facts.borderline();
    let Some(grading) = facts.view.grading.as_ref().filter(|_| !essays.is_empty()) else { return html! {} };
    let two = |essay: &RankedEssay| {
        let shares = essay.grade.as_ref().map(|grade| grade.probabilities.as_slice()).unwrap_or_default();
        let mut all: Vec<(f64, &String)> = shares.iter().copied().zip(&grading.grades).collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0));
        all.truncate(2);
        all.iter()
            .map(|(share, grade)| format!("{} {}", text::visible(grade), text::percent(*share)))
            .collect::<Vec<_>>()
    };
    html! {
        h3 { "On the border of two grades" }
        ul.columns {
            @for essay in &essays {
                li { (super::name(&essay.essay_id)) ": " (two(essay).join(" or ")) }
            }
        }
    }
}
