//! A host of the suite's own: `docket serve` of the same binary, on a free port, with a store that is thrown away.

use super::scenario::HostNeeds;
use crate::cli::SuiteRun;
use crate::client::Client;
use crate::exit::{Exit, Failure, OrExit};
use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

/// How long it may take to be ready: the first start compiles the plugins.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How much of its log is shown when something went wrong.
const LOG_TAIL_LINES: usize = 40;

/// The host and its folder. Dropping it kills the host.
pub(crate) struct OwnHost {
    child: Child,
    folder: TempDir,
    address: String,
}

impl OwnHost {
    /// Starts it and waits until it is ready.
    pub(crate) async fn start(args: &SuiteRun, needs: &HostNeeds) -> Result<Self, Failure> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder").or_exit(Exit::Internal)?;
        let log = File::create(folder.path().join("log")).or_exit(Exit::Internal)?;
        let exe = std::env::current_exe().or_exit(Exit::Internal)?;
        let mut command = Command::new(exe);
        command.arg("serve").args(["--listen", "127.0.0.1:0"]);
        command.args(["--profile", args.profile.as_deref().unwrap_or(&needs.profile)]);
        command.arg("--ready-file").arg(folder.path().join("ready"));
        let paths = [
            ("--config", &args.host.config),
            ("--plugins", &args.host.plugins),
            ("--profiles-dir", &args.host.profiles_dir),
        ];
        for (option, path) in paths {
            if let Some(path) = path {
                command.arg(option).arg(path);
            }
        }
        for setting in settings(args, needs, &folder).iter().chain(&args.host.set) {
            command.args(["--set", setting]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        let child = command.spawn().context("cannot start `docket serve`").or_exit(Exit::Internal)?;
        let mut host = Self { child, folder, address: String::new() };
        host.wait_until_ready().await?;
        Ok(host)
    }

    async fn wait_until_ready(&mut self) -> Result<(), Failure> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if let Ok(address) = std::fs::read_to_string(self.folder.path().join("ready")) {
                self.address = address.trim().to_owned();
                return Ok(());
            }
            if let Some(status) = self.child.try_wait().or_exit(Exit::Internal)? {
                let text = format!("the suite's host did not start ({status}):\n{}", self.log_tail());
                return Err(Failure::new(Exit::Environment, text));
            }
            if Instant::now() >= deadline {
                let text = format!(
                    "the suite's host was not ready in {} s:\n{}",
                    READY_WITHIN.as_secs(),
                    self.log_tail()
                );
                return Err(Failure::new(Exit::Environment, text));
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// A client for it.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        Client::new(&self.address, None)
    }

    /// Asks it to stop, and waits; shows its log when asked to or when it does not stop well.
    pub(crate) async fn stop(mut self, within: Duration, show_log: bool) -> Result<(), Failure> {
        if let Some(pid) = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
            // It may have ended by itself; then `wait` says how.
            let _gone = kill_process(pid, Signal::TERM);
        }
        let ended = timeout(within, self.child.wait()).await;
        if show_log {
            eprintln!("the host's log ends with:\n{}", self.log_tail());
        }
        match ended {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(self.stopped_badly(&format!("ended with {status}"))),
            Ok(Err(e)) => Err(self.stopped_badly(&format!("cannot be waited for: {e}"))),
            Err(_) => Err(self.stopped_badly(&format!("did not stop within {} s", within.as_secs()))),
        }
    }

    fn stopped_badly(&self, how: &str) -> Failure {
        Failure::new(Exit::Failed, format!("the suite's host {how}:\n{}", self.log_tail()))
    }

    fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n")
    }
}

fn settings(args: &SuiteRun, needs: &HostNeeds, folder: &TempDir) -> Vec<String> {
    let mut settings = vec![
        format!("store.url=sqlite:{}", folder.path().join("docket.db").display()),
        format!("queue.mode={}", needs.queue_mode),
        format!("queue.bundle_cap={}", needs.bundle_cap),
        format!("queue.virtual_waits={}", !args.real_time),
    ];
    settings.extend(needs.set.iter().cloned());
    settings
}
