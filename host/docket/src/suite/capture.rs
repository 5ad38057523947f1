//! Keeping what came back: `llm_callbacks.jsonl` and `summary.json`, the form of the recorded runs.

use super::play::Played;
use anyhow::{Context, Result};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Writes both files into `dir`, which is made if it is missing.
pub(crate) fn write(dir: &Path, played: &Played) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("cannot make the folder {}", dir.display()))?;
    let mut lines = String::new();
    for envelope in &played.received {
        writeln!(lines, "{}", envelope.raw)?;
    }
    put(&dir.join("llm_callbacks.jsonl"), &lines)?;
    put(&dir.join("summary.json"), &(played.summary.to_json()? + "\n"))
}

fn put(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
