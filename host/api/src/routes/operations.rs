//! For operators and their tools: health, metrics, mocks, plugins, the document of this surface.

use crate::admin::Admin;
use crate::error::{ErrorBody, SERVICE};
use crate::openapi;
use crate::state::App;
use crate::wire::{PluginInfo, PluginList};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use docket_telemetry::Recorder;
use http::{StatusCode, header};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;
use utoipa::ToSchema;

/// How long the store may take to answer a readiness check.
const READY_LIMIT: Duration = Duration::from_secs(3);

/// The process is alive.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    service: &'static str,
    /// `healthy`.
    status: &'static str,
    message: &'static str,
    version: &'static str,
    /// Whether mocks stand in for the real providers.
    mock_mode: bool,
    providers: BTreeMap<String, ProviderHealth>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderHealth {
    enabled: bool,
    /// Its plugin is loaded and has what it needs.
    configured: bool,
}

/// Alive: answers without asking the store or a provider, with or without keys, with or without mocks.
#[utoipa::path(
    get, path = "/healthz", tag = "operations", operation_id = "health",
    responses((status = 200, description = "Alive", body = Health))
)]
pub(crate) async fn health(State(app): State<App>) -> Json<Health> {
    let providers = app.handle.providers().into_iter();
    Json(Health {
        service: SERVICE,
        status: "healthy",
        message: "docket is running",
        version: env!("CARGO_PKG_VERSION"),
        mock_mode: app.handle.mock_mode().use_mock,
        providers: providers
            .map(|p| (p.name.0, ProviderHealth { enabled: true, configured: p.available }))
            .collect(),
    })
}

/// Whether requests can be accepted and answered.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    ready: bool,
    /// Why not.
    reasons: Vec<String>,
}

/// Ready: the store answers, and a provider can be used.
#[utoipa::path(
    get, path = "/readyz", tag = "operations", operation_id = "ready",
    responses((status = 200, description = "Ready", body = Readiness),
        (status = 503, description = "Not ready, with every reason", body = Readiness))
)]
pub(crate) async fn ready(State(app): State<App>) -> Response {
    let reasons = match tokio::time::timeout(READY_LIMIT, app.handle.is_ready()).await {
        Ok(Ok(())) => Vec::new(),
        Ok(Err(reasons)) => reasons,
        Err(_) => vec!["the store did not answer in time".to_owned()],
    };
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready: reasons.is_empty(), reasons })).into_response()
}

/// Metrics as Prometheus text.
#[utoipa::path(
    get, path = "/metrics", tag = "operations", operation_id = "metrics",
    responses((status = 200, description = "Prometheus text, version 0.0.4", body = String,
        content_type = "text/plain"))
)]
pub(crate) async fn metrics(State(app): State<App>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, Recorder::CONTENT_TYPE)], app.recorder.render())
}

/// This surface as OpenAPI 3.1.
#[utoipa::path(
    get, path = "/openapi.json", tag = "operations", operation_id = "openapi",
    responses((status = 200, description = "The document", body = Object))
)]
pub(crate) async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], openapi::text())
}

/// Whether mocks stand in for the real providers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MockModeInfo {
    use_mock_llm: bool,
    /// Which mock; null for the default one.
    mock_mode: Option<String>,
    default_provider: String,
    /// `per_request`, `serial_bundle` or `batch_api`.
    queue_processing_mode: &'static str,
}

/// What is mocked. Read only: a profile decides at start.
#[utoipa::path(
    get, path = "/admin/mock-mode", tag = "admin", operation_id = "mock_mode",
    responses((status = 200, description = "What is mocked", body = MockModeInfo),
        (status = 401, description = "No admin token, or a wrong one", body = ErrorBody),
        (status = 404, description = "The admin routes are disabled", body = ErrorBody)),
    security(("admin_token" = []))
)]
pub(crate) async fn mock_mode(_: Admin, State(app): State<App>) -> Json<MockModeInfo> {
    let mock = app.handle.mock_mode();
    Json(MockModeInfo {
        use_mock_llm: mock.use_mock,
        // The seed's service shows its default profile as none.
        mock_mode: mock.mock_mode.filter(|mode| mode != "default"),
        default_provider: mock.default_provider.0,
        queue_processing_mode: mock.mode.as_str(),
    })
}

/// Every file of the plugin folder, loaded or refused.
#[utoipa::path(
    get, path = "/admin/plugins", tag = "admin", operation_id = "list_plugins",
    responses((status = 200, description = "The plugins", body = PluginList),
        (status = 401, description = "No admin token, or a wrong one", body = ErrorBody),
        (status = 404, description = "The admin routes are disabled", body = ErrorBody)),
    security(("admin_token" = []))
)]
pub(crate) async fn plugins(_: Admin, State(app): State<App>) -> Json<PluginList> {
    Json(PluginList { plugins: app.handle.plugins().into_iter().map(PluginInfo::new).collect() })
}
