//! The essays of a submission: two files, or a folder.

use crate::essays::{self, Problems};
use anyhow::{Result, bail, ensure};
use std::path::PathBuf;

/// An essay.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Essay {
    /// The file's name without its ending.
    pub(super) name: String,
    pub(super) text: String,
}

/// Two files, or every `.md` and `.txt` of a folder (no README, no index), sorted by name.
pub(super) fn read(paths: &[PathBuf]) -> Result<Vec<Essay>> {
    let mut problems = Problems::default();
    match paths {
        [folder] if folder.is_dir() => {}
        [_, _] => {}
        [one] => {
            ensure!(one.exists(), "{} does not exist", one.display());
            bail!("give two files, or one folder: {} is one file", one.display());
        }
        _ => bail!("give two files, or one folder"),
    }
    let essays = essays::texts(paths, &mut problems);
    if !problems.0.is_empty() {
        bail!(problems);
    }
    ensure!(essays.len() >= 2, "{} has {} essays; two are needed", paths[0].display(), essays.len());
    let essay = |essay: docket_types::assessment::Essay| Essay { name: essay.id, text: essay.text };
    Ok(essays.into_iter().map(essay).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

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
        assert!(error(&[one, folder.path().join("two.txt")]).contains("is empty"));
    }
}
