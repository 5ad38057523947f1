//! `load`: what a running host does for its callers. Prints Markdown tables.
//!
//! Ratios within one run are what counts: machines are shared and noisy.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use clap::Parser;
use docket_bench::client::{Connection, comparison};
use docket_bench::host::Host;
use docket_bench::stats::{Latency, median};
use docket_store::{Accepted, CompatKey, NewRequest, SharedStore};
use docket_types::{ProviderName, RequestId, Timestamp};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Measures a release build of docket.
#[derive(Debug, Parser)]
struct Arguments {
    /// The `docket` binary.
    #[arg(long)]
    binary: PathBuf,
    /// The repository's root, for the profiles.
    #[arg(long)]
    root: PathBuf,
    /// The folder with the plugins.
    #[arg(long)]
    plugins: PathBuf,
    /// Seconds for each figure.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Rounds of which the median is printed.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Requests of the memory run.
    #[arg(long, default_value_t = 100_000)]
    requests: u64,
}

/// A worker that is busy for the whole run, so that only accepting is measured.
const IDLE_WORKERS: &[&str] =
    &["providers.mock.max_concurrent=1", "providers.mock.settings.latency_ms=600000"];

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    accepts(&arguments).await?;
    latency(&arguments).await?;
    throughput(&arguments).await?;
    memory(&arguments).await
}

async fn start(arguments: &Arguments, set: &[&str]) -> Result<Host> {
    Host::start(&arguments.binary, &arguments.root, &arguments.plugins, set).await
}

async fn accepts(arguments: &Arguments) -> Result<()> {
    println!("\n### Durable accepts per second, 1 KB prompts\n");
    println!("| connections | over HTTP | bare SQLite writer | share | CPU of the host a request |");
    println!("|---|---|---|---|---|");
    for connections in [1, 16, 64] {
        let (mut http, mut bare, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..arguments.rounds {
            let host = start(arguments, IDLE_WORKERS).await?;
            let before = host.cpu_seconds()?;
            let (rate, total) = submit_for(&host.authority, connections, arguments.seconds, 1024).await?;
            cpu.push((host.cpu_seconds()? - before) / total as f64 * 1e6);
            http.push(rate);
            drop(host);
            bare.push(bare_accepts(connections, arguments.seconds).await?);
        }
        let (http, bare) = (median(http), median(bare));
        println!("| {connections} | {http:.0} | {bare:.0} | {:.2} | {:.0} us |", http / bare, median(cpu));
    }
    Ok(())
}

/// Something that can be asked again and again.
trait Caller: Send + 'static {
    fn call(&mut self) -> impl Future<Output = Result<()>> + Send;
}

/// Submits over HTTP.
struct OverHttp(Connection, Bytes);

impl Caller for OverHttp {
    async fn call(&mut self) -> Result<()> {
        self.0.submit(self.1.clone()).await.map(drop)
    }
}

/// Accepts with the store alone.
struct Bare(SharedStore, Vec<u8>);

impl Caller for Bare {
    async fn call(&mut self) -> Result<()> {
        let answer = self.0.accept(request(self.1.clone())).await?;
        anyhow::ensure!(answer == Accepted::New, "a new request was not new");
        Ok(())
    }
}

/// Submits on so many connections for so long; accepts per second and in all.
async fn submit_for(authority: &str, connections: usize, seconds: u64, bytes: usize) -> Result<(f64, u64)> {
    let mut callers = Vec::new();
    for number in 0..connections {
        callers.push(OverHttp(Connection::open(authority).await?, comparison("bench", bytes, number)));
    }
    count_for(seconds, callers).await
}

/// The store alone, called by so many tasks; accepts per second.
async fn bare_accepts(tasks: usize, seconds: u64) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let store: SharedStore =
        docket_store::open_url(&format!("sqlite://{}", folder.path().join("bare.db").display())).await?;
    let payload = comparison("bench", 1024, 0).to_vec();
    let callers = (0..tasks).map(|_| Bare(store.clone(), payload.clone())).collect();
    Ok(count_for(seconds, callers).await?.0)
}

/// Each caller calls again and again, for so long: calls per second and in all.
async fn count_for(seconds: u64, callers: Vec<impl Caller>) -> Result<(f64, u64)> {
    let stop = Arc::new(AtomicBool::new(false));
    let count = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for mut caller in callers {
        let (stop, count) = (stop.clone(), count.clone());
        tasks.push(tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                caller.call().await?;
                count.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        }));
    }
    let begun = Instant::now();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let rate = count.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await??;
    }
    Ok((rate, count.load(Ordering::Relaxed)))
}

fn request(payload: Vec<u8>) -> NewRequest {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp::from_micros(i64::try_from(now.as_micros()).unwrap_or(i64::MAX));
    NewRequest {
        id: RequestId(uuid::Uuid::now_v7()),
        tenant: "default".into(),
        idempotency: None,
        provider: ProviderName::from("mock"),
        compat: CompatKey(1),
        priority: 5,
        payload,
        accepted_at: now,
        expires_at: now + Duration::from_secs(3600),
    }
}

/// From the first byte of the POST to the callback in the caller's hands, one request at a time.
async fn latency(arguments: &Arguments) -> Result<()> {
    let host = start(arguments, &[]).await?;
    let mut sender = Connection::open(&host.authority).await?;
    let mut reader = Connection::open(&host.authority).await?;
    let mut samples = Vec::new();
    let mut after = 0;
    for number in 0..550 {
        let path = format!("/api/v1/topics/latency/events?after={after}&limit=1&wait=10");
        let begun = Instant::now();
        let (sent, answer) =
            tokio::join!(sender.submit(comparison("latency", 1024, number)), reader.get(&path));
        sent?;
        after = last_seq(&answer?.body)?.context("no callback within 10 s")?;
        if number >= 50 {
            samples.push(begun.elapsed());
        }
    }
    let latency = Latency::of(samples).context("no samples")?;
    println!("\n### Accept to callback, idle host, zero-wait mock, 500 requests one at a time\n");
    println!("| p50 | p99 | max |\n|---|---|---|");
    println!("| {:.2?} | {:.2?} | {:.2?} |", latency.p50, latency.p99, latency.max);
    Ok(())
}

/// The last sequence number of a page of a topic.
fn last_seq(body: &Bytes) -> Result<Option<i64>> {
    let page: Value = serde_json::from_slice(body)?;
    let events = page.get("events").and_then(Value::as_array).context("no `events`")?;
    Ok(events.last().and_then(|event| event.get("seq")).and_then(Value::as_i64))
}

/// Requests from submission to callback per second, with as much in flight as the queue takes.
async fn throughput(arguments: &Arguments) -> Result<()> {
    println!("\n### End to end, submission to callback, zero-wait mock, 32 connections, 1 KB prompts\n");
    println!("| queue mode | requests per second | CPU of the host a request |\n|---|---|---|");
    for mode in ["per_request", "serial_bundle", "batch_api"] {
        let (mut rates, mut cpu) = (Vec::new(), Vec::new());
        for _ in 0..arguments.rounds {
            let set = format!("queue.mode={mode}");
            let host = start(arguments, &[&set]).await?;
            let begun = Instant::now();
            let before = host.cpu_seconds()?;
            let (_, total) = submit_for(&host.authority, 32, arguments.seconds, 1024).await?;
            drain(&host.authority, "bench", total).await?;
            rates.push(total as f64 / begun.elapsed().as_secs_f64());
            cpu.push((host.cpu_seconds()? - before) / total as f64 * 1e6);
        }
        println!("| {mode} | {:.0} | {:.0} us |", median(rates), median(cpu));
    }
    Ok(())
}

/// Reads the topic until it has so many events.
async fn drain(authority: &str, topic: &str, total: u64) -> Result<()> {
    let mut reader = Connection::open(authority).await?;
    let (mut after, mut seen) = (0, 0);
    let begun = Instant::now();
    while seen < total {
        if begun.elapsed() > Duration::from_secs(300) {
            bail!("{seen} of {total} callbacks after 300 s");
        }
        let path = format!("/api/v1/topics/{topic}/events?after={after}&limit=1000&wait=5");
        let page: Value = serde_json::from_slice(&reader.get(&path).await?.body)?;
        let events = page.get("events").and_then(Value::as_array).context("no `events`")?;
        seen += events.len() as u64;
        after = events.last().and_then(|e| e.get("seq")).and_then(Value::as_i64).unwrap_or(after);
    }
    Ok(())
}

/// Resident memory when idle, and after many requests.
async fn memory(arguments: &Arguments) -> Result<()> {
    let host = start(arguments, &[]).await?;
    let idle = host.resident_mib()?;
    println!(
        "\n### Resident memory\n\n| requests so far | MiB |\n|---|---|\n| 0 (idle after start) | {idle:.1} |"
    );
    let mut sent = 0;
    for quarter in 1..=4 {
        let target = arguments.requests * quarter / 4;
        submit_count(&host.authority, 16, target - sent).await?;
        sent = target;
        drain(&host.authority, "bench", sent).await?;
        println!("| {sent} | {:.1} |", host.resident_mib()?);
    }
    Ok(())
}

async fn submit_count(authority: &str, connections: u64, total: u64) -> Result<()> {
    let left = Arc::new(AtomicU64::new(total));
    let mut tasks = Vec::new();
    for number in 0..connections {
        let mut connection = Connection::open(authority).await?;
        let (left, body) = (left.clone(), comparison("bench", 1024, usize::try_from(number)?));
        tasks.push(tokio::spawn(async move {
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok() {
                connection.submit(body.clone()).await?;
            }
            anyhow::Ok(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    Ok(())
}
