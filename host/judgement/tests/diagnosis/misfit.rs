//! Infit, outfit and separation.

use docket_judgement::diagnostics::{Bootstrap, DiagnosticsError, Misfit, misfit, misfit_tests, separation};
use docket_judgement::{Comparison, Comparisons, Scores, Verdict};

use crate::support::{BASEBALL, Chance, PARTIES, biased, even, fit, rows, scores};

fn baseball() -> Scores {
    scores(
        &[
            0.531_153_340_7,
            0.386_205_895_8,
            0.244_282_587_9,
            0.197_415_309_1,
            0.057_495_169_4,
            -0.366_349_766_9,
            -1.050_202_536_0,
        ],
        &[
            0.207_419_476_3,
            0.204_156_558_6,
            0.202_061_520_6,
            0.201_603_748_0,
            0.200_919_071_5,
            0.205_044_319_2,
            0.232_462_296_0,
        ],
    )
}

fn near(found: impl IntoIterator<Item = f64>, expected: &[f64]) {
    let found: Vec<f64> = found.into_iter().collect();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 2e-9, "{found} is not {expected}");
    }
}

#[test]
fn baseball_misfit_is_the_published_one() {
    let report = misfit(&rows(7, BASEBALL), &baseball()).unwrap();
    let items: Vec<Misfit> = report.items.into_iter().flatten().collect();
    near(
        items.iter().map(|item| item.infit),
        &[
            1.003_461_194_9,
            1.028_240_820_7,
            0.937_776_199_5,
            1.041_955_168_5,
            0.934_635_114_0,
            1.089_662_150_7,
            0.967_783_553_3,
        ],
    );
    near(
        items.iter().map(|item| item.outfit),
        &[
            0.999_085_519_7,
            1.053_478_275_7,
            0.917_561_716_4,
            1.041_963_894_0,
            0.919_719_728_7,
            1.088_955_404_7,
            0.962_734_589_5,
        ],
    );
}

#[test]
fn party_misfit_is_the_published_one() {
    let scores = even(
        &[
            -0.572_702_100_4,
            -0.813_210_429_4,
            0.988_614_927_8,
            0.615_958_225_2,
            -0.021_520_172_7,
            -0.197_140_450_5,
        ],
        0.06,
    );
    let report = misfit(&rows(6, PARTIES), &scores).unwrap();
    near(
        report.items.into_iter().flatten().map(|item| item.infit),
        &[
            0.950_676_860_5,
            1.003_154_796_5,
            1.005_718_299_6,
            0.960_821_210_3,
            1.054_757_849_0,
            1.030_647_419_3,
        ],
    );
}

#[test]
fn separation_is_the_published_one() {
    let plain = separation(&baseball()).unwrap();
    near(
        [plain.variance, plain.error, plain.ssr, plain.separation, plain.strata],
        &[0.295_061_477_5, 0.043_232_290_6, 0.853_480_396_9, 2.413_508_921_0, 3.551_345_228_0],
    );
    let home = scores(
        &[
            0.540_717_833_8,
            0.396_520_054_8,
            0.248_273_238_3,
            0.202_503_243_5,
            0.064_965_493_5,
            -0.374_142_702_9,
            -1.078_837_159_8,
        ],
        &[
            0.209_518_014_1,
            0.206_843_017_4,
            0.203_922_937_5,
            0.204_045_007_6,
            0.203_160_535_4,
            0.206_998_322_5,
            0.235_428_797_1,
        ],
    );
    let home = separation(&home).unwrap();
    near([home.ssr, home.separation], &[0.857_422_686_8, 2.452_292_511_7]);
    let citations = scores(
        &[0.789_922_052_7, -2.159_150_444_1, 0.310_352_282_9, 1.058_876_108_5],
        &[0.043_330_468_7, 0.072_579_743_6, 0.041_641_015_5, 0.053_046_988_2],
    );
    near([separation(&citations).unwrap().ssr], &[0.998_651_487_0]);
}

#[test]
fn separation_without_spread_or_error_is_an_error() {
    for scores in [even(&[0.0, 0.0], 0.1), even(&[1.0, -1.0], 0.0)] {
        assert!(matches!(separation(&scores), Err(DiagnosticsError::Setting(_))));
    }
    let wide = separation(&even(&[-0.1, 0.1], 1.0)).unwrap();
    assert!(wide.ssr < 0.0 && wide.separation == 0.0);
}

#[test]
fn a_weight_is_so_many_answers() {
    let row = Comparison::new(0, 1, Verdict::First);
    let once =
        Comparisons::new(3, 1, vec![Comparison { weight: 3.0, ..row }, Comparison::new(1, 2, Verdict::Tie)]);
    let thrice = Comparisons::new(3, 1, vec![row; 3]);
    let scores = even(&[0.7, -0.2, -0.5], 0.3);
    let (once, thrice) =
        (misfit(&once.unwrap(), &scores).unwrap(), misfit(&thrice.unwrap(), &scores).unwrap());
    assert_eq!(once, thrice);
    assert_eq!(once.items[2], None, "a tie is no decisive answer");
    assert_eq!(once.items[0].unwrap().answers, 3.0);
}

/// Thirty items, three judges with 300 answers each; the last one throws a coin.
fn panel(seed: u64) -> Comparisons {
    let mut chance = Chance::new(seed);
    let truth: Vec<f64> = (0..30).map(|_| 2.0 * chance.normal()).collect();
    let mut all = Vec::new();
    for judge in 0..3u16 {
        for _ in 0..300 {
            let (first, second) = chance.pair(30);
            let gap = truth[first as usize] - truth[second as usize];
            let verdict = chance.verdict(if judge == 2 { 0.0 } else { gap });
            all.push(Comparison { judge, ..Comparison::new(first, second, verdict) });
        }
    }
    Comparisons::new(30, 3, all).unwrap()
}

#[test]
fn a_judge_who_throws_a_coin_stands_out() {
    let comparisons = panel(1);
    let fitted = fit(&comparisons).unwrap();
    let tests =
        misfit_tests(&comparisons, &fitted, Bootstrap { replicates: 39, seed: 5 }, Some(&fit)).unwrap();
    assert_eq!(tests.replicates, 39);
    let [fair, also_fair, coin] = [0, 1, 2].map(|judge| tests.judges[judge].unwrap());
    assert!(coin.infit_p <= 0.05 && coin.seen.infit > coin.expected_infit, "{coin:?}");
    assert!(fair.seen.infit < fair.expected_infit && also_fair.seen.infit < also_fair.expected_infit);
    assert!(coin.outfit_p <= 0.05 && coin.seen.outfit > 1.2 * fair.seen.outfit);
}

#[test]
fn a_judge_without_any_noise_stands_out_too() {
    let mut chance = Chance::new(4);
    let truth: Vec<f64> = (0..16).map(|at| 0.3 * (f64::from(at) - 7.5)).collect();
    let mut all = Vec::new();
    for judge in 0..2u16 {
        for _ in 0..240 {
            let (first, second) = chance.pair(16);
            let gap = truth[first as usize] - truth[second as usize];
            let verdict = chance.verdict(if judge == 1 { 100.0 * gap } else { gap });
            all.push(Comparison { judge, ..Comparison::new(first, second, verdict) });
        }
    }
    let comparisons = Comparisons::new(16, 2, all).unwrap();
    let bootstrap = Bootstrap { replicates: 59, seed: 1 };
    let tests = misfit_tests(&comparisons, &even(&truth, 0.2), bootstrap, None).unwrap();
    let exact = tests.judges[1].unwrap();
    assert!(
        exact.infit_p < 0.05 && exact.outfit_p < 0.05 && exact.seen.infit < exact.expected_infit,
        "{exact:?}"
    );
    assert!(tests.judges[0].unwrap().infit_p > 0.05, "{:?}", tests.judges[0]);
}

#[test]
fn the_position_bias_of_each_judge_is_part_of_what_is_expected() {
    let row = Comparison::new(0, 1, Verdict::First);
    let other = Comparison { judge: 1, verdict: Verdict::Second, ..row };
    let comparisons = Comparisons::new(2, 3, vec![row, other]).unwrap();
    let report = misfit(&comparisons, &biased(even(&[0.3, -0.3], 0.2), &[0.5, -0.2])).unwrap();
    near(report.judges[..2].iter().flatten().map(|judge| judge.outfit), &[(-1.1f64).exp(), 0.4f64.exp()]);
    assert_eq!(report.judges[2], None);
}

#[test]
fn a_refit_tells_how_far_below_one_honest_answers_lie() {
    let mut chance = Chance::new(8);
    let truth: Vec<f64> = (0..20).map(|_| 2.0 * chance.normal()).collect();
    let all = (0..100)
        .map(|_| {
            let (first, second) = chance.pair(20);
            Comparison::new(first, second, chance.verdict(truth[first as usize] - truth[second as usize]))
        })
        .collect();
    let comparisons = Comparisons::new(20, 1, all).unwrap();
    let fitted = fit(&comparisons).unwrap();
    let with =
        |refit| misfit_tests(&comparisons, &fitted, Bootstrap { replicates: 60, seed: 2 }, refit).unwrap();
    let (refitted, plain) = (with(Some(&fit)), with(None));
    assert!((plain.judges[0].unwrap().expected_infit - 1.0).abs() < 0.05);
    assert!(refitted.judges[0].unwrap().expected_infit < 0.9, "{:?}", refitted.judges[0]);
    assert!(refitted.judges[0].unwrap().infit_p > 0.05, "{:?}", refitted.judges[0]);
    let low = refitted.items.iter().flatten().filter(|item| item.infit_p <= 0.1).count();
    assert!(low <= 5, "{low} of 20 honest items at the level .1");
    assert_eq!(with(None), plain, "the seed decides");
}

#[test]
fn bad_input_is_named() {
    let comparisons = rows(7, BASEBALL);
    let fails = |scores: &Scores| misfit(&comparisons, scores).unwrap_err();
    assert_eq!(fails(&even(&[0.0; 6], 0.1)), DiagnosticsError::Mismatch { items: 7, scores: 6 });
    let mut broken = baseball();
    broken.mean[3] = f64::NAN;
    assert_eq!(fails(&broken), DiagnosticsError::Score(3));
    let ties = Comparisons::new(2, 1, vec![Comparison::new(0, 1, Verdict::Tie)]).unwrap();
    assert_eq!(misfit(&ties, &even(&[0.0; 2], 0.1)), Err(DiagnosticsError::NoComparisons));
    let none = Bootstrap { replicates: 0, seed: 0 };
    let tests = misfit_tests(&comparisons, &baseball(), none, None);
    assert!(matches!(tests, Err(DiagnosticsError::Setting(_))));
    let never = |_: &Comparisons| None;
    let tests = misfit_tests(&comparisons, &baseball(), Bootstrap { replicates: 2, seed: 0 }, Some(&never));
    assert_eq!(tests, Err(DiagnosticsError::Refit));
}
