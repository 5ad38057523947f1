//! Measures designs, reliability and stop rules on synthetic judgements: the tables of `docs/judging.md`.
//!
//! `cargo run --release -p docket-judgement --example goals -- WHAT [items=100] [seeds=50] [first=0] [sigma=2] [bias=0.405]
//! [most=12] [only=NAME,...]`, where WHAT is
//! - `designs`: every design (or those whose names begin with a NAME): ranking, reliability, intervals, position bias;
//! - `stops`: when the reliability rule ends runs of the adaptive design, with several margins;
//! - `coin`: the same for a judge who tosses coins, with the target .8;
//! - `bias`: how well a position bias is found, and what it costs beside the same items without;
//! - `budget`: comparisons per item until the true reliability is .8 and .9 on average;
//! - `wave`: the time that one wave takes after 10 comparisons per item.
//!
//! Seeds are `first` and those after it. `+-` is the standard error over seeds.

use std::error::Error;
use std::time::Instant;

use docket_judgement::design::{
    Adaptive, Context, Coverage, Design, Outcome, RandomMatchings, Request, Rule, Swiss,
};
use docket_judgement::simulate::{Judge, Means, Point, Run, Study, means, reached, stopped, truth};
use docket_judgement::stopping::{ReliabilityRule, Rules};
use docket_judgement::{Comparisons, Scores};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

type Failure = Box<dyn Error>;

/// What was asked for on the command line.
struct Asked {
    study: Study,
    seeds: std::ops::Range<u64>,
    only: Vec<String>,
}

impl Asked {
    fn read(arguments: &[String]) -> Result<Self, Failure> {
        let mut study = Study { measured_from: 2, ..Study::default() };
        let (mut first, mut seeds, mut only) = (0, 50, Vec::new());
        for argument in arguments {
            let (name, value) = argument.split_once('=').ok_or("write name=value")?;
            match name {
                "items" => study.items = value.parse()?,
                "sigma" => study.sigma = value.parse()?,
                "bias" => study.judge.bias = value.parse()?,
                "most" => study.most_per_item = value.parse()?,
                "first" => first = value.parse()?,
                "seeds" => seeds = value.parse()?,
                "only" => only = value.split(',').map(str::to_owned).collect(),
                _ => return Err(format!("unknown setting {name}").into()),
            }
        }
        Ok(Self { study, seeds: first..first + seeds, only })
    }

    fn runs(&self, study: &Study, design: &dyn Design) -> Result<Vec<Run>, Failure> {
        self.seeds.clone().map(|seed| Ok(study.run(design, seed)?)).collect()
    }

    /// The designs that were asked for: name, design, and whether the judge gives log-odds.
    fn designs(&self) -> Vec<(&'static str, Box<dyn Design>, bool)> {
        let wanted = |name: &str| self.only.is_empty() || self.only.iter().any(|own| name.starts_with(own));
        designs().into_iter().filter(|(name, ..)| wanted(name)).collect()
    }
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (what, settings) = arguments.split_first().ok_or("say what: see the head of this example")?;
    let asked = Asked::read(settings)?;
    match what.as_str() {
        "designs" => compare(&asked),
        "stops" => stops(&asked, 0.9),
        "coin" => coin(asked),
        "bias" => bias(&asked),
        "budget" => budget(&asked),
        "wave" => wave(asked.study.items),
        _ => Err("unknown: see the head of this example".into()),
    }
}

fn adaptive() -> Adaptive {
    Adaptive { pairs_per_item: 0.5, ..Adaptive::default() }
}

/// The number in a name is that of pairs per item and wave.
fn designs() -> Vec<(&'static str, Box<dyn Design>, bool)> {
    let random = RandomMatchings { rounds: 1, ..RandomMatchings::default() };
    let small = adaptive();
    vec![
        ("random", Box::new(random), false),
        ("coverage", Box::new(Coverage::default()), false),
        ("swiss", Box::new(Swiss::default()), false),
        ("adaptive 0.5", Box::new(small), false),
        ("adaptive 2", Box::new(Adaptive { pairs_per_item: 2.0, ..small }), false),
        ("soft random", Box::new(random), true),
        ("soft adaptive 0.5", Box::new(small), true),
        ("ranks alone 0.5", Box::new(Adaptive { score_share: 0.0, ..small }), false),
        ("information 0.5", Box::new(Adaptive { rule: Rule::Information, ..small }), false),
    ]
}

/// A mean and its standard error.
fn mean(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let values: Vec<f64> = values.collect();
    let n = (values.len() as f64).max(1.0);
    let mean = values.iter().sum::<f64>() / n;
    let square = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>();
    (mean, (square / (n - 1.0).max(1.0) / n).sqrt())
}

/// A share and its standard error.
fn share(good: usize, all: usize) -> (f64, f64) {
    let n = (all as f64).max(1.0);
    let share = good as f64 / n;
    (share, (share * (1.0 - share) / n).sqrt())
}

/// The measurements at so many comparisons per item.
fn at(runs: &[Run], per_item: f64) -> Vec<&Point> {
    let here = |run: &'_ Run| run.points.iter().position(|point| (point.per_item - per_item).abs() < 1e-9);
    runs.iter().filter_map(|run| here(run).map(|place| &run.points[place])).collect()
}

/// Where the mean of `value` crosses `target`, as text, with its standard error by the bootstrap over runs.
fn crossing(runs: &[Run], value: fn(&Means) -> f64, target: f64) -> String {
    let found = |runs: &[Run]| {
        let mut means = means(runs);
        means.iter_mut().for_each(|mean| mean.spearman = value(mean));
        reached(&means, target)
    };
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let again = (0..100).map(|_| {
        let drawn: Vec<Run> =
            runs.iter().map(|_| runs[(random.next_u64() % runs.len() as u64) as usize].clone()).collect();
        found(&drawn).means().map_or(0.0, |means| means.per_item)
    });
    let (_, error) = mean(again);
    format!("{} +- {:.2}", found(runs).per_item(), error * 10.0)
}

fn compare(asked: &Asked) -> Result<(), Failure> {
    let Study { items, sigma, judge, .. } = asked.study;
    println!("{items} items, sigma {sigma}, position bias {}, seeds {:?}", judge.bias, asked.seeds);
    for (name, design, soft) in asked.designs() {
        let start = Instant::now();
        let judge = Judge { soft: soft.then_some(1.0), ..judge };
        let runs = asked.runs(&Study { judge, ..asked.study }, design.as_ref())?;
        let seconds = start.elapsed().as_secs_f64() / runs.len() as f64;
        let per_item = crossing(&runs, |means| means.spearman, 0.95);
        println!("{name}: Spearman .95 at {per_item} comparisons per item ({seconds:.2} s a run)");
        for per_item in [3.0, 4.0, 5.0, 7.5, 10.0, 12.0] {
            let points = at(&runs, per_item);
            if points.len() < runs.len() {
                continue;
            }
            let over = |value: fn(&Point) -> f64| mean(points.iter().map(|point| value(point)));
            let (rho, rho_error) = over(|point| point.spearman);
            let (away, away_error) = over(|point| point.reliability - point.true_reliability);
            let (cover, cover_error) = over(|point| point.coverage);
            println!(
                "    c {per_item:4}: Spearman {rho:.4} +- {rho_error:.4}, RMSE {:.3}, true r2 {:.3}, reliability \
                 {away:+.4} +- {away_error:.4}, SSR {:+.3}, intervals cover {cover:.4} +- {cover_error:.4}",
                over(|point| point.rmse).0,
                over(|point| point.true_reliability).0,
                over(|point| point.ssr.unwrap_or_default() - point.true_reliability).0,
            );
        }
    }
    Ok(())
}

fn rules(target: f64, margin: f64, waves: u32) -> Rules {
    let rule = ReliabilityRule { target, margin, waves, ..ReliabilityRule::default() };
    Rules { reliability: Some(rule), ..Rules::default() }
}

fn stops(asked: &Asked, target: f64) -> Result<(), Failure> {
    let runs = asked.runs(&asked.study, &adaptive())?;
    let most = asked.study.most_per_item as f64;
    println!("adaptive 0.5, {} items, seeds {:?}, at most {most} per item", asked.study.items, asked.seeds);
    for (margin, waves) in [
        (0.0, 1),
        (0.25, 1),
        (0.3, 1),
        (0.4, 1),
        (0.5, 1),
        (0.75, 1),
        (1.0, 1),
        (0.0, 2),
        (0.25, 2),
        (0.5, 2),
    ] {
        let rules = rules(target, margin, waves);
        let found: Vec<&Point> = runs.iter().filter_map(|run| stopped(run, &rules)).collect();
        let spent = runs.iter().map(|run| stopped(run, &rules).map_or(most, |point| point.per_item));
        let ((per_item, error), stops) = (mean(spent), found.len());
        let good = found.iter().filter(|point| point.true_reliability >= target - 0.02).count();
        let (good, good_error) = share(good, stops);
        println!(
            "margin {margin:4}, waves {waves}: {stops} of {} stop, {per_item:.2} +- {error:.2} per item, true r2 {:.3}, at \
             least {:.2} in {good:.3} +- {good_error:.3}",
            runs.len(),
            mean(found.iter().map(|point| point.true_reliability)).0,
            target - 0.02,
        );
    }
    Ok(())
}

fn coin(asked: Asked) -> Result<(), Failure> {
    let judge = Judge { slope: 0.0, ..Judge::default() };
    let study = Study { judge, ..asked.study };
    for (name, design, soft) in asked.designs() {
        if soft {
            continue;
        }
        let runs = asked.runs(&study, design.as_ref())?;
        let points = || runs.iter().flat_map(|run| &run.points).filter(|point| point.per_item >= 3.0);
        let most = |value: fn(&Point) -> f64| points().map(value).fold(0.0, f64::max);
        println!(
            "{name}: coin tosses have reliability {:.3} on average, {:.3} at most; SSR {:.3}, {:.3} at most; of {} runs \
             {} stop at .8 without a margin",
            mean(points().map(|point| point.reliability)).0,
            most(|point| point.reliability),
            mean(points().filter_map(|point| point.ssr)).0,
            most(|point| point.ssr.unwrap_or_default()),
            runs.len(),
            runs.iter().filter(|run| stopped(run, &rules(0.8, 0.0, 1)).is_some()).count(),
        );
    }
    Ok(())
}

fn bias(asked: &Asked) -> Result<(), Failure> {
    for (name, design, soft) in asked.designs() {
        if soft {
            continue;
        }
        let of = |bias| {
            let judge = Judge { bias, ..asked.study.judge };
            asked.runs(&Study { judge, ..asked.study }, design.as_ref())
        };
        let (without, with) = (of(0.0)?, of(asked.study.judge.bias)?);
        let last = |run: &Run| run.points.last().map_or(0.0, |point| point.spearman);
        let (loss, loss_error) = mean(without.iter().zip(&with).map(|(a, b)| last(a) - last(b)));
        let found: Vec<(f64, f64)> =
            with.iter().filter_map(|run| run.points.last().and_then(|point| point.bias)).collect();
        let wanted = asked.study.judge.bias;
        let near = found.iter().filter(|(value, error)| (value - wanted).abs() <= 2.0 * error).count();
        let ((value, error), (near, near_error)) =
            (mean(found.iter().map(|x| x.0)), share(near, found.len()));
        println!(
            "{name}, {} items, c {}: bias {wanted} found as {value:.3} +- {error:.3} (a run's standard error {:.3}), \
             within 2 of those in {near:.3} +- {near_error:.3}; Spearman loses {loss:+.4} +- {loss_error:.4}",
            asked.study.items,
            asked.study.most_per_item,
            mean(found.iter().map(|x| x.1)).0
        );
    }
    Ok(())
}

fn budget(asked: &Asked) -> Result<(), Failure> {
    for (name, design, soft) in asked.designs() {
        if soft {
            continue;
        }
        for sigma in [1.0, 1.5, 2.0, 3.0] {
            let runs = asked.runs(&Study { sigma, ..asked.study }, design.as_ref())?;
            let until = |target| crossing(&runs, |means| means.true_reliability, target);
            println!("{name}, sigma {sigma}: true r2 of .8 at {}, of .9 at {}", until(0.8), until(0.9));
        }
    }
    Ok(())
}

fn wave(items: usize) -> Result<(), Failure> {
    let answered = Comparisons::new(items, 1, Vec::new())?;
    let mut history: Vec<Request> = Vec::new();
    let mean = truth(items, 2.0, 1);
    let scores =
        Scores { standard_error: vec![0.6; items], sigma: 2.0, scale_error: 0.0, bias: Vec::new(), mean };
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
