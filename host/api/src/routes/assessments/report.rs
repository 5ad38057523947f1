//! An assessment as a page for people.

use super::load;
use crate::error::{ApiError, ApiResult, ErrorBody};
use crate::routes::Path;
use crate::state::App;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use docket_types::assessment::{AssessmentView, ComparisonView};
use http::{HeaderValue, StatusCode, header};

/// How many comparisons are read at once.
const PAGE: u32 = 1000;

/// The most comparisons of a report; with more, the report says that they are left out.
const MAX_COMPARISONS: usize = 100_000;

/// The page needs its own styles and pictures, and nothing else: ids and justifications are other people's words.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'");

/// All of an assessment as one self-contained HTML page, in any state.
#[utoipa::path(
    get, path = "/api/v1/assessments/{id}/report", tag = "assessments", operation_id = "get_assessment_report",
    params(("id" = String, Path, description = "The assessment's id")),
    responses((status = 200, description = "The page", body = String, content_type = "text/html"),
        (status = 404, description = "No such assessment", body = ErrorBody))
)]
pub(crate) async fn report(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Response> {
    let view = load(&app, &id).await?;
    let comparisons = comparisons(&app, &view).await?;
    // Plots of many essays take a while, and a thread that answers others must not be held.
    let page = tokio::task::spawn_blocking(move || docket_report::html(&view, &comparisons));
    let page = page.await.map_err(|_| {
        tracing::error!(%id, "a report cannot be made");
        let message = "the report cannot be made; the assessment can be read";
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "PROCESSING_ERROR", message)
    })?;
    let mut response = Html(page).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

async fn comparisons(app: &App, view: &AssessmentView) -> ApiResult<Vec<ComparisonView>> {
    let mut all = Vec::new();
    loop {
        let from = all.last().map_or(0, |last: &ComparisonView| last.number.saturating_add(1));
        let page = app.handle.assessment_comparisons(view.id, from, PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
        if all.len() > MAX_COMPARISONS {
            return Ok(Vec::new());
        }
    }
}
