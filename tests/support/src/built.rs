//! The program and the plugins under test. `cargo xtask test` names them; alone, a test builds them first.

use anyhow::{Context, Result, anyhow, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("/")).to_owned()
}

fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// The program `docket`.
pub fn binary() -> Result<&'static Path> {
    static BINARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = || {
        cargo(&["build", "--quiet", "--package", "docket", "--bin", "docket"])?;
        Ok(target_dir().join("debug/docket"))
    };
    once(&BINARY, "TEST_DOCKET_BINARY", built)
}

/// The folder with the product's plugins.
pub fn plugins() -> Result<&'static Path> {
    static PLUGINS: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = || {
        cargo(&["run", "--quiet", "--package", "xtask", "--", "plugins"])?;
        Ok(target_dir().join("plugins"))
    };
    once(&PLUGINS, "TEST_DOCKET_PLUGINS", built)
}

fn once(
    cell: &'static OnceLock<Result<PathBuf, String>>,
    variable: &str,
    build: impl FnOnce() -> Result<PathBuf>,
) -> Result<&'static Path> {
    let found = cell.get_or_init(|| match std::env::var_os(variable) {
        Some(path) => Ok(PathBuf::from(path)),
        None => build().map_err(|e| format!("{e:#}")),
    });
    found.as_deref().map_err(|why| anyhow!("{why}"))
}

fn cargo(args: &[&str]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let done = Command::new(cargo).current_dir(root()).args(args).output().context("cannot run cargo")?;
    ensure!(done.status.success(), "`cargo {}`: {}", args.join(" "), String::from_utf8_lossy(&done.stderr));
    Ok(())
}
