//! A request's changes as server-sent events.

use super::{Path, no_request, request_id};
use crate::error::{ApiResult, ErrorBody};
use crate::state::App;
use crate::stream::{Place, Woken, wait};
use crate::wire::StateEvent;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use docket_pipeline::Request;
use docket_store::Change;
use docket_types::RequestId;
use futures_util::stream;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;

/// How often a comment keeps a silent stream alive.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The request's state now, and each later one. Ends after the terminal state. A short state may be missed; the
/// terminal one never is.
#[utoipa::path(
    get, path = "/api/v1/requests/{id}/events", tag = "requests", operation_id = "watch_request",
    params(("id" = String, Path, description = "The `queue_id`")),
    responses(
        (status = 200, description = "Events named `state`", content_type = "text/event-stream", body = StateEvent),
        (status = 404, description = "No such request", body = ErrorBody),
        (status = 503, description = "Too many streams", body = ErrorBody),
    )
)]
pub(crate) async fn watch(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Response> {
    let request_id = request_id(&id)?;
    let place = Place::take(&app)?;
    // First the hints, then the state: what changes between the two is not lost.
    let hints = app.handle.changes();
    let request = app.handle.request(request_id).await?.ok_or_else(|| no_request(&id))?;
    let watch =
        Watch { app, id: request_id, hints, shown: None, next: Some(request), ended: false, _place: place };
    let events = stream::unfold(watch, |mut watch| async move {
        let event = watch.event().await?;
        Some((Ok::<_, Infallible>(event), watch))
    });
    Ok(unbuffered(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()))
}

/// Asks proxies to pass events on at once.
pub(crate) fn unbuffered(mut response: Response) -> Response {
    response.headers_mut().insert("x-accel-buffering", http::HeaderValue::from_static("no"));
    response
}

struct Watch {
    app: App,
    id: RequestId,
    hints: Receiver<Change>,
    /// The state and attempt that the watcher has seen.
    shown: Option<(docket_types::RequestState, u32)>,
    /// Read, and not yet looked at.
    next: Option<Request>,
    ended: bool,
    _place: Place,
}

impl Watch {
    async fn event(&mut self) -> Option<Event> {
        if self.ended {
            return None;
        }
        loop {
            if let Some(request) = self.next.take() {
                let seen = (request.state, request.attempts);
                if self.shown != Some(seen) {
                    self.shown = Some(seen);
                    self.ended = request.state.is_terminal();
                    let data = serde_json::to_string(&StateEvent::new(&request)).ok()?;
                    return Some(Event::default().event("state").data(data));
                }
            }
            let id = self.id;
            let woken = wait(
                &self.app,
                &mut self.hints,
                None,
                |change| matches!(change, Change::Request(changed, _) if *changed == id),
            );
            if woken.await == Woken::Stop {
                return None;
            }
            match self.app.handle.request(id).await {
                Ok(Some(request)) => self.next = Some(request),
                // Deleted while it was watched: nothing more will come.
                Ok(None) => return None,
                Err(error) => tracing::debug!(%error, "a watched request cannot be read; it is read again"),
            }
        }
    }
}
