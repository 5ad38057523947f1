//! The decision.

use serde::{Deserialize, Serialize};

use super::Rules;

/// What is known when a decision is due.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Inputs {
    /// How many items there are, anchors included.
    pub items: usize,
    /// How many items were announced; decides whether the net is small.
    pub expected_items: usize,
    /// How many comparisons there may be.
    pub budget: usize,
    /// How many were asked for.
    pub requested: usize,
    /// How many of those were answered.
    pub answered: usize,
    /// How many failed for good.
    pub failed: usize,
    /// How many different pairs were answered, whichever way round.
    pub pairs_answered: usize,
    /// How many passes of resampling were begun.
    pub passes: u32,
    /// How many matchings were chosen without regard to scores.
    pub random_rounds: u32,
    /// The largest change of a score since the fit before, in logits; nothing without two fits.
    pub score_change: Option<f64>,
    /// The empirical-Bayes reliability of the last fit.
    pub reliability: Option<f64>,
    /// The scale separation reliability of the last fit. It is inflated where pairs were chosen by scores, and decides nothing.
    pub separation_reliability: Option<f64>,
    /// After how many waves right before this one the reliability was high enough ([`Facts::reliable_waves`]).
    pub reliable_waves: u32,
    /// The design was asked just now and had no pair.
    pub design_exhausted: bool,
    /// Resampling was asked just now and had no pair.
    pub resampling_exhausted: bool,
}

/// What follows from the inputs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Comparisons without an outcome.
    pub pending: usize,
    /// Comparisons that may still be asked for.
    pub remaining: usize,
    /// Answered over ended comparisons; nothing before the first has ended.
    pub success_rate: Option<f64>,
    /// The success rate is below what the rules ask, or nothing succeeded.
    pub success_too_low: bool,
    /// The scores are stable.
    pub stable: bool,
    /// The reliability less its margin.
    pub reliability_bound: Option<f64>,
    /// After how many waves in a row, this one included, the reliability was high enough.
    pub reliable_waves: u32,
    /// The scores are reliable.
    pub reliable: bool,
    /// How many different pairs there are.
    pub possible_pairs: usize,
    /// Every pair was answered.
    pub coverage_complete: bool,
    /// The net is small.
    pub small_net: bool,
    /// How many passes the net may have; 0 without passes.
    pub pass_cap: u32,
    /// The passes that the net may have were made.
    pub passes_spent: bool,
    /// The separation reliability that was given, for comparison with other tools only: inflated.
    pub inflated_separation_reliability: Option<f64>,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Nothing, until the pending comparisons have ended.
    Wait,
    /// Ask the design for a wave.
    Continue,
    /// Ask for a wave of pairs that were compared before; begins a pass.
    Resample,
    /// Publish the scores.
    Finish,
    /// Give up.
    Fail,
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Comparisons are pending.
    Pending,
    /// No rule is met, and there are budget and pairs left.
    NotEnough,
    /// Every pair was answered and the net may be repeated.
    Repeat,
    /// The scores are stable.
    Stable,
    /// The scores are reliable.
    Reliable,
    /// The budget is spent.
    BudgetSpent,
    /// The passes of a small net are made.
    PassesSpent,
    /// There is no pair left.
    NoPairsLeft,
    /// No comparison succeeded.
    NothingSucceeded,
    /// Too few comparisons succeeded.
    SuccessRateTooLow,
}

/// A decision with its reason and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// What to do.
    pub decision: Decision,
    /// Why.
    pub reason: Reason,
    /// What it rests on.
    pub facts: Facts,
}

/// Decides what happens after the comparisons so far.
///
/// Once the design (or resampling) turns out to have no pair, ask again with that in the inputs: the run then ends.
pub fn assess(inputs: &Inputs, rules: &Rules) -> Verdict {
    let facts = facts(inputs, rules);
    let (decision, reason) = decide(inputs, &facts);
    Verdict { decision, reason, facts }
}

fn decide(inputs: &Inputs, facts: &Facts) -> (Decision, Reason) {
    if facts.pending > 0 {
        return (Decision::Wait, Reason::Pending);
    }
    if facts.stable {
        return (Decision::Finish, Reason::Stable);
    }
    if facts.reliable {
        return (Decision::Finish, Reason::Reliable);
    }
    let small_net_done = facts.small_net && facts.coverage_complete && facts.passes_spent;
    let repeat = facts.coverage_complete && facts.pass_cap > 0 && !facts.passes_spent;
    let end = if facts.remaining == 0 {
        Reason::BudgetSpent
    } else if small_net_done {
        Reason::PassesSpent
    } else if repeat && !inputs.resampling_exhausted {
        return (Decision::Resample, Reason::Repeat);
    } else if inputs.design_exhausted || inputs.resampling_exhausted {
        Reason::NoPairsLeft
    } else {
        return (Decision::Continue, Reason::NotEnough);
    };
    if inputs.answered == 0 {
        (Decision::Fail, if inputs.failed > 0 { Reason::NothingSucceeded } else { end })
    } else if facts.success_too_low {
        (Decision::Fail, Reason::SuccessRateTooLow)
    } else {
        (Decision::Finish, end)
    }
}

fn facts(inputs: &Inputs, rules: &Rules) -> Facts {
    let ended = inputs.answered + inputs.failed;
    let success_rate = (ended > 0).then(|| inputs.answered as f64 / ended as f64);
    let success_too_low = success_rate
        .is_some_and(|rate| rate == 0.0 || rules.least_success_rate.is_some_and(|least| rate < least));
    let stable = rules.stability.is_some_and(|rule| {
        ended >= rule.least_comparisons
            && inputs.score_change.is_some_and(|change| change <= rule.largest_change)
            && !success_too_low
    });
    let (reliability_bound, reliable_waves) = reliability(inputs, rules);
    let wanted_waves = rules.reliability.map_or(u32::MAX, |rule| rule.waves.max(1));
    let possible_pairs = inputs.items * inputs.items.saturating_sub(1) / 2;
    let small_net = rules.passes.is_some_and(|passes| inputs.expected_items <= passes.small_net_items);
    let pass_cap =
        rules.passes.map_or(0, |passes| if small_net { passes.small_net } else { passes.regular_cap() });
    Facts {
        pending: inputs.requested.saturating_sub(ended),
        remaining: inputs.budget.saturating_sub(inputs.requested),
        success_rate,
        success_too_low,
        stable,
        reliability_bound,
        reliable_waves,
        reliable: reliable_waves >= wanted_waves && !success_too_low,
        possible_pairs,
        coverage_complete: possible_pairs > 0 && inputs.pairs_answered >= possible_pairs,
        small_net,
        pass_cap,
        passes_spent: inputs.passes >= pass_cap,
        inflated_separation_reliability: inputs.separation_reliability,
    }
}

/// The reliability less its margin, and for how many waves it has been enough.
fn reliability(inputs: &Inputs, rules: &Rules) -> (Option<f64>, u32) {
    let (Some(rule), Some(estimate)) = (rules.reliability, inputs.reliability) else { return (None, 0) };
    let items = (inputs.items.max(1)) as f64;
    let per_item = inputs.answered as f64 / items;
    let deviation = 0.25 / per_item.max(0.1) * (100.0 / items).sqrt();
    let bound = estimate - rule.margin * deviation;
    let enough = bound >= rule.target
        && per_item >= rule.least_per_item
        && inputs.random_rounds >= rule.least_random_rounds;
    (Some(bound), if enough { inputs.reliable_waves.saturating_add(1) } else { 0 })
}
