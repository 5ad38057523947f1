//! The routes and their OpenAPI 3.1 document, from the same list.

use crate::routes::resources::{anchors, content, instructions, materials};
use crate::routes::{assessments, catalogue, comparison, deliveries, events, operations, requests, topics};
use crate::state::App;
use axum::Router;
use std::sync::LazyLock;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, OpenApi};
use utoipa::{Modify, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "docket",
        description = "A durable queue for LLM requests. Requests are accepted with 202 and answered by callback, \
            stream, long poll or webhook. Every error has one shape; docs/http-api.md lists the codes.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "comparisons", description = "Submitting work"),
        (name = "requests", description = "Following a request, and taking it back"),
        (name = "assessments", description = "Ranking and grading essays by comparing them"),
        (name = "resources", description = "What is kept for assessments; needs the admin token"),
        (name = "topics", description = "Reading outcomes in order"),
        (name = "providers", description = "Who can answer"),
        (name = "operations", description = "Health, metrics, this document"),
        (name = "admin", description = "Needs the admin token where one is configured"),
    ),
    components(schemas(crate::wire::EndEvent)),
    modifiers(&AdminToken)
)]
struct Document;

struct AdminToken;

impl Modify for AdminToken {
    fn modify(&self, document: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The operator's admin token"))
            .build();
        let components = document.components.get_or_insert_with(Components::new);
        components.add_security_scheme("admin_token", SecurityScheme::Http(scheme));
    }
}

/// The routes that answer at once, those that hold a connection, and the document of both.
pub(crate) fn routers() -> (Router<App>, Router<App>, OpenApi) {
    let (quick, mut document) = OpenApiRouter::<App>::with_openapi(Document::openapi())
        .routes(routes!(comparison::submit))
        .routes(routes!(requests::get, requests::cancel))
        .routes(routes!(requests::status))
        .routes(routes!(requests::result))
        .routes(routes!(catalogue::providers))
        .routes(routes!(catalogue::test))
        .routes(routes!(catalogue::models))
        .routes(routes!(assessments::submit::submit, assessments::read::list))
        .routes(routes!(assessments::read::statuses))
        .routes(routes!(assessments::read::get))
        .routes(routes!(assessments::read::comparisons))
        .routes(routes!(assessments::read::decisions))
        .routes(routes!(assessments::report::report))
        .routes(routes!(assessments::read::cancel))
        .routes(routes!(assessments::submit::event))
        .routes(routes!(content::store))
        .routes(routes!(content::delete))
        .routes(routes!(instructions::write, instructions::list))
        .routes(routes!(instructions::get, instructions::delete))
        .routes(routes!(materials::write_prompt))
        .routes(routes!(materials::get_prompt))
        .routes(routes!(materials::write_rubric))
        .routes(routes!(materials::get_rubric))
        .routes(routes!(anchors::register))
        .routes(routes!(anchors::list))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::redeliver))
        .routes(routes!(operations::mock_mode))
        .routes(routes!(operations::plugins))
        .split_for_parts();
    let (streams, more) = OpenApiRouter::<App>::new()
        .routes(routes!(events::watch))
        .routes(routes!(assessments::watch::watch))
        .routes(routes!(topics::read))
        // An overloaded host must still say that it lives, and what it counts.
        .routes(routes!(operations::health))
        .routes(routes!(operations::ready))
        .routes(routes!(operations::metrics))
        .routes(routes!(operations::document))
        .split_for_parts();
    document.merge(more);
    (quick, streams, document)
}

/// The OpenAPI document.
pub fn document() -> OpenApi {
    routers().2
}

/// The document as text, made once.
pub(crate) fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| document().to_pretty_json().unwrap_or_default());
    &TEXT
}
