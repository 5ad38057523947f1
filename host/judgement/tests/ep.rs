//! What the recommended fit promises: exact posteriors where they are known, coverage, recovered parameters.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use docket_judgement::design::Adaptive;
use docket_judgement::fit::ep::{Fit, Options, Sigma, fit};
use docket_judgement::fit::{FitError, map};
use docket_judgement::simulate::{Judge, Setup, run, truth};
use docket_judgement::{Comparison, Comparisons, Verdict};
use support::{Source, judged, one_judge, rmse};

fn fixed(sigma: f64) -> Options {
    Options { sigma: Sigma::Fixed(sigma), position_bias: false, tolerance: 1e-10, ..Options::default() }
}

fn chain() -> Comparisons {
    let rows = (0..3).map(|i| Comparison::new(i + 1, i, Verdict::First)).collect();
    one_judge(4, rows)
}

#[test]
fn a_chain_agrees_with_the_exact_posterior() {
    let found = fit(&chain(), &fixed(8.0_f64.sqrt())).unwrap();
    let mean = [-2.2491082, -0.5426371, 0.5426371, 2.2491082];
    // Expectation propagation itself is this far from the exact posterior (a separate brute-force computation of its fixed point gives the digits below).
    for (got, want) in found.scores.mean.iter().zip(mean) {
        assert!((got - want).abs() < 1.5e-3, "{got} {want}");
    }
    assert!((found.scores.mean[0] + 2.250_110_960_8).abs() < 1e-8, "{:?}", found.scores.mean);
    let covariance = found.covariance().unwrap();
    assert!((covariance[(0, 0)] - 5.130_635_462_4).abs() < 1e-7);
    let exact = [
        (0, 0, 5.1349176),
        (1, 1, 3.8709062),
        (0, 1, 1.7935727),
        (0, 2, 0.7355193),
        (0, 3, 0.3359905),
        (1, 2, 1.6000024),
    ];
    for (i, k, want) in exact {
        assert!((covariance[(i, k)] - want).abs() < 6e-3, "{i} {k}: {} {want}", covariance[(i, k)]);
    }
    // Around the mean of all items.
    let centred = covariance[(0, 0)] - 8.0 / 4.0;
    assert!((found.scores.standard_error[0].powi(2) - centred).abs() < 1e-9);
    assert!(found.converged);
}

fn coverage(found: &Fit, truth: &[f64]) -> usize {
    let scores = &found.scores;
    let inside = |&i: &usize| (scores.mean[i] - truth[i]).abs() < 1.96 * scores.standard_error[i];
    (0..truth.len()).filter(inside).count()
}

#[test]
fn sigma_bias_and_intervals_are_right_on_random_pairs() {
    let (mut inside, mut all, mut sigma, mut bias) = (0, 0, 0.0, 0.0);
    let seeds = 8;
    for seed in 0..seeds {
        let mut source = Source::new(seed);
        let truth = source.scores(40, 2.0);
        let pairs = source.matchings(40, 14);
        let rows = judged(&mut source, &truth, &pairs, 0.8);
        let found = fit(&one_judge(40, rows), &Options::default()).unwrap();
        assert!(found.converged);
        inside += coverage(&found, &truth);
        all += 40;
        sigma += found.scores.sigma / seeds as f64;
        bias += (found.scores.bias[0].value - 0.8) / found.scores.bias[0].standard_error;
    }
    let share = f64::from(inside as u32) / f64::from(all);

    assert!((0.92..=0.98).contains(&share), "{share}");
    assert!((1.7..=2.3).contains(&sigma), "{sigma}");
    assert!(bias.abs() / (seeds as f64).sqrt() < 2.5, "{bias}");
}

#[test]
fn soft_answers_ties_and_judges_are_calibrated() {
    let mut source = Source::new(5);
    let n = 40;
    let truth = source.scores(n, 1.5);
    let (sharpness, biases, nu) = ([0.6, 1.0, 1.6], [0.5, 0.0, -0.5], 0.8_f64);
    let pairs = source.matchings(n, 45);
    let mut rows = Vec::new();
    for (k, &(a, b)) in pairs.iter().enumerate() {
        let judge = k % 3;
        let z = sharpness[judge] * (truth[a as usize] - truth[b as usize]) + biases[judge];
        let verdict = if k % 5 == 0 {
            Verdict::Soft((1.5 * z + 0.7 * source.normal()) as f32)
        } else {
            let d = libm::exp(0.5 * z) + libm::exp(-0.5 * z) + nu;
            let (first, tie, drawn) = (libm::exp(0.5 * z) / d, nu / d, source.uniform());
            if drawn < first {
                Verdict::First
            } else if drawn < first + tie {
                Verdict::Tie
            } else {
                Verdict::Second
            }
        };
        rows.push(Comparison { judge: judge as u16, ..Comparison::new(a, b, verdict) });
    }
    let comparisons = Comparisons::new(n, 3, rows).unwrap();
    let found = fit(&comparisons, &Options { discrimination: true, ..Options::default() }).unwrap();

    assert!(found.converged);
    assert!((found.nu - nu).abs() < 0.2, "{}", found.nu);
    let product: f64 = found.discrimination.iter().product();
    assert!((product - 1.0).abs() < 1e-9);
    for judge in 0..3 {
        assert!((found.discrimination[judge] / sharpness[judge] - 1.0).abs() < 0.25);
        assert!(
            (found.scores.bias[judge].value - biases[judge]).abs()
                < 3.0 * found.scores.bias[judge].standard_error
        );
        let calibration = found.calibration[judge].unwrap();
        assert!((calibration.slope - 1.5).abs() < 0.35, "{calibration:?}");
        assert!((calibration.noise - 0.7).abs() < 0.2, "{calibration:?}");
    }
    assert!(rmse(&found.scores.mean, &truth) < 0.4);
}

#[test]
fn nothing_collapses() {
    let win = |a, b| Comparison::new(a, b, Verdict::First);
    let cases = [
        (2, vec![win(0, 1)]),
        (4, vec![win(0, 1), win(1, 2), win(2, 0), win(3, 0)]),
        (6, vec![win(0, 1), win(2, 3)]),
        (5, (0..5).flat_map(|i| (i + 1..5).map(move |k| win(i, k))).collect()),
        (3, vec![Comparison::new(0, 1, Verdict::Tie), Comparison::new(1, 2, Verdict::Tie)]),
        (3, vec![Comparison::new(0, 1, Verdict::Soft(1e30)), Comparison::new(1, 2, Verdict::Soft(-1e30))]),
        (2, vec![Comparison { weight: 1e-30, ..win(0, 1) }]),
        (2, vec![Comparison { weight: 1e9, ..win(0, 1) }, Comparison { weight: 1e9, ..win(1, 0) }]),
        (3, vec![Comparison { weight: 1e12, ..win(0, 1) }, win(1, 2)]),
    ];
    for (items, rows) in cases {
        for (discrimination, dense_limit) in [(false, 1000), (true, 1000), (false, 0), (true, 0)] {
            let comparisons = Comparisons::new(items, 2, rows.clone()).unwrap();
            let options = Options { discrimination, dense_limit, ..Options::default() };
            let found = fit(&comparisons, &options).unwrap();
            let mode = map::fit(&comparisons, &map::Options { dense_limit, ..map::Options::default() });
            match mode {
                Ok(map::Fit { scores, .. }) => {
                    let finite = scores.mean.iter().chain(&scores.standard_error).all(|x| x.is_finite());
                    assert!(finite, "{rows:?} {scores:?}");
                }
                // Gradients of 10^12 answers have no digits left, and that is said.
                Err(reason) => {
                    assert!(
                        matches!(reason, FitError::NotConverged { .. }) && rows[0].weight > 1e11,
                        "{rows:?}"
                    );
                }
            }
            let scores = &found.scores;
            // Single precision cannot settle scores that a thousand million answers tie down, and says so.
            let heavy = dense_limit == 0 && rows[0].weight >= 1e9;
            assert!(found.converged || heavy, "{rows:?}");
            assert!(
                scores.mean.iter().chain(&scores.standard_error).all(|x| x.is_finite() && x.abs() < 60.0),
                "{rows:?} {scores:?}"
            );
            assert!(scores.standard_error.iter().all(|&se| se > 0.0), "{rows:?} {scores:?}");
            assert!(scores.mean.iter().sum::<f64>().abs() < 1e-9);
            assert!(
                scores.sigma.is_finite()
                    && scores.bias.iter().all(|b| b.value.is_finite() && b.standard_error > 0.0)
            );
        }
    }
}

#[test]
fn neglected_covariances_cost_little_on_random_pairs() {
    let mut source = Source::new(3);
    let truth = source.scores(60, 1.5);
    let pairs = source.matchings(60, 12);
    let mut rows = judged(&mut source, &truth, &pairs, 0.5);
    // Some answers that are not single and hard.
    for k in (0..rows.len()).step_by(7) {
        rows.push(rows[k]);
        rows[k].verdict = if k % 2 == 0 { Verdict::Tie } else { rows[k].verdict };
        rows[k + 1].verdict =
            Verdict::Soft((truth[rows[k + 1].first as usize] - truth[rows[k + 1].second as usize]) as f32);
    }
    let comparisons = one_judge(60, rows);
    let dense = fit(&comparisons, &Options::default()).unwrap();
    let loopy = fit(&comparisons, &Options { dense_limit: 0, ..Options::default() }).unwrap();
    assert!(dense.converged && loopy.converged && loopy.covariance().is_none());
    assert!(rmse(&dense.scores.mean, &loopy.scores.mean) < 0.03);
    assert!(rmse(&dense.scores.standard_error, &loopy.scores.standard_error) < 0.02);
    assert!((dense.scores.sigma - loopy.scores.sigma).abs() < 0.05);
    assert!((dense.nu - loopy.nu).abs() < 0.02, "{} {}", dense.nu, loopy.nu);
    let [a, b] = [dense.scores.bias[0], loopy.scores.bias[0]];
    assert!(
        (a.value - b.value).abs() < 0.02 && (a.standard_error / b.standard_error - 1.0).abs() < 0.1,
        "{a:?} {b:?}"
    );
    let [a, b] = [dense.calibration[0].unwrap(), loopy.calibration[0].unwrap()];
    assert!((a.slope / b.slope - 1.0).abs() < 0.05 && (a.noise - b.noise).abs() < 0.05, "{a:?} {b:?}");
}

/// Pairs of neighbours in the ranking so far, as an adaptive design asks for them.
fn neighbours(source: &mut Source, mean: &[f64]) -> Vec<(u32, u32)> {
    let noisy: Vec<f64> = mean.iter().map(|m| m + 0.3 * source.normal()).collect();
    let mut order: Vec<u32> = (0..mean.len() as u32).collect();
    order.sort_by(|&a, &b| noisy[a as usize].total_cmp(&noisy[b as usize]));
    let pair = |pair: &[u32]| if source.uniform() < 0.5 { (pair[0], pair[1]) } else { (pair[1], pair[0]) };
    order.chunks_exact(2).map(pair).collect()
}

#[test]
fn intervals_cover_where_pairs_were_chosen_by_earlier_scores() {
    let (mut inside, mut all, mut sigma) = (0, 0, 0.0);
    let seeds = 8;
    for seed in 0..seeds {
        let mut source = Source::new(100 + seed);
        let truth = source.scores(30, 2.0);
        let first = source.matchings(30, 4);
        let mut rows = judged(&mut source, &truth, &first, 0.4);
        for _ in 0..4 {
            let scores = fit(&one_judge(30, rows.clone()), &Options::default()).unwrap().scores;
            for _ in 0..4 {
                let next = neighbours(&mut source, &scores.mean);
                rows.extend(judged(&mut source, &truth, &next, 0.4));
            }
        }
        let found = fit(&one_judge(30, rows), &Options::default()).unwrap();
        inside += coverage(&found, &truth);
        all += 30;
        sigma += found.scores.sigma / seeds as f64;
    }
    let share = f64::from(inside as u32) / f64::from(all);
    assert!((0.91..=0.99).contains(&share), "{share}");
    assert!((1.6..=2.4).contains(&sigma), "{sigma}");
}

/// The posterior variances when sigma is integrated over instead of estimated: fits with sigma given, weighted with the
/// marginal likelihood, whose slope by the logarithm of sigma squared is half of what the scores' expected squares
/// exceed their prior's.
fn integrated(comparisons: &Comparisons, sigma: f64) -> Vec<f64> {
    let n = comparisons.items();
    let (mut weight, mut log_weight, mut last) = (0.0, 0.0, 0.0);
    let mut sums = vec![(0.0, 0.0); n];
    for step in 0..=40 {
        let log = 2.0 * libm::log(sigma) + 0.1 * f64::from(step - 16);
        let at = Sigma::Fixed(libm::exp(0.5 * log));
        let found = fit(comparisons, &Options { sigma: at, ..Options::default() }).unwrap().scores;
        let both = || found.mean.iter().zip(&found.standard_error);
        let spread: f64 = both().map(|(m, se)| m * m + se * se).sum();
        let slope = 0.5 * (spread * libm::exp(-log) - (n - 1) as f64) - (log - libm::log(2.0)) / 4.0;
        log_weight += if step > 0 { 0.05 * (slope + last) } else { 0.0 };
        last = slope;
        weight += libm::exp(log_weight);
        for (sum, (m, se)) in sums.iter_mut().zip(both()) {
            sum.0 += libm::exp(log_weight) * m;
            sum.1 += libm::exp(log_weight) * (m * m + se * se);
        }
    }
    sums.iter().map(|(m, square)| square / weight - (m / weight) * (m / weight)).collect()
}

#[test]
fn standard_errors_know_that_sigma_is_estimated() {
    for seed in 0..3 {
        let last = std::cell::RefCell::new(None);
        let keep = |comparisons: &Comparisons| {
            *last.borrow_mut() = Some(comparisons.clone());
            fit(comparisons, &Options::default()).map(|fit| fit.scores)
        };
        let run = run(&mut Setup {
            truth: &truth(30, 2.0, seed),
            judges: &[Judge::default()],
            design: &Adaptive { pairs_per_item: 0.5, ..Adaptive::default() },
            fit: &keep,
            budget: 180,
            every: 0,
            measured_from: 0,
            seed,
            stop: &mut |_| false,
        });
        let (scores, comparisons) = (run.unwrap().scores.unwrap(), last.into_inner().unwrap());
        let wanted: f64 = integrated(&comparisons, scores.sigma).iter().sum();
        let found: f64 = scores.standard_error.iter().map(|se| se * se).sum();
        assert!((0.8..1.25).contains(&(found / wanted)), "seed {seed}: {found} for {wanted}");
        let given = Options { sigma: Sigma::Fixed(scores.sigma), ..Options::default() };
        let plain = fit(&comparisons, &given).unwrap().scores;
        let less: f64 = plain.standard_error.iter().map(|se| se * se).sum();
        assert!(less < 0.8 * wanted, "seed {seed}: {less} for {wanted}");
        assert!((scores.reliability() - plain.reliability()).abs() < 0.003, "a common scale is no error");
        assert_eq!(plain.scale_error, 0.0);
    }
}

#[test]
fn the_order_of_the_answers_changes_nothing() {
    let mut source = Source::new(21);
    let truth = source.scores(12, 1.0);
    let pairs = source.matchings(12, 8);
    let rows = judged(&mut source, &truth, &pairs, 0.0);
    let backward = rows.iter().rev().copied().collect();
    let one = fit(&one_judge(12, rows), &Options::default()).unwrap();
    assert_eq!(one, fit(&one_judge(12, backward), &Options::default()).unwrap());
}

#[test]
fn a_judge_that_tosses_coins_gives_no_reliability() {
    for seed in 0..4 {
        let mut source = Source::new(seed);
        let pairs = source.matchings(50, 10);
        let rows = judged(&mut source, &[0.0; 50], &pairs, 0.0);
        let found = fit(&one_judge(50, rows), &Options::default()).unwrap();
        assert!(found.converged && found.scores.reliability() < 0.6, "{}", found.scores.reliability());
    }
}

#[test]
fn sides_that_are_never_swapped_keep_the_bias_finite() {
    // Only the item shown first ever wins, and positions follow indices.
    let rows: Vec<Comparison> =
        (0..6).flat_map(|i| (i + 1..6).map(move |k| Comparison::new(i, k, Verdict::First))).collect();
    for dense_limit in [0, 1000] {
        let found = fit(&one_judge(6, rows.clone()), &Options { dense_limit, ..Options::default() }).unwrap();
        let bias = found.scores.bias[0];
        assert!(
            bias.value > 0.0 && bias.value < 6.0 && bias.standard_error > 0.3 && bias.standard_error <= 2.0,
            "{bias:?}"
        );
        assert!(found.scores.mean.windows(2).all(|pair| pair[0] > pair[1]));
    }
}

#[test]
fn what_cannot_be_fitted_is_an_error() {
    let none = Comparisons::new(3, 1, Vec::new()).unwrap();
    assert_eq!(fit(&none, &Options::default()), Err(FitError::NoComparisons));
    let one = Comparisons::new(1, 1, Vec::new()).unwrap();
    assert_eq!(fit(&one, &Options::default()), Err(FitError::TooFewItems { items: 1 }));
    for sigma in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let options = Options { sigma: Sigma::Fixed(sigma), ..Options::default() };
        assert!(matches!(fit(&chain(), &options), Err(FitError::Option { name: "sigma", .. })));
    }
}
