//! Measures designs, reliability and stop rules on synthetic judgements.
//!
//! `goals ITEMS SEEDS [FIRST_SEED [NAME...]]` runs the designs whose names begin with a NAME (all without one) at a standard
//! deviation of 2 logits and a position bias of 0.405. `goals coin ITEMS SEEDS` tosses coins. `goals wave ITEMS` times one
//! wave after 10 comparisons per item.

use std::error::Error;
use std::time::Instant;

use docket_judgement::design::{
    Adaptive, Context, Coverage, Design, Order, Outcome, RandomMatchings, Request, Rule, Swiss,
};
use docket_judgement::simulate::{Judge, Run, Study, means, reached, truth};
use docket_judgement::{Comparisons, Scores};

const SIGMA: f64 = 2.0;
const BIAS: f64 = 0.405;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize| -> Result<u64, Box<dyn Error>> {
        Ok(arguments.get(place).ok_or("an argument is missing: see the head of this example")?.parse()?)
    };
    match arguments.first().map(String::as_str) {
        Some("coin") => coin(number(1)? as usize, number(2)?),
        Some("wave") => wave(number(1)? as usize),
        _ => {
            let first = if arguments.len() > 2 { number(2)? } else { 0 };
            let names = arguments.get(3..).unwrap_or_default();
            goals(number(0)? as usize, first..first + number(1)?, names)
        }
    }
}

/// Designs by name: pairs per item and wave, and whether the judge gives log-odds.
fn designs() -> Vec<(&'static str, Box<dyn Design>, bool)> {
    let random = RandomMatchings { rounds: 4, ..RandomMatchings::default() };
    let ranks = Adaptive::default();
    let information = Adaptive { rule: Rule::Information, ..ranks };
    vec![
        ("random", Box::new(random), false),
        ("coverage", Box::new(Coverage::default()), false),
        ("swiss-wins 0.5", Box::new(Swiss::default()), false),
        ("swiss-scores 0.5", Box::new(Swiss { order: Order::Scores, rounds: 1 }), false),
        ("information 2", Box::new(information), false),
        ("information 0.5", Box::new(Adaptive { pairs_per_item: 0.5, ..information }), false),
        ("ranks 2", Box::new(ranks), false),
        ("ranks 2 diagonal", Box::new(Adaptive { dense: 0, ..ranks }), false),
        ("ranks 1", Box::new(Adaptive { pairs_per_item: 1.0, ..ranks }), false),
        ("ranks 0.5", Box::new(Adaptive { pairs_per_item: 0.5, ..ranks }), false),
        ("ranks 0.25", Box::new(Adaptive { pairs_per_item: 0.25, ..ranks }), false),
        ("ranks 0.5 share 0.5", Box::new(Adaptive { pairs_per_item: 0.5, score_share: 0.5, ..ranks }), false),
        ("soft random", Box::new(random), true),
        ("soft ranks 2", Box::new(ranks), true),
    ]
}

fn goals(items: usize, seeds: std::ops::Range<u64>, names: &[String]) -> Result<(), Box<dyn Error>> {
    for (name, design, soft) in designs() {
        if !names.is_empty() && !names.iter().any(|wanted| name.starts_with(wanted.as_str())) {
            continue;
        }
        let start = Instant::now();
        let mut runs = Vec::new();
        for seed in seeds.clone() {
            let judge = Judge { bias: BIAS, soft: soft.then_some(1.0), ..Judge::default() };
            runs.push(study(items, judge).run(design.as_ref(), seed)?);
        }
        report(name, items, &runs);
        println!("    {:.2} s per run", start.elapsed().as_secs_f64() / runs.len() as f64);
    }
    Ok(())
}

/// The study of these items and this judge.
fn study(items: usize, judge: Judge) -> Study {
    Study { items, sigma: SIGMA, judge, ..Study::default() }
}

fn report(name: &str, items: usize, runs: &[Run]) {
    let means = means(runs);
    let per_item = reached(&means, 0.95).per_item();
    println!("{name}: Spearman .95 at {per_item} comparisons per item, {} runs", runs.len());
    for per_item in [3, 5, 6, 7, 8, 10, 12] {
        if let Some(mean) = means.iter().find(|mean| mean.comparisons == per_item * items) {
            println!(
                "    c {per_item:2}: Spearman {:.4} +- {:.4}, RMSE {:.3}, reliability bias {:+.3}, \
                 intervals cover {:.3}",
                mean.spearman,
                mean.spearman_error,
                mean.rmse,
                mean.reliability - mean.true_reliability,
                mean.coverage
            );
        }
    }
    stopped(runs);
}

/// What the rule "reliability of .9, after 4 random rounds and 3 answers per item" would have done, checked every half
/// comparison per item, and how well the position bias was found.
fn stopped(runs: &[Run]) {
    let stops: Vec<_> = runs
        .iter()
        .filter_map(|run| run.points.iter().find(|point| point.per_item >= 3.0 && point.reliability >= 0.9))
        .collect();
    let n = stops.len().max(1) as f64;
    let mean = stops.iter().map(|point| point.per_item).sum::<f64>() / n;
    let truly = stops.iter().map(|point| point.true_reliability).sum::<f64>() / n;
    let good = stops.iter().filter(|point| point.true_reliability >= 0.88).count();
    println!(
        "    reliability .9: {} of {} stop, at {mean:.1} per item, true {truly:.3}, {good} at .88 or more",
        stops.len(),
        runs.len()
    );
    let biases: Vec<(f64, f64)> =
        runs.iter().filter_map(|run| run.points.last().and_then(|point| point.bias)).collect();
    let within = biases.iter().filter(|(value, error)| (value - BIAS).abs() <= 2.0 * error).count();
    let mean = biases.iter().map(|(value, _)| value).sum::<f64>() / biases.len().max(1) as f64;
    println!("    position bias {mean:.3} for {BIAS}, {within} of {} within 2 standard errors", biases.len());
}

fn coin(items: usize, seeds: u64) -> Result<(), Box<dyn Error>> {
    for (name, design, soft) in designs() {
        if soft {
            continue;
        }
        let (mut most, mut sum, mut fooled, mut count, mut stops) = (0.0_f64, 0.0, 0.0, 0.0, 0);
        for seed in 0..seeds {
            let judge = Judge { slope: 0.0, ..Judge::default() };
            let run = study(items, judge).run(design.as_ref(), seed)?;
            let points = || run.points.iter().filter(|point| point.per_item >= 3.0);
            stops += usize::from(points().any(|point| point.reliability >= 0.8));
            for point in points() {
                most = most.max(point.reliability);
                sum += point.reliability;
                fooled += point.ssr.unwrap_or_default();
                count += 1.0;
            }
        }
        println!(
            "{name}: coin tosses have reliability {:.2} on average, {most:.2} at most (separation {:.2}); {stops} of {seeds} \
             runs stop at .8",
            sum / count,
            fooled / count
        );
    }
    Ok(())
}

fn wave(items: usize) -> Result<(), Box<dyn Error>> {
    let answered = Comparisons::new(items, 1, Vec::new())?;
    let mut history: Vec<Request> = Vec::new();
    let mean = truth(items, SIGMA, 1);
    let scores = Scores { standard_error: vec![0.6; items], sigma: SIGMA, bias: Vec::new(), mean };
    let context = |history| Context {
        items,
        history,
        answered: &answered,
        scores: Some(&scores),
        budget: usize::MAX,
        seed: 1,
        wave: 9,
        failures_allowed: 0,
        priority: &[],
    };
    let random = RandomMatchings { rounds: 20, ..RandomMatchings::default() };
    let pairs = random.next_wave(&context(&[]))?.wave().map(|wave| wave.pairs).unwrap_or_default();
    history.extend(pairs.into_iter().map(|pair| Request { pair, outcome: Outcome::Answered }));
    for (name, design, soft) in designs() {
        if soft {
            continue;
        }
        let mut best = f64::INFINITY;
        let mut size = 0;
        for _ in 0..3 {
            let start = Instant::now();
            size = design.next_wave(&context(&history))?.wave().map_or(0, |wave| wave.pairs.len());
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!("{name}: {size} pairs after {} in {best:.3} s", history.len());
    }
    Ok(())
}
