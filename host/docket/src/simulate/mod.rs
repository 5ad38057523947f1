//! `docket simulate`: what the designs are worth, measured on synthetic essays and judges through the same code as real ones.

mod show;

use crate::cli::{SimulateArgs, SimulatedDesign};
use crate::exit::{CommandResult, Exit, OrExit};
use crate::output::{Progress, print};
use docket_judgement::session::DesignName;
use docket_judgement::simulate::{Judge, Run, SimulationError, Study};
use show::Measured;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

/// Runs every design over every seed, and prints the averages.
pub(crate) fn main(args: &SimulateArgs) -> CommandResult {
    let designs = designs(&args.design);
    let study = study(args);
    let total = designs.len() as u64 * u64::from(args.seeds);
    let progress = Mutex::new(Progress::new("assessments simulated", total, args.json));
    let done = AtomicU64::new(0);
    let one_more = || {
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        progress.lock().unwrap_or_else(PoisonError::into_inner).set(done);
    };
    let mut measured = Vec::new();
    for design in designs {
        let runs =
            runs(&study, design, args.large_waves, args.seed..args.seed + u64::from(args.seeds), &one_more);
        measured.push(Measured::new(design.as_str(), &runs.or_exit(Exit::Internal)?, args));
    }
    progress.into_inner().unwrap_or_else(PoisonError::into_inner).finish();
    if args.json {
        println!("{}", show::json(args, &measured));
    } else {
        println!("{}\n", show::heading(args));
        print(&show::table(&measured));
        println!("\n{}", show::LEGEND);
    }
    Ok(Exit::Ok)
}

fn study(args: &SimulateArgs) -> Study {
    let judge = Judge {
        slope: args.slope,
        bias: args.bias,
        drift: args.drift,
        lapse: args.lapse,
        soft: args.soft.then_some(1.0),
        ..Judge::default()
    };
    Study {
        items: args.items as usize,
        sigma: args.sigma,
        judge,
        most_per_item: args.most as usize,
        ..Study::default()
    }
}

/// Each once, in the order of their list.
fn designs(wanted: &[SimulatedDesign]) -> Vec<DesignName> {
    let is_wanted = |design: &DesignName| {
        wanted.iter().any(|wanted| match wanted {
            SimulatedDesign::All => true,
            SimulatedDesign::Adaptive => *design == DesignName::Adaptive,
            SimulatedDesign::Coverage => *design == DesignName::Coverage,
            SimulatedDesign::Random => *design == DesignName::Random,
            SimulatedDesign::Swiss => *design == DesignName::Swiss,
        })
    };
    DesignName::ALL.into_iter().filter(is_wanted).collect()
}

/// The runs of a design in the order of their seeds, on all of the machine's cores.
fn runs(
    study: &Study,
    design: DesignName,
    large_waves: bool,
    seeds: std::ops::Range<u64>,
    one_more: &(impl Fn() + Sync),
) -> Result<Vec<Run>, SimulationError> {
    let next = AtomicU64::new(seeds.start);
    let work = || {
        let mut done = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return Ok(done);
            }
            done.push((seed, study.run(design.design(large_waves).as_ref(), seed)?));
            one_more();
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<Result<Vec<(u64, Run)>, SimulationError>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let joined = workers.into_iter().map(|worker| worker.join());
        // A worker that panicked panics here as well.
        joined.map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let mut all = Vec::new();
    for part in parts {
        all.extend(part?);
    }
    all.sort_by_key(|(seed, _)| *seed);
    Ok(all.into_iter().map(|(_, run)| run).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use clap::Parser;

    pub(super) fn args(more: &[&str]) -> SimulateArgs {
        match Cli::try_parse_from([&["docket", "simulate"], more].concat()).unwrap().command {
            Command::Simulate(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn designs_are_each_taken_once() {
        assert_eq!(designs(&args(&[]).design), DesignName::ALL);
        let two = args(&["--design", "swiss", "--design", "adaptive", "--design", "swiss"]);
        assert_eq!(designs(&two.design), [DesignName::Adaptive, DesignName::Swiss]);
    }

    #[test]
    fn impossible_studies_are_refused() {
        for bad in
            [["--items", "1"], ["--target", "1.5"], ["--sigma", "0"], ["--lapse", "x"], ["--seeds", "0"]]
        {
            let all = [&["docket", "simulate"], &bad[..]].concat();
            assert!(Cli::try_parse_from(all).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn runs_are_the_same_on_any_number_of_threads() {
        let args = args(&["--items", "8", "--most", "4", "--bias", "-0.5", "--slope", "2"]);
        let study = study(&args);
        let found = runs(&study, DesignName::Random, false, 3..7, &|| {}).unwrap();
        let design = DesignName::Random.design(false);
        let expected: Vec<Run> = (3..7).map(|seed| study.run(design.as_ref(), seed).unwrap()).collect();
        assert_eq!(found, expected);
        assert_eq!(study.judge.bias, -0.5);
    }
}
