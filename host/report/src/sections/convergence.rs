//! How the result settled, wave by wave.

use super::{Section, none};
use crate::facts::Facts;
use crate::{plots, text};
use maud::{Markup, html};

/// The section.
pub(crate) fn section(facts: &Facts<'_>) -> Section {
    let (id, title) = ("convergence", "How the result settled");
    let waves = &facts.view.waves;
    if waves.is_empty() {
        return Section { id, title, body: none("No wave of comparisons was sent."), how: None };
    }
    let plot = plots::convergence(waves);
    let has_plot = plot.is_some();
    let body = html! {
        @match plot {
            Some(plot) => (plot),
            None => (none("No wave gave scores, so there is no reliability to draw.")),
        }
        (table(facts))
    };
    let how = html! {
        "Comparisons are asked for in waves; after each one the scores are worked out anew. "
        @if has_plot {
            "The reliability is the share of the differences between scores that is real and not chance: 0 is a toss of coins, 1 is perfect. A curve that has become flat says that more comparisons would change little. "
            "The separation reliability is shown only because other tools report it: where pairs are chosen by their scores it is too high, even for answers that are pure chance, and nothing is decided by it. "
        }
        "All of this says how consistent the judges are with themselves, not whether people would agree with them."
    };
    Section { id, title, body, how: Some(how) }
}

fn table(facts: &Facts<'_>) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Waves" {
            table {
                caption.hidden { "Waves of comparisons" }
                thead {
                    tr {
                        th.n scope="col" { "Wave" }
                        th scope="col" { "Pairs chosen by" }
                        th.n scope="col" { "Pairs" }
                        th.n scope="col" { "Answered in all" }
                        th.n scope="col" { "Largest change" }
                        th.n scope="col" { "Reliability" }
                        th.n scope="col" { "Separation (inflated)" }
                    }
                }
                tbody {
                    @for (i, wave) in facts.view.waves.iter().enumerate() {
                        tr {
                            td.n { (i + 1) }
                            td { (kind(&wave.kind)) }
                            td.n { (text::size(wave.pairs)) }
                            td.n { (text::size(wave.answered)) }
                            td.n { (text::maybe(wave.score_change, 2)) }
                            td.n { (text::maybe(wave.reliability, 2)) }
                            td.n.weak { (text::maybe(wave.inflated_separation_reliability, 2)) }
                        }
                    }
                }
            }
        }
    }
}

fn kind(kind: &str) -> String {
    match kind {
        "coverage" => "coverage: pairs that were missing".into(),
        "resampling" => "resampling: pairs again, in the other order".into(),
        "random" => "chance".into(),
        "swiss" => "neighbours by score".into(),
        "adaptive" => "expected information".into(),
        other => text::visible(other),
    }
}
