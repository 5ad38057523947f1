//! Failures as data: what a provider, an adapter or a limit said, and what may help.

use serde::{Deserialize, Serialize};

/// What went wrong. The first fifteen come from adapters; [`FailureClass::Adapter`] is the host's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// The request itself is wrong.
    InvalidRequest,
    /// The credential is missing or wrong.
    Auth,
    /// The credential may not do this.
    Permission,
    /// The model or resource does not exist.
    NotFound,
    /// The prompt does not fit the model.
    ContextLength,
    /// The provider refuses the content.
    ContentPolicy,
    /// Too many requests or tokens for now.
    RateLimited,
    /// The account's quota is used up.
    QuotaExhausted,
    /// The provider has no capacity for now.
    Overloaded,
    /// No answer in time.
    Timeout,
    /// The provider failed.
    Server,
    /// The answer cannot be understood.
    BadResponse,
    /// The adapter or model cannot do this.
    Unsupported,
    /// Cancelled by the caller.
    Cancelled,
    /// Anything else, by name.
    Other(String),
    /// The adapter trapped, ran out of a limit or broke the contract. Never a provider's doing.
    Adapter,
}

impl FailureClass {
    /// A bounded name for metric labels and codes.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::Auth => "auth",
            Self::Permission => "permission",
            Self::NotFound => "not_found",
            Self::ContextLength => "context_length",
            Self::ContentPolicy => "content_policy",
            Self::RateLimited => "rate_limited",
            Self::QuotaExhausted => "quota_exhausted",
            Self::Overloaded => "overloaded",
            Self::Timeout => "timeout",
            Self::Server => "server",
            Self::BadResponse => "bad_response",
            Self::Unsupported => "unsupported",
            Self::Cancelled => "cancelled",
            Self::Other(_) => "other",
            Self::Adapter => "adapter",
        }
    }
}

/// What may help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAdvice {
    /// The same request will fail again.
    Never,
    /// Later, by the host's own backoff.
    Backoff,
    /// Not before this many milliseconds from now.
    AfterMs(u64),
    /// With another credential.
    OtherCredential,
    /// At another provider.
    OtherProvider,
}

/// A failure: stored with the request, shown to the caller, and the input of the retry policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What went wrong.
    pub class: FailureClass,
    /// What may help.
    pub retry: RetryAdvice,
    /// The provider's own code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The HTTP status, if there was a reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// For the person who reads it: no prompt, no credential, at most [`Failure::MAX_MESSAGE`] bytes.
    pub message: String,
}

impl Failure {
    /// The longest message kept, in bytes.
    pub const MAX_MESSAGE: usize = 2048;

    /// A failure without a provider's code or status.
    pub fn new(class: FailureClass, retry: RetryAdvice, message: impl Into<String>) -> Self {
        Self { class, retry, code: None, status: None, message: message.into() }
    }

    /// The host's own: a trap, a limit hit or a breach of the contract.
    pub fn adapter(message: impl Into<String>) -> Self {
        Self::new(FailureClass::Adapter, RetryAdvice::Backoff, message)
    }
}
