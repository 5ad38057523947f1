//! The files that a judgement leaves: a report for people, JSON for programs.

use super::times;
use crate::cli::JudgeArgs;
use crate::essays::{Problem, Problems};
use anyhow::{Context, Result};
use docket_types::assessment::{AssessmentView, ComparisonView};
use serde_json::json;
use std::path::Path;

/// In place of a file: standard output.
const STANDARD_OUTPUT: &str = "-";

/// Whether the JSON goes to standard output, so that nothing else may.
pub(super) fn to_standard_output(args: &JudgeArgs) -> bool {
    args.json.as_deref() == Some(Path::new(STANDARD_OUTPUT))
}

/// Whether any file holds comparisons.
pub(super) const fn wants_comparisons(args: &JudgeArgs) -> bool {
    args.json.is_some() || args.report.is_some()
}

/// Notes files that could not be written: better before anything costs money.
pub(super) fn check(args: &JudgeArgs, problems: &mut Problems) {
    for path in args.report.iter().chain(&args.json).filter(|path| *path != Path::new(STANDARD_OUTPUT)) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        if folder.is_some_and(|folder| !folder.is_dir()) {
            problems.0.push(Problem::of(path, "cannot be written: there is no such folder"));
        } else if path.is_dir() {
            problems.0.push(Problem::of(path, "cannot be written: it is a folder"));
        }
    }
}

/// Writes what was asked for.
pub(super) fn write(args: &JudgeArgs, view: &AssessmentView, comparisons: &[ComparisonView]) -> Result<()> {
    if let Some(path) = &args.report {
        file(path, docket_report::html(view, comparisons))?;
        eprintln!("docket: the report is in {}", path.display());
    }
    if let Some(path) = &args.json {
        let text = format!("{:#}\n", times::written(json!({"assessment": view, "comparisons": comparisons})));
        match to_standard_output(args) {
            true => print!("{text}"),
            false => file(path, text)?,
        }
    }
    Ok(())
}

fn file(path: &Path, text: String) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
