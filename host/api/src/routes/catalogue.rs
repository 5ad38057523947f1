//! Who can answer, with which models.

use super::{Path, Query};
use crate::error::{ApiError, ApiResult, ErrorBody};
use crate::state::App;
use crate::wire::{ModelList, ProviderInfo, ProviderList, TestAnswer};
use axum::Json;
use axum::extract::State;
use docket_pipeline::ModelFilter;
use docket_types::ProviderName;
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

/// The configured providers.
#[utoipa::path(
    get, path = "/api/v1/providers", tag = "providers", operation_id = "list_providers",
    responses((status = 200, description = "The providers", body = ProviderList))
)]
pub(crate) async fn providers(State(app): State<App>) -> Json<ProviderList> {
    let load = app.handle.load();
    Json(ProviderList {
        providers: app.handle.providers().into_iter().map(ProviderInfo::new).collect(),
        default_provider: app.handle.mock_mode().default_provider.0,
        selection_strategy: "explicit",
        open_requests: load.open,
        queued_requests: load.queued,
    })
}

/// Asks a provider a tiny question, without the queue. Costs what such a question costs.
#[utoipa::path(
    post, path = "/api/v1/providers/{provider}/test", tag = "providers", operation_id = "test_provider",
    params(("provider" = String, Path)),
    responses((status = 200, description = "It answered", body = TestAnswer),
        (status = 400, description = "No such provider", body = ErrorBody),
        (status = 502, description = "It failed", body = ErrorBody),
        (status = 503, description = "It cannot be used", body = ErrorBody),
        (status = 504, description = "It did not answer in time", body = ErrorBody))
)]
pub(crate) async fn test(
    State(app): State<App>,
    Path(provider): Path<String>,
) -> ApiResult<Json<TestAnswer>> {
    let report = app.handle.test_provider(&ProviderName(provider)).await?;
    Ok(Json(TestAnswer::new(report)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// Only of this provider; upper and lower case are the same.
    provider: Option<String>,
    /// Deprecated models too.
    #[serde(default)]
    include_deprecated: bool,
}

/// The models that the plugins list.
#[utoipa::path(
    get, path = "/api/v1/models", tag = "providers", operation_id = "list_models", params(Filter),
    responses((status = 200, description = "The models", body = ModelList),
        (status = 400, description = "No such provider", body = ErrorBody))
)]
pub(crate) async fn models(
    State(app): State<App>,
    Query(filter): Query<Filter>,
) -> ApiResult<Json<ModelList>> {
    let mut provider = None;
    if let Some(name) = filter.provider {
        let mut known: Vec<String> = app.handle.providers().into_iter().map(|p| p.name.0).collect();
        let Some(at) = known.iter().position(|known| known.eq_ignore_ascii_case(&name)) else {
            let message = format!("unknown provider `{name}`; known: {}", known.join(", "));
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "UNKNOWN_PROVIDER", message)
                .param("provider")
                .detail("known", known));
        };
        provider = Some(ProviderName(known.swap_remove(at)));
    }
    let filter = ModelFilter { provider, include_deprecated: filter.include_deprecated };
    Ok(Json(ModelList::new(app.handle.models(&filter))))
}
