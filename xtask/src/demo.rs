//! `cargo xtask demo`: the main job, from an empty folder to a ranking, in front of the reader's eyes.

use crate::child::Host;
use crate::{build_plugins, cargo};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// The essays, from the repository's root.
const ESSAYS: &str = "docs/examples/essays";

/// The profile of the demonstration: a mock whose choice follows from the two texts, and from nothing in them.
const PROFILE: &str = "default";

/// Where the report goes, below the folder of what is built.
const REPORT: &str = "demo-report.html";

/// The profile of the host: a mock that answers at once and always prefers the first essay.
const HOST_PROFILE: &str = "cj_generic_batch";

/// How many pairs are compared over HTTP.
const PAIRS: &str = "60";

/// Metrics worth a look, and what they say.
const METRICS: &[(&str, &str)] = &[
    ("llm_provider_requests_total", "requests accepted"),
    ("llm_provider_comparison_callbacks_total", "outcomes, by queue mode and result"),
    ("llm_provider_queue_wait_time_seconds_count", "waits in the queue"),
    ("llm_provider_queue_wait_time_seconds_sum", "seconds waited in all"),
    ("llm_provider_queue_depth", "requests without an outcome"),
];

/// Builds, judges, serves, shows, stops. False when something failed.
pub(crate) fn run(root: &Path) -> Result<bool> {
    println!("1. The plugins: each provider is a WebAssembly component.");
    let plugins = build_plugins(root)?;
    println!("\n2. Docket itself.");
    let docket = cargo::docket(&cargo::build(root, &["--package", "docket", "--bin", "docket"])?)?;
    let started = Instant::now();
    println!("\n3. docket judge {ESSAYS}: comparative judgement, without a server.");
    println!(
        "   (This mock tosses a coin for each pair of texts, so nothing can be reliable; a real provider would read them.)\n"
    );
    let report = cargo::target_dir(root).join(REPORT);
    let judged = Command::new(&docket)
        .args(["judge", ESSAYS, "--profile", PROFILE, "--provider", "mock", "--seed", "1", "--report"])
        .arg(&report)
        .arg("--plugins")
        .arg(&plugins)
        .args(["--set", "plugins.cache_dir="])
        .status()
        .context("cannot run `docket judge`")?
        .success();
    println!(
        "\n4. The queue below it, over HTTP: {PAIRS} comparisons at a host with the profile {HOST_PROFILE}.\n"
    );
    let answered = over_http(&docket, &plugins)?;
    println!(
        "\nThe host stopped cleanly. All of it took {:.1} s after the build.",
        started.elapsed().as_secs_f64()
    );
    Ok(judged && answered)
}

/// Comparisons at a host of its own, and what it counted.
fn over_http(docket: &Path, plugins: &Path) -> Result<bool> {
    let host = Host::start(docket, plugins, HOST_PROFILE)?;
    let output = Command::new(docket)
        .args(["submit", ESSAYS, "--pairs", PAIRS, "--provider", "mock", "--url", &host.url])
        .output()
        .context("cannot run `docket submit`")?;
    let text = String::from_utf8_lossy(&output.stdout);
    // The ranking above is the longer story: of these, the totals are enough.
    let totals = text.lines().skip_while(|line| !line.contains("succeeded,"));
    totals.for_each(|line| println!("   {line}"));
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    println!("\n   What the host counted (GET /metrics):\n");
    show_metrics(&host.get("/metrics")?)?;
    host.stop()?;
    Ok(output.status.success())
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
