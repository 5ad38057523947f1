//! Texts that events refer to.

use crate::admin::Admin;
use crate::body;
use crate::error::{ApiError, ApiResult, ErrorBody};
use crate::routes::Path;
use crate::state::App;
use crate::stored::content;
use crate::wire::{ContentStored, NewContent};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};

/// Stores a text. The same text has the same id; a stored text never changes.
#[utoipa::path(
    post, path = "/api/v1/content", tag = "resources", operation_id = "store_content",
    request_body = NewContent,
    responses((status = 201, description = "It is stored", body = ContentStored),
        (status = 400, description = "A field is wrong", body = ErrorBody),
        (status = 401, description = "No admin token, or a wrong one", body = ErrorBody)),
    security(("admin_token" = []))
)]
pub(crate) async fn store(
    _: Admin,
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let bytes = body::read(&app, &headers, body).await?;
    let new: NewContent = body::parse(&bytes)?;
    if new.text.trim().is_empty() {
        return Err(ApiError::invalid("text", "must not be empty"));
    }
    let storage_id = content::store(&app, &new.text).await?;
    Ok((StatusCode::CREATED, Json(ContentStored { storage_id })).into_response())
}

/// Forgets a text. Assessments that have it keep it.
#[utoipa::path(
    delete, path = "/api/v1/content/{storage_id}", tag = "resources", operation_id = "delete_content",
    params(("storage_id" = String, Path)),
    responses((status = 204, description = "It is gone"),
        (status = 401, description = "No admin token, or a wrong one", body = ErrorBody),
        (status = 404, description = "No such text", body = ErrorBody)),
    security(("admin_token" = []))
)]
pub(crate) async fn delete(
    _: Admin,
    State(app): State<App>,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    if content::delete(&app, &id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found("no text is stored under this id"))
    }
}
