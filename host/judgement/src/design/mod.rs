//! Designs: which pairs are compared next, and which item of a pair is shown first.
//!
//! A design is a pure function of its [`Context`]; the order of the history and of the answers changes nothing.

mod adaptive;
mod coverage;
mod dice;
mod ledger;
mod nearby;
mod orientation;
mod random;
mod resampling;
mod rounds;
mod swiss;

use serde::{Deserialize, Serialize};

use crate::{Comparisons, Scores};

pub use adaptive::{Adaptive, Rule};
pub use coverage::Coverage;
pub use orientation::{Seen, fair_complement};
pub use random::RandomMatchings;
pub use resampling::Resampling;
pub use swiss::{Order, Swiss};

pub(crate) use dice::Dice;

/// Two items in the order in which a judge sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pair {
    /// The item that is shown first, an index below the number of items.
    pub first: u32,
    /// The item that is shown second.
    pub second: u32,
}

impl Pair {
    /// The pair `first`, `second`.
    pub const fn new(first: u32, second: u32) -> Self {
        Self { first, second }
    }

    /// The two items without their order: the smaller index goes first.
    pub fn unordered(self) -> (u32, u32) {
        (self.first.min(self.second), self.first.max(self.second))
    }
}

/// What became of a pair that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// No answer yet.
    Pending,
    /// A judge gave a verdict.
    Answered,
    /// There will be no answer.
    Failed,
}

/// A pair that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The pair.
    pub pair: Pair,
    /// What became of it.
    pub outcome: Outcome,
}

/// What a design may know.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// How many items there are; at least 2.
    pub items: usize,
    /// Every pair that was ever asked for, in any order.
    pub history: &'a [Request],
    /// The answers so far.
    pub answered: &'a Comparisons,
    /// The scores that fit the answers, if there are any.
    pub scores: Option<&'a Scores>,
    /// How many pairs may still be asked for.
    pub budget: usize,
    /// The seed of everything that is drawn.
    pub seed: u64,
    /// The number of the wave; each has random numbers of its own.
    pub wave: u32,
    /// A pair that has failed more often than this is not asked for again. With 0, a failed pair counts as done.
    pub failures_allowed: u32,
    /// How much of the comparisons each item gets, relative to the others: 2 for twice as many (an anchor, say), 0 for
    /// none. Empty: 1 for each.
    pub priority: &'a [f64],
}

/// Why a wave was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Pairs that have not been compared, those of rarely compared items first.
    Coverage,
    /// Pairs that have been compared, once more.
    Resampling,
    /// Random matchings.
    Random,
    /// Neighbours in the order of the scores.
    Swiss,
    /// The pairs from which most is learnt.
    Adaptive,
}

/// Pairs that can be judged at the same time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wave {
    /// Why it was made.
    pub kind: Kind,
    /// The pairs, the most valuable first; at least one.
    pub pairs: Vec<Pair>,
}

/// Why there is no wave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nothing {
    /// The budget is spent.
    BudgetSpent,
    /// The design has no pair that it would ask for.
    NoPairLeft,
}

/// What a design says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// These pairs.
    Wave(Wave),
    /// None, and why.
    Nothing(Nothing),
}

impl Next {
    /// The pairs, or [`Nothing::NoPairLeft`] if there are none.
    fn from_pairs(kind: Kind, pairs: Vec<Pair>) -> Self {
        if pairs.is_empty() { Self::Nothing(Nothing::NoPairLeft) } else { Self::Wave(Wave { kind, pairs }) }
    }

    /// The wave, if there is one.
    pub fn wave(self) -> Option<Wave> {
        match self {
            Self::Wave(wave) => Some(wave),
            Self::Nothing(_) => None,
        }
    }
}

/// Why a context makes no sense.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidContext {
    /// There is nothing to compare.
    #[error("{0} items cannot be compared: at least 2 are needed")]
    TooFewItems(usize),
    /// More than the ledger can number.
    #[error("{0} items are too many: at most 2^30 are possible")]
    TooManyItems(usize),
    /// A request names an item that does not exist, or one item twice.
    #[error("request {index} is for items {} and {}, of {items}", pair.first, pair.second)]
    Request {
        /// The place in the history.
        index: usize,
        /// The pair.
        pair: Pair,
        /// How many items there are.
        items: usize,
    },
    /// Answers, scores or priorities are for another number of items.
    #[error("{what} are for {found} items, of {items}")]
    OtherItems {
        /// Of what.
        what: &'static str,
        /// For how many.
        found: usize,
        /// How many there are.
        items: usize,
    },
    /// A score, standard error or priority is not a finite number, or is below 0 where it must not be.
    #[error("the {what} of item {item} is {value}")]
    Number {
        /// Of what.
        what: &'static str,
        /// The item.
        item: usize,
        /// The number.
        value: f64,
    },
}

/// A way to choose pairs.
pub trait Design {
    /// The next pairs, in the order in which they are to be shown.
    ///
    /// # Errors
    /// The context makes no sense.
    fn next_wave(&self, context: &Context<'_>) -> Result<Next, InvalidContext>;
}

impl Context<'_> {
    /// Checks everything but the history, which the ledger checks as it reads it.
    fn check(&self) -> Result<(), InvalidContext> {
        let items = self.items;
        if items < 2 {
            return Err(InvalidContext::TooFewItems(items));
        }
        if items > 1 << 30 {
            return Err(InvalidContext::TooManyItems(items));
        }
        let same = |what, found| {
            if found == items { Ok(()) } else { Err(InvalidContext::OtherItems { what, found, items }) }
        };
        let finite = |what, values: &[f64], least: f64| match values
            .iter()
            .position(|value| !value.is_finite() || *value < least)
        {
            Some(item) => Err(InvalidContext::Number { what, item, value: values[item] }),
            None => Ok(()),
        };
        same("the answers", self.answered.items())?;
        if let Some(scores) = self.scores {
            same("the scores", scores.mean.len())?;
            same("the standard errors", scores.standard_error.len())?;
            finite("score", &scores.mean, f64::NEG_INFINITY)?;
            finite("standard error", &scores.standard_error, 0.0)?;
        }
        if !self.priority.is_empty() {
            same("the priorities", self.priority.len())?;
            finite("priority", self.priority, 0.0)?;
        }
        Ok(())
    }

    /// The priority of an item.
    fn priority_of(&self, item: u32) -> f64 {
        self.priority.get(item as usize).copied().unwrap_or(1.0)
    }

    /// The score of an item; 0 without scores.
    fn score_of(&self, item: u32) -> f64 {
        self.scores.and_then(|scores| scores.mean.get(item as usize)).copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests;
