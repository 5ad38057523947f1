//! What is next: the one decision of an assessment, a pure function of a context that can be stored and printed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::score::ScoreError;
use super::{Asked, Session, Status, WaveRecord};
use crate::design::{self, Design as _, InvalidContext, Kind, Next, Outcome, Request, Resampling};
use crate::stopping::{self, Decision, Facts, Inputs, Reason, Rules, score_change, separation_reliability};

/// What a decision rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// What the rules look at.
    pub inputs: Inputs,
    /// Failed comparisons that may be tried again.
    pub retryable: usize,
    /// Its caller gave it up.
    pub cancelled: bool,
    /// Why the answers so far give no scores, if they do not.
    pub no_scores: Option<String>,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "action")]
pub enum Action {
    /// Nothing, until the pending comparisons have ended.
    Wait,
    /// Ask again for what failed.
    Retry,
    /// Ask the design for a wave.
    Continue,
    /// Ask for pairs that were compared before.
    Resample,
    /// It is over.
    End(Ending),
}

/// How an assessment ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum Ending {
    /// With scores.
    Finished {
        /// Why now.
        reason: Reason,
    },
    /// Without.
    Failed {
        /// Why.
        reason: Reason,
        /// In words, where the reason alone does not say it.
        detail: Option<String>,
    },
    /// Its caller gave it up.
    Cancelled,
}

/// A decision, for the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    /// What it rests on.
    pub context: Context,
    /// What the rules made of that.
    pub facts: Facts,
    /// Why.
    pub reason: Reason,
    /// What to do.
    pub action: Action,
    /// The comparisons, by number, that are asked for because of it.
    pub asked: Vec<u32>,
    /// The wave's kind, if it is one.
    pub kind: Option<Kind>,
}

/// Why a session cannot go on: it is not one that this code wrote.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SessionError {
    /// The design refused its context.
    #[error("the design refused the assessment: {0}")]
    Design(#[from] InvalidContext),
    /// An answer cannot be used.
    #[error("an answer cannot be used: {0}")]
    Answer(#[from] crate::InvalidComparison),
}

/// The decision.
pub fn decide(context: &Context, rules: &Rules) -> (Action, Reason, Facts) {
    let verdict = stopping::assess(&context.inputs, rules);
    let (facts, reason) = (verdict.facts, verdict.reason);
    if context.cancelled {
        return (Action::End(Ending::Cancelled), reason, facts);
    }
    if facts.pending == 0 && context.retryable > 0 {
        return (Action::Retry, Reason::NotEnough, facts);
    }
    let action = match verdict.decision {
        Decision::Wait => Action::Wait,
        Decision::Continue => Action::Continue,
        Decision::Resample => Action::Resample,
        Decision::Fail => Action::End(Ending::Failed { reason, detail: context.no_scores.clone() }),
        Decision::Finish if context.no_scores.is_some() => {
            Action::End(Ending::Failed { reason, detail: context.no_scores.clone() })
        }
        Decision::Finish => Action::End(Ending::Finished { reason }),
    };
    (action, reason, facts)
}

impl Session {
    /// Decides until there is something to wait for or it is over. What is asked for is in the session afterwards,
    /// with this deadline.
    ///
    /// # Errors
    /// The session contradicts itself.
    pub fn turn(&mut self, cancelled: bool, deadline: i64) -> Result<Vec<Decided>, SessionError> {
        let mut decisions = Vec::new();
        if self.ending.is_some() {
            return Ok(decisions);
        }
        let (pending, ..) = self.counts();
        let mut no_scores = None;
        if pending == 0 && !self.asked.is_empty() {
            no_scores = self.rescore();
        }
        let (mut design_exhausted, mut resampling_exhausted) = (false, false);
        loop {
            let mut context = self.context(cancelled, no_scores.clone());
            context.inputs.design_exhausted = design_exhausted;
            context.inputs.resampling_exhausted = resampling_exhausted;
            let (action, reason, facts) = decide(&context, &self.settings.rules);
            let (asked, kind) = match &action {
                Action::Wait => (Vec::new(), None),
                Action::Retry => (self.retry(deadline), None),
                Action::Continue => self.ask(false, deadline)?,
                Action::Resample => self.ask(true, deadline)?,
                Action::End(ending) => {
                    self.ending = Some(ending.clone());
                    (Vec::new(), None)
                }
            };
            self.reliable_waves = facts.reliable_waves;
            let go_on = asked.is_empty() && matches!(action, Action::Continue | Action::Resample);
            design_exhausted |= go_on && action == Action::Continue;
            resampling_exhausted |= go_on && action == Action::Resample;
            decisions.push(Decided { context, facts, reason, action, asked, kind });
            if !go_on {
                return Ok(decisions);
            }
        }
    }

    /// What the next decision rests on.
    fn context(&self, cancelled: bool, no_scores: Option<String>) -> Context {
        let (_, answered, failed) = self.counts();
        let pairs: BTreeSet<(u32, u32)> =
            self.rows().iter().map(|row| unordered(row.first, row.second)).collect();
        let last = self.waves.last();
        let per_round = (self.settings.items / 2).max(1);
        let random = self.waves.iter().filter(|wave| wave.kind == Kind::Random);
        let random_rounds = random.map(|wave| (wave.pairs / per_round).max(1)).sum::<usize>();
        let budget = self.settings.budget.saturating_sub(self.retries);
        let spare = budget.saturating_sub(self.asked.len());
        Context {
            inputs: Inputs {
                items: self.settings.items,
                expected_items: self.settings.items,
                budget,
                requested: self.asked.len(),
                answered,
                failed,
                pairs_answered: pairs.len(),
                passes: self.passes,
                random_rounds: u32::try_from(random_rounds).unwrap_or(u32::MAX),
                score_change: last.and_then(|wave| wave.score_change),
                reliability: last.and_then(|wave| wave.reliability),
                separation_reliability: last.and_then(|wave| wave.separation_reliability),
                reliable_waves: self.reliable_waves,
                design_exhausted: false,
                resampling_exhausted: false,
            },
            retryable: self.retryable().count().min(spare),
            cancelled,
            no_scores,
        }
    }

    fn retryable(&self) -> impl Iterator<Item = usize> {
        let attempts = self.settings.attempts;
        let may =
            move |asked: &Asked| matches!(asked.status, Status::Failed { .. }) && asked.attempt < attempts;
        self.asked.iter().enumerate().filter(move |(_, asked)| may(asked)).map(|(number, _)| number)
    }

    /// Asks once more for what failed, as far as the budget goes.
    fn retry(&mut self, deadline: i64) -> Vec<u32> {
        let spare = self.settings.budget.saturating_sub(self.retries + self.asked.len());
        let numbers: Vec<usize> = self.retryable().take(spare).collect();
        for &number in &numbers {
            let asked = &mut self.asked[number];
            asked.attempt += 1;
            asked.status = Status::Pending;
            asked.deadline = deadline;
        }
        self.retries += numbers.len();
        numbers.into_iter().filter_map(|number| u32::try_from(number).ok()).collect()
    }

    /// A new fit, and what it says of the last wave. Some: why there is none.
    fn rescore(&mut self) -> Option<String> {
        let (_, answered, _) = self.counts();
        let fitted = self.fit();
        let wave = self.waves.last_mut()?;
        match fitted {
            Ok(scores) => {
                wave.answered = answered;
                wave.score_change = score_change(self.scores.as_ref(), Some(&scores));
                wave.reliability = Some(scores.reliability());
                wave.separation_reliability = Some(separation_reliability(&scores));
                wave.bias = scores.bias.first().map(|bias| bias.value);
                self.scores = Some(scores);
                None
            }
            // Without new scores nothing can be called stable.
            Err(error) => {
                wave.answered = answered;
                wave.score_change = None;
                Some(match error {
                    ScoreError::Answer(error) => error.to_string(),
                    ScoreError::Fit(error) => error.to_string(),
                })
            }
        }
    }

    /// Asks the design, or for what was compared before. Nothing is asked when there is no pair.
    fn ask(&mut self, resample: bool, deadline: i64) -> Result<(Vec<u32>, Option<Kind>), SessionError> {
        let settings = &self.settings;
        let answered = self.comparisons()?;
        let history: Vec<Request> = self.asked.iter().map(request).collect();
        let priority = settings.priority();
        let wave = u32::try_from(self.waves.len()).unwrap_or(u32::MAX);
        let context = design::Context {
            items: settings.items,
            history: &history,
            answered: &answered,
            scores: self.scores.as_ref(),
            budget: settings.budget.saturating_sub(self.retries + self.asked.len()),
            seed: settings.seed,
            wave,
            // A comparison that failed for good was tried often enough.
            failures_allowed: 0,
            priority: &priority,
        };
        let next = if resample {
            Resampling::default().next_wave(&context)?
        } else {
            settings.design().next_wave(&context)?
        };
        let Next::Wave(made) = next else { return Ok((Vec::new(), None)) };
        let from = self.asked.len();
        let kind = made.kind;
        self.asked.extend(made.pairs.into_iter().map(|pair| Asked {
            pair,
            kind,
            wave,
            attempt: 1,
            status: Status::Pending,
            deadline,
        }));
        self.passes += u32::from(resample);
        self.waves.push(WaveRecord {
            kind,
            pairs: self.asked.len() - from,
            answered: 0,
            score_change: None,
            reliability: None,
            separation_reliability: None,
            bias: None,
        });
        let numbers = (from..self.asked.len()).filter_map(|number| u32::try_from(number).ok());
        Ok((numbers.collect(), Some(kind)))
    }
}

fn request(asked: &Asked) -> Request {
    let outcome = match asked.status {
        Status::Pending => Outcome::Pending,
        Status::Answered { .. } => Outcome::Answered,
        Status::Failed { .. } => Outcome::Failed,
    };
    Request { pair: asked.pair, outcome }
}

fn unordered(a: u32, b: u32) -> (u32, u32) {
    (a.min(b), a.max(b))
}
