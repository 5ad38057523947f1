//! Failures as data.

use crate::{Failure, FailureClass, Header, RetryAdvice, TransportError, retry_after};

impl Failure {
    /// A failure of this class; the same request will fail again, unless [`Failure::retry`] says otherwise.
    pub fn new(class: FailureClass, message: impl Into<String>) -> Self {
        Self { class, retry: RetryAdvice::Never, code: None, status: None, message: message.into() }
    }

    /// The adapter or the model cannot do this.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(FailureClass::Unsupported, message)
    }

    /// The reply cannot be understood; another try may help.
    pub fn bad_response(message: impl Into<String>) -> Self {
        Self::new(FailureClass::BadResponse, message).retry(RetryAdvice::Backoff)
    }

    /// With this advice.
    pub fn retry(mut self, advice: RetryAdvice) -> Self {
        self.retry = advice;
        self
    }

    /// With the provider's own code.
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// With the reply's status.
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// What a status means where the provider says nothing more. Where waiting may help, the reply's own
    /// waiting time (`retry-after-ms`, `retry-after`) goes before the host's backoff.
    pub fn from_status(status: u16, headers: &[Header], now_ms: u64) -> Self {
        let failure = Self::of_status(status);
        match (&failure.retry, retry_after::from_headers(headers, now_ms)) {
            (RetryAdvice::Backoff, Some(ms)) => failure.retry(RetryAdvice::AfterMs(ms)),
            _ => failure,
        }
    }

    /// What a status means, without its headers.
    pub(crate) fn of_status(status: u16) -> Self {
        use FailureClass as C;
        let (class, retry) = match status {
            401 => (C::Auth, RetryAdvice::OtherCredential),
            402 => (C::QuotaExhausted, RetryAdvice::OtherCredential),
            403 => (C::Permission, RetryAdvice::Never),
            404 => (C::NotFound, RetryAdvice::Never),
            408 | 504 => (C::Timeout, RetryAdvice::Backoff),
            409 => (C::Other("conflict".to_owned()), RetryAdvice::Backoff),
            425 | 429 => (C::RateLimited, RetryAdvice::Backoff),
            501 => (C::Unsupported, RetryAdvice::Never),
            503 | 529 => (C::Overloaded, RetryAdvice::Backoff),
            400..=499 => (C::InvalidRequest, RetryAdvice::Never),
            500..=599 => (C::Server, RetryAdvice::Backoff),
            _ => (C::BadResponse, RetryAdvice::Backoff),
        };
        Self::new(class, format!("the provider answered with status {status}")).retry(retry).status(status)
    }

    /// What a call without a reply means for the request.
    pub fn from_transport(error: &TransportError) -> Self {
        use FailureClass as C;
        let (class, retry, what) = match error {
            TransportError::Dns => (C::Server, RetryAdvice::Backoff, "the provider's name does not resolve"),
            TransportError::Connect => (C::Server, RetryAdvice::Backoff, "no connection to the provider"),
            TransportError::Tls => (C::Server, RetryAdvice::Backoff, "no trusted connection to the provider"),
            TransportError::Timeout => {
                (C::Timeout, RetryAdvice::Backoff, "no answer from the provider in time")
            }
            TransportError::Reset => {
                (C::Server, RetryAdvice::Backoff, "the connection to the provider broke")
            }
            TransportError::TooLarge => {
                (C::BadResponse, RetryAdvice::Never, "the provider's answer is too large")
            }
            TransportError::Blocked(why) => (C::Permission, RetryAdvice::Never, why.as_str()),
            TransportError::Other(what) => (C::Server, RetryAdvice::Backoff, what.as_str()),
        };
        Self::new(class, what).retry(retry)
    }

    pub(crate) fn cancelled() -> Self {
        Self::new(FailureClass::Cancelled, "cancelled")
    }
}

/// Lets `?` turn a reply that is not the expected JSON into a failure. The message says where, and never what stands there.
impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        use serde_json::error::Category;
        let what = match error.classify() {
            Category::Eof => "ends too early",
            Category::Syntax => "is not JSON",
            Category::Data | Category::Io => "does not have the expected shape",
        };
        Self::bad_response(format!("the answer {what}, at line {} column {}", error.line(), error.column()))
    }
}

/// The name that the wire and the fixtures use.
pub(crate) fn class_name(class: &FailureClass) -> &str {
    match class {
        FailureClass::InvalidRequest => "invalid_request",
        FailureClass::Auth => "auth",
        FailureClass::Permission => "permission",
        FailureClass::NotFound => "not_found",
        FailureClass::ContextLength => "context_length",
        FailureClass::ContentPolicy => "content_policy",
        FailureClass::RateLimited => "rate_limited",
        FailureClass::QuotaExhausted => "quota_exhausted",
        FailureClass::Overloaded => "overloaded",
        FailureClass::Timeout => "timeout",
        FailureClass::Server => "server",
        FailureClass::BadResponse => "bad_response",
        FailureClass::Unsupported => "unsupported",
        FailureClass::Cancelled => "cancelled",
        FailureClass::Other(name) => name,
    }
}

/// The class with this name.
pub(crate) fn class_of(name: &str) -> FailureClass {
    use FailureClass as C;
    let known = [
        C::InvalidRequest,
        C::Auth,
        C::Permission,
        C::NotFound,
        C::ContextLength,
        C::ContentPolicy,
        C::RateLimited,
        C::QuotaExhausted,
        C::Overloaded,
        C::Timeout,
        C::Server,
        C::BadResponse,
        C::Unsupported,
        C::Cancelled,
    ];
    known.into_iter().find(|class| class_name(class) == name).unwrap_or_else(|| C::Other(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_gives_class_and_advice() {
        let wait = [Header { name: "retry-after".to_owned(), value: "3".to_owned() }];
        for (status, class, retry) in [
            (400, "invalid_request", RetryAdvice::Never),
            (401, "auth", RetryAdvice::OtherCredential),
            (402, "quota_exhausted", RetryAdvice::OtherCredential),
            (404, "not_found", RetryAdvice::Never),
            (409, "conflict", RetryAdvice::AfterMs(3000)),
            (422, "invalid_request", RetryAdvice::Never),
            (429, "rate_limited", RetryAdvice::AfterMs(3000)),
            (500, "server", RetryAdvice::AfterMs(3000)),
            (503, "overloaded", RetryAdvice::AfterMs(3000)),
            (504, "timeout", RetryAdvice::AfterMs(3000)),
            (529, "overloaded", RetryAdvice::AfterMs(3000)),
            (302, "bad_response", RetryAdvice::AfterMs(3000)),
        ] {
            let failure = Failure::from_status(status, &wait, 0);
            assert_eq!((class_name(&failure.class), &failure.retry), (class, &retry), "{status}");
            assert_eq!(failure.status, Some(status));
            assert_eq!(class_of(class), failure.class);
        }
        assert_eq!(Failure::from_status(500, &[], 0).retry, RetryAdvice::Backoff);
    }

    #[test]
    fn a_wrong_reply_is_not_quoted() {
        let error = serde_json::from_str::<u32>("\"a secret\"").unwrap_err();
        let failure = Failure::from(error);
        assert_eq!(failure.class, FailureClass::BadResponse);
        assert!(!failure.message.contains("secret"), "{}", failure.message);
    }
}
