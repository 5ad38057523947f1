//! Who may use the admin routes.

use crate::error::{ApiError, ApiResult};
use crate::state::{App, digest};
use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{StatusCode, header};
use subtle::ConstantTimeEq as _;

/// Extracted by admin handlers: present means allowed.
pub(crate) struct Admin;

impl FromRequestParts<App> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        if !app.options.admin_enabled {
            return Err(ApiError::new(
                StatusCode::NOT_FOUND,
                "ADMIN_API_DISABLED",
                "the admin routes are disabled",
            ));
        }
        let Some(wanted) = &app.token_digest else { return Ok(Self) };
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
        let Some(given) = given else {
            return Err(unauthorized("this route needs the admin token as a bearer token"));
        };
        // Digests have one length, so neither the length nor a common start can be measured.
        if bool::from(digest(given).ct_eq(wanted)) {
            Ok(Self)
        } else {
            Err(unauthorized("the admin token is wrong"))
        }
    }
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

fn unauthorized(message: &str) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, "AUTHENTICATION_ERROR", message)
}
