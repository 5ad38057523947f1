//! What operators keep for assessments to come. All of it needs the admin token.

pub(crate) mod anchors;
pub(crate) mod content;
pub(crate) mod instructions;
pub(crate) mod materials;

use crate::error::{ApiError, ApiResult};

/// The longest id of an assignment, in characters.
const MAX_ASSIGNMENT: usize = 100;

/// The shortest instructions, prompts and rubrics, in characters.
const MIN_TEXT: usize = 10;

/// Counts an operation by how it went.
fn counted<T>(operation: &'static str, result: ApiResult<T>) -> ApiResult<T> {
    let status = if result.is_ok() { "success" } else { "failure" };
    docket_telemetry::cj::admin_instruction_operations_total(operation, status, 1);
    result
}

/// Refuses what is no assignment's id.
fn check_assignment(id: &str) -> ApiResult<()> {
    check_name("assignment_id", id, MAX_ASSIGNMENT)
}

/// Refuses blank names, and long ones.
fn check_name(field: &str, name: &str, max: usize) -> ApiResult<()> {
    if name.trim().is_empty() || name.chars().count() > max {
        return Err(ApiError::invalid(field, format!("must be 1 to {max} characters, not all blank")));
    }
    Ok(())
}

/// Refuses texts that are too short to say something.
fn check_text(field: &str, text: &str, min: usize) -> ApiResult<()> {
    if text.trim().chars().take(min).count() < min {
        return Err(ApiError::invalid(field, format!("must be at least {min} characters")));
    }
    Ok(())
}

/// The grades of a scale, from low to high, or the field is wrong.
fn grades_of(field: &str, scale: &str) -> ApiResult<Vec<String>> {
    let mut known = docket_pipeline::scales();
    if let Some(at) = known.iter().position(|(id, _)| id == scale) {
        return Ok(known.swap_remove(at).1);
    }
    let ids: Vec<&str> = known.iter().map(|(id, _)| id.as_str()).collect();
    Err(ApiError::invalid(field, format!("must be one of: {}", ids.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_have_limits() {
        assert!(check_assignment(&"ä".repeat(100)).is_ok());
        for bad in ["".to_owned(), "  ".to_owned(), "x".repeat(101)] {
            assert!(check_assignment(&bad).is_err(), "{bad}");
        }
        assert!(check_text("t", "0123456789", MIN_TEXT).is_ok());
        assert!(check_text("t", " 012345678 ", MIN_TEXT).is_err());
        assert!(grades_of("s", "swedish_8_anchor").is_ok_and(|grades| grades.contains(&"C+".to_owned())));
        assert!(grades_of("s", "Swedish_8_anchor").is_err());
    }
}
