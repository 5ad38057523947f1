//! An assessment's progress as server-sent events.

use super::load;
use crate::error::{ApiResult, ErrorBody};
use crate::routes::Path;
use crate::routes::events::{KEEP_ALIVE, unbuffered};
use crate::state::App;
use crate::stream::{Place, Woken, wait};
use crate::wire::{EndEvent, StatusInfo, state_name};
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use docket_store::Change;
use docket_types::assessment::{self, AssessmentView};
use futures_util::stream;
use std::convert::Infallible;
use tokio::sync::broadcast::Receiver;

/// The assessment's progress now, and whenever it changes; then its end.
#[utoipa::path(
    get, path = "/api/v1/assessments/{id}/events", tag = "assessments", operation_id = "watch_assessment",
    params(("id" = String, Path, description = "The assessment's id")),
    responses(
        (status = 200, description = "Events named `progress`, and at last one named `end` (`EndEvent`)",
            content_type = "text/event-stream", body = StatusInfo),
        (status = 404, description = "No such assessment", body = ErrorBody),
        (status = 503, description = "Too many streams", body = ErrorBody),
    )
)]
pub(crate) async fn watch(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Response> {
    let place = Place::take(&app)?;
    // First the hints, then the state: what changes between the two is not lost.
    let hints = app.handle.changes();
    let view = load(&app, &id).await?;
    let watch = Watch { app, hints, shown: None, view, ended: false, _place: place };
    let events = stream::unfold(watch, |mut watch| async move {
        let event = watch.event().await?;
        Some((Ok::<_, Infallible>(event), watch))
    });
    Ok(unbuffered(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()))
}

struct Watch {
    app: App,
    hints: Receiver<Change>,
    /// What the watcher has seen.
    shown: Option<StatusInfo>,
    /// What was read last.
    view: AssessmentView,
    ended: bool,
    _place: Place,
}

impl Watch {
    async fn event(&mut self) -> Option<Event> {
        while !self.ended {
            let status = StatusInfo::from(&self.view);
            if self.shown.as_ref() != Some(&status) {
                let data = serde_json::to_string(&status).ok()?;
                self.shown = Some(status);
                return Some(Event::default().event("progress").data(data));
            }
            if self.view.state != assessment::State::Running {
                self.ended = true;
                let end = self.view.end.take().map(Into::into);
                let data =
                    serde_json::to_string(&EndEvent { state: state_name(self.view.state), end }).ok()?;
                return Some(Event::default().event("end").data(data));
            }
            let id = self.view.id;
            let is_ours = |change: &Change| matches!(change, Change::Stepped(stepped) if *stepped == id);
            if wait(&self.app, &mut self.hints, None, is_ours).await == Woken::Stop {
                return None;
            }
            match self.app.handle.assessment(id).await {
                Ok(Some(view)) => self.view = view,
                // Deleted while it was watched: nothing more will come.
                Ok(None) => return None,
                Err(error) => {
                    tracing::debug!(%error, "a watched assessment cannot be read; it is read again")
                }
            }
        }
        None
    }
}
