//! x
use docket_judgement::design::*;
use docket_judgement::fit::ep;
use docket_judgement::simulate::*;
use std::collections::BTreeMap;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let n: usize = args[1].parse()?;
    let s0: u64 = args[2].parse()?;
    let s1: u64 = args[3].parse()?;
    let cmax: f64 = args[4].parse()?;
    let sigma = 2.0;
    let a = Adaptive::default();
    let designs: Vec<(&str, Box<dyn Design>)> = vec![
        ("random", Box::new(RandomMatchings { rounds: 4, ..Default::default() })),
        ("swiss", Box::new(Swiss { rounds: 1, ..Default::default() })),
        ("swiss-score", Box::new(Swiss { rounds: 1, order: Order::Scores })),
        ("coverage", Box::new(Coverage::default())),
        ("info2.0", Box::new(Adaptive { rule: Rule::Information, ..a })),
        ("info0.5", Box::new(Adaptive { rule: Rule::Information, pairs_per_item: 0.5, ..a })),
        ("ranks2.0", Box::new(a)),
        ("ranks1.0", Box::new(Adaptive { pairs_per_item: 1.0, ..a })),
        ("ranks0.5", Box::new(Adaptive { pairs_per_item: 0.5, ..a })),
        ("ranks0.25", Box::new(Adaptive { pairs_per_item: 0.25, ..a })),
        ("ranks0.1", Box::new(Adaptive { pairs_per_item: 0.1, ..a })),
        ("ranks.5-s.3", Box::new(Adaptive { pairs_per_item: 0.5, score_share: 0.3, ..a })),
        ("diag2.0", Box::new(Adaptive { dense: 0, ..a })),
    ];
    let options = ep::Options { tolerance: 1e-3, ..Default::default() };
    let fit = |c: &docket_judgement::Comparisons| ep::fit(c, &options).map(|f| f.scores);
    for (name, design) in &designs {
        if args.len() > 5 && !args[5..].iter().any(|x| name.starts_with(x.as_str())) {
            continue;
        }
        let t = std::time::Instant::now();
        let mut sum: BTreeMap<usize, [f64; 6]> = BTreeMap::new();
        for seed in s0..s1 {
            let truth = truth(n, sigma, seed);
            let judge = Judge { bias: 0.405, ..Default::default() };
            let run = run(&mut Setup {
                truth: &truth,
                judges: &[judge],
                design: design.as_ref(),
                fit: &fit,
                budget: (cmax * n as f64) as usize,
                every: n / 2,
                measured_from: 6 * n,
                seed,
                stop: &mut |_| false,
            })?;
            for p in &run.points {
                let e = sum.entry(p.comparisons).or_default();
                for (x, y) in e.iter_mut().zip([
                    1.0,
                    p.spearman,
                    p.spearman * p.spearman,
                    p.rmse,
                    p.reliability - p.true_reliability,
                    p.coverage,
                ]) {
                    *x += y;
                }
            }
        }
        let mut last: Option<(f64, f64)> = None;
        let mut at = None;
        for (k, e) in &sum {
            let (c, s) = (*k as f64 / n as f64, e[1] / e[0]);
            if let Some((c0, s0)) = last
                && s >= 0.95
                && at.is_none()
            {
                at = Some(c0 + (c - c0) * (0.95 - s0) / (s - s0));
            }
            last = Some((c, s));
        }
        println!("{name} c(.95) = {at:?}  {:.1?}", t.elapsed());
        for c in [3.0, 5.0, 6.0, 7.0, 7.5, 8.0, 10.0] {
            if let Some(e) = sum.get(&((c * n as f64) as usize)) {
                let m = e.map(|x| x / e[0]);
                let sd = ((m[2] - m[1] * m[1]) / e[0]).sqrt();
                println!(
                    "   c {c:4.1} rho {:.4} +- {:.4} rmse {:.3} relbias {:+.3} r2 {:.3}",
                    m[1], sd, m[3], m[4], m[5]
                );
            }
        }
    }
    Ok(())
}
