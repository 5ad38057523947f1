//! Fills in what a request leaves to the store: texts by reference, and an assignment's materials and anchors.

use super::instructions::Instructions;
use super::{anchors, content, instructions};
use crate::error::{ApiError, ApiResult};
use crate::state::Shared;
use crate::wire::{Draft, Reference, Spelling};
use docket_types::assessment::{AssessmentRequest, Essay};
use std::collections::HashMap;

/// The most missing essays that an error lists.
const MAX_LISTED: usize = 100;

/// The request as the pipeline takes it.
pub(crate) async fn complete(app: &Shared, draft: Draft) -> ApiResult<AssessmentRequest> {
    let Draft { mut request, references, prompt_storage_id, assignment_id, spelling } = draft;
    fetch_essays(app, &mut request, references, spelling).await?;
    if let Some(id) = prompt_storage_id {
        let missing = || {
            let message = format!("no text is stored under `{}`", brief(&id));
            ApiError::invalid(spelling.field("materials.student_prompt"), message)
        };
        request.materials.student_prompt = Some(content::find(app, &id).await?.ok_or_else(missing)?);
    }
    if let Some(id) = assignment_id {
        let found = instructions::find(app, &id).await?;
        let stored = found.ok_or_else(|| {
            let message = format!("unknown assignment `{}`: it has no instructions", brief(&id));
            ApiError::invalid(spelling.field("assignment_id"), message)
        })?;
        merge(app, &mut request, stored, spelling).await?;
    }
    Ok(request)
}

/// An essay without its text would be missing from the ranking, so that it is an error before anything is asked.
async fn fetch_essays(
    app: &Shared,
    request: &mut AssessmentRequest,
    references: Vec<Reference>,
    spelling: Spelling,
) -> ApiResult<()> {
    let (mut first, mut missing) = (None, Vec::new());
    for reference in references {
        let Some(essay) = request.essays.get_mut(reference.essay) else { continue };
        match content::find(app, &reference.storage_id).await? {
            Some(text) => essay.text = text,
            None => {
                first.get_or_insert((reference.essay, essay.id.clone(), reference.storage_id));
                missing.push(essay.id.clone());
            }
        }
    }
    let Some((place, essay, storage_id)) = first else { return Ok(()) };
    let count = missing.len();
    missing.truncate(MAX_LISTED);
    let (essay, storage_id) = (brief(&essay), brief(&storage_id));
    let message = match count {
        1 => format!("the text of essay `{essay}` is not stored under `{storage_id}`"),
        _ => format!(
            "the texts of {count} essays are not stored; the first is `{essay}`, under `{storage_id}`"
        ),
    };
    let field = spelling.field(&format!("essays[{place}].text_storage_id"));
    Err(ApiError::invalid(field, message).detail("missing_essays", missing))
}

/// What the request says itself wins over what is stored, unless the materials are canonical.
async fn merge(
    app: &Shared,
    request: &mut AssessmentRequest,
    stored: Instructions,
    spelling: Spelling,
) -> ApiResult<()> {
    let given = &request.materials;
    if stored.is_canonical() {
        let fields = [
            ("materials.instructions", &given.instructions),
            ("materials.student_prompt", &given.student_prompt),
            ("materials.rubric", &given.rubric),
        ];
        if let Some((field, _)) = fields.into_iter().find(|(_, given)| given.is_some()) {
            let message = "the assignment's materials are canonical and cannot be replaced";
            return Err(ApiError::invalid(spelling.field(field), message));
        }
    }
    let scale = &stored.grade_scale;
    if request.judging.grade_scale.as_ref().is_some_and(|given| given != scale) {
        let message = format!("the assignment's scale is `{scale}`");
        return Err(ApiError::invalid(spelling.field("judging.grade_scale"), message));
    }
    add_anchors(app, request, &stored, spelling).await?;
    let materials = &mut request.materials;
    if materials.student_prompt.is_none() {
        let id = stored.student_prompt_storage_id.as_deref();
        materials.student_prompt = text(app, id, "student prompt", spelling).await?;
    }
    if materials.rubric.is_none() {
        let id = stored.judge_rubric_storage_id.as_deref();
        materials.rubric = text(app, id, "rubric", spelling).await?;
    }
    materials.instructions.get_or_insert(stored.instructions_text);
    request.judging.grade_scale = Some(stored.grade_scale);
    Ok(())
}

async fn add_anchors(
    app: &Shared,
    request: &mut AssessmentRequest,
    stored: &Instructions,
    spelling: Spelling,
) -> ApiResult<()> {
    let mut places: HashMap<String, usize> =
        request.essays.iter().enumerate().map(|(at, essay)| (essay.id.clone(), at)).collect();
    let anchors = anchors::all(app, &stored.assignment_id).await?;
    for anchor in anchors.into_iter().filter(|anchor| anchor.grade_scale == stored.grade_scale) {
        let id = anchor.essay_id();
        if let Some(place) = places.remove(&id) {
            let message = format!("`{}` is the id of one of the assignment's anchors", brief(&id));
            return Err(ApiError::invalid(spelling.field(&format!("essays[{place}].id")), message));
        }
        let what = format!("anchor `{}`", brief(&anchor.anchor_label));
        let text = text(app, Some(&anchor.text_storage_id), &what, spelling).await?;
        let text = text.unwrap_or_default();
        request.essays.push(Essay { id, text, anchor_grade: Some(anchor.grade) });
    }
    Ok(())
}

/// A text of the assignment's.
async fn text(app: &Shared, id: Option<&str>, what: &str, spelling: Spelling) -> ApiResult<Option<String>> {
    let Some(id) = id else { return Ok(None) };
    let missing = || {
        let message = format!("the text of the assignment's {what} is not stored under `{}`", brief(id));
        ApiError::invalid(spelling.field("assignment_id"), message)
    };
    content::find(app, id).await?.ok_or_else(missing).map(Some)
}

/// The caller's own words, short enough for a message.
fn brief(text: &str) -> String {
    text.chars().take(100).collect()
}
