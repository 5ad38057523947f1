//! Essays from files.

use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};

/// The largest file that is taken for an essay, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// An essay.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Essay {
    /// The file's name without its ending.
    pub(super) name: String,
    pub(super) text: String,
}

/// Two files, or every `.md` and `.txt` of a folder (no README, no index), sorted by name.
pub(super) fn read(paths: &[PathBuf]) -> Result<Vec<Essay>> {
    let essays = match paths {
        [folder] if folder.is_dir() => folder_of(folder)?,
        [a, b] => vec![essay(a)?, essay(b)?],
        [one] => {
            ensure!(one.exists(), "{} does not exist", one.display());
            bail!("give two files, or one folder: {} is one file", one.display());
        }
        _ => bail!("give two files, or one folder"),
    };
    ensure!(essays.len() >= 2, "{} has {} essays; two are needed", paths[0].display(), essays.len());
    Ok(essays)
}

fn folder_of(folder: &Path) -> Result<Vec<Essay>> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| format!("cannot read the folder {}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    files.retain(|path| is_essay(path));
    files.sort();
    files.iter().map(|path| essay(path)).collect()
}

fn is_essay(path: &Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let ending = path.extension().unwrap_or_default();
    path.is_file() && (ending == "md" || ending == "txt") && stem != "readme" && stem != "index"
}

fn essay(path: &Path) -> Result<Essay> {
    let about = || format!("cannot read {}", path.display());
    let size = fs::metadata(path).with_context(about)?.len();
    ensure!(size <= MAX_BYTES, "{} is larger than {MAX_BYTES} bytes", path.display());
    let text = fs::read_to_string(path).with_context(about)?.trim().to_owned();
    ensure!(!text.is_empty(), "{} is empty", path.display());
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Essay { name, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_essays_are_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples/essays");
        let essays = read(&[folder]).unwrap();
        assert_eq!(essays.len(), 14);
        assert_eq!(essays[0].name, "essay-01");
        for essay in essays {
            let words = essay.text.split_whitespace().count();
            assert!((120..=250).contains(&words), "{} has {words} words", essay.name);
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let one = folder.path().join("one.md");
        fs::write(&one, "text").unwrap();
        let error = |paths: &[PathBuf]| format!("{:#}", read(paths).unwrap_err());
        assert!(error(&[folder.path().to_owned()]).contains("has 1 essays"));
        assert!(error(std::slice::from_ref(&one)).contains("two files"));
        assert!(error(&[one.clone(), folder.path().join("absent.md")]).contains("absent.md"));
        fs::write(folder.path().join("two.txt"), " \n").unwrap();
        assert!(error(&[folder.path().to_owned()]).contains("is empty"));
    }
}
