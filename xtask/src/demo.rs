//! `cargo xtask demo`: the main job, from an empty folder to outcomes, in front of the reader's eyes.

use crate::child::Host;
use crate::{build_plugins, cargo};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// The profile of the demonstration: a mock that answers at once and always prefers the first essay.
const PROFILE: &str = "cj_generic_batch";

/// How many pairs are compared.
const PAIRS: &str = "60";

/// Metrics worth a look, and what they say.
const METRICS: &[(&str, &str)] = &[
    ("llm_provider_requests_total", "requests accepted"),
    ("llm_provider_comparison_callbacks_total", "outcomes, by queue mode and result"),
    ("llm_provider_queue_wait_time_seconds_count", "waits in the queue"),
    ("llm_provider_queue_wait_time_seconds_sum", "seconds waited in all"),
    ("llm_provider_queue_depth", "requests without an outcome"),
];

/// Builds, starts, submits, shows, stops. False when a comparison failed.
pub(crate) fn run(root: &Path) -> Result<bool> {
    println!("1. The plugins: each provider is a WebAssembly component.");
    let plugins = build_plugins(root)?;
    println!("\n2. Docket itself.");
    let docket = cargo::docket(&cargo::build(root, &["--package", "docket", "--bin", "docket"])?)?;
    let started = Instant::now();
    let host = Host::start(&docket, &plugins, PROFILE)?;
    println!(
        "   {} serves profile {PROFILE} at {}, with SQLite in a temporary folder.\n",
        docket.display(),
        host.url
    );
    println!("3. {PAIRS} comparisons of the essays in docs/examples/essays, over HTTP.");
    println!("   (This mock always prefers the essay that comes first; a real provider would read them.)\n");
    let good = Command::new(&docket)
        .args(["submit", "docs/examples/essays", "--pairs", PAIRS, "--provider", "mock", "--url", &host.url])
        .status()
        .context("cannot run `docket submit`")?
        .success();
    println!("\n4. What the host counted (GET /metrics):\n");
    show_metrics(&host.get("/metrics")?)?;
    host.stop()?;
    println!(
        "\nThe host stopped cleanly. All of it took {:.1} s after the build.",
        started.elapsed().as_secs_f64()
    );
    Ok(good)
}

fn show_metrics(text: &str) -> Result<()> {
    let mut shown = 0;
    for (name, meaning) in METRICS {
        for line in text.lines().filter(|line| is_series(line, name)) {
            println!("   {line:<100} {meaning}");
            shown += 1;
        }
    }
    ensure!(shown >= METRICS.len(), "the host's metrics are incomplete:\n{text}");
    Ok(())
}

fn is_series(line: &str, name: &str) -> bool {
    line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_is_its_whole_name() {
        assert!(is_series("a_total{x=\"1\"} 2", "a_total"));
        assert!(is_series("a_total 2", "a_total"));
        assert!(!is_series("a_total_more 2", "a_total"));
    }
}
