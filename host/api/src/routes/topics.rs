//! Reading a topic log: a page, a long poll, or a stream.

use super::events::{KEEP_ALIVE, unbuffered};
use super::{Path, Query};
use crate::error::{ApiError, ApiResult, ErrorBody};
use crate::state::App;
use crate::stream::{Place, Woken, wait};
use crate::wire::{TopicEntry, TopicPage};
use axum::Json;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use docket_store::{Change, TopicEvent};
use futures_util::stream;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::time::Instant;
use utoipa::IntoParams;

/// The most events of one page.
const MAX_PAGE: u32 = 1000;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Cursor {
    /// Only events with a greater number. Default 0: from the start.
    #[serde(default)]
    after: i64,
    /// At most so many events, 1 to 1000. Default 100.
    #[serde(default = "default_limit")]
    limit: u32,
    /// Seconds to wait when there is no event yet, at most 60. Default 0.
    #[serde(default)]
    wait: u64,
}

const fn default_limit() -> u32 {
    100
}

/// Events of a topic, in order. With `Accept: text/event-stream` a stream that never ends; `Last-Event-ID`, or
/// `after`, says where it begins.
#[utoipa::path(
    get, path = "/api/v1/topics/{topic}/events", tag = "topics", operation_id = "read_topic",
    params(("topic" = String, Path), Cursor,
        ("Last-Event-ID" = Option<i64>, Header, description = "Wins over `after`; for streams")),
    responses(
        (status = 200, description = "A page of events, or a stream of them", content(
            (TopicPage = "application/json"), (String = "text/event-stream"))),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
        (status = 503, description = "Too many streams and long polls, or the store is down", body = ErrorBody),
    )
)]
pub(crate) async fn read(
    State(app): State<App>,
    Path(topic): Path<String>,
    Query(cursor): Query<Cursor>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    check_topic(&topic)?;
    if cursor.limit == 0 || cursor.limit > MAX_PAGE {
        return Err(ApiError::invalid("limit", "must be from 1 to 1000"));
    }
    if cursor.after < 0 {
        return Err(ApiError::invalid("after", "must not be negative"));
    }
    if wants_stream(&headers) {
        let after = last_event_id(&headers)?.unwrap_or(cursor.after);
        return follow(app, topic, after);
    }
    let (after, limit) = (cursor.after, cursor.limit);
    let wanted = Duration::from_secs(cursor.wait).min(app.options.max_wait);
    let events = if wanted.is_zero() {
        app.handle.read_topic(&topic, after, limit).await?
    } else {
        poll(&app, &topic, after, limit, wanted).await?
    };
    let next = events.last().map_or(after, |event| event.seq);
    let events = events.into_iter().map(TopicEntry::new).collect::<Result<_, _>>().map_err(damaged)?;
    Ok(Json(TopicPage { events, next }).into_response())
}

/// Waits until there is an event, at most `wanted`.
async fn poll(
    app: &App,
    topic: &str,
    after: i64,
    limit: u32,
    wanted: Duration,
) -> ApiResult<Vec<TopicEvent>> {
    let _place = Place::take(app)?;
    let deadline = Instant::now() + wanted;
    let mut hints = app.handle.changes();
    loop {
        let events = app.handle.read_topic(topic, after, limit).await?;
        if !events.is_empty() {
            return Ok(events);
        }
        let is_ours = |change: &Change| matches!(change, Change::Topic(changed) if changed == topic);
        if wait(app, &mut hints, Some(deadline), is_ours).await != Woken::Look {
            return Ok(events);
        }
    }
}

fn follow(app: App, topic: String, after: i64) -> ApiResult<Response> {
    let place = Place::take(&app)?;
    let hints = app.handle.changes();
    let follow = Follow { app, topic, after, hints, read: VecDeque::new(), _place: place };
    let events = stream::unfold(follow, |mut follow| async move {
        let event = follow.event().await?;
        Some((Ok::<_, Infallible>(event), follow))
    });
    Ok(unbuffered(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()))
}

struct Follow {
    app: App,
    topic: String,
    after: i64,
    hints: Receiver<Change>,
    /// Read, and not yet sent.
    read: VecDeque<TopicEvent>,
    _place: Place,
}

impl Follow {
    async fn event(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.read.pop_front() {
                self.after = event.seq;
                let Ok(data) = String::from_utf8(event.body) else {
                    tracing::error!(topic = %self.topic, seq = event.seq, "an event is not UTF-8");
                    continue;
                };
                // A line break would end the data; JSON has none that mean something.
                return Some(
                    Event::default().id(event.seq.to_string()).data(data.replace(['\r', '\n'], " ")),
                );
            }
            match self.app.handle.read_topic(&self.topic, self.after, default_limit()).await {
                Ok(events) if !events.is_empty() => {
                    self.read = events.into();
                    continue;
                }
                Ok(_) => {}
                Err(error) => tracing::debug!(%error, "a topic cannot be read; it is read again"),
            }
            let topic = &self.topic;
            let woken = wait(
                &self.app,
                &mut self.hints,
                None,
                |change| matches!(change, Change::Topic(changed) if changed == topic),
            );
            if woken.await == Woken::Stop {
                return None;
            }
        }
    }
}

fn check_topic(topic: &str) -> ApiResult<()> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if topic.len() <= 249 && topic.chars().all(legal) {
        return Ok(());
    }
    Err(ApiError::invalid("topic", "must be 1 to 249 letters, digits, dots, dashes or underscores"))
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|part| {
        part.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/event-stream")
    })
}

fn last_event_id(headers: &HeaderMap) -> ApiResult<Option<i64>> {
    let Some(value) = headers.get("last-event-id") else { return Ok(None) };
    let id = value.to_str().ok().and_then(|text| text.trim().parse::<i64>().ok()).filter(|id| *id >= 0);
    id.map(Some).ok_or_else(|| ApiError::invalid("Last-Event-ID", "is not the id of an event"))
}

fn damaged(what: String) -> ApiError {
    tracing::error!(%what, "a topic is damaged");
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "PROCESSING_ERROR", what)
}
