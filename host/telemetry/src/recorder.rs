//! The recorder behind `/metrics`.

use crate::catalogue::{CATALOGUE, host};
use crate::metric::{Kind, Metric};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::OnceLock;
use std::time::Duration;

/// Renders what was emitted. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Recorder {
    handle: PrometheusHandle,
}

/// How often observations move from their buffers into the buckets, whether or not somebody scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

/// Installs the process's recorder. Further calls return the same one, so tests may run several hosts in a process.
pub fn install() -> Recorder {
    static INSTALLED: OnceLock<Recorder> = OnceLock::new();
    INSTALLED
        .get_or_init(|| {
            let recorder = build();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!(
                    "another metrics recorder is installed in this process; /metrics will stay empty"
                );
            }
            register_all();
            start_upkeep(handle.clone());
            Recorder { handle }
        })
        .clone()
}

/// Runs `f` with a recorder of its own on this thread, and renders what `f` emitted. For tests.
pub fn scoped<T>(f: impl FnOnce() -> T) -> (T, String) {
    let local = build();
    let handle = local.handle();
    let result = metrics::with_local_recorder(&local, || {
        register_all();
        f()
    });
    (result, complete(&handle.render()))
}

impl Recorder {
    /// The Prometheus text (version 0.0.4). Every metric of the catalogue has its `HELP` and `TYPE` lines, in the
    /// catalogue's order, also before its first series.
    pub fn render(&self) -> String {
        if let Some(bytes) = crate::process::resident_bytes() {
            host::process_resident_memory_bytes(bytes);
        }
        complete(&self.handle.render())
    }

    /// The value of the `Content-Type` header for [`Recorder::render`].
    pub const CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";
}

fn build() -> PrometheusRecorder {
    let mut builder = PrometheusBuilder::new();
    for metric in CATALOGUE.iter().filter(|m| m.kind == Kind::Histogram) {
        builder = match builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), metric.buckets)
        {
            Ok(builder) => builder,
            // Only an empty list is refused, and a test sees that there is none.
            Err(_) => return PrometheusBuilder::new().build_recorder(),
        };
    }
    builder.build_recorder()
}

/// Starts the unlabelled counters at zero, so that their first increment is an increase.
fn register_all() {
    for metric in CATALOGUE.iter().filter(|m| m.kind == Kind::Counter && m.labels.is_empty()) {
        metrics::counter!(metric.name).increment(0);
    }
}

/// Without upkeep the buffers of histograms grow until the next scrape, which may never come. The thread lives as
/// long as the process, as the recorder does.
fn start_upkeep(handle: PrometheusHandle) {
    let spawned = std::thread::Builder::new().name("docket-metrics".into()).spawn(move || {
        loop {
            std::thread::park_timeout(UPKEEP);
            handle.run_upkeep();
        }
    });
    if let Err(error) = spawned {
        tracing::warn!(%error, "no upkeep of metrics: their memory grows between scrapes");
    }
}

/// Puts the exporter's text in the catalogue's order, with our own `HELP` and `TYPE` lines.
fn complete(raw: &str) -> String {
    let mut samples: BTreeMap<&str, String> = BTreeMap::new();
    let mut family = "";
    for line in raw.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            family = rest.split(' ').next().unwrap_or(rest);
        } else if !line.is_empty() && !line.starts_with('#') {
            let text = samples.entry(family).or_default();
            text.push_str(line);
            text.push('\n');
        }
    }
    let mut out = String::with_capacity(raw.len() + CATALOGUE.len() * 128);
    for Metric { name, kind, help, .. } in CATALOGUE {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {}", kind.as_str());
        out.push_str(samples.get(name).map_or("", String::as_str));
    }
    out
}
