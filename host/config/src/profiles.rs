//! Profiles: files of the configuration's format that are laid on top of it, found by name or by path.

use crate::error::{Error, Problem, suggestion};
use crate::file::{self, Doc};
use crate::layers::Layer;
use std::path::{Path, PathBuf};

/// A profile as `docket profile list` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileInfo {
    /// The name to ask for it: the file's, without `.toml`.
    pub name: String,
    /// Its own description.
    pub description: String,
    /// Where it is.
    pub path: PathBuf,
}

/// The profiles of a folder, by name. A file that cannot be read is an error: it would be missed silently otherwise.
pub fn list_profiles(dir: &Path) -> Result<Vec<ProfileInfo>, Error> {
    let mut profiles = Vec::new();
    for path in files(dir)? {
        let doc = read(&path, Layer::Profile)?;
        let entries = file::parse(&doc)?;
        let own = |key: &str| {
            let found = entries.iter().find(|e| e.path == ["profile", key]);
            found.and_then(|e| e.value.as_str()).unwrap_or_default().to_owned()
        };
        profiles.push(ProfileInfo { name: stem(&path), description: own("description"), path });
    }
    Ok(profiles)
}

/// The file of a profile: `wanted` is a path when it has a separator or ends with `.toml`, and else a name.
pub fn find_profile(dir: &Path, wanted: &str) -> Result<PathBuf, Error> {
    if wanted.ends_with(".toml") || wanted.contains(std::path::MAIN_SEPARATOR) {
        return Ok(PathBuf::from(wanted));
    }
    let files = files(dir)?;
    if let Some(path) = files.iter().find(|path| stem(path) == wanted) {
        return Ok(path.clone());
    }
    let names: Vec<String> = files.iter().map(|path| stem(path)).collect();
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let problem = Problem::new(format!("there is no profile `{wanted}` in {}", dir.display()));
    Err(problem.help(suggestion(wanted, &known)).into())
}

fn files(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let problem =
        |e: std::io::Error| Problem::new(format!("the folder {} cannot be read: {e}", dir.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(problem)? {
        let path = entry.map_err(problem)?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Reads a file of the configuration's format.
pub(crate) fn read(path: &Path, layer: Layer) -> Result<Doc, Error> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Problem::new(format!("the file {} cannot be read: {e}", path.display())))?;
    let dir = path.parent().unwrap_or(Path::new("")).to_path_buf();
    Ok(Doc::new(path.display().to_string(), text, dir, layer))
}
