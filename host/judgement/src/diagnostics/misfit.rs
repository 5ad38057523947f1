//! Infit and outfit of items and judges (Wright & Masters, 1982), tested by a parametric bootstrap.
//!
//! The textbook limits of 0.5 to 1.5 do not hold for comparisons as few as comparative judgement has: a fit follows its
//! own data, so that both statistics lie well below 1 even for perfect judges. The bootstrap draws new answers with
//! the fitted probabilities and sees where the statistics fall then. Without a refit of each replicate the drawn
//! answers are set against the probabilities they were drawn with; that is right for a strongly shrunk fit or many
//! answers per item only, and otherwise calls honest items too good. With a refit it is right, at the cost of one fit
//! per replicate.

use serde::{Deserialize, Serialize};

use super::DiagnosticsError;
use super::residual::{self, Decisive};
use crate::random::Random;
use crate::{Comparison, Comparisons, Scores, Verdict};

/// Fits replicated answers in the way the scores were fitted; nothing when they cannot be.
pub type Refit<'a> = &'a dyn Fn(&Comparisons) -> Option<Scores>;

/// How unlike the model the answers around an item or of a judge are. 1 is what the model expects of answers that the
/// fit has not seen; above is noisier, below more regular.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Misfit {
    /// Squared residuals over their expected sum: weighs close comparisons most.
    pub infit: f64,
    /// Mean of squared residuals over their variance: weighs surprises most.
    pub outfit: f64,
    /// How many decisive answers there are.
    pub answers: f64,
}

/// Misfit of each item and each judge; nothing for those without decisive answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MisfitReport {
    /// By item.
    pub items: Vec<Option<Misfit>>,
    /// By judge.
    pub judges: Vec<Option<Misfit>>,
}

/// A misfit against its distribution under the model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MisfitTest {
    /// What was seen.
    pub seen: Misfit,
    /// Mean infit of the replicates.
    pub expected_infit: f64,
    /// Two-sided probability of an infit as far out.
    pub infit_p: f64,
    /// Mean outfit of the replicates.
    pub expected_outfit: f64,
    /// Two-sided probability of an outfit as far out.
    pub outfit_p: f64,
}

/// Tests of each item and each judge; nothing for those without decisive answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MisfitTests {
    /// By item.
    pub items: Vec<Option<MisfitTest>>,
    /// By judge.
    pub judges: Vec<Option<MisfitTest>>,
    /// How many replicates the tests rest on: fewer than asked for when some could not be fitted.
    pub replicates: usize,
}

/// Settings of a parametric bootstrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bootstrap {
    /// How many replicates: at least 1, and 199 for probabilities down to .01.
    pub replicates: usize,
    /// The seed.
    pub seed: u64,
}

/// Sums that a misfit is read from.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    squares: f64,
    variance: f64,
    standardised: f64,
    answers: f64,
}

impl Sums {
    fn add(&mut self, row: &Decisive) {
        let residual = row.residual();
        self.squares += row.weight * residual * residual;
        self.variance += row.weight * row.variance();
        // Residual squared over variance, without dividing what may be nothing by nothing.
        let odds = row.gap + row.bias;
        self.standardised += row.weight * libm::exp(if row.won { -odds } else { odds });
        self.answers += row.weight;
    }

    fn read(&self) -> Option<Misfit> {
        (self.answers > 0.0).then(|| Misfit {
            infit: self.squares / self.variance.max(f64::MIN_POSITIVE),
            outfit: self.standardised / self.answers,
            answers: self.answers,
        })
    }
}

/// Infit and outfit of each item and each judge.
///
/// # Errors
/// Scores that do not belong to the items or are not finite; no decisive answer.
pub fn misfit(comparisons: &Comparisons, scores: &Scores) -> Result<MisfitReport, DiagnosticsError> {
    Ok(report(comparisons, &residual::all(comparisons, scores)?))
}

fn report(comparisons: &Comparisons, rows: &[Decisive]) -> MisfitReport {
    let mut items = vec![Sums::default(); comparisons.items()];
    let mut judges = vec![Sums::default(); comparisons.judges()];
    for row in rows {
        items[row.first].add(row);
        items[row.second].add(row);
        judges[row.judge].add(row);
    }
    MisfitReport {
        items: items.iter().map(Sums::read).collect(),
        judges: judges.iter().map(Sums::read).collect(),
    }
}

/// Tests infit and outfit against answers drawn with the fitted probabilities. Ties stay what they are.
///
/// # Errors
/// As [`misfit`]; no replicates; no replicate that `refit` could fit.
pub fn misfit_tests(
    comparisons: &Comparisons,
    scores: &Scores,
    bootstrap: Bootstrap,
    refit: Option<Refit<'_>>,
) -> Result<MisfitTests, DiagnosticsError> {
    if bootstrap.replicates == 0 {
        return Err(DiagnosticsError::Setting("a bootstrap needs at least one replicate"));
    }
    let seen = misfit(comparisons, scores)?;
    let mut random = Random::new(bootstrap.seed);
    let mut null = [vec![Null::default(); seen.items.len()], vec![Null::default(); seen.judges.len()]];
    let mut replicates = 0;
    for _ in 0..bootstrap.replicates {
        let drawn = replicate(comparisons, scores, &mut random)?;
        let again = match refit {
            None => misfit(&drawn, scores)?,
            Some(refit) => match refit(&drawn).map(|fitted| misfit(&drawn, &fitted)) {
                Some(Ok(report)) => report,
                _ => continue,
            },
        };
        replicates += 1;
        for (null, (seen, again)) in
            null.iter_mut().zip([(&seen.items, &again.items), (&seen.judges, &again.judges)])
        {
            for (null, (seen, again)) in null.iter_mut().zip(seen.iter().zip(again)) {
                if let (Some(seen), Some(again)) = (seen, again) {
                    null.add(seen, again);
                }
            }
        }
    }
    if replicates == 0 {
        return Err(DiagnosticsError::Refit);
    }
    let test = |seen: &[Option<Misfit>], null: &[Null]| {
        seen.iter().zip(null).map(|(seen, null)| seen.map(|seen| null.test(seen, replicates))).collect()
    };
    Ok(MisfitTests { items: test(&seen.items, &null[0]), judges: test(&seen.judges, &null[1]), replicates })
}

/// The same questions with answers drawn from the fit.
fn replicate(
    comparisons: &Comparisons,
    scores: &Scores,
    random: &mut Random,
) -> Result<Comparisons, DiagnosticsError> {
    let mut rows = Vec::with_capacity(comparisons.rows().len());
    for row in comparisons.rows() {
        let Some(known) = residual::decisive(row, scores) else {
            rows.push(*row);
            continue;
        };
        let (p, answers) = (known.p(), answers(row.weight));
        let won = (0..answers).filter(|_| random.uniform() < p).count() as u32;
        let part = row.weight / answers as f32;
        for (verdict, count) in [(Verdict::First, won), (Verdict::Second, answers - won)] {
            if count > 0 {
                rows.push(Comparison { verdict, weight: part * count as f32, ..*row });
            }
        }
    }
    Ok(Comparisons::new(comparisons.items(), comparisons.judges(), rows)?)
}

/// How many answers a weight stands for; at least one.
pub(super) fn answers(weight: f32) -> u32 {
    (weight.round() as u32).max(1)
}

/// Where replicates fell.
#[derive(Debug, Clone, Copy, Default)]
struct Null {
    infit: Tail,
    outfit: Tail,
}

#[derive(Debug, Clone, Copy, Default)]
struct Tail {
    sum: f64,
    at_most: usize,
    at_least: usize,
}

impl Tail {
    fn add(&mut self, seen: f64, again: f64) {
        self.sum += again;
        self.at_most += usize::from(again <= seen);
        self.at_least += usize::from(again >= seen);
    }

    /// Two-sided, counting what was seen as one more replicate (Davison & Hinkley, 1997).
    fn p(&self, replicates: usize) -> f64 {
        let nearer = self.at_most.min(self.at_least) + 1;
        (2.0 * nearer as f64 / (replicates + 1) as f64).min(1.0)
    }
}

impl Null {
    fn add(&mut self, seen: &Misfit, again: &Misfit) {
        self.infit.add(seen.infit, again.infit);
        self.outfit.add(seen.outfit, again.outfit);
    }

    fn test(&self, seen: Misfit, replicates: usize) -> MisfitTest {
        MisfitTest {
            seen,
            expected_infit: self.infit.sum / replicates as f64,
            infit_p: self.infit.p(replicates),
            expected_outfit: self.outfit.sum / replicates as f64,
            outfit_p: self.outfit.p(replicates),
        }
    }
}
