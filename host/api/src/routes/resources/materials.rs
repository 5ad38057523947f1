//! Student prompts and rubrics of assignments: texts that the instructions refer to.

use super::{MIN_TEXT, check_assignment, check_text, counted};
use crate::admin::Admin;
use crate::body;
use crate::error::{ApiError, ApiResult, ErrorBody, now};
use crate::routes::Path;
use crate::state::{App, Shared};
use crate::stored::content;
use crate::stored::instructions::{self, Instructions};
use crate::wire::{NewPrompt, NewRubric, PromptInfo, RubricInfo};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::HeaderMap;

/// What a text is to its assignment.
#[derive(Debug, Clone, Copy)]
enum Part {
    Prompt,
    Rubric,
}

impl Part {
    fn slot(self, of: &mut Instructions) -> &mut Option<String> {
        match self {
            Self::Prompt => &mut of.student_prompt_storage_id,
            Self::Rubric => &mut of.judge_rubric_storage_id,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Prompt => "student prompt",
            Self::Rubric => "rubric",
        }
    }
}

/// Stores a text and makes the assignment refer to it; everything else of the assignment stays.
async fn write(
    app: &Shared,
    part: Part,
    assignment: &str,
    field: &str,
    text: &str,
) -> ApiResult<Instructions> {
    check_assignment(assignment)?;
    check_text(field, text, MIN_TEXT)?;
    let _writing = app.writing.lock().await;
    let mut stored = instructions::require(app, assignment).await?;
    // First the text: a reference never leads nowhere.
    *part.slot(&mut stored) = Some(content::store(app, text).await?);
    stored.updated_at = now().to_string();
    instructions::save(app, &stored).await?;
    Ok(stored)
}

async fn read(app: &Shared, part: Part, assignment: &str) -> ApiResult<(Instructions, String)> {
    let mut stored = instructions::require(app, assignment).await?;
    let missing = || {
        let message = format!("the assignment has no {}", part.name());
        ApiError::not_found(message).detail("assignment_id", assignment)
    };
    let id = part.slot(&mut stored).clone().ok_or_else(missing)?;
    let text = content::find(app, &id).await?.ok_or_else(missing)?;
    Ok((stored, text))
}

/// Stores an assignment's student prompt, new or in place of the old one.
#[utoipa::path(
    post, path = "/admin/v1/student-prompts", tag = "resources", operation_id = "write_student_prompt",
    request_body = NewPrompt,
    responses((status = 200, description = "It is stored", body = PromptInfo),
        (status = 400, description = "A field is wrong", body = ErrorBody),
        (status = 401, description = "No admin token, or a wrong one", body = ErrorBody),
        (status = 404, description = "The assignment has no instructions", body = ErrorBody)),
    security(("admin_token" = []))
)]
pub(crate) async fn write_prompt(
    _: Admin,
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Json<PromptInfo>> {
    let bytes = body::read(&app, &headers, body).await?;
    let new: NewPrompt = body::parse(&bytes)?;
    let written = write(&app, Part::Prompt, &new.assignment_id, "prompt_text", &new.prompt_text).await;
    let info =
        |stored: Instructions| PromptInfo { prompt_text: new.prompt_text, instructions: stored.into() };
    counted("write_student_prompt", written.map(info).map(Json))
}

/// An assignment's student prompt.
#[utoipa::path(
    get, path = "/admin/v1/student-prompts/assignment/{assignment_id}", tag = "resources",
    operation_id = "get_student_prompt", params(("assignment_id" = String, Path)),
    responses((status = 200, description = "The prompt", body = PromptInfo),
        (status = 401, description = "No admin token, or a wrong one", body = ErrorBody),
        (status = 404, description = "The assignment has none", body = ErrorBody)),
    security(("admin_token" = []))
)]
pub(crate) async fn get_prompt(
    _: Admin,
    State(app): State<App>,
    Path(id): Path<String>,
) -> ApiResult<Json<PromptInfo>> {
    let found = read(&app, Part::Prompt, &id).await;
    let info = |(stored, prompt_text): (Instructions, String)| PromptInfo {
        prompt_text,
        instructions: stored.into(),
    };
    counted("get_student_prompt", found.map(info).map(Json))
}

/// Stores an assignment's rubric, new or in place of the old one.
#[utoipa::path(
    post, path = "/admin/v1/judge-rubrics", tag = "resources", operation_id = "write_rubric",
    request_body = NewRubric,
    responses((status = 200, description = "It is stored", body = RubricInfo),
        (status = 400, description = "A field is wrong", body = ErrorBody),
        (status = 401, description = "No admin token, or a wrong one", body = ErrorBody),
        (status = 404, description = "The assignment has no instructions", body = ErrorBody)),
    security(("admin_token" = []))
)]
pub(crate) async fn write_rubric(
    _: Admin,
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Json<RubricInfo>> {
    let bytes = body::read(&app, &headers, body).await?;
    let new: NewRubric = body::parse(&bytes)?;
    let written = write(&app, Part::Rubric, &new.assignment_id, "rubric_text", &new.rubric_text).await;
    let info =
        |stored: Instructions| RubricInfo { rubric_text: new.rubric_text, instructions: stored.into() };
    counted("write_rubric", written.map(info).map(Json))
}

/// An assignment's rubric.
#[utoipa::path(
    get, path = "/admin/v1/judge-rubrics/assignment/{assignment_id}", tag = "resources",
    operation_id = "get_rubric", params(("assignment_id" = String, Path)),
    responses((status = 200, description = "The rubric", body = RubricInfo),
        (status = 401, description = "No admin token, or a wrong one", body = ErrorBody),
        (status = 404, description = "The assignment has none", body = ErrorBody)),
    security(("admin_token" = []))
)]
pub(crate) async fn get_rubric(
    _: Admin,
    State(app): State<App>,
    Path(id): Path<String>,
) -> ApiResult<Json<RubricInfo>> {
    let found = read(&app, Part::Rubric, &id).await;
    let info = |(stored, rubric_text): (Instructions, String)| RubricInfo {
        rubric_text,
        instructions: stored.into(),
    };
    counted("get_rubric", found.map(info).map(Json))
}
