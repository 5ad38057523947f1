//! What the recommended fit promises: exact posteriors where they are known, coverage, recovered parameters.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use docket_judgement::fit::ep::{Fit, Options, Sigma, fit};
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
        for discrimination in [false, true] {
            let comparisons = Comparisons::new(items, 2, rows.clone()).unwrap();
            let found = fit(&comparisons, &Options { discrimination, ..Options::default() }).unwrap();
            let scores = &found.scores;
            assert!(found.converged, "{rows:?}");
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
    eprintln!(
        "{} {} {} {} {:?} {:?}",
        rmse(&dense.scores.mean, &loopy.scores.mean),
        rmse(&dense.scores.standard_error, &loopy.scores.standard_error),
        dense.scores.sigma,
        loopy.scores.sigma,
        &dense.scores.standard_error[..4],
        &loopy.scores.standard_error[..4]
    );
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
