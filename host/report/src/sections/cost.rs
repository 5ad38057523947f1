//! What it cost, and what failed.

use super::{Section, none};
use crate::facts::Facts;
use crate::text;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Cost by model.
pub(crate) fn section(facts: &Facts<'_>) -> Section {
    let (id, title) = ("cost", "Cost");
    let cost = &facts.view.cost;
    if cost.models.is_empty() {
        return Section {
            id,
            title,
            body: none("No model has answered, so nothing was charged."),
            how: None,
        };
    }
    let total = |of: fn(&docket_types::assessment::ModelUse) -> u64| cost.models.iter().map(of).sum::<u64>();
    let each =
        |usd: f64, answers: u64| if answers > 0 { text::usd(usd / answers as f64) } else { "–".into() };
    let body = html! {
        div.scroll tabindex="0" role="region" aria-label="Cost by model" {
            table {
                caption.hidden { "Cost by model" }
                thead {
                    tr {
                        th scope="col" { "Provider" }
                        th scope="col" { "Model" }
                        th.n scope="col" { "Answers" }
                        th.n scope="col" { "Tokens in" }
                        th.n scope="col" { "Tokens out" }
                        th.n scope="col" { "Cost" }
                        th.n scope="col" { "Per answer" }
                    }
                }
                tbody {
                    @for model in &cost.models {
                        tr {
                            td { (super::name(&model.provider)) }
                            th scope="row" { (super::name(&model.model)) }
                            td.n { (text::count(model.answers)) }
                            td.n { (text::count(model.prompt_tokens)) }
                            td.n { (text::count(model.completion_tokens)) }
                            td.n { (text::usd(model.cost.as_usd())) }
                            td.n { (each(model.cost.as_usd(), model.answers)) }
                        }
                    }
                }
                tfoot {
                    tr {
                        th scope="row" colspan="2" { "Total" }
                        td.n { (text::count(total(|m| m.answers))) }
                        td.n { (text::count(total(|m| m.prompt_tokens))) }
                        td.n { (text::count(total(|m| m.completion_tokens))) }
                        td.n { (text::usd(cost.total_usd)) }
                        td.n { (each(cost.total_usd, total(|m| m.answers))) }
                    }
                }
            }
        }
    };
    let how = html! {
        "Tokens are pieces of words, as the models count them: “in” is what was sent (instructions and essays), “out” what came back. The cost is in US dollars at the provider's prices."
    };
    Section { id, title, body, how: Some(how) }
}

/// Failures by reason.
pub(crate) fn failures(facts: &Facts<'_>) -> Section {
    let (id, title) = ("failures", "Failed comparisons");
    let progress = &facts.view.progress;
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for comparison in facts.comparisons.iter().filter(|c| c.status == "failed") {
        *reasons.entry(comparison.error_code.as_deref().unwrap_or("")).or_default() += 1;
    }
    let retries = html! {
        @if progress.retries > 0 {
            p { (text::plural(progress.retries, "failed attempt was", "failed attempts were")) " repeated." }
        }
    };
    if progress.failed == 0 && reasons.is_empty() {
        let body = html! { p { "No comparison failed for good." } (retries) };
        return Section { id, title, body, how: None };
    }
    let mut reasons: Vec<(&str, usize)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    let body = html! {
        p { (text::plural(progress.failed, "comparison", "comparisons")) " of " (text::size(progress.requested)) " failed and were not tried again." }
        @if reasons.is_empty() { (none("The single comparisons, and with them the reasons, are not part of this report.")) }
        @else { (table(&reasons)) }
        (retries)
    };
    let how = html! {
        "The reason is that of the last attempt. Failed comparisons do not touch the scores, but the essays in them were compared less often, and their intervals are wider."
    };
    Section { id, title, body, how: Some(how) }
}

fn table(reasons: &[(&str, usize)]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Failures by reason" {
            table {
                caption.hidden { "Failures by reason" }
                thead { tr { th scope="col" { "Reason" } th scope="col" { "Code" } th.n scope="col" { "Failures" } } }
                tbody {
                    @for (code, n) in reasons {
                        tr {
                            th scope="row" { (words(code)) }
                            td { @if code.is_empty() { "–" } @else { code { (text::visible(code)) } } }
                            td.n { (text::size(*n)) }
                        }
                    }
                }
            }
        }
    }
}

/// A failure's code in words.
fn words(code: &str) -> &'static str {
    match code {
        "" => "No reason was given",
        "INVALID_REQUEST" => "The request was wrong, or too long for the model",
        "AUTHENTICATION_ERROR" => "The credential is missing or wrong",
        "AUTHORIZATION_ERROR" => "The credential may not do this",
        "RESOURCE_NOT_FOUND" => "The model does not exist",
        "RATE_LIMIT" => "Too many requests for the provider's limits",
        "QUOTA_EXCEEDED" => "The account's quota is used up",
        "SERVICE_UNAVAILABLE" => "The provider had no capacity, or is not configured",
        "TIMEOUT" => "The provider took too long",
        "DEADLINE_EXCEEDED" => "No answer came in time",
        "EXTERNAL_SERVICE_ERROR" => "The provider failed, or refused the content",
        "INVALID_RESPONSE" => "The answer could not be understood",
        "PROCESSING_ERROR" => "It was cancelled, or the adapter failed",
        _ => "Other",
    }
}
