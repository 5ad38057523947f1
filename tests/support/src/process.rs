//! `docket` as a command that runs and ends.

use crate::built;
use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// A command that ended.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; none after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// A `docket` with the plugins, the profiles and a cache of this checkout, and nothing of the caller's environment.
pub(crate) fn command(folder: &Path) -> Result<Command> {
    let mut command = Command::new(built::binary()?);
    command.env_clear().current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
    for name in ["PATH", "HOME", "TMPDIR", "LLVM_PROFILE_FILE"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    let plugins = built::plugins()?;
    command.env("DOCKET_PROFILES_DIR", built::root().join("profiles"));
    command.env("DOCKET__PLUGINS__DIR", plugins);
    // Compiled once for all tests.
    command.env("DOCKET__PLUGINS__CACHE_DIR", plugins.with_file_name("plugins-cache"));
    command.env("RUST_BACKTRACE", "1");
    Ok(command)
}

/// Starts `docket` with these arguments in `folder`, its output in pipes. It is killed with the value.
///
/// # Errors
/// It cannot be run.
pub fn spawn_docket<A: AsRef<OsStr>>(folder: &Path, args: &[A]) -> Result<Child> {
    let mut command = command(folder)?;
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().context("cannot run docket")
}

/// Runs `docket` with these arguments in `folder`, and waits for its end.
///
/// # Errors
/// It cannot be run, or runs longer than `within`; then it is killed.
pub async fn docket<A: AsRef<OsStr>>(folder: &Path, args: &[A], within: Duration) -> Result<Ran> {
    ended(spawn_docket(folder, args)?, within).await
}

/// Waits for the end of a command that [`spawn_docket`] started.
///
/// # Errors
/// It runs longer than `within`; then it is killed.
pub async fn ended(child: Child, within: Duration) -> Result<Ran> {
    match tokio::time::timeout(within, child.wait_with_output()).await {
        Ok(output) => {
            let output = output?;
            let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
            Ok(Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) })
        }
        Err(_) => bail!("docket did not end within {} s", within.as_secs()),
    }
}
