//! Times and errors of the fits on simulated items. `cargo run --release -p docket-judgement --example scale`.

use std::time::Instant;

use docket_judgement::fit::ep;
use docket_judgement::{Comparison, Comparisons, Verdict};
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

fn main() {
    let sizes = std::env::args().skip(1).filter_map(|size| size.parse().ok()).collect::<Vec<usize>>();
    let sizes = if sizes.is_empty() { vec![100, 300, 1000, 10_000, 100_000] } else { sizes };
    for n in sizes {
        let (truth, comparisons) = simulate(n, 20, 1.5, 0.4);
        let start = Instant::now();
        match ep::fit(&comparisons, &ep::Options::default()) {
            Ok(found) => println!(
                "n {n} m {}: {:?}, {} iterations, rmse {:.4} sigma {:.3} bias {:.3}",
                comparisons.rows().len(),
                start.elapsed(),
                found.iterations,
                rmse(&found.scores.mean, &truth),
                found.scores.sigma,
                found.scores.bias[0].value
            ),
            Err(reason) => println!("n {n}: {reason}"),
        }
    }
}
