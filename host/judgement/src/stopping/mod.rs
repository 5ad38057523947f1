//! When to stop: one pure function from what is known to a decision with its reason.
//!
//! Two rules say that scores are good enough: the reference service's *stability* (scores hardly move) and the
//! empirical-Bayes *reliability*, which unlike stability says how much of the ranking is error. Budget, passes and the
//! design's own end bound every run, and too few successful answers make it fail.

mod assess;
mod reliability;
mod rules;

pub use assess::{Decision, Facts, Inputs, Reason, Verdict, assess};
pub use reliability::{score_change, separation_reliability};
pub use rules::{Passes, ReliabilityRule, Rules, StabilityRule};

#[cfg(test)]
mod tests;
