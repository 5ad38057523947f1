//! The ranking, as a plot and as a table.

use super::{Section, name, none};
use crate::facts::{Facts, interval, probability};
use crate::{LABELLED_ESSAYS, plots, text};
use docket_types::assessment::{GradeView, RankedEssay};
use maud::{Markup, html};
use std::collections::HashSet;

const NO_SCORES: &str = "There are no scores, so there is no ranking.";
const NOT_YET: &str = "There are no scores yet: they come with the first wave of answers.";

/// Names longer than this, in narrow characters, are set smaller.
const LONG: usize = 48;

/// The plot; the ranking is not empty.
pub(crate) fn plot(facts: &Facts<'_>) -> Section {
    let (id, title) = ("ranking-plot", "Ranking at a glance");
    let n = facts.view.ranking.len();
    let body = if n <= LABELLED_ESSAYS { plots::rows(facts) } else { plots::curve(facts) };
    let has_anchors = facts.anchors() > 0;
    let how = html! {
        @if i32::try_from(n).is_ok_and(|n| n <= plots::SINGLE) {
            "Each mark is an essay's score, and the line through it is where the true score is with a probability of 95" (text::NO_BREAK) "%. "
        } @else {
            "The curve joins the essays' scores, and the surface around it is where each true score is with a probability of 95" (text::NO_BREAK) "%. "
        }
        "Where the intervals of two essays overlap much, their order is open. "
        "Scores are in logits and their mean is 0: an essay that is 1 above another is expected to win 73" (text::NO_BREAK) "% of comparisons with it, one that is 2 above 88" (text::NO_BREAK) "%. "
        @if has_anchors { "Diamonds are anchors: essays whose grade was known before. " }
        @if !facts.bands().is_empty() { "The shaded bands are the grades, drawn where one becomes more probable than the next. " }
        @if n <= LABELLED_ESSAYS && facts.graded() > 0 { "A hollow circle is an essay on the border of two grades. " }
    };
    Section { id, title, body, how: Some(how) }
}

/// The table.
pub(crate) fn table(facts: &Facts<'_>) -> Section {
    let (id, title) = ("ranking", "Ranking");
    let essays = &facts.view.ranking;
    if essays.is_empty() {
        let body = html! {
            (none(if facts.is_running() { NOT_YET } else { NO_SCORES }))
            @if !facts.essays.is_empty() { p { "Comparisons were asked for of: " (super::some_names(&facts.essays)) "." } }
        };
        return Section { id, title, body, how: None };
    }
    let columns = Columns { grades: facts.graded() + facts.anchors() > 0, spread: facts.graded() > 0 };
    let marks = Marks::new(facts);
    let body = html! {
        div.scroll tabindex="0" role="region" aria-label="Ranking table" {
            table.ranking.full[columns.spread] {
                caption.hidden { "All essays from best to worst" }
                thead { (columns.head()) }
                tbody { @for essay in essays { (columns.row(facts, essay, &marks)) } }
            }
        }
    };
    let how = html! {
        "Equal scores share a rank. “Won” counts the comparisons that the essay won, of those that it was in; “first” is how often it was shown first, which should be about half. "
        "A high share of wins alone does not make a high rank: it counts whom an essay has beaten. "
        @if columns.spread {
            "“Probability” is that of the grade itself, “±1 grade” that of the grade or one of its neighbours. "
            "The small bars show the probability of every grade, the lowest grade on the left. "
        }
    };
    Section { id, title, body, how: Some(how) }
}

/// Which columns there are.
struct Columns {
    grades: bool,
    spread: bool,
}

/// Essays that a note is due for.
struct Marks<'a> {
    misfitting: HashSet<&'a str>,
    winless: HashSet<&'a str>,
    unbeaten: HashSet<&'a str>,
    drifted: HashSet<&'a str>,
}

impl<'a> Marks<'a> {
    fn new(facts: &Facts<'a>) -> Self {
        let diagnostics = facts.view.diagnostics.as_ref();
        let set = |names: Option<&'a Vec<String>>| names.into_iter().flatten().map(String::as_str).collect();
        Self {
            misfitting: diagnostics
                .map(|d| d.misfitting_essays.iter().map(|(id, _)| id.as_str()).collect())
                .unwrap_or_default(),
            winless: set(diagnostics.map(|d| &d.winless)),
            unbeaten: set(diagnostics.map(|d| &d.unbeaten)),
            drifted: set(facts.view.grading.as_ref().map(|g| &g.drifted_anchors)),
        }
    }

    /// The notes on an essay.
    fn of(&self, essay: &RankedEssay) -> String {
        let id = essay.essay_id.as_str();
        let notes = [
            (essay.grade.as_ref().is_some_and(|grade| grade.borderline), "borderline"),
            (essay.anchor_grade.is_some() && !self.drifted.contains(id), "anchor"),
            (self.drifted.contains(id), "anchor, drifted"),
            (self.misfitting.contains(id), "judged unevenly"),
            (self.winless.contains(id), "never won"),
            (self.unbeaten.contains(id), "never lost"),
        ];
        notes.into_iter().filter(|(applies, _)| *applies).map(|(_, note)| note).collect::<Vec<_>>().join(", ")
    }
}

impl Columns {
    fn head(&self) -> Markup {
        html! {
            tr {
                th.n scope="col" { "Rank" }
                th scope="col" { "Essay" }
                @if self.grades { th scope="col" { "Grade" } }
                @if self.spread {
                    th.n scope="col" { "Probability" }
                    th.n scope="col" { "±1 grade" }
                    th scope="col" { "All grades" }
                    th scope="col" { "Confidence" }
                }
                th.n scope="col" { "Score" }
                th.n scope="col" { "95" (text::NO_BREAK) "% interval" }
                th.n scope="col" { "Won" }
                th.n scope="col" { "First" }
                th scope="col" { "Note" }
            }
        }
    }

    fn row(&self, facts: &Facts<'_>, essay: &RankedEssay, marks: &Marks<'_>) -> Markup {
        let (low, high) = interval(essay);
        let is_long = text::wide(&essay.essay_id) > LONG;
        let has_error = essay.standard_error.is_finite();
        let class = if essay.anchor_grade.is_some() { "anchor" } else { "" };
        html! {
            tr class=[Some(class).filter(|class| !class.is_empty())] {
                td.n { (essay.rank) }
                th.essay.long[is_long] scope="row" { (name(&essay.essay_id)) }
                @if self.grades {
                    td.grade {
                        @if let Some(grade) = &essay.anchor_grade { bdi { (text::visible(grade)) } }
                        @else if let Some(grade) = &essay.grade { b { bdi { (text::visible(&grade.grade)) } } }
                        @else { "–" }
                    }
                }
                @if self.spread {
                    @if let Some(grade) = &essay.grade {
                        td.n { (probability(facts.view, essay).map_or_else(|| "–".into(), text::percent)) }
                        td.n { (text::percent(grade.within_one)) }
                        td { (spread(facts, grade)) }
                        td { (confidence(grade)) }
                    } @else {
                        td.n { "–" } td.n { "–" } td { } td { "–" }
                    }
                }
                td.n { (text::number(essay.score, 2)) }
                td.n {
                    @if has_error { (text::number(low, 2)) " to " (text::number(high, 2)) } @else { "–" }
                }
                td.n { (essay.wins) "/" (essay.comparisons) }
                td.n { (essay.shown_first) }
                td.note { (marks.of(essay)) }
            }
        }
    }
}

fn confidence(grade: &GradeView) -> String {
    match grade.confidence_label.as_str() {
        "HIGH" => "high".into(),
        "MID" => "medium".into(),
        "LOW" => "low".into(),
        other => text::visible(other),
    }
}

/// The probabilities of all grades as small bars.
fn spread(facts: &Facts<'_>, grade: &GradeView) -> Markup {
    const BAR: usize = 7;
    const HEIGHT: f64 = 18.0;
    let names = facts.view.grading.as_ref().map(|grading| grading.grades.as_slice()).unwrap_or_default();
    let shares = grade.probabilities.iter().map(|p| if p.is_finite() { p.clamp(0.0, 1.0) } else { 0.0 });
    let shares: Vec<f64> = shares.collect();
    let words = shares.iter().zip(names).filter(|(share, _)| **share >= 0.005);
    let words: Vec<String> =
        words.map(|(share, name)| format!("{} {}", text::visible(name), text::percent(*share))).collect();
    let bars = shares.iter().enumerate().map(|(i, share)| {
        let height = (share * HEIGHT).round();
        format!("M{} {}h{}v{}h-{}z", i * BAR, HEIGHT - height, BAR - 2, height, BAR - 2)
    });
    let (width, path) = (shares.len() * BAR, bars.collect::<String>());
    html! {
        svg.spread width=(width) height=(HEIGHT + 1.0) viewBox={ "0 0 " (width) " " (HEIGHT + 1.0) } role="img" {
            title { (words.join(", ")) }
            path.base d={ "M0 " (HEIGHT + 0.5) "H" (width) } {}
            path.bars d=(path) {}
        }
    }
}
