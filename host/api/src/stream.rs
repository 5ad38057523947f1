//! What streams and long polls share: their limit, and waiting for a hint.

use crate::error::{ApiError, ApiResult};
use crate::guard::InFlight;
use crate::state::{App, Shared};
use docket_store::Change;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::Instant;

/// A place among the streams; given back when the stream ends.
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    _counted: InFlight,
}

impl Place {
    pub(crate) fn take(app: &App) -> ApiResult<Self> {
        let permit = Arc::clone(&app.streams).try_acquire_owned();
        permit
            .map(|permit| Self { _permit: permit, _counted: InFlight::enter() })
            .map_err(|_| ApiError::busy("too many streams and long polls"))
    }
}

/// Why a wait is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Woken {
    /// Look again: a hint came, or enough time passed.
    Look,
    /// The given moment came.
    Deadline,
    /// The host stops.
    Stop,
}

/// Waits for a hint that `wanted` accepts, for the poll interval, for `deadline`, or for the host's stop.
pub(crate) async fn wait(
    app: &Shared,
    hints: &mut Receiver<Change>,
    deadline: Option<Instant>,
    wanted: impl Fn(&Change) -> bool,
) -> Woken {
    let poll = Instant::now() + app.options.poll;
    let until = deadline.map_or(poll, |deadline| deadline.min(poll));
    tokio::select! {
        biased;
        () = app.options.shutdown.cancelled() => Woken::Stop,
        () = hint(hints, wanted) => Woken::Look,
        () = tokio::time::sleep_until(until) => {
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) { Woken::Deadline } else { Woken::Look }
        }
    }
}

async fn hint(hints: &mut Receiver<Change>, wanted: impl Fn(&Change) -> bool) {
    loop {
        match hints.recv().await {
            Ok(change) if wanted(&change) => return,
            Ok(_) => {}
            // Hints were lost; this one may have been among them.
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
