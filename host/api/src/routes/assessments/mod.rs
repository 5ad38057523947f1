//! Assessments: asking for one, by its caller or by an event, and following it.

pub(crate) mod read;
pub(crate) mod report;
pub(crate) mod submit;
pub(crate) mod watch;

use crate::error::{ApiError, ApiResult};
use crate::state::App;
use docket_types::AssessmentId;
use docket_types::assessment::AssessmentView;

/// The assessment of a path's id. What is no id is no assessment.
async fn load(app: &App, text: &str) -> ApiResult<AssessmentView> {
    let id: AssessmentId = text.parse().map_err(|_| missing(text))?;
    app.handle.assessment(id).await?.ok_or_else(|| missing(text))
}

/// No such assessment.
fn missing(id: &str) -> ApiError {
    let id: String = id.chars().take(64).collect();
    ApiError::not_found(format!("Assessment {id} not found")).detail("id", id)
}
