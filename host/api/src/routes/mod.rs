//! The handlers, one file per resource.

pub(crate) mod assessments;
pub(crate) mod catalogue;
pub(crate) mod comparison;
pub(crate) mod deliveries;
pub(crate) mod events;
pub(crate) mod operations;
pub(crate) mod requests;
pub(crate) mod resources;
pub(crate) mod topics;

use crate::error::{ApiError, ApiResult};
use axum::extract::FromRequestParts;
use docket_types::RequestId;
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;

/// No such path.
pub(crate) async fn not_found() -> ApiError {
    ApiError::not_found("no such path; /openapi.json lists the routes")
}

/// The path exists, but not with this method.
pub(crate) async fn bad_method() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "the path does not take this method")
}

/// A query string, with errors in the usual shape.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> ApiResult<Self> {
        let query = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        query.map(|query| Self(query.0)).map_err(|rejection| {
            let message = rejection.body_text();
            let message = message.strip_prefix("Failed to deserialize query string: ").unwrap_or(&message);
            let (param, why) = message.split_once(": ").unwrap_or(("query", message));
            let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
            match unknown {
                Some(name) => ApiError::invalid(name, message),
                None => ApiError::invalid(param, why),
            }
        })
    }
}

/// The variables of a path, with errors in the usual shape.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Self> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|path| Self(path.0)).map_err(|rejection| {
            ApiError::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", rejection.body_text())
        })
    }
}

/// A request's id from a path. What is no id is no request.
pub(crate) fn request_id(text: &str) -> ApiResult<RequestId> {
    text.parse().map_err(|_| no_request(text))
}

/// No such request.
pub(crate) fn no_request(id: &str) -> ApiError {
    let id: String = id.chars().take(64).collect();
    ApiError::not_found(format!("Queue ID {id} not found")).detail("queue_id", id)
}
