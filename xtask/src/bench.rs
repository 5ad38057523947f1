//! `cargo xtask bench`: the published figures, measured again. Prints Markdown, and keeps it in `target/bench.md`.
//!
//! Nothing here passes or fails: machines are shared and noisy. Compare ratios within one run with those of
//! `docs/performance.md`.

use crate::{build_plugins, cargo};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Prompt sizes of the exchange benchmark, in KiB.
const SIZES_KIB: [u32; 3] = [1, 8, 64];

/// Builds with optimisation, measures, prints.
pub(crate) fn run(root: &Path) -> Result<()> {
    let plugins = build_plugins(root)?;
    let built = cargo::build(root, &["--release", "--workspace", "--bins", "--bench", "steps", "--locked"])?;
    let find = |name: &str, is_test: bool| {
        let found = built.iter().find(|e| e.name == name && e.is_test == is_test);
        found.map(|e| e.path.clone()).with_context(|| format!("cargo built no `{name}`"))
    };
    let (docket, load, steps) = (find("docket", false)?, find("load", false)?, find("steps", true)?);
    let results = cargo::target_dir(root).join("criterion");
    let status = Command::new(steps)
        .args(["--bench", "--noplot"])
        .env("TEST_DOCKET_PLUGINS", &plugins)
        .current_dir(root.join("tests/bench"))
        .env("CRITERION_HOME", &results)
        .stdout(Stdio::null())
        .status()?;
    ensure!(status.success(), "the exchange benchmark ended with {status}");
    let mut report = machine();
    report.push_str(&exchange(&results)?);
    let output = Command::new(load)
        .arg("--binary")
        .arg(docket)
        .arg("--root")
        .arg(root)
        .arg("--plugins")
        .arg(&plugins)
        .stderr(Stdio::inherit())
        .output()?;
    report.push_str(&String::from_utf8_lossy(&output.stdout));
    print!("{report}");
    ensure!(output.status.success(), "the load generator ended with {}", output.status);
    let file = cargo::target_dir(root).join("bench.md");
    std::fs::write(&file, report).with_context(|| format!("cannot write {}", file.display()))
}

/// What was measured on.
fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("Machine: {}, {cores} cores.\n", model.trim_start_matches([' ', '\t', ':']))
}

/// The exchange's medians as a table.
fn exchange(results: &Path) -> Result<String> {
    let mut table = String::from(
        "\n### One exchange: both steps in fresh instances, body written by the host\n\n\
         | prompt | sandboxed | native, copied text | ratio |\n|---|---|---|---|\n",
    );
    for kib in SIZES_KIB {
        let wasm = median_us(results, &format!("exchange/wasm/{kib}"))?;
        let native = median_us(results, &format!("exchange/native/{kib}"))?;
        writeln!(table, "| {kib} KiB | {wasm:.1} us | {native:.1} us | {:.2} |", wasm / native)?;
    }
    let one = median_us(results, "exchange/wasm/8")?;
    let two = median_us(results, "exchange/two threads")?;
    writeln!(table, "\nTwo threads at once, 8 KiB: {:.2} times the rate of one.", 2.0 * one / two)?;
    Ok(table)
}

/// A benchmark's median in microseconds.
fn median_us(results: &Path, name: &str) -> Result<f64> {
    let file = results.join(name).join("new/estimates.json");
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let estimates: Value = serde_json::from_str(&text)?;
    let nanoseconds = estimates["median"]["point_estimate"].as_f64().context("no median")?;
    Ok(nanoseconds / 1e3)
}
