//! `POST /api/v1/comparison`.

use crate::body;
use crate::error::{ApiError, ApiResult, ErrorBody};
use crate::state::{App, digest};
use crate::wire::{Comparison, Receipt};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use docket_store::IdempotencyKey;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// The longest idempotency key, in characters.
const MAX_KEY: usize = 255;

/// Says that the receipt is an earlier one.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Submits a comparison. 202 means that it is durably stored and will get exactly one outcome.
#[utoipa::path(
    post, path = "/api/v1/comparison", tag = "comparisons", operation_id = "submit_comparison",
    request_body = Comparison,
    params(("Idempotency-Key" = Option<String>, Header,
        description = "At most 255 visible ASCII characters. The same key with the same body replays the receipt.")),
    responses(
        (status = 202, description = "Accepted. `Location` is the request; `Idempotency-Replayed` marks a replay.",
            body = Receipt),
        (status = 400, description = "The body is not JSON, or a field is wrong", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 415, description = "The body is not declared as JSON", body = ErrorBody),
        (status = 422, description = "The idempotency key was used with another body", body = ErrorBody),
        (status = 503, description = "The queue or the store is full, or docket is stopping; see `Retry-After`",
            body = ErrorBody),
    )
)]
pub(crate) async fn submit(State(app): State<App>, headers: HeaderMap, body: Body) -> ApiResult<Response> {
    let bytes = body::read(&app, &headers, body).await?;
    let idempotency = idempotency_key(&headers, &bytes)?;
    let submission = body::parse::<Comparison>(&bytes)?.into_submission()?;
    drop(bytes);
    let correlation_id = submission.correlation_id;
    let callback = submission.callback.clone();
    let receipt = app
        .handle
        .submit(submission, idempotency)
        .await
        .map_err(|error| ApiError::from(error).correlated(correlation_id))?;
    let answer = Receipt::new(&receipt, callback.topic.as_deref(), callback.url.as_deref());
    let location = HeaderValue::from_str(&format!("/api/v1/requests/{}", receipt.id));
    let mut response = (StatusCode::ACCEPTED, Json(answer)).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    if receipt.replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

fn idempotency_key(headers: &HeaderMap, body: &[u8]) -> ApiResult<Option<IdempotencyKey>> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    if key.is_empty() || key.len() > MAX_KEY {
        return Err(ApiError::invalid("Idempotency-Key", "must be 1 to 255 visible ASCII characters"));
    }
    Ok(Some(IdempotencyKey { key: key.to_owned(), body_hash: digest(body) }))
}
