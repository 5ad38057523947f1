//! Times the fits and the choice of pairs on simulated judgements, and writes these as CSV for other programs to fit
//! (`tests/bench/fits.py`). `cargo run --release -p docket-judgement --example fits -- FOLDER [ITEMS...]`.
//!
//! 20 random matchings, scores `N(0, 1.5^2)`, no position bias. Times are of the thread's work, the best of several.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use docket_judgement::design::{Adaptive, Context, Design, Outcome, Pair, Request};
use docket_judgement::fit::{FitError, ep, ilsr, map};
use docket_judgement::{Comparison, Comparisons, Scores, Verdict};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SIGMA: f64 = 1.5;
const MATCHINGS: usize = 20;
/// Beyond so many items the reference service's method takes minutes.
const MOST_ILSR: usize = 1000;
/// A task is done again until so many seconds have passed, but not more often than [`MOST_TIMES`].
const SECONDS: f64 = 2.0;
const MOST_TIMES: u32 = 15;

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.first().ok_or("usage: fits FOLDER [ITEMS...]")?;
    let sizes = arguments[1..].iter().map(|size| size.parse()).collect::<Result<Vec<usize>, _>>()?;
    let sizes = if sizes.is_empty() { vec![100, 1000, 10_000, 100_000] } else { sizes };
    std::fs::create_dir_all(folder)?;
    println!("CPU milliseconds (RMSE)\n");
    println!("| items | comparisons | EP with SE | MAP | MAP with SE | I-LSR with SE | next wave (pairs) |");
    println!("|--:|--:|--:|--:|--:|--:|--:|");
    for items in sizes {
        let data = Data::simulate(items);
        data.write(Path::new(folder))?;
        println!("{}", row(&data)?);
    }
    Ok(())
}

/// True scores, and who was compared with whom: winner and loser.
struct Data {
    truth: Vec<f64>,
    rows: Vec<Comparison>,
}

impl Data {
    fn simulate(items: usize) -> Self {
        let mut source = ChaCha8Rng::seed_from_u64(7);
        let mut normal = || {
            let radius = libm::sqrt(-2.0 * libm::log(1.0 - source.random::<f64>()));
            radius * libm::cos(std::f64::consts::TAU * source.random::<f64>())
        };
        let drawn: Vec<f64> = (0..items).map(|_| SIGMA * normal()).collect();
        let level = drawn.iter().sum::<f64>() / items as f64;
        let truth: Vec<f64> = drawn.iter().map(|score| score - level).collect();
        let mut order: Vec<u32> = (0..items as u32).collect();
        let mut rows = Vec::new();
        for _ in 0..MATCHINGS {
            for at in (1..items).rev() {
                order.swap(at, source.random_range(0..=at));
            }
            for pair in order.chunks_exact(2) {
                let z = truth[pair[0] as usize] - truth[pair[1] as usize];
                let first = source.random::<f64>() < 1.0 / (1.0 + libm::exp(-z));
                let verdict = if first { Verdict::First } else { Verdict::Second };
                rows.push(Comparison::new(pair[0], pair[1], verdict));
            }
        }
        Self { truth, rows }
    }

    /// Writes `comparisons-ITEMS.csv` and `truth-ITEMS.csv`.
    fn write(&self, folder: &Path) -> Result<(), Failure> {
        let create = |name: String| std::fs::File::create(folder.join(name)).map(std::io::BufWriter::new);
        let mut file = create(format!("comparisons-{}.csv", self.truth.len()))?;
        writeln!(file, "first,second,first_won")?;
        for row in &self.rows {
            writeln!(file, "{},{},{}", row.first, row.second, u8::from(row.verdict == Verdict::First))?;
        }
        file.flush()?;
        let mut file = create(format!("truth-{}.csv", self.truth.len()))?;
        writeln!(file, "item,score")?;
        for (item, score) in self.truth.iter().enumerate() {
            writeln!(file, "{item},{score}")?;
        }
        Ok(file.flush()?)
    }

    fn rmse(&self, mean: &[f64]) -> f64 {
        let squares = mean.iter().zip(&self.truth).map(|(a, b)| (a - b) * (a - b));
        (squares.sum::<f64>() / mean.len() as f64).sqrt()
    }

    fn cell<T>(&self, (milliseconds, found): (f64, T), mean: impl Fn(&T) -> &[f64]) -> String {
        format!("{milliseconds:.2} ({:.3})", self.rmse(mean(&found)))
    }
}

/// Time this thread has been working, where the system tells, and else the time that has passed: on a shared machine
/// the difference is large.
fn worked(start: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| start.elapsed().as_secs_f64(), |ns| ns / 1e9)
}

/// The least time in milliseconds, and the result.
fn timed<T, E>(mut task: impl FnMut() -> Result<T, E>) -> Result<(f64, T), E> {
    let start = Instant::now();
    let (mut best, mut times) = (f64::INFINITY, 0);
    loop {
        let before = worked(start);
        let found = task()?;
        best = best.min(worked(start) - before);
        times += 1;
        if times == MOST_TIMES || start.elapsed().as_secs_f64() > SECONDS {
            return Ok((1000.0 * best, found));
        }
    }
}

fn row(data: &Data) -> Result<String, Failure> {
    let items = data.truth.len();
    let answered = Comparisons::new(items, 1, data.rows.clone())?;
    let ep_options = ep::Options { structure: false, ..ep::Options::default() };
    let ep = timed(|| ep::fit(&answered, &ep_options))?;
    let scores = ep.1.scores.clone();
    let with_errors =
        map::Options { lambda: 1.0 / (SIGMA * SIGMA), structure: false, ..map::Options::default() };
    let bare = map::Options { standard_errors: false, ..with_errors };
    let map_bare = timed(|| map::fit(&answered, &bare))?;
    let map_full = timed(|| map::fit(&answered, &with_errors))?;
    let ilsr = if items > MOST_ILSR {
        "not tried: dense".to_owned()
    } else {
        match timed(|| ilsr::fit(&answered, &ilsr::Options::default())) {
            Ok(found) => data.cell(found, |fit| &fit.mean),
            Err(FitError::NotConverged { iterations }) => format!("not settled in {iterations} rounds"),
            Err(other) => return Err(other.into()),
        }
    };
    let (wave, pairs) = wave(data, &answered, &scores)?;
    Ok(format!(
        "| {items} | {} | {} | {} | {} | {ilsr} | {wave:.2} ({pairs}) |",
        data.rows.len(),
        data.cell(ep, |fit| &fit.scores.mean),
        data.cell(map_bare, |fit| &fit.scores.mean),
        data.cell(map_full, |fit| &fit.scores.mean),
    ))
}

/// A wave of half as many pairs as items after all that was judged.
fn wave(data: &Data, answered: &Comparisons, scores: &Scores) -> Result<(f64, usize), Failure> {
    let request =
        |row: &Comparison| Request { pair: Pair::new(row.first, row.second), outcome: Outcome::Answered };
    let history: Vec<Request> = data.rows.iter().map(request).collect();
    let context = Context {
        items: data.truth.len(),
        history: &history,
        answered,
        scores: Some(scores),
        budget: usize::MAX,
        seed: 1,
        wave: 9,
        failures_allowed: 0,
        priority: &[],
    };
    let design = Adaptive { pairs_per_item: 0.5, ..Adaptive::default() };
    let (time, next) = timed(|| design.next_wave(&context))?;
    Ok((time, next.wave().map_or(0, |wave| wave.pairs.len())))
}
