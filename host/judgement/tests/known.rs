//! Published data with known estimates: maximum likelihood, ridge, ties, order effects; digits from several programs
//! that agree.
#![allow(clippy::unwrap_used, reason = "tests")]

use docket_judgement::fit::FitError;
use docket_judgement::fit::map::{Fit, Options, Ties, fit};
use docket_judgement::{Comparison, Comparisons, Verdict};
use serde_json::Value;

const DIGITS: f64 = 1e-8;

fn ml() -> Options {
    Options { lambda: 0.0, position_bias: false, bias_precision: 0.0, ..Options::default() }
}

fn weighted(first: u32, second: u32, verdict: Verdict, weight: f64) -> Option<Comparison> {
    (weight > 0.0).then(|| Comparison { weight: weight as f32, ..Comparison::new(first, second, verdict) })
}

fn known(name: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("data/known.json")).unwrap();
    all[name].clone()
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

/// Rows of first, second, wins, losses and perhaps ties.
fn counted(items: usize, rows: &[Vec<f64>]) -> Comparisons {
    let of = |row: &Vec<f64>| {
        let (a, b) = (row[0] as u32, row[1] as u32);
        let ties = row.get(4).copied().unwrap_or(0.0);
        [
            weighted(a, b, Verdict::First, row[2]),
            weighted(a, b, Verdict::Second, row[3]),
            weighted(a, b, Verdict::Tie, ties),
        ]
    };
    Comparisons::new(items, 1, rows.iter().flat_map(of).flatten().collect()).unwrap()
}

fn data(name: &str) -> (Value, Comparisons) {
    let known = known(name);
    let rows: Vec<Vec<f64>> = known["rows"].as_array().unwrap().iter().map(floats).collect();
    let items = known["items"].as_u64().unwrap() as usize;
    (known, counted(items, &rows))
}

fn near(got: &[f64], want: &[f64], digits: f64) {
    assert_eq!(got.len(), want.len());
    assert!(got.iter().zip(want).all(|(g, w)| (g - w).abs() < digits), "{got:?} {want:?}");
}

#[test]
fn scores_and_errors_of_published_data() {
    for name in ["baseball", "citations", "german_parties", "pudding_davidson"] {
        let (known, comparisons) = data(name);
        let found = fit(&comparisons, &ml()).unwrap();
        near(&found.scores.mean, &floats(&known["mean"]), DIGITS);
        near(&found.scores.standard_error, &floats(&known["error"])[..comparisons.items()], DIGITS);
        assert!((found.log_likelihood - known["log_likelihood"].as_f64().unwrap()).abs() < DIGITS, "{name}");
    }
}

#[test]
fn contrasts_to_a_reference_item() {
    let (_, comparisons) = data("baseball");
    let found = fit(&comparisons, &ml()).unwrap();
    let covariance = found.covariance.unwrap();
    let error = (covariance[(0, 0)] + covariance[(6, 6)] - 2.0 * covariance[(0, 6)]).sqrt();
    near(&[found.scores.mean[0] - found.scores.mean[6], error], &[1.5813558767, 0.3432559816], DIGITS);
}

#[test]
fn a_position_bias_with_and_without_a_prior() {
    for (name, lambda) in [("baseball_home", 0.0), ("baseball_home_ridge1", 1.0)] {
        let (known, comparisons) = data(name);
        let found = fit(&comparisons, &Options { lambda, position_bias: true, ..ml() }).unwrap();
        near(&found.scores.mean, &floats(&known["mean"]), DIGITS);
        let error = floats(&known["error"]);
        // With a prior the published errors still hold the common level, 1 / (n lambda).
        let level = if lambda > 0.0 { 1.0 / (7.0 * lambda) } else { 0.0 };
        let with_level: Vec<f64> =
            found.scores.standard_error.iter().map(|se| (se * se + level).sqrt()).collect();
        near(&with_level, &error[..7], DIGITS);
        let bias = found.scores.bias[0];
        near(&[bias.value, bias.standard_error], &[floats(&known["bias"])[0], error[7]], DIGITS);
        assert!((found.log_likelihood - known["log_likelihood"].as_f64().unwrap()).abs() < DIGITS);
    }
    let (_, comparisons) = data("baseball_home");
    let found = fit(&comparisons, &Options { lambda: 0.1, position_bias: true, ..ml() }).unwrap();
    let want = [0.537502011, 0.394112898, 0.246733531, 0.201190883, 0.064410926, -0.372232053, -1.071718195];
    near(&found.scores.mean, &want, 1e-9);
    near(&[found.scores.bias[0].value], &[0.301794244], 1e-9);
}

#[test]
fn ties_of_their_own_or_as_halves() {
    let (known, comparisons) = data("pudding_davidson");
    let found = fit(&comparisons, &ml()).unwrap();
    near(&[found.nu.ln(), found.log_nu_error], &[-0.2919270862, 0.0824986917], DIGITS);
    near(&[found.nu.ln()], &[known["lognu"].as_f64().unwrap()], DIGITS);
    let halves = fit(&comparisons, &Options { ties: Ties::Half, ..ml() }).unwrap();
    let want = [-0.128509239, 0.031799580, -0.017165813, -0.001028902, -0.031078856, 0.145983230];
    near(&halves.scores.mean, &want, 1e-9);
    assert!(halves.nu == 0.0 && halves.log_nu_error == 0.0);
}

const SPRINGALL: &str = "1 2 2 16 7|1 3 0 21 1|1 4 5 10 10|1 5 2 15 7|1 6 0 22 2|1 7 12 3 9|1 8 13 9 5|1 9 10 12 3|2 3 6 11 5|\
    2 4 17 2 7|2 5 9 6 8|2 6 8 12 6|2 7 24 2 0|2 8 16 3 5|2 9 15 2 7|3 4 22 2 4|3 5 14 4 5|3 6 11 4 7|3 7 24 1 3|\
    3 8 22 0 3|3 9 17 2 6|4 5 3 14 9|4 6 2 18 4|4 7 12 6 5|4 8 10 6 6|4 9 8 9 11|5 6 5 11 9|5 7 20 0 2|5 8 15 2 5|\
    5 9 13 5 9|6 7 27 1 0|6 8 19 1 5|6 9 18 2 2|7 8 2 13 8|7 9 2 21 5|8 9 6 8 8";

#[test]
fn ties_with_a_larger_spread() {
    let rows: Vec<Vec<f64>> = SPRINGALL
        .split('|')
        .map(|row| row.split_whitespace().map(|x| x.parse().unwrap()).collect())
        .map(|row: Vec<f64>| vec![row[0] - 1.0, row[1] - 1.0, row[2], row[3], row[4]])
        .collect();
    let comparisons = counted(9, &rows);
    let found = fit(&comparisons, &ml()).unwrap();
    let mean = [
        -1.113366720,
        1.159862826,
        2.177383220,
        -0.715756255,
        0.781422714,
        1.729480574,
        -2.394833397,
        -1.118264586,
        -0.505928376,
    ];
    let error = [
        0.184475924,
        0.188158257,
        0.223912139,
        0.176488507,
        0.181730751,
        0.204309624,
        0.229120747,
        0.188863540,
        0.174116790,
    ];
    near(&found.scores.mean, &mean, 1e-9);
    near(&found.scores.standard_error, &error, 1e-9);
    near(&[found.nu.ln(), found.log_nu_error], &[-0.144391691, 0.090206302], 1e-9);
    near(&[found.log_likelihood], &[-732.0672554482], DIGITS);
    let halves = fit(&comparisons, &Options { ties: Ties::Half, ..ml() }).unwrap();
    let mean = [
        -0.754325711,
        0.785459132,
        1.469365298,
        -0.484752244,
        0.530216390,
        1.169453243,
        -1.616584299,
        -0.757074998,
        -0.341756812,
    ];
    near(&halves.scores.mean, &mean, 1e-9);
}

/// The names in a file's first line and the numbers in its others.
fn games(text: &str) -> (Vec<&str>, Vec<Vec<f64>>) {
    let mut lines = text.lines();
    let names = lines.next().unwrap().split(',').collect();
    let numbers = |line: &str| line.split_whitespace().map(|x| x.parse().unwrap()).collect();
    (names, lines.map(numbers).collect())
}

fn of(names: &[&str], found: &Fit, name: &str) -> f64 {
    found.scores.mean[names.iter().position(|&other| other == name).unwrap()]
}

#[test]
fn home_ice() {
    let (names, rows) = games(include_str!("data/icehockey.txt"));
    assert_eq!((names.len(), rows.len()), (58, 1083));
    let mut games = Vec::new();
    for row in &rows {
        let (visitor, opponent, home) = (row[0] as u32, row[1] as u32, row[3] > 0.0);
        let result = |win| {
            if win == 1.0 {
                Verdict::First
            } else if win == 0.0 {
                Verdict::Second
            } else {
                Verdict::Tie
            }
        };
        if home {
            games.push(Comparison::new(opponent, visitor, result(1.0 - row[2])));
        } else {
            // On neutral ice nobody is first: half a game each way has no position bias.
            let neutral =
                |a, b, win| Comparison { judge: 1, weight: 0.5, ..Comparison::new(a, b, result(win)) };
            games.extend([neutral(opponent, visitor, 1.0 - row[2]), neutral(visitor, opponent, row[2])]);
        }
    }
    let comparisons = Comparisons::new(58, 2, games).unwrap();
    let plain = fit(&comparisons, &Options { ties: Ties::Half, ..ml() }).unwrap();
    let some = ["Alaska Anchorage", "Air Force", "Alab-Huntsville", "American Int'l", "Alaska"];
    let want = [0.1165009744, -1.2970081761, -0.5660397969, -2.8151109533, 0.7995794229];
    near(&some.map(|name| of(&names, &plain, name)), &want, DIGITS);
    let home = fit(&comparisons, &Options { ties: Ties::Half, position_bias: true, ..ml() }).unwrap();
    let [ice, neutral] = [home.scores.bias[0], home.scores.bias[1]];
    near(&[ice.value, ice.standard_error, neutral.value], &[0.4028985912, 0.0708679772, 0.0], DIGITS);
}

#[test]
fn home_ground_with_draws() {
    let (names, rows) = games(include_str!("data/football.txt"));
    assert_eq!((names.len(), rows.len()), (29, 1900));
    let verdict = |x: f64| {
        if x > 0.5 {
            Verdict::First
        } else if x < -0.5 {
            Verdict::Second
        } else {
            Verdict::Tie
        }
    };
    let game = |row: &Vec<f64>| Comparison::new(row[0] as u32, row[1] as u32, verdict(row[2]));
    let comparisons = Comparisons::new(29, 1, rows.iter().map(game).collect()).unwrap();
    let found = fit(&comparisons, &Options { position_bias: true, ..ml() }).unwrap();
    let bias = found.scores.bias[0];
    near(&[found.log_likelihood], &[-1826.9223271607], DIGITS);
    // The published tie parameter leaves the home ground out of the tie's strength, which is half of it.
    near(&[found.nu.ln() + 0.5 * bias.value], &[0.2074105994], DIGITS);
    near(&[bias.value, bias.standard_error], &[0.6683513092, 0.0627692354], DIGITS);
    let some = ["MnU", "Che", "Ars", "Bur"].map(|name| of(&names, &found, name));
    near(&some, &[2.27309124, 1.57306688, 1.34651746, -1.22770109], DIGITS);
}

fn wins(items: usize, wins: &[(u32, u32)]) -> Comparisons {
    counted(items, &wins.iter().map(|&(a, b)| vec![f64::from(a), f64::from(b), 1.0, 0.0]).collect::<Vec<_>>())
}

#[test]
fn closed_forms() {
    let two = fit(&counted(2, &[vec![0.0, 1.0, 7.0, 3.0]]), &ml()).unwrap();
    near(&[two.scores.mean[0]], &[0.5 * (7.0_f64 / 3.0).ln()], 1e-12);
    near(&[two.scores.standard_error[0]], &[0.5 * (1.0_f64 / 7.0 + 1.0 / 3.0).sqrt()], 1e-12);
    let cycle = fit(&wins(3, &[(0, 1), (1, 2), (2, 0)]), &ml()).unwrap();
    near(&cycle.scores.mean, &[0.0; 3], 1e-12);
    let more = fit(&wins(3, &[(0, 1), (1, 2), (2, 0), (0, 1)]), &ml()).unwrap();
    near(&more.scores.mean, &[0.4196176247, -0.4196176247, 0.0], 1e-9);
    near(&more.scores.standard_error, &[0.833217159, 0.833217159, 0.963636378], 1e-9);
    near(&[more.scores.mean[0].exp()], &[1.5213797068], 1e-9);
}

const UNBEATEN: [(u32, u32); 4] = [(0, 1), (1, 2), (2, 0), (3, 0)];

#[test]
fn an_unbeaten_item_needs_a_prior_and_gets_a_finite_score() {
    let comparisons = wins(4, &UNBEATEN);
    assert_eq!(fit(&comparisons, &ml()), Err(FitError::NoMaximum { strong_components: 2 }));
    let one = fit(&comparisons, &Options { lambda: 1.0, ..ml() }).unwrap();
    near(&one.scores.mean, &[-0.2524017582, -0.0503434181, -0.0503434181, 0.3530885945], 1e-9);
    let with_level: Vec<f64> = one.scores.standard_error.iter().map(|se| (se * se + 0.25).sqrt()).collect();
    near(&with_level, &[0.7948800348, 0.843685729, 0.843685729, 0.914276553], 1e-9);
    let quarter = fit(&comparisons, &Options { lambda: 0.25, ..ml() }).unwrap();
    near(&quarter.scores.mean, &[-0.4311944171, -0.2151791662, -0.2151791662, 0.8615527494], 1e-9);
    assert_eq!(quarter.structure.unbeaten, [3]);
    // Half a win and half a loss against an item outside.
    let mut rows = comparisons.rows().to_vec();
    for item in 0..4 {
        rows.extend([Verdict::First, Verdict::Second].map(|v| weighted(item, 4, v, 0.5).unwrap()));
    }
    let found = fit(&Comparisons::new(5, 1, rows).unwrap(), &ml()).unwrap();
    let level = found.scores.mean[..4].iter().sum::<f64>() / 4.0;
    let mean: Vec<f64> = found.scores.mean[..4].iter().map(|x| x - level).collect();
    near(&mean, &[-0.436776546, -0.2243749075, -0.2243749075, 0.885526361], 1e-9);
}

#[test]
fn eight_items_with_a_ridge() {
    let text = "7>3 2>0 5>2 4>2 2>1 4>5 6>3 5>4 7>0 2>3 4>0 0>4 6>5 3>2 3>4 3>4 5>2 7>3 7>6 6>5";
    let pair = |game: &str| {
        let (a, b) = game.split_once('>').unwrap();
        (a.parse().unwrap(), b.parse().unwrap())
    };
    let comparisons = wins(8, &text.split_whitespace().map(pair).collect::<Vec<(u32, u32)>>());
    let found = fit(&comparisons, &Options { lambda: 1.0, ..ml() }).unwrap();
    let want = [
        -0.519740386,
        -0.4628087793,
        -0.3137686227,
        -0.0685469388,
        -0.3185146033,
        -0.0034610676,
        0.6303278314,
        1.0565125663,
    ];
    near(&found.scores.mean, &want, 1e-9);
}

#[test]
fn a_chain_shows_what_the_mode_lacks() {
    let chain = wins(4, &[(3, 2), (2, 1), (1, 0)]);
    let found = fit(&chain, &Options { lambda: 0.125, ..ml() }).unwrap();
    near(&found.scores.mean[..2], &[-1.749699094, -0.476513313], 1e-9);
    let variance = |item: usize| found.scores.standard_error[item].powi(2) + 2.0;
    near(&[variance(0), variance(1)], &[4.503976831, 3.370521425], DIGITS);
}

#[test]
fn no_maximum_is_said() {
    // Everybody beats everybody, but only the item shown first ever wins, or everything is a tie.
    let first = wins(3, &[(0, 1), (1, 0), (1, 2), (2, 1)]);
    let none = Err(FitError::NoMaximum { strong_components: 1 });
    assert_eq!(fit(&first, &Options { position_bias: true, ..ml() }), none);
    assert!(fit(&first, &Options { position_bias: true, bias_precision: 0.25, ..ml() }).is_ok());
    let ties = counted(3, &[vec![0.0, 1.0, 0.0, 0.0, 2.0], vec![1.0, 2.0, 0.0, 0.0, 1.0]]);
    assert_eq!(fit(&ties, &ml()), none);
    assert!(fit(&ties, &Options { ties: Ties::Half, ..ml() }).is_ok());
    assert_eq!(fit(&wins(1, &[]), &ml()), Err(FitError::TooFewItems { items: 1 }));
    assert_eq!(fit(&wins(2, &[]), &ml()), Err(FitError::NoComparisons));
    assert!(matches!(fit(&first, &Options { lambda: f64::NAN, ..ml() }), Err(FitError::Option { .. })));
}
