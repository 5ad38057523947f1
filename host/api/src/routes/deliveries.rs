//! Webhooks for operators: what is pending or dead, and trying again.

use super::{Path, Query};
use crate::admin::Admin;
use crate::error::{ApiError, ApiResult, ErrorBody};
use crate::state::App;
use crate::wire::{DeliveryInfo, DeliveryList, Redelivery};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use docket_store::DeliveryState;
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    /// `pending`, `delivered` or `dead`. Default `dead`.
    state: Option<String>,
    /// At most so many, 1 to 1000. Default 100.
    limit: Option<u32>,
}

/// Webhook deliveries of one state, newest first.
#[utoipa::path(
    get, path = "/api/v1/deliveries", tag = "admin", operation_id = "list_deliveries", params(Filter),
    responses((status = 200, description = "The deliveries", body = DeliveryList),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
        (status = 401, description = "No admin token, or a wrong one", body = ErrorBody)),
    security(("admin_token" = []))
)]
pub(crate) async fn list(
    _: Admin,
    State(app): State<App>,
    Query(filter): Query<Filter>,
) -> ApiResult<Json<DeliveryList>> {
    let state = match filter.state.as_deref().unwrap_or("dead") {
        "pending" => DeliveryState::Pending,
        "delivered" => DeliveryState::Delivered,
        "dead" => DeliveryState::Dead,
        _ => return Err(ApiError::invalid("state", "must be one of: pending, delivered, dead")),
    };
    let limit = filter.limit.unwrap_or(100);
    if !(1..=1000).contains(&limit) {
        return Err(ApiError::invalid("limit", "must be from 1 to 1000"));
    }
    let deliveries = app.handle.list_deliveries(state, limit).await?;
    Ok(Json(DeliveryList { deliveries: deliveries.into_iter().map(DeliveryInfo::new).collect() }))
}

/// Delivers a webhook again, from the first try of its schedule, whatever its state.
#[utoipa::path(
    post, path = "/api/v1/deliveries/{id}/redeliver", tag = "admin", operation_id = "redeliver",
    params(("id" = String, Path, description = "The delivery's id")),
    responses((status = 202, description = "It will be tried", body = Redelivery),
        (status = 401, description = "No admin token, or a wrong one", body = ErrorBody),
        (status = 404, description = "No such delivery", body = ErrorBody)),
    security(("admin_token" = []))
)]
pub(crate) async fn redeliver(
    _: Admin,
    State(app): State<App>,
    Path(id): Path<String>,
) -> ApiResult<Response> {
    if app.handle.redeliver(&id).await? {
        Ok((StatusCode::ACCEPTED, Json(Redelivery { id, state: "pending" })).into_response())
    } else {
        Err(ApiError::not_found("no such delivery"))
    }
}
