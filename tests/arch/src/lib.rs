//! The rules of the house, as tests: see `docs/architecture.md`, "Invariants".

use std::path::{Path, PathBuf};

/// A breach of a rule: where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The file, with a line number where there is one.
    pub place: String,
    /// The rule that it breaks.
    pub rule: String,
}

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").components().collect()
}

/// Every file with this extension under `folders` of the repository, as (path from the root, text).
/// Build output and dot folders are left out.
pub fn files(folders: &[&str], extension: &str) -> Vec<(String, String)> {
    let root = root();
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    while let Some(path) = open.pop() {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() {
            if name != "target" && name != "node_modules" && !name.starts_with('.') {
                open.extend(
                    std::fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()),
                );
            }
        } else if path.extension().is_some_and(|e| e == extension)
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            let place = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().into_owned();
            found.push((place, text));
        }
    }
    found.sort();
    found
}

/// A word that may stand only in certain places.
#[derive(Debug)]
pub struct Word {
    /// The text to look for.
    pub word: &'static str,
    /// Path prefixes where it is allowed.
    pub allowed: &'static [&'static str],
    /// Why, and what to write instead.
    pub reason: &'static str,
}

/// Where a rule's word stands without permission. Comment lines do not count.
pub fn misplaced(word: &Word, place: &str, text: &str) -> Vec<Breach> {
    if word.allowed.iter().any(|prefix| place.starts_with(prefix)) {
        return Vec::new();
    }
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//") && line.contains(word.word))
        .map(|(n, _)| Breach {
            place: format!("{place}:{}", n + 1),
            rule: format!("`{}`: {}", word.word, word.reason),
        })
        .collect()
}

/// A file that has grown too long to do one thing.
pub fn too_long(place: &str, text: &str, limit: usize) -> Option<Breach> {
    let lines = text.lines().count();
    (lines > limit).then(|| Breach {
        place: place.to_owned(),
        rule: format!("{lines} lines, the limit is {limit}: split it by what it does"),
    })
}

/// Relative links of a Markdown text that lead nowhere.
pub fn dead_links(place: &str, text: &str) -> Vec<Breach> {
    let folder = root().join(place).parent().map(Path::to_path_buf).unwrap_or_default();
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|link| !link.contains("://") && !link.starts_with('#') && !link.starts_with("mailto:"))
        .filter(|link| {
            let path = link.split('#').next().unwrap_or_default();
            !folder.join(path).exists()
        })
        .map(|link| Breach { place: place.to_owned(), rule: format!("the link `{link}` leads nowhere") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misplaced_word_is_found_and_a_comment_is_not() {
        let word = Word { word: "sqlx::", allowed: &["host/store/"], reason: "SQL lives in the store" };
        let text = "// sqlx::query\nlet x = sqlx::query(\"\");\n";
        let found = misplaced(&word, "host/api/src/lib.rs", text);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].place, "host/api/src/lib.rs:2");
        assert!(misplaced(&word, "host/store/src/lib.rs", text).is_empty());
    }

    #[test]
    fn a_long_file_and_a_dead_link_are_found() {
        assert!(too_long("x.rs", &"\n".repeat(11), 10).is_some());
        assert!(too_long("x.rs", &"\n".repeat(10), 10).is_none());
        assert_eq!(dead_links("README.md", "[a](no/such/file.md) [b](https://x) [c](Cargo.toml)").len(), 1);
    }
}
