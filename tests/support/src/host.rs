//! A host as a child process: start, use, kill, start again on the same data.

use crate::metrics::Metrics;
use crate::process;
use anyhow::{Context, Result, bail, ensure};
use reqwest::{Client, Method, RequestBuilder};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Child;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// How long a host may take to be ready. A debug build that compiles its plugins on a busy machine is slow.
const READY_WITHIN: Duration = Duration::from_secs(120);
/// How long it may take to stop.
const STOP_WITHIN: Duration = Duration::from_secs(40);
/// How long one answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// How often something is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How much of its log a failing test shows.
const LOG_TAIL_LINES: usize = 60;

/// How a host is started.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// A profile's name or path.
    pub profile: Option<String>,
    /// `section.key=value`.
    pub set: Vec<String>,
    /// Further arguments of `docket serve`.
    pub args: Vec<String>,
}

impl Setup {
    /// With this profile.
    pub fn profile(name: &str) -> Self {
        Self { profile: Some(name.to_owned()), ..Self::default() }
    }

    /// With this value as well.
    #[must_use]
    pub fn set(mut self, setting: impl Into<String>) -> Self {
        self.set.push(setting.into());
        self
    }

    /// With this argument as well.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }
}

/// A host that ended before it was ready.
#[derive(Debug)]
pub struct Refused {
    /// How it ended.
    pub status: ExitStatus,
    /// What it said.
    pub log: String,
}

/// An event of a topic.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its number.
    pub seq: i64,
    /// The delivery's id.
    pub id: String,
    /// The envelope.
    pub event: Value,
}

/// A host with data of its own. It is killed with this value; a panicking test shows its log.
#[derive(Debug)]
pub struct TestHost {
    setup: Setup,
    folder: TempDir,
    child: Option<Child>,
    url: String,
    http: Client,
}

impl TestHost {
    /// Starts a host and waits until it is ready.
    pub async fn start(setup: Setup) -> Result<Self> {
        let mut host = Self::prepare(setup)?;
        host.restart().await?;
        Ok(host)
    }

    /// A host that is not started yet: its folder can be prepared first.
    pub fn prepare(setup: Setup) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let http = http_client()?;
        Ok(Self { setup, folder, child: None, url: String::new(), http })
    }

    /// Starts it, again, on the data that it has.
    pub async fn restart(&mut self) -> Result<()> {
        match self.try_start().await? {
            None => Ok(()),
            Some(refused) => bail!("the host ended with {}:\n{}", refused.status, refused.log),
        }
    }

    /// Starts it; says how it ended when it ends before it is ready.
    pub async fn try_start(&mut self) -> Result<Option<Refused>> {
        ensure!(self.child.is_none(), "the host is running");
        let ready = self.folder.path().join("ready");
        if ready.exists() {
            std::fs::remove_file(&ready)?;
        }
        let log = OpenOptions::new().create(true).append(true).open(self.log_path())?;
        let mut command = process::command(self.folder.path())?;
        command.args(["serve", "--listen", "127.0.0.1:0", "--ready-file"]).arg(&ready);
        if let Some(profile) = &self.setup.profile {
            command.args(["--profile", profile]);
        }
        let store = format!("store.url=sqlite://{}", self.database().display());
        for setting in std::iter::once(&store).chain(&self.setup.set) {
            command.args(["--set", setting]);
        }
        command.args(&self.setup.args).stdout(Stdio::null()).stderr(log);
        let mut child = command.spawn().context("cannot start docket")?;
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if let Ok(url) = std::fs::read_to_string(&ready) {
                url.trim().clone_into(&mut self.url);
                self.child = Some(child);
                return Ok(None);
            }
            if let Some(status) = child.try_wait()? {
                return Ok(Some(Refused { status, log: self.log() }));
            }
            ensure!(Instant::now() < deadline, "the host was not ready in time:\n{}", self.log());
            sleep(LOOK_EVERY).await;
        }
    }

    /// How it is started from now on.
    pub fn change(&mut self, setup: Setup) {
        self.setup = setup;
    }

    /// Kills it with SIGKILL, and waits until it is gone.
    pub async fn kill(&mut self) -> Result<()> {
        let mut child = self.child.take().context("the host is not running")?;
        child.kill().await.context("cannot kill the host")
    }

    /// Waits until it ends by itself.
    pub async fn ended(&mut self, within: Duration) -> Result<ExitStatus> {
        let mut child = self.child.take().context("the host is not running")?;
        let status = tokio::time::timeout(within, child.wait()).await.context("the host did not end")??;
        Ok(status)
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> Result<bool> {
        let child = self.child.as_mut().context("the host is not running")?;
        Ok(child.try_wait()?.is_some())
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let id = self.child.as_ref().and_then(Child::id).context("the host is not running")?;
        let pid = i32::try_from(id).ok().and_then(Pid::from_raw).context("no process id")?;
        kill_process(pid, signal).context("cannot signal the host")
    }

    /// Asks it to stop, and waits for its end.
    pub async fn stop(&mut self) -> Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        self.ended(STOP_WITHIN).await
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its folder: database, log, whatever a test puts there.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its database.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("docket.db")
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Its log, over all starts.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// A request to it.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).timeout(ANSWER_WITHIN)
    }

    /// The JSON body of a GET that must succeed.
    pub async fn get(&self, path: &str) -> Result<Value> {
        let response = self.request(Method::GET, path).send().await?;
        let status = response.status();
        let text = response.text().await?;
        ensure!(status.is_success(), "GET {path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// Posts a comparison that must be accepted.
    pub async fn submit(&self, body: &Value) -> Result<Uuid> {
        let response = self.request(Method::POST, "/api/v1/comparison").json(body).send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        ensure!(status == 202, "POST /api/v1/comparison: {status} {text}");
        let receipt: Value = serde_json::from_str(&text)?;
        let id = receipt["queue_id"].as_str().context("the receipt has no queue_id")?;
        Ok(id.parse()?)
    }

    /// Every event of a topic.
    pub async fn topic(&self, topic: &str) -> Result<Vec<Event>> {
        let mut all = Vec::new();
        loop {
            let after = all.last().map_or(0, |event: &Event| event.seq);
            let page = self.get(&format!("/api/v1/topics/{topic}/events?after={after}&limit=500")).await?;
            let events = page["events"].as_array().context("a page has no events")?;
            if events.is_empty() {
                return Ok(all);
            }
            for event in events {
                let seq = event["seq"].as_i64().context("an event has no seq")?;
                let id = event["id"].as_str().context("an event has no id")?.to_owned();
                all.push(Event { seq, id, event: event["event"].clone() });
            }
        }
    }

    /// Every event of a topic, once there are at least `count`.
    pub async fn wait_for_events(&self, topic: &str, count: usize, within: Duration) -> Result<Vec<Event>> {
        let deadline = Instant::now() + within;
        loop {
            let events = self.topic(topic).await?;
            if events.len() >= count {
                return Ok(events);
            }
            ensure!(Instant::now() < deadline, "{} of {count} events came in {within:?}", events.len());
            let after = events.last().map_or(0, |event| event.seq);
            self.get(&format!("/api/v1/topics/{topic}/events?after={after}&limit=1&wait=2")).await?;
        }
    }

    /// Its metrics.
    pub async fn metrics(&self) -> Result<Metrics> {
        let response = self.request(Method::GET, "/metrics").send().await?.error_for_status()?;
        Ok(Metrics(response.text().await?))
    }
}

impl Drop for TestHost {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n");
            eprintln!("the host's log ends with:\n{tail}");
        }
        // The child itself is killed by tokio when it is dropped.
    }
}

fn http_client() -> Result<Client> {
    static PROVIDER: OnceLock<()> = OnceLock::new();
    PROVIDER.get_or_init(|| {
        // Another test of this process may have chosen it before.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    Ok(Client::builder().no_proxy().build()?)
}
