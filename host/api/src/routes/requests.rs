//! One request: its state and outcome, and taking it back.

use super::{Path, no_request, request_id};
use crate::error::{ApiError, ApiResult, ErrorBody};
use crate::state::App;
use crate::wire::{Cancelled, RequestInfo};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use docket_pipeline::CancelOutcome;
use docket_types::RequestState;
use http::StatusCode;

async fn load(app: &App, id: &str) -> ApiResult<RequestInfo> {
    let found = app.handle.request(request_id(id)?).await?;
    found.map(RequestInfo::new).ok_or_else(|| no_request(id))
}

/// A request: where it is, and its outcome once it has one.
#[utoipa::path(
    get, path = "/api/v1/requests/{id}", tag = "requests", operation_id = "get_request",
    params(("id" = String, Path, description = "The `queue_id`")),
    responses((status = 200, description = "The request", body = RequestInfo),
        (status = 404, description = "No such request", body = ErrorBody))
)]
pub(crate) async fn get(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Json<RequestInfo>> {
    load(&app, &id).await.map(Json)
}

/// The seed's name for the same.
#[utoipa::path(
    get, path = "/api/v1/status/{queue_id}", tag = "requests", operation_id = "get_status",
    params(("queue_id" = String, Path)),
    responses((status = 200, description = "The request", body = RequestInfo),
        (status = 404, description = "No such request", body = ErrorBody))
)]
pub(crate) async fn status(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Json<RequestInfo>> {
    load(&app, &id).await.map(Json)
}

/// The outcome: 200 once there is one, 202 before.
#[utoipa::path(
    get, path = "/api/v1/results/{queue_id}", tag = "requests", operation_id = "get_result",
    params(("queue_id" = String, Path)),
    responses((status = 200, description = "It has its outcome", body = RequestInfo),
        (status = 202, description = "Not yet", body = RequestInfo),
        (status = 404, description = "No such request", body = ErrorBody))
)]
pub(crate) async fn result(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Response> {
    let info = load(&app, &id).await?;
    let status = if info.is_terminal() { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, Json(info)).into_response())
}

/// Cancels a request. Its callback says so. What a provider was asked already may still cost money.
#[utoipa::path(
    delete, path = "/api/v1/requests/{id}", tag = "requests", operation_id = "cancel_request",
    params(("id" = String, Path, description = "The `queue_id`")),
    responses((status = 200, description = "Cancelled", body = Cancelled),
        (status = 404, description = "No such request", body = ErrorBody),
        (status = 409, description = "It has its outcome already", body = ErrorBody))
)]
pub(crate) async fn cancel(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Json<Cancelled>> {
    match app.handle.cancel(request_id(&id)?).await? {
        CancelOutcome::Cancelled => {
            Ok(Json(Cancelled { queue_id: id, state: RequestState::Cancelled.as_str() }))
        }
        CancelOutcome::NotFound => Err(no_request(&id)),
        CancelOutcome::AlreadyTerminal(state) => {
            let message = format!("the request has its outcome already: {state}");
            Err(ApiError::new(StatusCode::CONFLICT, "ALREADY_TERMINAL", message)
                .detail("queue_id", id)
                .detail("state", state.as_str()))
        }
    }
}
