//! How the assessment was set up: what one needs to repeat it.

use super::Section;
use crate::facts::Facts;
use crate::text;
use docket_types::assessment::{BatchingMode, Phase};
use maud::{Markup, html};

/// The section.
pub(crate) fn section(facts: &Facts<'_>) -> Section {
    let view = facts.view;
    let row = |name: &str, value: Markup| html! { tr { th scope="row" { (name) } td { (value) } } };
    let model = view.model.as_deref().map_or_else(|| html! { "the provider's default" }, super::name);
    let body = html! {
        div.scroll tabindex="0" role="region" aria-label="Settings" {
            table.pairs {
                caption.hidden { "Settings" }
                tbody {
                    (row("Name", super::name(&view.name)))
                    (row("Id", html! { code { (view.id) } }))
                    @if let Some(Phase::CjAssessment) = view.current_phase {
                        (row("Phase", html! { "comparative judgement" }))
                    }
                    (row("Began", text::when(view.created_at)))
                    @if let Some(at) = view.ended_at { (row("Ended", text::when(at))) }
                    (row("Judge", html! { (super::name(view.provider.as_str())) ", model " (model) }))
                    (row("Design", html! { (design(&view.design)) }))
                    (row("Seed", html! { code { (view.seed) } }))
                    (row("Transport", html! { (transport(view.batching_mode)) }))
                    (row("Budget", html! { (text::plural(view.progress.budget, "request", "requests")) ", retries included" }))
                    @if let Some(end) = &view.end { (row("Ended because", html! { code { (text::visible(&end.reason)) } })) }
                    @if let Some(d) = &view.diagnostics {
                        (row("Spread of true scores", html! { (text::number(d.sigma, 2)) " logits (estimated standard deviation)" }))
                    }
                }
            }
        }
    };
    Section { id: "about", title: "Settings", body, how: None }
}

fn design(design: &str) -> String {
    match design {
        "adaptive" => "adaptive: after four waves by chance, the pairs that tell most".into(),
        "coverage" => "coverage: every pair once, then again".into(),
        "random" => "random: pairs by chance".into(),
        "swiss" => "swiss: neighbours by score".into(),
        other => text::visible(other),
    }
}

fn transport(mode: BatchingMode) -> &'static str {
    match mode {
        BatchingMode::PerRequest => "a request for each comparison",
        BatchingMode::SerialBundle => "comparisons in bundles",
        BatchingMode::ProviderBatchApi => "the provider's batch interface",
    }
}
