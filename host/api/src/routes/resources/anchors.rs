//! Anchor essays of assignments.

use super::{check_assignment, check_name, check_text, counted, grades_of};
use crate::admin::Admin;
use crate::body;
use crate::error::{ApiError, ApiResult, ErrorBody};
use crate::routes::Path;
use crate::state::{App, Shared};
use crate::stored::anchors::{self, Anchor};
use crate::stored::{content, instructions};
use crate::wire::{AnchorList, AnchorRegistered, NewAnchor};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use std::collections::BTreeMap;
use uuid::Uuid;

/// The longest label of an anchor, in characters.
const MAX_LABEL: usize = 255;

/// The shortest anchor essay, in characters.
const MIN_ESSAY: usize = 100;

/// Registers an anchor essay of an assignment, new or in place of the one with the same label.
#[utoipa::path(
    post, path = "/api/v1/anchors/register", tag = "resources", operation_id = "register_anchor",
    request_body = NewAnchor,
    responses((status = 201, description = "It is stored", body = AnchorRegistered),
        (status = 400, description = "A field is wrong, or the assignment has no instructions", body = ErrorBody),
        (status = 401, description = "No admin token, or a wrong one", body = ErrorBody)),
    security(("admin_token" = []))
)]
pub(crate) async fn register(
    _: Admin,
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let registered = counted("register_anchor", write(&app, &headers, body).await)?;
    Ok((StatusCode::CREATED, Json(registered)).into_response())
}

async fn write(app: &Shared, headers: &HeaderMap, body: Body) -> ApiResult<AnchorRegistered> {
    let bytes = body::read(app, headers, body).await?;
    let new: NewAnchor = body::parse(&bytes)?;
    check_assignment(&new.assignment_id)?;
    check_text("essay_text", &new.essay_text, MIN_ESSAY)?;
    let label = new.anchor_label.unwrap_or_else(|| new.grade.clone());
    check_name("anchor_label", &label, MAX_LABEL)?;
    let _writing = app.writing.lock().await;
    let Some(assignment) = instructions::find(app, &new.assignment_id).await? else {
        return Err(ApiError::invalid("assignment_id", "unknown assignment: it has no instructions"));
    };
    let scale = assignment.grade_scale;
    let grades = grades_of("grade_scale", &scale)?;
    if !grades.contains(&new.grade) {
        let message = format!("is no grade of `{scale}`; its grades are: {}", grades.join(", "));
        return Err(ApiError::invalid("grade", message).detail("known", grades));
    }
    let storage_id = content::store(app, &new.essay_text).await?;
    let old = anchors::find(app, &new.assignment_id, &scale, &label).await?;
    let anchor = Anchor {
        anchor_id: old.map_or_else(Uuid::now_v7, |old| old.anchor_id),
        assignment_id: new.assignment_id,
        anchor_label: label,
        grade: new.grade,
        grade_scale: scale.clone(),
        text_storage_id: storage_id.clone(),
    };
    anchors::save(app, &anchor).await?;
    let anchor_id = anchor.anchor_id.to_string();
    Ok(AnchorRegistered { anchor_id, storage_id, grade_scale: scale, status: "registered" })
}

/// An assignment's anchor essays on its scale, and how many there are on others.
#[utoipa::path(
    get, path = "/admin/v1/anchors/assignment/{assignment_id}", tag = "resources",
    operation_id = "list_anchors", params(("assignment_id" = String, Path)),
    responses((status = 200, description = "The anchors", body = AnchorList),
        (status = 401, description = "No admin token, or a wrong one", body = ErrorBody),
        (status = 404, description = "The assignment has no instructions", body = ErrorBody)),
    security(("admin_token" = []))
)]
pub(crate) async fn list(
    _: Admin,
    State(app): State<App>,
    Path(id): Path<String>,
) -> ApiResult<Json<AnchorList>> {
    counted("list_anchors", read(&app, &id).await.map(Json))
}

async fn read(app: &Shared, id: &str) -> ApiResult<AnchorList> {
    let assignment = instructions::require(app, id).await?;
    let all = anchors::all(app, id).await?;
    let mut by_scale = BTreeMap::new();
    for anchor in &all {
        *by_scale.entry(anchor.grade_scale.clone()).or_insert(0) += 1;
    }
    let total = all.len();
    let own = all.into_iter().filter(|anchor| anchor.grade_scale == assignment.grade_scale);
    let own: Vec<_> = own.map(Into::into).collect();
    Ok(AnchorList {
        assignment_id: assignment.assignment_id,
        grade_scale: assignment.grade_scale,
        anchor_count: own.len(),
        anchors: own,
        anchor_count_total: total,
        anchor_count_by_scale: by_scale,
    })
}
