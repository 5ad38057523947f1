//! The mode of many items agrees with the mode of few.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use docket_judgement::Verdict;
use docket_judgement::fit::map::{Options, Ties, fit};
use support::{Source, judged, one_judge, rmse};

#[test]
fn sparse_and_dense_agree() {
    let mut source = Source::new(11);
    let truth = source.scores(120, 1.5);
    let pairs = source.matchings(120, 10);
    let mut rows = judged(&mut source, &truth, &pairs, 0.5);
    for k in (0..rows.len()).step_by(6) {
        rows[k].verdict = Verdict::Tie;
        rows[k + 1].verdict = Verdict::Soft(0.7);
        rows[k + 2].weight = 2.5;
    }
    let comparisons = one_judge(120, rows);
    for ties in [Ties::Davidson, Ties::Half] {
        let options = Options { ties, lambda: 0.4, ..Options::default() };
        let dense = fit(&comparisons, &options).unwrap();
        let sparse = fit(&comparisons, &Options { dense_limit: 0, ..options }).unwrap();
        assert!(rmse(&dense.scores.mean, &sparse.scores.mean) < 1e-4);
        assert!((dense.nu - sparse.nu).abs() < 1e-4, "{} {}", dense.nu, sparse.nu);
        assert!((dense.log_likelihood - sparse.log_likelihood).abs() < 1e-3);
        let [a, b] = [dense.scores.bias[0], sparse.scores.bias[0]];
        assert!((a.value - b.value).abs() < 1e-4 && (a.standard_error / b.standard_error - 1.0).abs() < 0.05);
        let errors = dense.scores.standard_error.iter().zip(&sparse.scores.standard_error);
        let off = errors.map(|(a, b)| (a / b - 1.0).abs()).sum::<f64>() / 120.0;
        assert!(off < 0.02, "{off}");
    }
}
