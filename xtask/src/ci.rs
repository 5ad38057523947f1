//! `cargo xtask test`: everything that CI runs, in order, with a line a suite and a verdict at the end.
//!
//! One `cargo build` of the whole workspace makes every test program with one set of features; the suites then run
//! the programs themselves, so that nothing is built twice.

use crate::cargo::{self, Executable};
use crate::child::output_within;
use crate::{build_plugins, suites};
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// How long one test program may run.
const PROGRAM_WITHIN: Duration = Duration::from_secs(15 * 60);

/// How long one cargo command may run: on a fresh machine it builds everything.
const CARGO_WITHIN: Duration = Duration::from_secs(60 * 60);

/// What was run so far.
#[derive(Default)]
struct Results(Vec<(String, Duration, bool)>);

impl Results {
    /// Runs a suite, says how it went, and gives its result if it went well.
    fn run<T>(&mut self, name: &str, suite: impl FnOnce() -> Result<T>) -> Option<T> {
        println!("== {name}");
        let started = Instant::now();
        let result = suite();
        let took = started.elapsed();
        if let Err(error) = &result {
            println!("{error:#}");
        }
        println!("{}", line(name, took, result.is_ok()));
        self.0.push((name.to_owned(), took, result.is_ok()));
        result.ok()
    }

    /// Prints every suite's line and the verdict. Whether all is well.
    fn summary(&self) -> bool {
        println!("\n== Summary");
        for (name, took, passed) in &self.0 {
            println!("{}", line(name, *took, *passed));
        }
        let failed = self.0.iter().filter(|(_, _, passed)| !passed).count();
        println!("{} passed, {failed} failed", self.0.len() - failed);
        failed == 0
    }
}

fn line(name: &str, took: Duration, passed: bool) -> String {
    let verdict = if passed { "ok" } else { "FAILED" };
    format!("{name:<28} {:>7.1} s  {verdict}", took.as_secs_f64())
}

/// Runs everything. False when a suite failed.
pub(crate) fn run(root: &Path) -> Result<bool> {
    let mut results = Results::default();
    results.run("format", || run_cargo(&["fmt", "--all", "--check"], &[]));
    let clippy = ["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"];
    results.run("clippy", || run_cargo(&clippy, &[]));
    let plugins = results.run("plugins build", || build_plugins(root));
    let build = ["--workspace", "--lib", "--bins", "--tests", "--locked"];
    let built = results.run("build", || cargo::build(root, &build));
    // Without these two nothing can be said about any suite; the verdict is there already.
    if let (Some(plugins), Some(built)) = (plugins, built) {
        run_suites(&mut results, root, &plugins, &built)?;
    }
    results.run("documentation tests", || {
        run_cargo(&["test", "--workspace", "--doc", "--locked", "--quiet"], &[])
    });
    let doc = ["doc", "--workspace", "--no-deps", "--locked", "--quiet"];
    results.run("documentation", || run_cargo(&doc, &[("RUSTDOCFLAGS", "-D warnings")]));
    Ok(results.summary())
}

fn run_suites(results: &mut Results, root: &Path, plugins: &Path, built: &[Executable]) -> Result<()> {
    let docket = cargo::docket(built)?;
    for suite in suites::sort(root, built) {
        results.run(suite.name, || run_programs(root, &docket, plugins, &suite.programs));
    }
    Ok(())
}

fn run_programs(root: &Path, docket: &Path, plugins: &Path, programs: &[Executable]) -> Result<()> {
    let mut failed = Vec::new();
    for program in programs {
        let mut command = Command::new(&program.path);
        // What cargo would set, and where the tests find what they need.
        command.current_dir(&program.folder).env("CARGO_MANIFEST_DIR", &program.folder);
        command.env("CARGO_PKG_NAME", &program.package);
        command.env("INSTA_WORKSPACE_ROOT", root).env("INSTA_UPDATE", "no");
        command.env("TEST_DOCKET_BINARY", docket).env("TEST_DOCKET_PLUGINS", plugins);
        command.env("CARGO_TARGET_DIR", cargo::target_dir(root));
        let (status, output) = output_within(&mut command, PROGRAM_WITHIN)?;
        let passed = status.is_some_and(|s| s.success());
        let verdict = last_verdict(&output);
        println!(
            "   {:<40} {}",
            program_name(root, program),
            if passed { verdict } else { "FAILED".to_owned() }
        );
        if !passed {
            let how = status
                .map_or_else(|| format!("killed after {} s", PROGRAM_WITHIN.as_secs()), |s| s.to_string());
            println!("{output}\n   ({how})");
            failed.push(program_name(root, program));
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}

fn program_name(root: &Path, program: &Executable) -> String {
    let folder: PathBuf = program.folder.strip_prefix(root).unwrap_or(&program.folder).to_owned();
    format!("{} {}", folder.display(), program.name)
}

/// `12 passed` from the line `test result: ok. 12 passed; 0 failed; ...`.
fn last_verdict(output: &str) -> String {
    let result = output.lines().rev().find_map(|line| line.strip_prefix("test result: ok. "));
    let passed = result.and_then(|line| line.split(';').next());
    passed.unwrap_or("ended well").to_owned()
}

fn run_cargo(args: &[&str], env: &[(&str, &str)]) -> Result<()> {
    let mut command = cargo::command();
    command.args(args).envs(env.iter().copied());
    let (status, output) = output_within(&mut command, CARGO_WITHIN)?;
    match status {
        Some(status) if status.success() => Ok(()),
        Some(_) => bail!("{output}`cargo {}` failed", args.join(" ")),
        None => bail!("{output}`cargo {}` took more than {} s", args.join(" "), CARGO_WITHIN.as_secs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_suite_fails_the_run() {
        let mut results = Results::default();
        results.run("good", || Ok(()));
        assert!(results.summary());
        assert!(results.run("bad", || -> Result<()> { bail!("no") }).is_none());
        assert!(!results.summary());
    }

    #[test]
    fn the_verdict_of_a_harness_is_found() {
        assert_eq!(last_verdict("x\ntest result: ok. 12 passed; 0 failed; 0 ignored\n\n"), "12 passed");
    }
}
