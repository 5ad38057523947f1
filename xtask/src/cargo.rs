//! Running cargo, and finding what it built.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The cargo that runs us, without what it tells us about ourselves: build scripts that look at it would run
/// again each time, and rebuild half of the tree.
pub(crate) fn command() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|n| n.starts_with("CARGO_PKG_") || n.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(&name);
        }
    }
    command
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir))
}

/// A file that cargo built and that can be run.
#[derive(Debug, Clone)]
pub(crate) struct Executable {
    /// The target's name.
    pub(crate) name: String,
    /// The crate's name.
    pub(crate) package: String,
    /// The crate's folder.
    pub(crate) folder: PathBuf,
    /// The file.
    pub(crate) path: PathBuf,
    /// It is a test harness.
    pub(crate) is_test: bool,
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    package_id: Option<String>,
    manifest_path: Option<PathBuf>,
    target: Option<Target>,
    profile: Option<Profile>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// Runs `cargo build` with these arguments; warnings and errors go to standard error. The executables of the build.
pub(crate) fn build(root: &Path, args: &[&str]) -> Result<Vec<Executable>> {
    let mut command = command();
    command.current_dir(root).arg("build").args(args).arg("--message-format=json-render-diagnostics");
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot run cargo")?;
    let stdout = child.stdout.take().context("cargo has no output")?;
    let mut found = Vec::new();
    for line in BufReader::new(stdout).lines() {
        let message: Message = serde_json::from_str(&line?).context("cargo speaks another language")?;
        if message.reason != "compiler-artifact" {
            continue;
        }
        if let (Some(path), Some(manifest), Some(target)) =
            (message.executable, message.manifest_path, message.target)
        {
            let folder = manifest.parent().context("a manifest has no folder")?.to_owned();
            let is_test = message.profile.is_some_and(|p| p.test);
            let package = package_name(message.package_id.as_deref().unwrap_or_default(), &folder);
            found.push(Executable { name: target.name, package, folder, path, is_test });
        }
    }
    let status = child.wait()?;
    ensure!(status.success(), "`cargo build {}` failed", args.join(" "));
    Ok(found)
}

/// `path+file:///r/host/types#docket-types@0.1.0`, or `path+file:///r/xtask#0.1.0` where the folder has the same name.
fn package_name(id: &str, folder: &Path) -> String {
    match id.rsplit_once('#').and_then(|(_, rest)| rest.split_once('@')) {
        Some((name, _)) => name.to_owned(),
        None => folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    }
}

/// The program `docket` among what was built.
pub(crate) fn docket(built: &[Executable]) -> Result<PathBuf> {
    let found = built.iter().find(|e| !e.is_test && e.name == "docket");
    found.map(|e| e.path.clone()).context("cargo built no `docket`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_named_by_its_id_or_its_folder() {
        let folder = Path::new("/r/xtask");
        assert_eq!(
            package_name("path+file:///r/host/types#docket-types@0.1.0", Path::new("/r/host/types")),
            "docket-types"
        );
        assert_eq!(package_name("path+file:///r/xtask#0.1.0", folder), "xtask");
    }
}
