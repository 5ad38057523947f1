//! The document: head, headline, warnings, contents and the sections in their order.

use crate::facts::{self, Facts};
use crate::sections::{self, Section};
use crate::{palette, text};
use docket_types::assessment::State;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");
/// Nothing may be loaded and nothing may run, also if something hostile were ever shown unescaped.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The whole report.
pub(crate) fn document(facts: &Facts<'_>) -> Markup {
    let sections = sections::all(facts);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (text::visible(&facts.view.name)) " – assessment report" }
                style { (PreEscaped(STYLE)) (PreEscaped(palette::dark_rules())) }
            }
            body {
                main {
                    (headline(facts))
                    (warnings(facts))
                    (contents(&sections))
                    @for section in &sections {
                        section aria-labelledby=(section.id) {
                            h2 id=(section.id) { (section.title) }
                            (section.body)
                            @if let Some(how) = &section.how {
                                p.how { strong { "How to read this. " } (how) }
                            }
                        }
                    }
                    footer {
                        p { "Report of docket for assessment " code { (facts.view.id) } ", as it was at " (text::when(facts.view.updated_at)) "." }
                    }
                }
            }
        }
    }
}

fn contents(sections: &[Section]) -> Markup {
    html! {
        nav aria-label="Contents" {
            ul { @for section in sections { li { a href={ "#" (section.id) } { (section.title) } } } }
        }
    }
}

fn headline(facts: &Facts<'_>) -> Markup {
    let (class, mark, word) = match facts.view.state {
        State::Running => ("running", "…", "Running"),
        State::Completed => ("completed", "✓", "Completed"),
        State::Failed => ("failed", "✗", "Failed"),
        State::Cancelled => ("cancelled", "–", "Cancelled"),
    };
    html! {
        header {
            p.kicker { "Comparative judgement" }
            h1 { bdi { (text::visible(&facts.view.name)) } }
            p.state {
                span class={ "badge " (class) } { span aria-hidden="true" { (mark) } " " (word) }
                " " (ended(facts))
            }
            (numbers(facts))
        }
    }
}

/// How and when it ended, in words.
fn ended(facts: &Facts<'_>) -> Markup {
    let view = facts.view;
    let why = view.end.as_ref().map(|end| match end.detail.trim() {
        "" => facts::end_words(&end.reason).unwrap_or(&end.reason),
        detail => detail,
    });
    html! {
        @if facts.is_running() {
            "This is a snapshot of " (text::when(view.updated_at)) "; every number may still change. "
            "It began at " (text::when(view.created_at)) "."
        } @else {
            @if let Some(why) = why {
                bdi { (text::visible(why)) } @if !why.ends_with(['.', '!', '?']) { "." } " "
            }
            @match view.ended_at {
                Some(at) => {
                    "It ended at " (text::when(at)) ", " (text::span(at.since(view.created_at))) " after it began."
                },
                None => { "It last changed at " (text::when(view.updated_at)) "." },
            }
        }
    }
}

fn numbers(facts: &Facts<'_>) -> Markup {
    let (view, progress) = (facts.view, &facts.view.progress);
    let essays = facts.essays.len();
    html! {
        dl.numbers {
            div {
                dt { "Essays" }
                dd { b { @if essays > 0 { (text::size(essays)) } @else { "–" } } }
                dd.note {
                    @match (essays, facts.anchors()) {
                        (0, _) => "none was compared",
                        (_, 0) => "no anchors",
                        (_, anchors) => { "of these " (text::plural(anchors, "anchor", "anchors")) },
                    }
                }
            }
            div {
                dt { "Comparisons" }
                dd { b { (text::size(progress.answered)) } }
                dd.note {
                    "of " (text::size(progress.requested)) " asked for"
                    @if progress.failed > 0 { ", " (text::size(progress.failed)) " failed" }
                    @if progress.pending > 0 { ", " (text::size(progress.pending)) " pending" }
                }
            }
            div {
                dt { "Reliability" @if facts.is_running() { " so far" } }
                @match facts.reliability {
                    Some(r) => {
                        dd { b { (facts::reliability_words(r).0) } " " (text::number(r, 2)) }
                        dd.note { (facts::reliability_words(r).1) }
                    },
                    None => { dd { b { "unknown" } } dd.note { "There are no scores." } },
                }
            }
            div {
                dt { "Cost" @if facts.is_running() { " so far" } }
                dd { b { (text::usd(view.cost.total_usd)) } }
                dd.note {
                    @if progress.answered > 0 {
                        (text::usd(view.cost.total_usd / progress.answered as f64)) " per comparison"
                    }
                }
            }
        }
    }
}

/// What a reader must know before the results.
fn warnings(facts: &Facts<'_>) -> Markup {
    let (view, progress) = (facts.view, &facts.view.progress);
    let groups = view.diagnostics.as_ref().map_or(1, |d| d.groups);
    let attempts = progress.answered + progress.failed;
    let unreliable = facts.reliability.is_some_and(|r| r < 0.7) && !facts.is_running();
    let no_grades = view.grading.as_ref().and_then(|grading| grading.unavailable.as_deref());
    let drifted = view.grading.as_ref().map_or(0, |grading| grading.drifted_anchors.len());
    let borderline = facts.borderline().len();
    html! {
        @if groups > 1 {
            div.warning role="note" {
                strong { "The essays fall into " (groups) " groups that were never compared with each other. " }
                "Ranks are comparable within a group only. More comparisons would join the groups."
            }
        }
        @if unreliable {
            div.warning role="note" {
                strong { "The reliability is too low for decisions about single essays. " }
                "Use the intervals, not the ranks."
            }
        }
        @if progress.failed * 20 > attempts {
            div.warning role="note" {
                strong { (text::plural(progress.failed, "comparison", "comparisons")) " failed for good. " }
                "The reasons stand under " a href="#failures" { "Failed comparisons" } "."
            }
        }
        @if let Some(reason) = no_grades {
            div.warning role="note" { strong { "There are no grades. " } bdi { (text::visible(reason)) } }
        }
        @if drifted > 0 {
            div.warning role="note" {
                strong { (text::plural(drifted, "anchor is", "anchors are")) " not where the grade would put it. " }
                "Look at them under " a href="#grades" { "Grades" } "."
            }
        }
        @if borderline > 0 {
            div.hint role="note" {
                strong { (text::plural(borderline, "essay is", "essays are")) " on the border of two grades. " }
                "Read these yourself before the grade counts; they are marked in the ranking."
            }
        }
    }
}
