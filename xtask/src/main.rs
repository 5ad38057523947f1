//! Development tasks. Not part of the product: `cargo xtask` is what developers and CI run.

mod bench;
mod cargo;
mod child;
mod ci;
mod demo;
mod plugins;
mod suites;

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask TASK

  plugins   build every plugin into target/plugins
  demo      build docket and its plugins, have the example essays judged, and show what came out
  bench     measure the figures of docs/performance.md on this machine, with an optimised build
  test      everything that CI runs; the last line is `N passed, N failed`
";

fn main() -> ExitCode {
    let task: Vec<String> = std::env::args().skip(1).collect();
    let done = match task.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["plugins"] => repository().and_then(|root| build_plugins(&root)).map(|_| true),
        ["demo"] => repository().and_then(|root| demo::run(&root)),
        ["bench"] => repository().and_then(|root| bench::run(&root)).map(|()| true),
        ["test"] => repository().and_then(|root| ci::run(&root)),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(true)
        }
        _ => {
            eprint!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Builds the plugins and says where they are.
fn build_plugins(root: &Path) -> Result<PathBuf> {
    let out = cargo::target_dir(root).join("plugins");
    plugins::build(root, &out)?;
    Ok(out)
}

/// The repository's root: the folder above this crate.
fn repository() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no folder above it")?;
    std::env::set_current_dir(root).with_context(|| format!("cannot go to {}", root.display()))?;
    Ok(root.to_owned())
}
