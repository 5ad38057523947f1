//! An assessment as a state: events go in, decisions come out, each with what it rests on.
//!
//! A [`Session`] is what has been asked and answered. [`Session::turn`] decides what is next, and is pure: the same
//! session decides the same, on any machine. Whoever runs it stores the session before it acts.

mod decide;
mod score;
mod settings;

use serde::{Deserialize, Serialize};

use crate::design::{Kind, Pair};
use crate::{Comparison, Scores, Verdict};

pub use decide::{Action, Context, Decided, Ending, SessionError, decide};
pub use settings::{DesignName, Evidence, Scorer, Settings};

/// What became of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// No answer yet.
    Pending,
    /// A judge answered.
    Answered {
        /// What.
        verdict: Verdict,
        /// Who: an index of [`Session::judges`].
        judge: u16,
    },
    /// The last attempt failed.
    Failed {
        /// Why: a failure's code.
        code: String,
    },
}

/// A comparison that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// The pair as it is shown.
    pub pair: Pair,
    /// Why it was asked for.
    pub kind: Kind,
    /// In which wave.
    pub wave: u32,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// What became of it.
    pub status: Status,
    /// When the present attempt counts as failed, in microseconds since 1970.
    pub deadline: i64,
}

/// A wave, and what was known after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaveRecord {
    /// Why it was made.
    pub kind: Kind,
    /// How many comparisons it asked for.
    pub pairs: usize,
    /// How many comparisons of all waves were answered after it.
    pub answered: usize,
    /// The largest change of a score, in logits.
    pub score_change: Option<f64>,
    /// Empirical-Bayes reliability.
    pub reliability: Option<f64>,
    /// Scale separation reliability: inflated where pairs were chosen by scores.
    pub separation_reliability: Option<f64>,
    /// The first judge's position bias.
    pub bias: Option<f64>,
}

/// What an event did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It changed the session.
    Changed,
    /// It is about a comparison or attempt that is not waited for: a duplicate, late, or foreign.
    Ignored,
}

/// An assessment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// How it is run.
    pub settings: Settings,
    /// What was asked for; a comparison's number is its place here.
    pub asked: Vec<Asked>,
    /// Who has judged so far, in the order in which they turned up.
    pub judges: Vec<String>,
    /// The waves.
    pub waves: Vec<WaveRecord>,
    /// Passes of resampling that were begun.
    pub passes: u32,
    /// Waves in a row after which the reliability was high enough.
    pub reliable_waves: u32,
    /// The scores after the last wave.
    pub scores: Option<Scores>,
    /// How it ended.
    pub ending: Option<Ending>,
    /// Failed attempts that were repeated.
    pub retries: usize,
}

impl Session {
    /// An assessment at its beginning.
    pub const fn new(settings: Settings) -> Self {
        Self {
            settings,
            asked: Vec::new(),
            judges: Vec::new(),
            waves: Vec::new(),
            passes: 0,
            reliable_waves: 0,
            scores: None,
            ending: None,
            retries: 0,
        }
    }

    /// A judge's answer to an attempt. `confidence` is 1 (a guess) to 5 (certain).
    pub fn answered(
        &mut self,
        number: u32,
        attempt: u32,
        first_wins: bool,
        confidence: Option<f64>,
        judge: &str,
    ) -> Applied {
        let evidence = self.settings.evidence;
        let judge = self.judge(judge);
        match self.waited_for(number, attempt) {
            Some(asked) => {
                asked.status = Status::Answered { verdict: verdict(evidence, first_wins, confidence), judge };
                Applied::Changed
            }
            None => Applied::Ignored,
        }
    }

    /// There is no answer to an attempt.
    pub fn failed(&mut self, number: u32, attempt: u32, code: &str) -> Applied {
        match self.waited_for(number, attempt) {
            Some(asked) => {
                asked.status = Status::Failed { code: code.to_owned() };
                Applied::Changed
            }
            None => Applied::Ignored,
        }
    }

    /// Attempts whose deadline is over count as failed; how many there were.
    pub fn expire(&mut self, now: i64) -> usize {
        let late = |asked: &&mut Asked| asked.status == Status::Pending && asked.deadline <= now;
        let mut expired = 0;
        for asked in self.asked.iter_mut().filter(late) {
            asked.status = Status::Failed { code: "DEADLINE_EXCEEDED".to_owned() };
            expired += 1;
        }
        expired
    }

    /// The earliest deadline of a comparison without an answer.
    pub fn next_deadline(&self) -> Option<i64> {
        let pending = self.asked.iter().filter(|asked| asked.status == Status::Pending);
        pending.map(|asked| asked.deadline).min()
    }

    /// Comparisons without an answer, by number.
    pub fn pending(&self) -> impl Iterator<Item = (u32, &Asked)> {
        (0..).zip(&self.asked).filter(|(_, asked)| asked.status == Status::Pending)
    }

    /// How many comparisons have this status: pending, answered, failed.
    pub fn counts(&self) -> (usize, usize, usize) {
        let mut counts = (0, 0, 0);
        for asked in &self.asked {
            match asked.status {
                Status::Pending => counts.0 += 1,
                Status::Answered { .. } => counts.1 += 1,
                Status::Failed { .. } => counts.2 += 1,
            }
        }
        counts
    }

    /// The answers as rows.
    pub fn rows(&self) -> Vec<Comparison> {
        let row = |asked: &Asked| match asked.status {
            Status::Answered { verdict, judge } => {
                Some(Comparison { judge, ..Comparison::new(asked.pair.first, asked.pair.second, verdict) })
            }
            Status::Pending | Status::Failed { .. } => None,
        };
        self.asked.iter().filter_map(row).collect()
    }

    fn waited_for(&mut self, number: u32, attempt: u32) -> Option<&mut Asked> {
        let asked = self.asked.get_mut(number as usize)?;
        (asked.attempt == attempt && asked.status == Status::Pending).then_some(asked)
    }

    /// The index of a judge; the 65,536th and later ones share the last place.
    fn judge(&mut self, name: &str) -> u16 {
        let place = self.judges.iter().position(|known| known == name).unwrap_or_else(|| {
            if self.judges.len() < usize::from(u16::MAX) {
                self.judges.push(name.to_owned());
            }
            self.judges.len() - 1
        });
        u16::try_from(place).unwrap_or(u16::MAX)
    }
}

/// An answer as evidence. Confidence 1 to 5 becomes log-odds 0.5 to 4.5 for the winner: the fit finds their scale.
fn verdict(evidence: Evidence, first_wins: bool, confidence: Option<f64>) -> Verdict {
    match (evidence, confidence) {
        (Evidence::Confidence, Some(confidence)) if confidence.is_finite() => {
            let odds = confidence.clamp(1.0, 5.0) - 0.5;
            Verdict::Soft(if first_wins { odds as f32 } else { -odds as f32 })
        }
        _ if first_wins => Verdict::First,
        _ => Verdict::Second,
    }
}

#[cfg(test)]
mod tests;
