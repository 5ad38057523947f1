//! Instructions of assignments.

use super::{MIN_TEXT, check_assignment, check_name, check_text, counted, grades_of};
use crate::admin::Admin;
use crate::body;
use crate::error::{ApiError, ApiResult, ErrorBody, now};
use crate::routes::{Path, Query};
use crate::state::{App, Shared};
use crate::stored::content;
use crate::stored::instructions::{self, DEFAULT_ORIGIN, DEFAULT_SCALE, Instructions, missing};
use crate::wire::{InstructionsInfo, InstructionsPage, NewInstructions};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;

/// The longest text of instructions, in characters.
const MAX_INSTRUCTIONS: usize = 100_000;

/// The longest name of an origin, in characters.
const MAX_ORIGIN: usize = 64;

/// The most instructions of a page.
const MAX_PAGE: usize = 200;

/// Writes an assignment's instructions, new or over the old ones. What is absent stays as it is; the scale and the
/// origin never change.
#[utoipa::path(
    post, path = "/admin/v1/assessment-instructions", tag = "resources", operation_id = "write_instructions",
    request_body = NewInstructions,
    responses((status = 200, description = "They are stored", body = InstructionsInfo),
        (status = 400, description = "A field is wrong, or would change what never changes", body = ErrorBody),
        (status = 401, description = "No admin token, or a wrong one", body = ErrorBody)),
    security(("admin_token" = []))
)]
pub(crate) async fn write(
    _: Admin,
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Json<InstructionsInfo>> {
    counted("write_instructions", upsert(&app, &headers, body).await)
}

async fn upsert(app: &Shared, headers: &HeaderMap, body: Body) -> ApiResult<Json<InstructionsInfo>> {
    let bytes = body::read(app, headers, body).await?;
    let new: NewInstructions = body::parse(&bytes)?;
    check(app, &new).await?;
    let _writing = app.writing.lock().await;
    let old = instructions::find(app, &new.assignment_id).await?;
    let merged = merge(new, old, now().to_string())?;
    instructions::save(app, &merged).await?;
    Ok(Json(merged.into()))
}

async fn check(app: &Shared, new: &NewInstructions) -> ApiResult<()> {
    check_assignment(&new.assignment_id)?;
    check_text("instructions_text", &new.instructions_text, MIN_TEXT)?;
    if new.instructions_text.chars().count() > MAX_INSTRUCTIONS {
        let message = format!("must be at most {MAX_INSTRUCTIONS} characters");
        return Err(ApiError::invalid("instructions_text", message));
    }
    if let Some(scale) = &new.grade_scale {
        grades_of("grade_scale", scale)?;
    }
    if let Some(origin) = &new.context_origin {
        check_name("context_origin", origin, MAX_ORIGIN)?;
    }
    let references = [
        ("student_prompt_storage_id", &new.student_prompt_storage_id),
        ("judge_rubric_storage_id", &new.judge_rubric_storage_id),
    ];
    for (field, id) in references {
        if let Some(id) = id
            && content::find(app, id).await?.is_none()
        {
            return Err(ApiError::invalid(field, "no text is stored under this id"));
        }
    }
    Ok(())
}

/// The new instructions, with what they leave out from the old ones.
fn merge(new: NewInstructions, old: Option<Instructions>, at: String) -> ApiResult<Instructions> {
    let (scale, origin) = match &old {
        Some(old) => (old.grade_scale.clone(), old.context_origin.clone()),
        None => (
            new.grade_scale.clone().unwrap_or_else(|| DEFAULT_SCALE.to_owned()),
            new.context_origin.clone().unwrap_or_else(|| DEFAULT_ORIGIN.to_owned()),
        ),
    };
    for (field, given, fixed) in
        [("grade_scale", &new.grade_scale, &scale), ("context_origin", &new.context_origin, &origin)]
    {
        if given.as_ref().is_some_and(|given| given != fixed) {
            return Err(ApiError::invalid(field, format!("is `{fixed}` and never changes")));
        }
    }
    let (created_at, prompt, rubric) = match old {
        Some(old) => (old.created_at, old.student_prompt_storage_id, old.judge_rubric_storage_id),
        None => (at.clone(), None, None),
    };
    Ok(Instructions {
        assignment_id: new.assignment_id,
        instructions_text: new.instructions_text,
        grade_scale: scale,
        context_origin: origin,
        student_prompt_storage_id: new.student_prompt_storage_id.or(prompt),
        judge_rubric_storage_id: new.judge_rubric_storage_id.or(rubric),
        created_at,
        updated_at: at,
    })
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Pages {
    /// Counts from 1. Default 1.
    page: Option<usize>,
    /// At most so many, 1 to 200. Default 50.
    page_size: Option<usize>,
    /// Only of this scale.
    grade_scale: Option<String>,
}

/// Instructions, by assignment.
#[utoipa::path(
    get, path = "/admin/v1/assessment-instructions", tag = "resources", operation_id = "list_instructions",
    params(Pages),
    responses((status = 200, description = "A page of instructions", body = InstructionsPage),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
        (status = 401, description = "No admin token, or a wrong one", body = ErrorBody)),
    security(("admin_token" = []))
)]
pub(crate) async fn list(
    _: Admin,
    State(app): State<App>,
    Query(pages): Query<Pages>,
) -> ApiResult<Json<InstructionsPage>> {
    counted("list_instructions", page(&app, pages).await)
}

async fn page(app: &Shared, pages: Pages) -> ApiResult<Json<InstructionsPage>> {
    let (page, page_size) = (pages.page.unwrap_or(1), pages.page_size.unwrap_or(50));
    if page == 0 {
        return Err(ApiError::invalid("page", "must be at least 1"));
    }
    if !(1..=MAX_PAGE).contains(&page_size) {
        return Err(ApiError::invalid("page_size", format!("must be from 1 to {MAX_PAGE}")));
    }
    let mut all = instructions::all(app).await?;
    all.retain(|one| pages.grade_scale.as_ref().is_none_or(|scale| *scale == one.grade_scale));
    let total = all.len();
    let items = all.into_iter().skip((page - 1).saturating_mul(page_size)).take(page_size);
    Ok(Json(InstructionsPage { items: items.map(Into::into).collect(), total, page, page_size }))
}

/// An assignment's instructions.
#[utoipa::path(
    get, path = "/admin/v1/assessment-instructions/assignment/{assignment_id}", tag = "resources",
    operation_id = "get_instructions", params(("assignment_id" = String, Path)),
    responses((status = 200, description = "The instructions", body = InstructionsInfo),
        (status = 401, description = "No admin token, or a wrong one", body = ErrorBody),
        (status = 404, description = "The assignment has none", body = ErrorBody)),
    security(("admin_token" = []))
)]
pub(crate) async fn get(
    _: Admin,
    State(app): State<App>,
    Path(id): Path<String>,
) -> ApiResult<Json<InstructionsInfo>> {
    let found = instructions::require(&app, &id).await;
    counted("get_instructions", found.map(|found| Json(found.into())))
}

/// Deletes an assignment's instructions, with the scale that never changes. Its anchors stay.
#[utoipa::path(
    delete, path = "/admin/v1/assessment-instructions/assignment/{assignment_id}", tag = "resources",
    operation_id = "delete_instructions", params(("assignment_id" = String, Path)),
    responses((status = 204, description = "They are gone"),
        (status = 401, description = "No admin token, or a wrong one", body = ErrorBody),
        (status = 404, description = "The assignment has none", body = ErrorBody)),
    security(("admin_token" = []))
)]
pub(crate) async fn delete(
    _: Admin,
    State(app): State<App>,
    Path(id): Path<String>,
) -> ApiResult<StatusCode> {
    let _writing = app.writing.lock().await;
    let gone = instructions::delete(&app, &id).await;
    let gone = gone.and_then(|found| if found { Ok(StatusCode::NO_CONTENT) } else { Err(missing(&id)) });
    counted("delete_instructions", gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(scale: Option<&str>, origin: Option<&str>, prompt: Option<&str>) -> NewInstructions {
        NewInstructions {
            assignment_id: "a".into(),
            instructions_text: "0123456789".into(),
            grade_scale: scale.map(Into::into),
            context_origin: origin.map(Into::into),
            student_prompt_storage_id: prompt.map(Into::into),
            judge_rubric_storage_id: None,
        }
    }

    #[test]
    fn what_is_left_out_stays_and_what_never_changes_does_not() {
        let first = merge(new(None, Some("canonical_national"), Some("p")), None, "1".into()).unwrap();
        assert_eq!((first.grade_scale.as_str(), first.is_canonical()), (DEFAULT_SCALE, true));
        let second = merge(new(None, None, None), Some(first.clone()), "2".into()).unwrap();
        assert_eq!(second.student_prompt_storage_id.as_deref(), Some("p"));
        assert_eq!((second.created_at.as_str(), second.updated_at.as_str()), ("1", "2"));
        assert_eq!(second.context_origin, "canonical_national");
        let same = new(Some(DEFAULT_SCALE), Some("canonical_national"), None);
        assert!(merge(same, Some(first.clone()), "3".into()).is_ok());
        for (change, field) in [
            (new(Some("eng5_np_legacy_9_step"), None, None), "grade_scale"),
            (new(None, Some("research_experiment"), None), "context_origin"),
        ] {
            let refused = merge(change, Some(first.clone()), "4".into()).unwrap_err();
            assert_eq!(refused.field(), Some(field));
        }
    }
}
