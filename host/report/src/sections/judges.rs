//! What is known of the judges: bias, consistency, and essays that were judged oddly.

use super::{Section, none, some_names};
use crate::facts::Facts;
use crate::{plots, text};
use docket_types::assessment::{BiasView, DiagnosticsView};
use maud::{Markup, html};

/// The section.
pub(crate) fn section(facts: &Facts<'_>) -> Section {
    let (id, title) = ("judges", "Judges and consistency");
    let Some(diagnostics) = &facts.view.diagnostics else {
        let words = if facts.is_running() {
            "The diagnostics come at the end."
        } else {
            "There are no scores to test the judges against."
        };
        return Section { id, title, body: none(words), how: None };
    };
    let body = html! {
        h3 { "Position bias" }
        @if diagnostics.bias.is_empty() { (none("No judge gave an answer.")) } @else { (bias(&diagnostics.bias)) }
        h3 { "Contradictions" }
        (triples(diagnostics))
        h3 { "Essays that were judged unevenly" }
        (misfit(diagnostics))
        h3 { "Essays without a counterweight" }
        (extremes(diagnostics))
        h3 { "Connection" }
        p {
            @if diagnostics.groups > 1 {
                strong { "Warning: " } "the essays fall into " (diagnostics.groups)
                " groups that were never compared with each other. Ranks are comparable within a group only."
            } @else {
                "All essays are connected by comparisons, so all ranks are comparable."
            }
        }
    };
    let how = html! {
        "A judge that prefers the first or the second place is not a fault of the result: the bias is estimated and taken out of the scores, and essays change places. It costs precision, though. "
        "A circular triple is three essays of which each beat the next one and the last beat the first; close essays give some by chance, so the number to compare with is the expected one. "
        "An infit above 1 means more surprises than the scores explain; essays are listed only where chance is an unlikely reason (p below 0.01)."
    };
    Section { id, title, body, how: Some(how) }
}

fn verdict(judge: &BiasView) -> &'static str {
    let (_, low, high) = plots::first_wins(judge);
    match (judge.value.is_finite(), low > 0.5, high < 0.5) {
        (false, _, _) => "unknown",
        (_, true, _) => "prefers the first",
        (_, _, true) => "prefers the second",
        _ => "none to be seen",
    }
}

fn bias(judges: &[BiasView]) -> Markup {
    html! {
        (plots::bias(judges))
        div.scroll tabindex="0" role="region" aria-label="Position bias" {
            table {
                caption.hidden { "Position bias by judge" }
                thead {
                    tr {
                        th scope="col" { "Judge" }
                        th scope="col" { "Bias" }
                        th.n scope="col" { "First wins, of equals" }
                        th.n scope="col" { "95" (text::NO_BREAK) "% interval" }
                        th.n scope="col" { "Log-odds" }
                        th.n scope="col" { "First won, of all" }
                        th.n scope="col" { "Answers" }
                    }
                }
                tbody {
                    @for judge in judges {
                        @let (middle, low, high) = plots::first_wins(judge);
                        tr {
                            th scope="row" { (super::name(&judge.judge)) }
                            td { (verdict(judge)) }
                            td.n { (text::percent(middle)) }
                            td.n { (text::percent(low)) " to " (text::percent(high)) }
                            td.n { (text::number(judge.value, 2)) " ± " (text::number(judge.standard_error, 2)) }
                            td.n { (text::percent(judge.first_wins)) }
                            td.n { (text::size(judge.answers)) }
                        }
                    }
                }
            }
        }
    }
}

fn triples(diagnostics: &DiagnosticsView) -> Markup {
    let (Some(seen), Some(expected)) = (diagnostics.circular_triples, diagnostics.expected_circular_triples)
    else {
        return none("Circular triples were not counted.");
    };
    // Counts scatter by about their root.
    let room = 2.0 * expected.max(0.0).sqrt() + 1.0;
    let words = match seen - expected {
        _ if seen < 0.5 && expected < 0.5 => "There were too few triples to say anything.",
        more if more > room => {
            "More than expected: the judges do not follow one single order, for instance because they weigh different qualities in different pairs."
        }
        more if more < -room => {
            "Fewer than expected: the judges are more consistent than independent answers would be."
        }
        _ => "About as many as expected from close essays.",
    };
    html! {
        p {
            b { (text::number(seen, 0)) } " circular triples were seen and " b { (text::number(expected, 0)) }
            " were to be expected. " (words)
        }
    }
}

fn misfit(diagnostics: &DiagnosticsView) -> Markup {
    // Both come of the same simulation, which is left out for very many comparisons.
    if diagnostics.misfitting_essays.is_empty() && diagnostics.circular_triples.is_none() {
        return none("Not tested.");
    }
    if diagnostics.misfitting_essays.is_empty() {
        return html! { p { "None: every essay's wins and losses fit its score." } };
    }
    html! {
        p {
            (text::plural(diagnostics.misfitting_essays.len(), "essay", "essays"))
            ", with infit. Read them yourself: they may be unusual, off topic, or strong in one respect and weak in another."
        }
        ul.columns {
            @for (id, infit) in &diagnostics.misfitting_essays {
                li { (super::name(id)) ": " (text::number(*infit, 2)) }
            }
        }
    }
}

fn extremes(diagnostics: &DiagnosticsView) -> Markup {
    let list = |names: &[String]| some_names(&names.iter().map(String::as_str).collect::<Vec<_>>());
    html! {
        @if diagnostics.winless.is_empty() && diagnostics.unbeaten.is_empty() {
            p { "None: every essay has won and lost at least once." }
        }
        @if !diagnostics.unbeaten.is_empty() {
            p { "Won every comparison: " (list(&diagnostics.unbeaten)) ". How much better they are is uncertain." }
        }
        @if !diagnostics.winless.is_empty() {
            p { "Lost every comparison: " (list(&diagnostics.winless)) ". How much weaker they are is uncertain." }
        }
    }
}
