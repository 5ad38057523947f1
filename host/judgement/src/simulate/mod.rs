//! Synthetic assessments: items with known scores and judges with known faults, through the same designs and fits as
//! real ones.

mod judge;
mod measure;
mod stops;
mod study;

use crate::design::{Context, Design, Dice, InvalidContext, Next, Nothing, Outcome, Request};
use crate::fit::{FitError, map};
use crate::{Comparison, Comparisons, InvalidComparison, Scores};

pub use judge::Judge;
pub use measure::{Point, spearman};
pub use stops::stopped;
pub use study::{Means, Reached, Study, means, reached};

/// The prior's precision of the scores whose separation is shown: hardly any, but enough for items that always win.
const FLAT: f64 = 0.01;

/// Normal true scores with mean 0 and standard deviation `sigma` logits.
pub fn truth(items: usize, sigma: f64, seed: u64) -> Vec<f64> {
    let mut dice = Dice::new(seed, 0, 100);
    (0..items).map(|_| sigma * dice.normal()).collect()
}

/// A synthetic assessment.
pub struct Setup<'a> {
    /// The true scores in logits.
    pub truth: &'a [f64],
    /// The judges, who take turns.
    pub judges: &'a [Judge],
    /// Which pairs are judged.
    pub design: &'a dyn Design,
    /// How scores come from answers.
    pub fit: &'a dyn Fn(&Comparisons) -> Result<Scores, FitError>,
    /// How many comparisons there are at most.
    pub budget: usize,
    /// Measures also within waves, each time so many comparisons were added. 0: after each wave only.
    pub every: usize,
    /// Within waves, only from so many comparisons on.
    pub measured_from: usize,
    /// The seed of answers and pairs.
    pub seed: u64,
    /// What is asked after each wave: true ends the run.
    pub stop: &'a mut dyn FnMut(&Progress<'_>) -> bool,
}

/// What a stop decision may see.
pub struct Progress<'a> {
    /// The newest measurement.
    pub point: &'a Point,
    /// The scores of the wave before.
    pub previous: Option<&'a Scores>,
    /// The scores.
    pub scores: &'a Scores,
}

/// How a synthetic assessment went.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The measurements, in order.
    pub points: Vec<Point>,
    /// The last scores, if there were any.
    pub scores: Option<Scores>,
    /// Every pair.
    pub history: Vec<Request>,
    /// Why there was no further wave, if the design said so.
    pub nothing: Option<Nothing>,
}

/// Why a simulation failed.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// The design refused its context.
    #[error(transparent)]
    Design(#[from] InvalidContext),
    /// An answer cannot be used.
    #[error(transparent)]
    Answer(#[from] InvalidComparison),
    /// The fit failed.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// There is no judge, or more than can be numbered.
    #[error("{0} judges cannot take turns: between 1 and 65535 are needed")]
    Judges(usize),
}

/// Runs design, answers and fit in turn until the budget is spent, the design has no pair or `stop` says so.
///
/// # Errors
/// What [`SimulationError`] lists.
pub fn run(setup: &mut Setup<'_>) -> Result<Run, SimulationError> {
    let judges = u16::try_from(setup.judges.len()).unwrap_or(0);
    if judges == 0 {
        return Err(SimulationError::Judges(setup.judges.len()));
    }
    let items = setup.truth.len();
    let mut rows: Vec<Comparison> = Vec::new();
    let mut run = Run { points: Vec::new(), scores: None, history: Vec::new(), nothing: None };
    for wave in 0.. {
        let answered = Comparisons::new(items, usize::from(judges), rows.clone())?;
        let next = setup.design.next_wave(&Context {
            items,
            history: &run.history,
            answered: &answered,
            scores: run.scores.as_ref(),
            budget: setup.budget.saturating_sub(rows.len()),
            seed: setup.seed,
            wave,
            failures_allowed: 0,
            priority: &[],
        })?;
        let pairs = match next {
            Next::Wave(wave) => wave.pairs,
            Next::Nothing(nothing) => {
                run.nothing = Some(nothing);
                return Ok(run);
            }
        };
        let mut dice = Dice::new(setup.seed, wave, 101);
        for (k, &pair) in pairs.iter().enumerate() {
            let turn = (rows.len() % usize::from(judges)) as u16;
            let difference = setup.truth[pair.first as usize] - setup.truth[pair.second as usize];
            let verdict = setup.judges[usize::from(turn)].answer(difference, wave, &mut dice);
            rows.push(Comparison { judge: turn, ..Comparison::new(pair.first, pair.second, verdict) });
            run.history.push(Request { pair, outcome: Outcome::Answered });
            let measured = rows.len() >= setup.measured_from;
            if measured && setup.every > 0 && (k + 1) % setup.every == 0 && k + 1 < pairs.len() {
                run.points.push(measure(setup, &rows, wave)?.0);
            }
        }
        let (point, scores) = measure(setup, &rows, wave)?;
        let previous = run.scores.as_ref();
        let ended = (setup.stop)(&Progress { point: &point, previous, scores: &scores });
        run.points.push(point);
        run.scores = Some(scores);
        if ended {
            return Ok(run);
        }
    }
    Ok(run)
}

/// Fits the answers so far and compares the scores with the truth.
fn measure(setup: &Setup<'_>, rows: &[Comparison], wave: u32) -> Result<(Point, Scores), SimulationError> {
    let comparisons = Comparisons::new(setup.truth.len(), setup.judges.len(), rows.to_vec())?;
    let scores = (setup.fit)(&comparisons)?;
    let options = map::Options { lambda: FLAT, ..map::Options::default() };
    let flat = map::fit(&comparisons, &options).ok().map(|fit| fit.scores);
    Ok((Point::new(setup.truth, &scores, flat.as_ref(), wave, rows.len()), scores))
}

#[cfg(test)]
mod tests;
