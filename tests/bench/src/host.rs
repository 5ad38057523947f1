//! A release build of `docket` as a child process, with its memory as the kernel sees it.

use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A zero-wait mock for every provider.
const PROFILE: &str = "default";

/// A running host; it ends with this value.
#[derive(Debug)]
pub struct Host {
    child: Child,
    /// `127.0.0.1:port`.
    pub authority: String,
    /// Its data.
    pub folder: TempDir,
}

impl Host {
    /// Starts `binary serve` from the repository's root with these overrides.
    pub async fn start(binary: &Path, root: &Path, plugins: &Path, set: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let ready = folder.path().join("ready");
        let store = format!("store.url=sqlite://{}", folder.path().join("docket.db").display());
        let cache = format!("plugins.cache_dir={}", folder.path().join("cache").display());
        let plugins = format!("plugins.dir={}", plugins.display());
        let mut command = Command::new(binary);
        command.args(["serve", "--profile", PROFILE, "--listen", "127.0.0.1:0", "--ready-file"]).arg(&ready);
        for setting in [store.as_str(), &cache, &plugins, "log.filter=warn"].iter().chain(set) {
            command.arg("--set").arg(setting);
        }
        let child = command
            .current_dir(root)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .with_context(|| format!("starting {}", binary.display()))?;
        let mut host = Self { child, authority: String::new(), folder };
        host.authority = host.wait_until_ready(&ready).await?;
        Ok(host)
    }

    async fn wait_until_ready(&mut self, ready: &Path) -> Result<String> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(30) {
            if let Ok(text) = std::fs::read_to_string(ready)
                && let Some(line) = text.lines().next().filter(|line| !line.is_empty())
            {
                return Ok(line.trim_start_matches("http://").trim_end_matches('/').to_owned());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the host ended at its start: {status}");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bail!("the host was not ready within 30 s")
    }

    /// Resident memory in MiB, after the kernel.
    pub fn resident_mib(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
        let kib: f64 = line.split_whitespace().nth(1).context("no figure")?.parse()?;
        Ok(kib / 1024.0)
    }

    /// CPU time used so far, in seconds.
    pub fn cpu_seconds(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |n: usize| fields.get(n).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
        Ok((ticks(11) + ticks(12)) / 100.0)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Its data is temporary and nobody waits for its outcomes.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
