//! From the HTTP client's errors to the few that an adapter can be told.

use crate::address::ResolveError;
use docket_types::exchange::TransportError;
use std::error::Error;

/// What a failed request means. The client's own text is not used: it may hold the URL, and with it a credential.
pub(crate) fn transport(error: &reqwest::Error) -> TransportError {
    if error.is_timeout() {
        return TransportError::Timeout;
    }
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(found) = known(inner) {
            return found;
        }
        source = inner.source();
    }
    if error.is_connect() {
        return TransportError::Connect;
    }
    if error.is_builder() {
        return TransportError::Other("the request could not be built".into());
    }
    TransportError::Reset
}

fn known(error: &(dyn Error + 'static)) -> Option<TransportError> {
    if let Some(resolve) = error.downcast_ref::<ResolveError>() {
        return Some(match resolve {
            ResolveError::Dns => TransportError::Dns,
            ResolveError::NotPublic => TransportError::Blocked(resolve.to_string()),
        });
    }
    if error.is::<rustls::Error>() {
        return Some(TransportError::Tls);
    }
    // An error wrapped in an io::Error is not its source, so it is looked at here.
    let io = error.downcast_ref::<std::io::Error>()?;
    if let Some(inner) = io.get_ref()
        && let Some(found) = known(inner)
    {
        return Some(found);
    }
    (io.kind() == std::io::ErrorKind::TimedOut).then_some(TransportError::Timeout)
}

/// A call that the host's rules refuse.
pub(crate) fn blocked(why: impl Into<String>) -> TransportError {
    TransportError::Blocked(why.into())
}
