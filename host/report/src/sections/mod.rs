//! The report's sections. Each has a title, a body, and a note on how to read it.

mod about;
mod convergence;
mod cost;
mod grades;
mod judges;
mod matrix;
mod ranking;

use crate::facts::Facts;
use crate::text;
use maud::{Markup, html};

/// One section.
pub(crate) struct Section {
    /// Unique in the document.
    pub(crate) id: &'static str,
    /// Its heading.
    pub(crate) title: &'static str,
    /// Its content.
    pub(crate) body: Markup,
    /// How to read it; none where there is nothing to read.
    pub(crate) how: Option<Markup>,
}

/// All sections, in their order.
pub(crate) fn all(facts: &Facts<'_>) -> Vec<Section> {
    let plot = (!facts.view.ranking.is_empty()).then(|| ranking::plot(facts));
    let rest = [
        ranking::table(facts),
        grades::section(facts),
        matrix::section(facts),
        convergence::section(facts),
        judges::section(facts),
        cost::section(facts),
        cost::failures(facts),
        about::section(facts),
    ];
    plot.into_iter().chain(rest).collect()
}

/// What stands in place of something that is not there.
fn none(words: &str) -> Markup {
    html! { p.none { (words) } }
}

/// An essay's name in running text or in a table.
fn name(id: &str) -> Markup {
    html! { bdi.name { (text::visible(id)) } }
}

/// Names in running text, the first of many.
fn some_names(all: &[&str]) -> Markup {
    let (shown, more) = crate::facts::names(all);
    html! {
        @for (i, shown) in shown.iter().enumerate() {
            @if i > 0 { ", " }
            bdi.name { (shown) }
        }
        @if more > 0 { " and " (text::size(more)) " more" }
    }
}
