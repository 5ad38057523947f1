//! Measures how well grades follow the truth: simulated true scores, scores of a given reliability, anchors whose
//! grades a human gave with some noise. Prints the mean over many seeds.
//!
//! `cargo run --release -p docket-judgement --example grades [seeds]`

use docket_judgement::Scores;
use docket_judgement::grades::{
    Anchors, GradeError, GradeRule, GradeSummary, Method, OrdinalSettings, Scale, Target, grade,
    quadratic_weighted_kappa,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const GRADES: [&str; 6] = ["1", "2", "3", "4", "5", "6"];
/// Cuts between the grades, in standard deviations of true scores.
const CUTS: [f64; 5] = [-1.3, -0.6, 0.0, 0.6, 1.3];
const STUDENTS: u32 = 300;

/// What is simulated.
#[derive(Clone, Copy)]
struct Case {
    reliability: f64,
    anchors: u32,
    /// Standard deviation of the human's error, in standard deviations of true scores.
    noise: f64,
}

/// What came out, summed over seeds.
#[derive(Default)]
struct Tally {
    kappa: f64,
    kappa_square: f64,
    exact: f64,
    adjacent: f64,
    /// Mean probability of the most probable grade, and how often it was right.
    claimed: f64,
    hit: f64,
    within_claimed: f64,
    /// Share of honest anchors that are said to stand out.
    flagged: f64,
}

fn normal(random: &mut ChaCha8Rng) -> f64 {
    let mut uniform = || ((random.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    let radius = (-2.0 * libm::log(uniform())).sqrt();
    radius * libm::cos(std::f64::consts::TAU * uniform())
}

fn true_grade(score: f64) -> usize {
    CUTS.iter().filter(|&&cut| score > cut).count()
}

/// True scores with standard deviation 1, and estimates that are posterior means with the right errors. The first
/// half are students, the second half is where anchors are chosen from.
fn simulate(case: Case, random: &mut ChaCha8Rng) -> (Vec<f64>, Scores) {
    let truth: Vec<f64> = (0..2 * STUDENTS).map(|_| normal(random)).collect();
    let error = ((1.0 - case.reliability) / case.reliability).sqrt();
    let mean = truth.iter().map(|score| case.reliability * (score + error * normal(random))).collect();
    let standard_error = vec![(1.0 - case.reliability).sqrt(); truth.len()];
    (truth, Scores { mean, standard_error, sigma: 1.0, scale_error: 0.0, bias: Vec::new() })
}

/// Anchors whose estimates lie evenly over the range, each the nearest item to its place; what is not chosen goes.
fn choose(case: Case, random: &mut ChaCha8Rng) -> (Vec<f64>, Scores, Vec<(u32, &'static str)>) {
    let (mut truth, mut scores) = simulate(case, random);
    let pool = STUDENTS as usize..2 * STUDENTS as usize;
    let (low, high) = scores
        .mean
        .iter()
        .fold((f64::MAX, f64::MIN), |(low, high), &score| (low.min(score), high.max(score)));
    let mut chosen: Vec<usize> = Vec::new();
    for place in 0..case.anchors {
        let target = low + (high - low) * (f64::from(place) + 0.5) / f64::from(case.anchors);
        let away = |item: &usize| (scores.mean[*item] - target).abs();
        let free = pool.clone().filter(|item| !chosen.contains(item));
        chosen.extend(free.min_by(|a, b| away(a).total_cmp(&away(b))));
    }
    let keep = |values: &[f64]| -> Vec<f64> {
        (0..STUDENTS as usize).chain(chosen.iter().copied()).map(|item| values[item]).collect()
    };
    (truth, scores.mean) = (keep(&truth), keep(&scores.mean));
    scores.standard_error.truncate(truth.len());
    let known = (STUDENTS..)
        .zip(&truth[STUDENTS as usize..])
        .map(|(item, score)| (item, GRADES[true_grade(score + case.noise * normal(random))]))
        .collect();
    (truth, scores, known)
}

/// Kappa when the cuts are known and only the scores are not.
fn with_true_cuts(truth: &[f64], scores: &Scores) -> Result<f64, GradeError> {
    let grades = |values: &[f64]| -> Vec<usize> {
        values[..STUDENTS as usize].iter().map(|&score| true_grade(score)).collect()
    };
    quadratic_weighted_kappa(&grades(&scores.mean), &grades(truth))
}

fn add(tally: &mut Tally, truth: &[f64], summary: &GradeSummary) -> Result<(), GradeError> {
    let of = |grade: &str| GRADES.iter().position(|own| *own == grade).unwrap_or(0);
    let given: Vec<usize> = summary.students.iter().map(|student| of(&student.grade)).collect();
    let right: Vec<usize> = summary.students.iter().map(|s| true_grade(truth[s.item as usize])).collect();
    let n = given.len() as f64;
    let share =
        |apart: usize| given.iter().zip(&right).filter(|(a, b)| a.abs_diff(**b) <= apart).count() as f64 / n;
    let kappa = quadratic_weighted_kappa(&given, &right)?;
    tally.kappa += kappa;
    tally.kappa_square += kappa * kappa;
    tally.exact += share(0);
    tally.adjacent += share(1);
    tally.claimed += summary.students.iter().map(|s| s.probabilities[s.most_probable]).sum::<f64>() / n;
    tally.hit += summary.students.iter().zip(&right).filter(|(s, right)| s.most_probable == **right).count()
        as f64
        / n;
    tally.within_claimed += summary.students.iter().map(|s| s.within_one).sum::<f64>() / n;
    let fits = summary.calibration.iter().flat_map(|calibration| &calibration.anchor_fit);
    let anchors = fits.clone().count().max(1) as f64;
    tally.flagged += fits.filter(|fit| fit.drifted).count() as f64 / anchors;
    Ok(())
}

fn main() -> Result<(), GradeError> {
    let seeds: u32 = std::env::args().nth(1).and_then(|given| given.parse().ok()).unwrap_or(50);
    let scale = Scale::new("six", &GRADES, None)?;
    let by = |rule, target| Method::Ordinal(OrdinalSettings { rule, target, ..OrdinalSettings::default() });
    let methods = [
        ("ordinal, mean", by(GradeRule::Mean, Target::Given)),
        ("ordinal, most probable", by(GradeRule::MostProbable, Target::Given)),
        ("deserved, mean", by(GradeRule::Mean, Target::Deserved)),
        ("gaussian mixture", Method::GaussianMixture),
    ];
    println!(
        "{seeds} seeds, {STUDENTS} students besides the anchors; noise in standard deviations of true scores"
    );
    println!(
        "rel  anchors noise method                  kappa +-    exact adjacent claimed hit   within known-cuts flagged"
    );
    for noise in [0.175, 0.35] {
        for (reliability, anchors) in [(0.8, 12), (0.9, 6), (0.9, 12), (0.9, 24), (0.95, 24)] {
            let case = Case { reliability, anchors, noise };
            for (name, method) in &methods {
                report(&scale, case, name, method, seeds)?;
            }
        }
    }
    Ok(())
}

/// One line of the table.
fn report(scale: &Scale, case: Case, name: &str, method: &Method, seeds: u32) -> Result<(), GradeError> {
    let (mut tally, mut known_cuts) = (Tally::default(), 0.0);
    for seed in 0..seeds {
        let (truth, scores, known) = choose(case, &mut ChaCha8Rng::seed_from_u64(u64::from(seed)));
        let summary = grade(scale, &Anchors::new(scale, known)?, &scores, method)?;
        add(&mut tally, &truth, &summary)?;
        known_cuts += with_true_cuts(&truth, &scores)?;
    }
    let Case { reliability, anchors, noise } = case;
    let mean = |sum: f64| sum / f64::from(seeds);
    let spread = (mean(tally.kappa_square) - mean(tally.kappa) * mean(tally.kappa)).max(0.0);
    let error = (spread / f64::from(seeds)).sqrt();
    println!(
        "{reliability:<4} {anchors:<7} {noise:<5} {name:<23} {:.3} {:.4} {:.3} {:.3}    {:.3}   {:.3} {:.3}  {:.3}      {:.3}",
        mean(tally.kappa),
        error,
        mean(tally.exact),
        mean(tally.adjacent),
        mean(tally.claimed),
        mean(tally.hit),
        mean(tally.within_claimed),
        mean(known_cuts),
        mean(tally.flagged),
    );
    Ok(())
}
