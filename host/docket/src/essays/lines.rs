//! JSON lines: one essay a line.

use super::{Found, NOT_UTF8, Problem, Problems};
use docket_types::assessment::Essay;
use serde::Deserialize;
use std::path::Path;

/// A line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    text: String,
    #[serde(default)]
    grade: Option<Grade>,
}

/// A grade; scales of numbers are often written as such.
#[derive(Deserialize)]
#[serde(untagged)]
enum Grade {
    Text(String),
    Number(u32),
}

/// Objects with `id`, `text` and perhaps `grade`. Empty lines are passed over.
pub(super) fn read(path: &Path, problems: &mut Problems) -> Vec<Found> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            problems.0.push(Problem::of(path, format!("it cannot be read: {error}")));
            return Vec::new();
        }
    };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut found = Vec::new();
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let Ok(text) = std::str::from_utf8(line) else {
            problems.0.push(Problem::at(path, number, NOT_UTF8));
            continue;
        };
        if text.trim().is_empty() {
            continue;
        }
        match serde_json::from_str::<Line>(text) {
            Ok(line) => {
                found.push(Found { essay: essay(line), place: format!("{}:{number}", path.display()) })
            }
            Err(error) => {
                let message =
                    format!("this is not {{\"id\": ..., \"text\": ..., \"grade\": ...}}: {}", reason(&error));
                problems.0.push(Problem::at(path, number, message));
            }
        }
    }
    found
}

fn essay(line: Line) -> Essay {
    let grade = line.grade.map(|grade| match grade {
        Grade::Text(text) => text.trim().to_owned(),
        Grade::Number(number) => number.to_string(),
    });
    Essay {
        id: line.id.trim().to_owned(),
        text: line.text.trim().to_owned(),
        anchor_grade: grade.filter(|grade| !grade.is_empty()),
    }
}

/// The error with its column, without its line: that is 1 for each line of a file.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or(&text);
    format!("{what} (column {})", error.column())
}
