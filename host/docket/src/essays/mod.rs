//! Essays from files: a folder of texts, a CSV table, or JSON lines. All that is wrong is said at once, each problem with
//! its file and line.

mod anchors;
mod folder;
mod lines;
mod table;

use docket_judgement::grades::Scale;
use docket_types::assessment::Essay;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

pub(crate) use anchors::grades;

/// The largest essay, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// Something that is wrong with the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The file, with its line where there is one: `essays.csv:4`.
    pub(crate) place: String,
    /// What is wrong, and what would not be.
    pub(crate) message: String,
}

impl Problem {
    /// About a whole file.
    pub(crate) fn of(path: &Path, message: impl Into<String>) -> Self {
        Self { place: path.display().to_string(), message: message.into() }
    }

    /// About one line of it, counted from 1.
    fn at(path: &Path, line: u64, message: impl Into<String>) -> Self {
        Self { place: format!("{}:{line}", path.display()), message: message.into() }
    }
}

/// Everything that is wrong with the input; a line each.
#[derive(Debug, Default)]
pub(crate) struct Problems(pub(crate) Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(|p| format!("{}: {}", p.place, p.message)).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Problems {}

/// An essay and where it stands.
#[derive(Debug)]
struct Found {
    essay: Essay,
    place: String,
}

/// The essays of a folder, a `.csv`, or a `.jsonl` file, in the order in which they stand there; a folder's by name.
/// Known grades must be of `scale`.
pub(crate) fn read(path: &Path, scale: &Scale, problems: &mut Problems) -> Vec<Essay> {
    let ending = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let found = match ending.as_str() {
        _ if path.is_dir() => folder::read(path, problems),
        _ if !path.exists() => {
            problems.0.push(Problem::of(path, "there is no such folder or file"));
            return Vec::new();
        }
        "csv" => table::read(path, problems),
        "jsonl" | "ndjson" => lines::read(path, problems),
        _ => {
            let message = "essays are a folder of .txt and .md files, a .csv file or a .jsonl file";
            problems.0.push(Problem::of(path, message));
            return Vec::new();
        }
    };
    check(&found, scale, problems);
    let essays: Vec<Essay> = found.into_iter().map(|found| found.essay).collect();
    if essays.len() < 2 && problems.0.is_empty() {
        let message = format!("there are {} essays; at least two are needed", essays.len());
        problems.0.push(Problem::of(path, message));
    }
    essays
}

/// What is wrong with single essays, and with all of them together.
fn check(found: &[Found], scale: &Scale, problems: &mut Problems) {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for Found { essay, place } in found {
        let mut complain = |message: String| problems.0.push(Problem { place: place.clone(), message });
        if essay.id.is_empty() {
            complain("the essay has no id".to_owned());
        } else if let Some(first) = seen.insert(&essay.id, place) {
            complain(format!("the id `{}` is used before, at {first}; ids must differ", essay.id));
        }
        if let Some(message) = unusable_text(&essay.text) {
            complain(message);
        }
        if let Some(grade) = &essay.anchor_grade
            && let Some(message) = unknown_grade(grade, scale)
        {
            complain(message);
        }
    }
}

/// A folder's essays, or one essay a file. Grades and ids do not matter.
pub(crate) fn texts(paths: &[PathBuf], problems: &mut Problems) -> Vec<Essay> {
    let found = match paths {
        [folder] if folder.is_dir() => folder::read(folder, problems),
        files => files.iter().filter_map(|file| folder::file(file, problems)).collect(),
    };
    for Found { essay, place } in &found {
        let problem = |message| Problem { place: place.clone(), message };
        problems.0.extend(unusable_text(&essay.text).map(problem));
    }
    found.into_iter().map(|found| found.essay).collect()
}

/// Why a text cannot be an essay, if it cannot.
fn unusable_text(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        Some("the essay is empty".to_owned())
    } else if text.len() > MAX_BYTES {
        Some(format!("the essay is longer than {MAX_BYTES} bytes"))
    } else {
        None
    }
}

/// Why a grade cannot be used, if it cannot.
fn unknown_grade(grade: &str, scale: &Scale) -> Option<String> {
    scale.index(grade).err()?;
    let knows = |id: &&&str| Scale::by_id(id).is_ok_and(|other| other.index(grade).is_ok());
    let others: Vec<&str> = Scale::IDS.iter().filter(knows).copied().collect();
    let known =
        format!("the scale {} has no grade `{grade}`: it has {}", scale.id(), scale.grades().join(", "));
    Some(if others.is_empty() { known } else { format!("{known} (--scale {} has it)", others.join(" or ")) })
}

/// A file as text, without the byte order mark that spreadsheets write; none after noting why not.
pub(crate) fn text(path: &Path, problems: &mut Problems) -> Option<String> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            problems.0.push(Problem::of(path, format!("it cannot be read: {error}")));
            return None;
        }
    };
    match String::from_utf8(bytes) {
        Ok(text) => Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)),
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let line = 1 + error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count() as u64;
            problems.0.push(Problem::at(path, line, NOT_UTF8));
            None
        }
    }
}

const NOT_UTF8: &str = "this is not UTF-8; save the file in that encoding";

#[cfg(test)]
mod tests;
