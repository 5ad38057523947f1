//! What a simulation found, as a table or as JSON.

use crate::cli::SimulateArgs;
use docket_judgement::simulate::{Means, Reached, Run, means, reached};
use serde_json::{Value, json};

/// What the columns mean.
pub(super) const LEGEND: &str = "\
The columns hold averages at the comparisons per item that reach the target, each comparison counted once.
SSR is the scale separation reliability: inflated where pairs are chosen by scores, shown for comparison only.
EB is the empirical-Bayes reliability, to be compared with true r2, the squared correlation with the truth.";

/// A design, measured.
pub(super) struct Measured {
    design: &'static str,
    runs: usize,
    means: Vec<Means>,
    reached: Reached,
    /// The mean of the bias that was found at the end, and in how many runs it was within 2 standard errors.
    bias: Option<(f64, usize)>,
}

impl Measured {
    /// The averages of these runs.
    pub(super) fn new(design: &'static str, runs: &[Run], args: &SimulateArgs) -> Self {
        let means = means(runs);
        let reached = reached(&means, args.target);
        let biases: Vec<(f64, f64)> =
            runs.iter().filter_map(|run| run.points.last().and_then(|point| point.bias)).collect();
        let within = biases.iter().filter(|(value, error)| (value - args.bias).abs() <= 2.0 * error).count();
        let mean = biases.iter().map(|(value, _)| value).sum::<f64>() / biases.len().max(1) as f64;
        let bias = (!biases.is_empty()).then_some((mean, within));
        Self { design, runs: runs.len(), means, reached, bias }
    }
}

/// What was simulated, in one line.
pub(super) fn heading(args: &SimulateArgs) -> String {
    let answers = if args.soft { "log-odds" } else { "winners" };
    format!(
        "{} items with sigma {} logits, a judge with slope {} and position bias {} who gives {answers}, {} seeds: \
         comparisons per item until Spearman {}",
        args.items, args.sigma, args.slope, args.bias, args.seeds, args.target
    )
}

/// A line a design.
pub(super) fn table(measured: &[Measured]) -> comfy_table::Table {
    let mut rows = crate::output::table(&[
        "design",
        "per item",
        "Spearman",
        "RMSE",
        "SSR (inflated)",
        "EB",
        "true r2",
        "95 % intervals cover",
        "position bias",
    ]);
    for one in measured {
        let mean = one.reached.means();
        let show = |value: fn(&Means) -> Option<f64>| {
            mean.and_then(value).map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
        };
        let bias = one.bias.map_or_else(String::new, |(value, within)| {
            format!("{value:.3}, {within} of {} within 2 SE", one.runs)
        });
        rows.add_row([
            one.design.to_owned(),
            one.reached.per_item(),
            show(|mean| Some(mean.spearman)),
            show(|mean| Some(mean.rmse)),
            show(|mean| mean.inflated_ssr),
            show(|mean| Some(mean.reliability)),
            show(|mean| Some(mean.true_reliability)),
            show(|mean| Some(mean.coverage)),
            bias,
        ]);
    }
    rows
}

/// Everything, for programs.
pub(super) fn json(args: &SimulateArgs, measured: &[Measured]) -> Value {
    let designs: Vec<Value> = measured
        .iter()
        .map(|one| {
            let is_reached = !matches!(one.reached, Reached::Not(_));
            json!({
                "design": one.design,
                "seeds": one.runs,
                "reached": is_reached,
                "at": one.reached.means(),
                "position_bias": one.bias.map(|(value, within)| json!({"mean": value, "within_two_errors": within})),
                "measurements": one.means,
            })
        })
        .collect();
    json!({
        "items": args.items, "sigma": args.sigma, "bias": args.bias, "slope": args.slope, "drift": args.drift,
        "lapse": args.lapse, "soft": args.soft, "large_waves": args.large_waves, "target": args.target, "designs": designs,
    })
}
