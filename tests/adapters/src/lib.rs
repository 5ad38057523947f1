//! The built plugins, through Wasm, against the fixtures that their own crates hold natively: what is equal to the
//! same file is equal to each other.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod read;
mod render;

pub use read::{context, event, job_event, request};
pub use render::{body, effect, failure, item, job_effect, progress};

use serde_json::Value;
use std::path::{Path, PathBuf};

/// The workspace's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The built components, by name. They are built first, by another command.
pub fn components() -> Vec<(String, PathBuf)> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let dir = target.join("plugins");
    let mut found: Vec<_> = std::fs::read_dir(&dir)
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "wasm"))
        .map(|path| (path.file_stem().expect("a name").to_string_lossy().into_owned(), path))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no components in {}: run `cargo xtask plugins` first", dir.display());
    found
}

/// The fixtures of a plugin: file name and content.
pub fn fixtures(plugin: &str) -> Vec<(String, Value)> {
    let dir = root().join("plugins").join(plugin).join("fixtures");
    let mut found: Vec<_> = std::fs::read_dir(&dir)
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    found.sort();
    let load = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("it reads");
        (
            path.display().to_string(),
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display())),
        )
    };
    found.iter().map(load).collect()
}

/// Whether `found` is what is expected, in which the string `*` stands for anything.
pub fn fits(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::String(any), _) if any == "*" => true,
        (Value::Object(e), Value::Object(f)) => {
            e.len() == f.len() && e.iter().all(|(k, v)| f.get(k).is_some_and(|found| fits(v, found)))
        }
        (Value::Array(e), Value::Array(f)) => e.len() == f.len() && e.iter().zip(f).all(|(e, f)| fits(e, f)),
        (Value::Number(e), Value::Number(f)) => e == f || e.as_f64() == f.as_f64(),
        _ => expected == found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_star_stands_for_anything_and_nothing_else_does() {
        assert!(fits(&json!({"a": "*", "b": [1]}), &json!({"a": {"x": 1}, "b": [1.0]})));
        assert!(!fits(&json!({"a": 1}), &json!({"a": 1, "b": 2})));
        assert!(!fits(&json!({"a": 1, "b": 2}), &json!({"a": 1})));
        assert!(!fits(&json!("a"), &json!("b")));
    }
}
