//! Times and errors of the fits on simulated items. `cargo run --release -p docket-judgement --example scale`.

use std::time::Instant;

use docket_judgement::fit::{ep, map};
use docket_judgement::{Comparison, Comparisons, Scores, Verdict};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn normal(source: &mut ChaCha8Rng) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(1.0 - source.random::<f64>()));
    radius * libm::cos(2.0 * std::f64::consts::PI * source.random::<f64>())
}

fn simulate(n: usize, waves: usize, sigma: f64, bias: f64) -> (Vec<f64>, Comparisons) {
    let mut source = ChaCha8Rng::seed_from_u64(7);
    let drawn: Vec<f64> = (0..n).map(|_| sigma * normal(&mut source)).collect();
    let level = drawn.iter().sum::<f64>() / n as f64;
    let truth: Vec<f64> = drawn.iter().map(|x| x - level).collect();
    let mut order: Vec<u32> = (0..n as u32).collect();
    let mut rows = Vec::new();
    for _ in 0..waves {
        for at in (1..n).rev() {
            order.swap(at, source.random_range(0..=at));
        }
        for pair in order.chunks_exact(2) {
            let z = truth[pair[0] as usize] - truth[pair[1] as usize] + bias;
            let first = source.random::<f64>() < 1.0 / (1.0 + libm::exp(-z));
            rows.push(Comparison::new(
                pair[0],
                pair[1],
                if first { Verdict::First } else { Verdict::Second },
            ));
        }
    }
    match Comparisons::new(n, 1, rows) {
        Ok(comparisons) => (truth, comparisons),
        Err(reason) => unreachable!("simulated rows are valid: {reason}"),
    }
}

fn rmse(a: &[f64], b: &[f64]) -> f64 {
    (a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum::<f64>() / a.len() as f64).sqrt()
}

/// Time this thread has been working, where the system tells, and else the time that has passed: on a shared machine
/// the difference is large.
fn worked(start: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| start.elapsed().as_secs_f64(), |ns| ns / 1e9)
}

fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
    line.trim_start_matches("VmHWM:").trim().to_owned()
}

fn covered(scores: &Scores, truth: &[f64]) -> f64 {
    let inside = |&i: &usize| (scores.mean[i] - truth[i]).abs() < 1.96 * scores.standard_error[i];
    (0..truth.len()).filter(inside).count() as f64 / truth.len() as f64
}

fn report(name: &str, seconds: f64, scores: &Scores, truth: &[f64], rest: &str) {
    println!(
        "  {name}: {:.1} ms, rmse {:.4}, coverage {:.3}, sigma {:.3}, bias {:.3} +- {:.3}, reliability {:.4}, {rest}",
        1000.0 * seconds,
        rmse(&scores.mean, truth),
        covered(scores, truth),
        scores.sigma,
        scores.bias[0].value,
        scores.bias[0].standard_error,
        scores.reliability()
    );
}

fn main() {
    let start = Instant::now();
    let sizes = std::env::args().skip(1).filter_map(|size| size.parse().ok()).collect::<Vec<usize>>();
    let sizes = if sizes.is_empty() { vec![100, 300, 1000, 10_000, 100_000] } else { sizes };
    for n in sizes {
        let waves = 20;
        let (truth, comparisons) = simulate(n, waves, 1.5, 0.4);
        println!("{n} items, {} comparisons", comparisons.rows().len());
        let fixed = ep::Options { sigma: ep::Sigma::Fixed(1.5), ..ep::Options::default() };
        for (name, options) in [("ep", ep::Options::default()), ("ep, sigma given", fixed)] {
            let before = worked(start);
            match ep::fit(&comparisons, &options) {
                Ok(found) => {
                    let rest = format!("{} iterations", found.iterations);
                    report(name, worked(start) - before, &found.scores, &truth, &rest);
                }
                Err(reason) => println!("  {name}: {reason}"),
            }
        }
        let full = map::Options { lambda: 1.0 / 2.25, ..map::Options::default() };
        let bare = map::Options { standard_errors: false, structure: false, ..full };
        for (name, options) in [("map", full), ("map, scores only", bare)] {
            let before = worked(start);
            match map::fit(&comparisons, &options) {
                Ok(found) => {
                    let rest = format!("{} iterations", found.iterations);
                    report(name, worked(start) - before, &found.scores, &truth, &rest);
                }
                Err(reason) => println!("  {name}: {reason}"),
            }
        }
        println!("  peak memory {}", peak_memory());
    }
}
