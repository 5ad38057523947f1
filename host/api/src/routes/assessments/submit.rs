//! Asking for an assessment: `POST /api/v1/assessments`, and `POST /api/v1/events` for those who speak in events.

use crate::body;
use crate::error::{ApiError, ApiResult, ErrorBody};
use crate::state::App;
use crate::stored;
use crate::wire::{Assessment, AssessmentAccepted, Draft, Envelope, Spelling, check_envelope};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use docket_types::assessment::Essay;
use http::{HeaderMap, HeaderValue, StatusCode, header};

/// Asks for an assessment. 202 means that it is durably stored and will end, with scores or with a reason.
#[utoipa::path(
    post, path = "/api/v1/assessments", tag = "assessments", operation_id = "submit_assessment",
    request_body = Assessment,
    responses(
        (status = 202, description = "Accepted, or a replay of an earlier receipt. `Location` is the assessment.",
            body = AssessmentAccepted),
        (status = 400, description = "The body is not JSON, or a field is wrong", body = ErrorBody),
        (status = 409, description = "The name was used for something else", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 415, description = "The body is not declared as JSON", body = ErrorBody),
        (status = 503, description = "The store is full, too many large bodies, or docket is stopping; see \
            `Retry-After`", body = ErrorBody),
    )
)]
pub(crate) async fn submit(State(app): State<App>, headers: HeaderMap, body: Body) -> ApiResult<Response> {
    let bytes = body::read_large(&app, &headers, body).await?;
    let draft = body::parse::<Assessment>(&bytes)?.into_draft()?;
    drop(bytes);
    accept(&app, draft).await
}

/// Takes in an event that asks for an assessment: the envelope of `ELS_CJAssessmentRequestV1`. Its essays are stored
/// as content before. The same event again replays the receipt.
#[utoipa::path(
    post, path = "/api/v1/events", tag = "assessments", operation_id = "take_event",
    request_body = Envelope,
    responses(
        (status = 202, description = "Accepted, or a replay of an earlier receipt. `Location` is the assessment.",
            body = AssessmentAccepted),
        (status = 400, description = "It is no such event, a field is wrong, or a text is not stored",
            body = ErrorBody),
        (status = 409, description = "The entity was assessed differently", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 415, description = "The body is not declared as JSON", body = ErrorBody),
        (status = 503, description = "The store is full, or docket is stopping; see `Retry-After`",
            body = ErrorBody),
    )
)]
pub(crate) async fn event(State(app): State<App>, headers: HeaderMap, body: Body) -> ApiResult<Response> {
    let bytes = body::read_large(&app, &headers, body).await?;
    check_envelope(&bytes)?;
    let draft = body::parse::<Envelope>(&bytes)?.into_draft(app.options.max_event_comparisons)?;
    drop(bytes);
    accept(&app, draft).await
}

async fn accept(app: &App, draft: Draft) -> ApiResult<Response> {
    let (spelling, own) = (draft.spelling, draft.request.essays.len());
    let correlation_id = draft.request.attribution.correlation_id;
    let result = async {
        let request = stored::complete(app, draft).await?;
        let name = request.name.clone();
        let anchors: Vec<String> =
            request.essays.iter().skip(own).map(|essay: &Essay| essay.id.clone()).collect();
        let receipt = app.handle.assess(request).await;
        let receipt = receipt.map_err(|error| explain(error.into(), spelling, own, &anchors))?;
        Ok(AssessmentAccepted::new(&receipt, name))
    };
    let answer = result.await.map_err(|error: ApiError| match correlation_id {
        Some(id) => error.correlated(id),
        None => error,
    })?;
    let location = HeaderValue::from_str(&answer.links.this);
    let replayed = answer.replayed;
    let mut response = (StatusCode::ACCEPTED, Json(answer)).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    if replayed {
        response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Names the field as the caller knows it. An anchor that was added has no place in the caller's list.
fn explain(error: ApiError, spelling: Spelling, own: usize, anchors: &[String]) -> ApiError {
    let added = error.field().and_then(essay_at).and_then(|at| anchors.get(at.checked_sub(own)?)).cloned();
    match added {
        Some(anchor) => error.respelt(|_| spelling.field("assignment_id")).detail("anchor", anchor),
        None => error.respelt(|field| spelling.field(field)),
    }
}

/// Which essay a field belongs to.
fn essay_at(field: &str) -> Option<usize> {
    field.strip_prefix("essays[")?.split(']').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_what_the_caller_sent() {
        let explained = |field: &str, spelling| {
            let error = explain(ApiError::invalid(field, "m"), spelling, 2, &["ANCHOR_x".to_owned()]);
            error.field().unwrap_or_default().to_owned()
        };
        assert_eq!(explained("essays[1].text", Spelling::Own), "essays[1].text");
        assert_eq!(explained("essays[2].text", Spelling::Own), "assignment_id");
        assert_eq!(explained("essays[2].text", Spelling::Envelope), "data.assignment_id");
        assert_eq!(explained("essays[1].id", Spelling::Envelope), "data.essays_for_cj[1].essay_id");
        assert_eq!(explained("name", Spelling::Envelope), "data.entity_id");
    }
}
