//! A request as its caller sees it.

use super::DeliveryInfo;
use docket_pipeline::Request;
use docket_types::outcome::Success;
use docket_types::{Failure, Outcome, RequestState};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A request. What it says once it is terminal never changes, and no callback says otherwise.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RequestInfo {
    /// Its id.
    #[schema(format = "uuid")]
    queue_id: String,
    /// `queued`, `waiting`, `running`, `batched`, or for good: `succeeded`, `failed`, `expired`, `cancelled`.
    state: &'static str,
    /// The same in the seed's words: `queued`, `processing`, `completed`, `failed`, `expired`.
    status: &'static str,
    /// Whether it never changes again.
    terminal: bool,
    /// The caller's id.
    #[schema(format = "uuid")]
    correlation_id: String,
    /// Who shall answer.
    provider: String,
    /// How many attempts have begun.
    attempts: u32,
    /// RFC 3339, UTC.
    accepted_at: String,
    /// RFC 3339, UTC.
    updated_at: String,
    /// RFC 3339, UTC: after this moment the answer is worthless.
    expires_at: String,
    /// What all attempts cost, in US dollars.
    cost_usd: f64,
    /// The job that it is, or was, part of.
    batch_id: Option<String>,
    /// Where the outcome goes.
    callback: CallbackInfo,
    /// The caller's own.
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
    /// The answer, when it succeeded.
    result: Option<ResultInfo>,
    /// What went wrong, when it failed, expired or was cancelled.
    error: Option<FailureInfo>,
    /// Its webhooks.
    deliveries: Vec<DeliveryInfo>,
}

/// Where an outcome goes.
#[derive(Debug, Serialize, ToSchema)]
struct CallbackInfo {
    topic: Option<String>,
    url: Option<String>,
}

/// An answer.
#[derive(Debug, Serialize, ToSchema)]
struct ResultInfo {
    /// `Essay A` or `Essay B`.
    winner: &'static str,
    /// At most 500 characters.
    justification: String,
    /// 1 (a guess) to 5 (certain).
    confidence: f64,
    /// The model that answered.
    model: String,
    /// Of the attempt that succeeded.
    response_time_ms: u64,
    /// As the provider counted; null when it did not say.
    token_usage: TokenInfo,
    /// Of the attempt that succeeded, in US dollars.
    cost_estimate: f64,
    /// The provider's id of the answer.
    provider_request_id: Option<String>,
}

/// Token counts.
#[derive(Debug, Serialize, ToSchema)]
struct TokenInfo {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    total_tokens: u64,
}

/// Why there is no answer.
#[derive(Debug, Serialize, ToSchema)]
struct FailureInfo {
    /// The class of the failure, such as `rate_limited`, or `expired` or `cancelled`.
    error_type: String,
    /// For people.
    message: String,
    /// The provider's own code.
    provider_error_code: Option<String>,
    /// The provider's HTTP status.
    status_code: Option<u16>,
}

impl RequestInfo {
    pub(crate) fn new(request: Request) -> Self {
        let submission = request.submission;
        let (result, error) = match request.outcome {
            None => (None, None),
            Some(Outcome::Succeeded(success)) => (Some(ResultInfo::from(*success)), None),
            Some(Outcome::Failed { failure }) => (None, Some(failure.into())),
            Some(Outcome::Expired) => {
                (None, Some(FailureInfo::own("expired", "the time ran out before an answer came")))
            }
            Some(Outcome::Cancelled) => {
                (None, Some(FailureInfo::own("cancelled", "the caller cancelled it")))
            }
        };
        Self {
            queue_id: request.id.to_string(),
            state: request.state.as_str(),
            status: status(request.state),
            terminal: request.state.is_terminal(),
            correlation_id: submission.correlation_id.to_string(),
            provider: submission.provider.0,
            attempts: request.attempts,
            accepted_at: request.accepted_at.to_string(),
            updated_at: request.updated_at.to_string(),
            expires_at: request.expires_at.to_string(),
            cost_usd: request.cost.as_usd(),
            batch_id: request.batch_id.map(|id| id.to_string()),
            callback: CallbackInfo { topic: submission.callback.topic, url: submission.callback.url },
            metadata: submission.metadata,
            result,
            error,
            deliveries: request.deliveries.into_iter().map(DeliveryInfo::new).collect(),
        }
    }
}

impl RequestInfo {
    /// Whether it has its outcome.
    pub(crate) const fn is_terminal(&self) -> bool {
        self.terminal
    }
}

/// The seed's words have no `cancelled`; a request without an answer has failed.
const fn status(state: RequestState) -> &'static str {
    match state {
        RequestState::Queued | RequestState::Waiting => "queued",
        RequestState::Running | RequestState::Batched => "processing",
        RequestState::Succeeded => "completed",
        RequestState::Failed | RequestState::Cancelled => "failed",
        RequestState::Expired => "expired",
    }
}

impl From<Success> for ResultInfo {
    fn from(success: Success) -> Self {
        let usage = &success.completion.usage;
        Self {
            winner: success.judgement.winner.as_str(),
            justification: success.judgement.justification,
            confidence: success.judgement.confidence,
            model: success.model,
            response_time_ms: success.response_time_ms,
            token_usage: TokenInfo {
                prompt_tokens: usage.input_tokens,
                completion_tokens: usage.output_tokens,
                total_tokens: usage.total_tokens(),
            },
            cost_estimate: success.cost.as_usd(),
            provider_request_id: success.completion.provider_id,
        }
    }
}

impl From<Failure> for FailureInfo {
    fn from(failure: Failure) -> Self {
        Self {
            error_type: failure.class.as_str().to_owned(),
            message: failure.message,
            provider_error_code: failure.code,
            status_code: failure.status,
        }
    }
}

impl FailureInfo {
    fn own(error_type: &str, message: &str) -> Self {
        Self {
            error_type: error_type.to_owned(),
            message: message.to_owned(),
            provider_error_code: None,
            status_code: None,
        }
    }
}

/// One event of a request's stream.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StateEvent {
    /// The request's id.
    #[schema(format = "uuid")]
    pub(crate) queue_id: String,
    /// The state that it is in now.
    pub(crate) state: &'static str,
    /// Whether this is the last event.
    pub(crate) terminal: bool,
    /// How many attempts have begun.
    pub(crate) attempts: u32,
    /// Since when; RFC 3339, UTC.
    pub(crate) at: String,
}

impl StateEvent {
    pub(crate) fn new(request: &Request) -> Self {
        Self {
            queue_id: request.id.to_string(),
            state: request.state.as_str(),
            terminal: request.state.is_terminal(),
            attempts: request.attempts,
            at: request.updated_at.to_string(),
        }
    }
}
