//! A folder: one essay a file.

use super::{Found, Problem, Problems, text};
use docket_types::assessment::Essay;
use std::path::{Path, PathBuf};

/// Every `.md` and `.txt` file but a README and an index, by name. The id is the name without its ending.
pub(super) fn read(path: &Path, problems: &mut Problems) -> Vec<Found> {
    let entries = std::fs::read_dir(path).and_then(|all| all.map(|entry| Ok(entry?.path())).collect());
    let mut files: Vec<PathBuf> = match entries {
        Ok(files) => files,
        Err(error) => {
            problems.0.push(Problem::of(path, format!("the folder cannot be read: {error}")));
            return Vec::new();
        }
    };
    files.retain(|file| is_essay(file));
    files.sort();
    if files.is_empty() {
        problems.0.push(Problem::of(path, "there is no .txt or .md file in this folder"));
    }
    files.into_iter().filter_map(|path| file(&path, problems)).collect()
}

/// One file as an essay; none after noting why not.
pub(super) fn file(path: &Path, problems: &mut Problems) -> Option<Found> {
    let Some(id) = path.file_stem().and_then(|stem| stem.to_str()) else {
        problems.0.push(Problem::of(path, "the file's name is not UTF-8, and is to be the essay's id"));
        return None;
    };
    let text = text(path, problems)?.trim().to_owned();
    let essay = Essay { id: id.to_owned(), text, anchor_grade: None };
    Some(Found { essay, place: path.display().to_string() })
}

fn is_essay(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let ending = path.extension().unwrap_or_default();
    path.is_file() && (ending == "md" || ending == "txt") && stem != "readme" && stem != "index"
}
