//! Reading assessments, and ending one.

use super::{load, missing};
use crate::body;
use crate::error::{ApiError, ApiResult, ErrorBody};
use crate::routes::{Path, Query};
use crate::state::App;
use crate::wire::{
    AssessmentCancelled, AssessmentInfo, AssessmentPage, ComparisonPage, DecisionInfo, DecisionPage,
    StatusAnswer, StatusInfo, StatusQuestion, state_name,
};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use docket_pipeline::AssessmentCancel;
use docket_types::AssessmentId;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use std::collections::BTreeMap;
use utoipa::IntoParams;

/// The most entries of a page.
const MAX_PAGE: u32 = 1000;

/// The most assessments of a list: each is read with all that is known of it.
const MAX_LIST: u32 = 200;

/// The most assessments that one question is about.
const MAX_ASKED: usize = 500;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Listed {
    /// Only assessments older than this one.
    before: Option<String>,
    /// At most so many, 1 to 200. Default 50.
    limit: Option<u32>,
    /// Only the one with this name.
    name: Option<String>,
}

/// Assessments, newest first, without their scores.
#[utoipa::path(
    get, path = "/api/v1/assessments", tag = "assessments", operation_id = "list_assessments", params(Listed),
    responses((status = 200, description = "A page of assessments", body = AssessmentPage),
        (status = 400, description = "A parameter is wrong", body = ErrorBody))
)]
pub(crate) async fn list(
    State(app): State<App>,
    Query(listed): Query<Listed>,
) -> ApiResult<Json<AssessmentPage>> {
    let limit = listed.limit.unwrap_or(50);
    if !(1..=MAX_LIST).contains(&limit) {
        return Err(ApiError::invalid("limit", format!("must be from 1 to {MAX_LIST}")));
    }
    if let Some(name) = &listed.name {
        let found = app.handle.assessment_named(name).await?;
        return Ok(Json(AssessmentPage::new(found.into_iter().collect(), u32::MAX)));
    }
    let before = listed.before.as_deref().map(str::parse::<AssessmentId>).transpose();
    let before = before.map_err(|_| ApiError::invalid("before", "is not the id of an assessment"))?;
    let views = app.handle.assessments(before, limit).await?;
    Ok(Json(AssessmentPage::new(views, limit)))
}

/// An assessment: where it is, what its scores are so far, and how it ended.
#[utoipa::path(
    get, path = "/api/v1/assessments/{id}", tag = "assessments", operation_id = "get_assessment",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The assessment", body = AssessmentInfo),
        (status = 404, description = "No such assessment", body = ErrorBody))
)]
pub(crate) async fn get(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Json<AssessmentInfo>> {
    Ok(Json(load(&app, &id).await?.into()))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Numbered {
    /// Only entries with this number or a greater one. Default 0: from the start.
    #[serde(default)]
    from: u32,
    /// At most so many, 1 to 1000. Default 100.
    #[serde(default = "default_limit")]
    limit: u32,
}

const fn default_limit() -> u32 {
    100
}

impl Numbered {
    fn check(&self) -> ApiResult<()> {
        if (1..=MAX_PAGE).contains(&self.limit) {
            return Ok(());
        }
        Err(ApiError::invalid("limit", format!("must be from 1 to {MAX_PAGE}")))
    }
}

/// The assessment's comparisons, in the order in which they were asked for.
#[utoipa::path(
    get, path = "/api/v1/assessments/{id}/comparisons", tag = "assessments",
    operation_id = "list_assessment_comparisons",
    params(("id" = String, Path, description = "The assessment's id"), Numbered),
    responses((status = 200, description = "A page of comparisons", body = ComparisonPage),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
        (status = 404, description = "No such assessment", body = ErrorBody))
)]
pub(crate) async fn comparisons(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(page): Query<Numbered>,
) -> ApiResult<Json<ComparisonPage>> {
    page.check()?;
    let id = load(&app, &id).await?.id;
    let found = app.handle.assessment_comparisons(id, page.from, page.limit).await?;
    let next = found.last().map_or(page.from, |last| last.number.saturating_add(1));
    Ok(Json(ComparisonPage { comparisons: found.into_iter().map(Into::into).collect(), next }))
}

/// Why each wave, retry and stop of the assessment happened.
#[utoipa::path(
    get, path = "/api/v1/assessments/{id}/decisions", tag = "assessments",
    operation_id = "list_assessment_decisions",
    params(("id" = String, Path, description = "The assessment's id"), Numbered),
    responses((status = 200, description = "A page of decisions", body = DecisionPage),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
        (status = 404, description = "No such assessment", body = ErrorBody))
)]
pub(crate) async fn decisions(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(page): Query<Numbered>,
) -> ApiResult<Json<DecisionPage>> {
    page.check()?;
    let id = load(&app, &id).await?.id;
    let found = app.handle.assessment_log(id, page.from, page.limit).await?;
    let decisions: Result<Vec<_>, _> = found.iter().map(DecisionInfo::new).collect();
    let decisions = decisions.map_err(|error| {
        tracing::error!(%error, %id, "a decision cannot be shown");
        let message = "a decision cannot be shown";
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "PROCESSING_ERROR", message)
    })?;
    let next = found.last().map_or(page.from, |last| last.number.saturating_add(1));
    Ok(Json(DecisionPage { decisions, next }))
}

/// Where many assessments are, with one question.
#[utoipa::path(
    post, path = "/api/v1/assessments/status", tag = "assessments", operation_id = "get_assessment_statuses",
    request_body = StatusQuestion,
    responses((status = 200, description = "Where each is; null where there is none", body = StatusAnswer),
        (status = 400, description = "The body is not JSON, or it has too many ids", body = ErrorBody))
)]
pub(crate) async fn statuses(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Json<StatusAnswer>> {
    let bytes = body::read(&app, &headers, body).await?;
    let StatusQuestion { ids } = body::parse(&bytes)?;
    if ids.len() > MAX_ASKED {
        return Err(ApiError::invalid("ids", format!("must be at most {MAX_ASKED}")));
    }
    let mut assessments = BTreeMap::new();
    for text in ids {
        let view = match text.parse::<AssessmentId>() {
            Ok(id) => app.handle.assessment(id).await?,
            Err(_) => None,
        };
        assessments.insert(text, view.as_ref().map(StatusInfo::from));
    }
    Ok(Json(StatusAnswer { assessments }))
}

/// Ends an assessment without scores. What is asked already may still be answered, and cost money.
#[utoipa::path(
    post, path = "/api/v1/assessments/{id}/cancel", tag = "assessments", operation_id = "cancel_assessment",
    params(("id" = String, Path, description = "The assessment's id")),
    responses((status = 202, description = "It ends in a moment", body = AssessmentCancelled),
        (status = 404, description = "No such assessment", body = ErrorBody),
        (status = 409, description = "It has ended already", body = ErrorBody))
)]
pub(crate) async fn cancel(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Response> {
    let parsed: AssessmentId = id.parse().map_err(|_| missing(&id))?;
    match app.handle.cancel_assessment(parsed).await? {
        AssessmentCancel::Requested => {
            let answer = AssessmentCancelled { id, status: "cancel_requested" };
            Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
        }
        AssessmentCancel::NotFound => Err(missing(&id)),
        AssessmentCancel::AlreadyEnded(state) => {
            let state = state_name(state);
            let message = format!("the assessment has ended already: {state}");
            Err(ApiError::new(StatusCode::CONFLICT, "ALREADY_TERMINAL", message)
                .detail("id", id)
                .detail("state", state))
        }
    }
}
