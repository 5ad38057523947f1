//! The HTTP surface: routes, wire types, the one error shape, the OpenAPI document.
//!
//! Only this crate knows HTTP status codes. It decides nothing about requests: it reads them, hands them to the
//! pipeline, and shows what the pipeline says.

mod admin;
mod body;
mod error;
mod guard;
mod openapi;
mod routes;
mod state;
mod stored;
mod stream;
mod wire;

pub use error::{ErrorBody, ErrorDetail};
pub use openapi::document;
pub use state::{ApiOptions, ApiState};

use axum::Router;
use std::sync::Arc;

/// The whole HTTP surface. Every route has a request id, a metric, a span without bodies, a limit on requests in
/// progress, and a net for panics.
pub fn router(state: ApiState) -> Router {
    let shared = Arc::new(state::Shared::new(state));
    let (quick, streams, _) = openapi::routers();
    let quick = quick.layer(axum::middleware::from_fn_with_state(Arc::clone(&shared), guard::bounded));
    let app =
        quick.merge(streams).fallback(routes::not_found).method_not_allowed_fallback(routes::bad_method);
    app.layer(guard::catch_panic()).layer(axum::middleware::from_fn(guard::observe)).with_state(shared)
}
