//! The one error shape, and the one place where errors get a status.

use axum::Json;
use axum::response::{IntoResponse, Response};
use docket_pipeline::{AssessError, SubmitError, TestError};
use docket_types::Timestamp;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use utoipa::ToSchema;
use uuid::Uuid;

/// Who speaks, in the seed's words.
pub(crate) const SERVICE: &str = "llm_provider_service";

/// The body of every error.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorDetail,
}

/// What went wrong.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ErrorDetail {
    /// Stable; for programs. The list is in docs/http-api.md.
    #[schema(example = "VALIDATION_ERROR")]
    pub code: &'static str,
    /// For people; may change.
    pub message: String,
    /// The field that is wrong, as a dotted path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub param: Option<String>,
    /// The request's correlation id, where the body could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    pub correlation_id: Option<Uuid>,
    /// Always `llm_provider_service`.
    pub service: &'static str,
    /// RFC 3339, UTC.
    pub timestamp: String,
    /// More for programs, such as the known providers.
    #[schema(value_type = Object)]
    pub details: Map<String, Value>,
}

/// An error on its way out. Boxed: it is as rare as it is large.
#[derive(Debug, Clone)]
pub(crate) struct ApiError(Box<Problem>);

#[derive(Debug, Clone)]
struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    param: Option<String>,
    correlation_id: Option<Uuid>,
    details: Map<String, Value>,
    retry_after: Option<Duration>,
}

pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Problem {
            status,
            code,
            message: message.into(),
            param: None,
            correlation_id: None,
            details: Map::new(),
            retry_after: None,
        }))
    }

    /// A field is wrong.
    pub(crate) fn invalid(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "VALIDATION_ERROR", message).param(param)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "RESOURCE_NOT_FOUND", message)
    }

    pub(crate) fn busy(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE", message)
            .retry_after(Duration::from_secs(1))
    }

    pub(crate) fn param(mut self, param: impl Into<String>) -> Self {
        self.0.param = Some(param.into());
        self
    }

    pub(crate) fn detail(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.details.insert(key.to_owned(), value.into());
        self
    }

    pub(crate) fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// The field that is wrong.
    pub(crate) fn field(&self) -> Option<&str> {
        self.0.param.as_deref()
    }

    /// Renames the field, for a caller who knows it by another name.
    pub(crate) fn respelt(mut self, spell: impl FnOnce(&str) -> String) -> Self {
        self.0.param = self.0.param.map(|param| spell(&param));
        self
    }

    pub(crate) fn correlated(mut self, id: Uuid) -> Self {
        self.0.correlation_id = Some(id);
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let problem = *self.0;
        let mut details = problem.details;
        // Whole seconds, rounded up: zero would mean "at once".
        let seconds = problem.retry_after.map(|wait| wait.as_millis().div_ceil(1000).max(1));
        if let Some(seconds) = seconds {
            details.insert("retry_after_seconds".into(), json!(u64::try_from(seconds).unwrap_or(u64::MAX)));
        }
        let detail = ErrorDetail {
            code: problem.code,
            message: problem.message,
            param: problem.param,
            correlation_id: problem.correlation_id,
            service: SERVICE,
            timestamp: now().to_string(),
            details,
        };
        let mut response = (problem.status, Json(ErrorBody { error: detail })).into_response();
        let value = seconds.and_then(|seconds| HeaderValue::from_str(&seconds.to_string()).ok());
        if let Some(value) = value {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    }
}

/// The time of an error, or of a resource's writing; nothing is decided by it.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

impl From<SubmitError> for ApiError {
    fn from(error: SubmitError) -> Self {
        let message = error.to_string();
        let unavailable = |code| Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message.clone());
        match error {
            SubmitError::UnknownProvider { known, .. } => {
                Self::new(StatusCode::BAD_REQUEST, "UNKNOWN_PROVIDER", message)
                    .param("llm_config_overrides.provider_override")
                    .detail("known", known)
            }
            SubmitError::UnknownModel { provider, known, .. } => {
                Self::new(StatusCode::BAD_REQUEST, "UNKNOWN_MODEL", message)
                    .param("llm_config_overrides.model_override")
                    .detail("provider", provider)
                    .detail("known", known)
            }
            SubmitError::Unavailable { provider, .. } => unavailable("PROVIDER_UNAVAILABLE")
                .detail("provider", provider)
                .retry_after(Duration::from_secs(30)),
            SubmitError::Invalid { field, .. } => Self::invalid(field, message),
            SubmitError::Full { retry_after, reason } => {
                unavailable("QUEUE_FULL").detail("reason", reason).retry_after(retry_after)
            }
            SubmitError::KeyConflict => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "IDEMPOTENCY_KEY_CONFLICT", message)
                    .param("Idempotency-Key")
            }
            SubmitError::Draining => unavailable("DRAINING").retry_after(Duration::from_secs(5)),
            SubmitError::Store(error) => error.into(),
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN_ERROR", message),
        }
    }
}

impl From<AssessError> for ApiError {
    fn from(error: AssessError) -> Self {
        match error {
            AssessError::Invalid { field, message } => Self::invalid(field, message),
            AssessError::UnknownProvider { name, known } => {
                let message = format!("unknown provider `{name}`; known: {}", known.join(", "));
                Self::new(StatusCode::BAD_REQUEST, "UNKNOWN_PROVIDER", message)
                    .param("judging.provider")
                    .detail("known", known)
            }
            AssessError::NameConflict { id } => {
                let message = "an assessment of this name exists, and it was asked for differently";
                Self::new(StatusCode::CONFLICT, "NAME_CONFLICT", message)
                    .param("name")
                    .detail("id", id.to_string())
            }
            AssessError::Draining => SubmitError::Draining.into(),
            AssessError::Store(error) => error.into(),
        }
    }
}

impl From<docket_store::Error> for ApiError {
    fn from(error: docket_store::Error) -> Self {
        use docket_store::Error as E;
        let unavailable = |code, message: &str| {
            Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message).retry_after(Duration::from_secs(5))
        };
        match error {
            E::Full(_) => unavailable("STORE_FULL", "the store has no room left; nothing was stored"),
            E::Unavailable(_) => unavailable("STORE_UNAVAILABLE", "the store did not answer"),
            other => {
                tracing::error!(error = %other, "the store failed");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "PROCESSING_ERROR", "the store failed")
            }
        }
    }
}

impl From<TestError> for ApiError {
    fn from(error: TestError) -> Self {
        let message = error.to_string();
        match error {
            TestError::UnknownProvider { known, .. } => {
                Self::new(StatusCode::BAD_REQUEST, "UNKNOWN_PROVIDER", message)
                    .param("provider")
                    .detail("known", known)
            }
            TestError::Unavailable { provider, .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "PROVIDER_UNAVAILABLE", message)
                    .detail("provider", provider)
                    .retry_after(Duration::from_secs(30))
            }
            TestError::Failed { provider, failure } => {
                Self::new(StatusCode::BAD_GATEWAY, "EXTERNAL_SERVICE_ERROR", message)
                    .detail("provider", provider)
                    .detail("error_type", failure.class.as_str())
                    .detail("status_code", json!(failure.status))
            }
            TestError::TimedOut { provider } => {
                Self::new(StatusCode::GATEWAY_TIMEOUT, "TIMEOUT", message).detail("provider", provider)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(error: impl Into<ApiError>) -> (u16, &'static str, Option<String>, Option<String>) {
        let error: ApiError = error.into();
        let (code, param) = (error.0.code, error.0.param.clone());
        let response = error.into_response();
        let retry = response.headers().get("retry-after").map(|v| v.to_str().unwrap().to_owned());
        (response.status().as_u16(), code, param, retry)
    }

    #[test]
    fn every_refusal_has_its_status_its_code_and_its_wait() {
        let full = SubmitError::Full { retry_after: Duration::from_millis(1200), reason: "bytes".into() };
        assert_eq!(show(full), (503, "QUEUE_FULL", None, Some("2".into())));
        let full = SubmitError::Full { retry_after: Duration::ZERO, reason: "bytes".into() };
        assert_eq!(show(full).3, Some("1".into()));
        assert_eq!(show(SubmitError::Draining), (503, "DRAINING", None, Some("5".into())));
        let conflict = (422, "IDEMPOTENCY_KEY_CONFLICT", Some("Idempotency-Key".into()), None);
        assert_eq!(show(SubmitError::KeyConflict), conflict);
        let invalid = SubmitError::Invalid { field: "deadline".into(), message: "is in the past".into() };
        assert_eq!(show(invalid), (400, "VALIDATION_ERROR", Some("deadline".into()), None));
        let full = SubmitError::Store(docket_store::Error::Full("x".into()));
        assert_eq!(show(full), (503, "STORE_FULL", None, Some("5".into())));
        let down = SubmitError::Store(docket_store::Error::Unavailable("x".into()));
        assert_eq!(show(down), (503, "STORE_UNAVAILABLE", None, Some("5".into())));
        let bug = docket_store::Error::Internal("x".into());
        assert_eq!(show(bug), (500, "PROCESSING_ERROR", None, None));
    }

    #[test]
    fn unknown_names_come_with_the_known_ones() {
        let error: ApiError =
            SubmitError::UnknownProvider { name: "x".into(), known: vec!["mock".into(), "openai".into()] }
                .into();
        assert_eq!(error.0.details["known"], json!(["mock", "openai"]));
        assert!(error.0.message.contains("mock, openai"), "{}", error.0.message);
    }

    #[test]
    fn what_the_store_says_stays_inside() {
        let error: ApiError = docket_store::Error::Internal("SELECT secret".into()).into();
        assert!(!error.0.message.contains("SELECT"));
    }
}
