//! Around every request: id, metric, span, limit, and a net for panics.

use crate::error::ApiError;
use crate::state::App;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use docket_telemetry::{cj, host, llm};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use std::any::Any;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;
use tower_http::catch_panic::{CatchPanicLayer, ResponseForPanic};
use tracing::Instrument as _;
use uuid::Uuid;

/// Echoed, or made.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest request id that is echoed.
const MAX_REQUEST_ID: usize = 128;

/// What a path that is no route is called in the metrics.
const NO_ROUTE: &str = "unmatched";

/// Gives each request an id, a span and its metrics. Bodies are never looked at.
pub(crate) async fn observe(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let in_flight = InFlight::enter();
    let method = method_label(request.method());
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    let id = request_id(&request);
    let span = tracing::info_span!("http", method, route, request_id = id.to_str().unwrap_or_default());
    let mut response = next.run(request).instrument(span.clone()).await;
    response.headers_mut().insert(REQUEST_ID, id);
    let status = response.status();
    let took = begun.elapsed();
    llm::http_requests_total(method, route, status.as_str(), 1);
    llm::http_request_duration_seconds(method, route, took.as_secs_f64());
    if is_assessment(route) {
        cj::assessment_http_requests_total(method, route, status.as_str(), 1);
        cj::assessment_http_request_duration_seconds(method, route, took.as_secs_f64());
    }
    span.in_scope(|| {
        if status.is_server_error() {
            tracing::warn!(status = status.as_u16(), took_ms = took.as_millis(), "answered");
        } else {
            tracing::debug!(status = status.as_u16(), took_ms = took.as_millis(), "answered");
        }
    });
    drop(in_flight);
    response
}

/// Answers 503 when too many requests are in progress. Streams have a limit of their own.
pub(crate) async fn bounded(State(app): State<App>, request: Request, next: Next) -> Response {
    match app.quick.try_acquire() {
        Ok(_permit) => next.run(request).await,
        Err(_) => ApiError::busy("too many requests in progress").into_response(),
    }
}

fn request_id(request: &Request) -> HeaderValue {
    let given = request.headers().get(&REQUEST_ID).filter(|value| {
        !value.is_empty()
            && value.len() <= MAX_REQUEST_ID
            && value.as_bytes().iter().all(u8::is_ascii_graphic)
    });
    match given {
        Some(value) => value.clone(),
        None => HeaderValue::from_str(Uuid::now_v7().hyphenated().encode_lower(&mut Uuid::encode_buffer()))
            .unwrap_or_else(|_| HeaderValue::from_static("none")),
    }
}

/// Whether the seed's CJ service would have answered: assessments, and what is kept for them.
fn is_assessment(route: &str) -> bool {
    ["/api/v1/assessments", "/api/v1/events", "/api/v1/anchors", "/api/v1/content", "/admin/v1/"]
        .iter()
        .any(|start| route.starts_with(start))
}

/// Methods are the caller's words: only the known ones become labels.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

static IN_FLIGHT: AtomicU32 = AtomicU32::new(0);

/// Counts a request, or a stream, while it lives.
pub(crate) struct InFlight;

impl InFlight {
    pub(crate) fn enter() -> Self {
        let now = IN_FLIGHT.fetch_add(1, Ordering::Relaxed) + 1;
        host::http_in_flight(f64::from(now));
        Self
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let before = IN_FLIGHT.fetch_sub(1, Ordering::Relaxed);
        host::http_in_flight(f64::from(before.saturating_sub(1)));
    }
}

/// A panic in a handler is a 500 in the usual shape, and the connection lives.
pub(crate) fn catch_panic() -> CatchPanicLayer<OnPanic> {
    CatchPanicLayer::custom(OnPanic)
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct OnPanic;

impl ResponseForPanic for OnPanic {
    type ResponseBody = Body;

    fn response_for_panic(&mut self, _panic: Box<dyn Any + Send + 'static>) -> http::Response<Body> {
        // The panic's message may quote data; the panic hook has logged where it happened.
        tracing::error!("a handler panicked");
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN_ERROR", "an internal error").into_response()
    }
}
