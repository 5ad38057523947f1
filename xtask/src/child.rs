//! A docket as a child process, and other commands with a time limit.

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use tempfile::TempDir;

/// How long a host may take to be ready: it compiles its plugins first.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// How long it may take to stop.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// What a host says before its address.
const READY: &str = "docket is ready at ";

/// A running host. Dropping it kills it.
pub(crate) struct Host {
    child: Child,
    folder: TempDir,
    /// `http://127.0.0.1:port`.
    pub(crate) url: String,
}

impl Host {
    /// Starts `docket serve` with a store in a temporary folder, and waits until it is ready.
    pub(crate) fn start(docket: &Path, plugins: &Path, profile: &str) -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let store = format!("store.url=sqlite://{}", folder.path().join("docket.db").display());
        let cache = format!("plugins.cache_dir={}", cache_beside(plugins).display());
        let log = std::fs::File::create(folder.path().join("log"))?;
        let child = Command::new(docket)
            .args([
                "serve",
                "--profile",
                profile,
                "--listen",
                "127.0.0.1:0",
                "--set",
                &store,
                "--set",
                &cache,
            ])
            .arg("--plugins")
            .arg(plugins)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", docket.display()))?;
        let mut host = Self { child, folder, url: String::new() };
        let stdout = host.child.stdout.take().context("the host has no output")?;
        host.url = host.wait_until_ready(stdout)?;
        Ok(host)
    }

    fn wait_until_ready(&self, stdout: ChildStdout) -> Result<String> {
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _nobody_waits_any_more = send.send(line);
            }
        });
        loop {
            match receive.recv_timeout(READY_WITHIN) {
                Ok(line) => {
                    if let Some(url) = line.strip_prefix(READY) {
                        return Ok(url.trim().to_owned());
                    }
                }
                Err(RecvTimeoutError::Timeout) => bail!("the host is not ready:\n{}", self.log()),
                Err(RecvTimeoutError::Disconnected) => bail!("the host did not start:\n{}", self.log()),
            }
        }
    }

    /// Its log so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The body of `GET path`.
    pub(crate) fn get(&self, path: &str) -> Result<String> {
        let authority = self.url.strip_prefix("http://").context("the host's address is not http")?;
        let mut stream =
            TcpStream::connect(authority).with_context(|| format!("cannot connect to {authority}"))?;
        stream.set_read_timeout(Some(STOP_WITHIN))?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {authority}\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("the answer has no body")?;
        if head.split_whitespace().nth(1) != Some("200") {
            bail!("GET {path}: {}", head.lines().next().unwrap_or_default());
        }
        Ok(body.to_owned())
    }

    /// Asks it to stop, and waits until it did; anything but a clean end is an error.
    pub(crate) fn stop(mut self) -> Result<()> {
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(Pid::from_raw)
            .context("the host has no process id")?;
        kill_process(pid, Signal::TERM).context("the host is gone already")?;
        match wait(&mut self.child, STOP_WITHIN)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => bail!("the host ended with {status}:\n{}", self.log()),
            None => bail!("the host did not stop within {} s:\n{}", STOP_WITHIN.as_secs(), self.log()),
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Ended already in the good case; its data is temporary in any other.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Compiled plugins are kept between runs.
fn cache_beside(plugins: &Path) -> PathBuf {
    plugins.with_file_name("plugins-cache")
}

/// How the child ended; none when it runs longer than `within`. It is not killed.
fn wait(child: &mut Child, within: Duration) -> Result<Option<ExitStatus>> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("no process id")?;
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        // Waits without reaping, so that `child` can still be asked and killed by its id.
        let options = rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT;
        let _nobody_waits_any_more =
            send.send(rustix::process::waitid(rustix::process::WaitId::Pid(pid), options));
    });
    match receive.recv_timeout(within) {
        Ok(ended) => {
            ended?;
            Ok(Some(child.wait()?))
        }
        Err(_) => Ok(None),
    }
}

/// Runs a command with its output kept. None: it ran longer than `within` and was killed.
pub(crate) fn output_within(command: &mut Command, within: Duration) -> Result<(Option<ExitStatus>, String)> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("output");
    let file = std::fs::File::create(&path)?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()
        .with_context(|| format!("cannot run {}", command.get_program().display()))?;
    let ended = wait(&mut child, within)?;
    if ended.is_none() {
        child.kill()?;
        child.wait()?;
    }
    let bytes = std::fs::read(&path)?;
    Ok((ended, String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_kept_and_time_is_limited() {
        let (status, output) =
            output_within(Command::new("echo").arg("hello"), Duration::from_secs(10)).unwrap();
        assert!(status.unwrap().success());
        assert_eq!(output, "hello\n");
        let (status, _) = output_within(Command::new("sleep").arg("60"), Duration::from_millis(50)).unwrap();
        assert!(status.is_none());
    }
}
