//! The gates one by one, and whole runs by the reference's rules.

use super::*;
use crate::Comparisons;
use crate::design::{Context, Coverage, Design, Next, Outcome, Request, Resampling};
use std::collections::BTreeSet;

fn inputs(items: usize, budget: usize, answered: usize, failed: usize) -> Inputs {
    Inputs {
        items,
        expected_items: items,
        budget,
        requested: answered + failed,
        answered,
        failed,
        pairs_answered: answered.min(items * (items - 1) / 2),
        passes: 0,
        random_rounds: 4,
        score_change: None,
        reliability: None,
        separation_reliability: None,
        reliable_waves: 0,
        design_exhausted: false,
        resampling_exhausted: false,
    }
}

fn reference(inputs: &Inputs) -> (Decision, Reason) {
    let verdict = assess(inputs, &Rules::reference());
    (verdict.decision, verdict.reason)
}

#[test]
fn a_pending_comparison_is_waited_for() {
    let waiting = Inputs { requested: 6, ..inputs(10, 6, 4, 1) };
    assert_eq!(reference(&waiting), (Decision::Wait, Reason::Pending));
    assert_eq!(reference(&inputs(10, 6, 6, 0)), (Decision::Finish, Reason::BudgetSpent));
    assert_eq!(reference(&inputs(10, 10, 5, 0)), (Decision::Continue, Reason::NotEnough));
}

#[test]
fn too_few_successes_fail_at_the_end_and_not_before() {
    assert_eq!(reference(&inputs(10, 10, 0, 10)), (Decision::Fail, Reason::NothingSucceeded));
    assert_eq!(reference(&inputs(10, 10, 2, 8)), (Decision::Fail, Reason::SuccessRateTooLow));
    assert_eq!(reference(&inputs(10, 10, 8, 2)), (Decision::Finish, Reason::BudgetSpent));
    assert_eq!(reference(&inputs(10, 20, 2, 8)), (Decision::Continue, Reason::NotEnough));
    let exhausted = Inputs { design_exhausted: true, ..inputs(10, 20, 2, 8) };
    assert_eq!(reference(&exhausted), (Decision::Fail, Reason::SuccessRateTooLow));
    let nothing = Inputs { design_exhausted: true, ..inputs(10, 20, 0, 8) };
    assert_eq!(reference(&nothing), (Decision::Fail, Reason::NothingSucceeded));
}

#[test]
fn stable_scores_finish() {
    let stable = Inputs { score_change: Some(0.025), ..inputs(10, 120, 12, 0) };
    assert_eq!(reference(&stable), (Decision::Finish, Reason::Stable));
    for other in [
        Inputs { score_change: Some(0.026), ..stable },
        Inputs { score_change: None, ..stable },
        Inputs { answered: 11, requested: 11, ..stable },
        Inputs { answered: 9, failed: 3, ..stable },
    ] {
        assert_eq!(reference(&other), (Decision::Continue, Reason::NotEnough));
    }
    // Failed comparisons count among the twelve.
    let with_failures = Inputs { answered: 10, failed: 2, ..stable };
    assert_eq!(reference(&with_failures), (Decision::Finish, Reason::Stable));
}

#[test]
fn a_small_net_is_resampled_and_then_ends() {
    let passes = Passes { small_net_items: 5, small_net: 2, regular: 1 };
    let rules = Rules { passes: Some(passes), ..Rules::reference() };
    let at = |passes| {
        let verdict = assess(&Inputs { passes, ..inputs(3, 100, 3, 0) }, &rules);
        (verdict.decision, verdict.reason)
    };
    assert_eq!(at(0), (Decision::Resample, Reason::Repeat));
    assert_eq!(at(1), (Decision::Resample, Reason::Repeat));
    assert_eq!(at(2), (Decision::Finish, Reason::PassesSpent));
    let uncovered = Inputs { passes: 2, ..inputs(3, 100, 2, 0) };
    assert_eq!(assess(&uncovered, &rules).decision, Decision::Continue);
}

#[test]
fn a_covered_net_is_resampled_once() {
    let covered = inputs(20, 200, 190, 0);
    assert_eq!(reference(&covered), (Decision::Resample, Reason::Repeat));
    assert_eq!(reference(&Inputs { passes: 1, ..covered }), (Decision::Continue, Reason::NotEnough));
    assert_eq!(reference(&Inputs { pairs_answered: 189, ..covered }).0, Decision::Continue);
    assert_eq!(reference(&Inputs { budget: 190, ..covered }), (Decision::Finish, Reason::BudgetSpent));
    let stable = Inputs { score_change: Some(0.0), ..covered };
    assert_eq!(reference(&stable), (Decision::Finish, Reason::Stable));
    // The regular cap is never above the small net's, and 0 switches passes off.
    let capped = |small_net, regular| {
        let passes = Passes { small_net, regular, ..Passes::default() };
        assess(&covered, &Rules { passes: Some(passes), ..Rules::reference() }).facts.pass_cap
    };
    assert_eq!([capped(4, 1), capped(1, 3), capped(0, 3), capped(4, 0)], [1, 1, 3, 0]);
}

#[test]
fn resampling_without_a_pair_ends_the_run() {
    let exhausted = Inputs { resampling_exhausted: true, ..inputs(20, 200, 190, 0) };
    assert_eq!(reference(&exhausted), (Decision::Finish, Reason::NoPairsLeft));
}

#[test]
fn reliability_waits_for_random_rounds_and_three_answers_per_item() {
    let rule = ReliabilityRule { margin: 0.0, ..ReliabilityRule::default() };
    let rules = Rules { reliability: Some(rule), ..Rules::default() };
    let reliable = Inputs { reliability: Some(0.9), ..inputs(100, 1000, 300, 0) };
    let verdict = assess(&reliable, &rules);
    assert_eq!((verdict.decision, verdict.reason), (Decision::Finish, Reason::Reliable));
    for other in [
        Inputs { reliability: Some(0.899), ..reliable },
        Inputs { reliability: None, ..reliable },
        Inputs { random_rounds: 3, ..reliable },
        Inputs { answered: 299, requested: 299, ..reliable },
        Inputs { answered: 310, failed: 100, requested: 410, ..reliable },
    ] {
        let verdict = assess(&other, &rules);
        assert_eq!((verdict.decision, verdict.reason), (Decision::Continue, Reason::NotEnough));
        assert!(!verdict.facts.reliable);
    }
}

#[test]
fn by_default_the_estimate_must_lie_three_quarters_of_a_deviation_above_the_target() {
    let at = |reliability| {
        let inputs = Inputs { reliability: Some(reliability), ..inputs(100, 2000, 1000, 0) };
        assess(&inputs, &Rules::default()).reason
    };
    assert_eq!([at(0.9188), at(0.9187)], [Reason::Reliable, Reason::NotEnough]);
}

#[test]
fn the_inflated_reliability_stops_nothing() {
    let inflated = Inputs { separation_reliability: Some(1.0), ..inputs(100, 1000, 900, 0) };
    let verdict = assess(&inflated, &Rules::default());
    assert_eq!(verdict.decision, Decision::Continue);
    assert_eq!(verdict.facts.inflated_separation_reliability, Some(1.0));
}

#[test]
fn a_margin_and_waves_in_a_row_can_be_asked_for() {
    let rule = ReliabilityRule { margin: 1.28, waves: 2, ..ReliabilityRule::default() };
    let rules = Rules { reliability: Some(rule), ..Rules::default() };
    let at = |reliability, reliable_waves| {
        assess(
            &Inputs { reliability: Some(reliability), reliable_waves, ..inputs(100, 9000, 1000, 0) },
            &rules,
        )
    };
    // The deviation is .025 at 10 answers per item of 100.
    let first = at(0.933, 0);
    assert!((first.facts.reliability_bound.unwrap() - 0.901).abs() < 1e-12);
    assert_eq!((first.decision, first.facts.reliable_waves), (Decision::Continue, 1));
    assert_eq!(at(0.933, first.facts.reliable_waves).reason, Reason::Reliable);
    let lost = at(0.931, 1);
    assert_eq!((lost.decision, lost.facts.reliable_waves), (Decision::Continue, 0));
}

#[test]
fn a_verdict_can_be_stored() {
    let verdict = assess(&inputs(10, 10, 2, 8), &Rules::reference());
    let stored = serde_json::to_string(&verdict).unwrap();
    assert!(stored.contains(r#""decision":"fail","reason":"success_rate_too_low""#), "{stored}");
    assert_eq!(serde_json::from_str::<Verdict>(&stored).unwrap(), verdict);
    let rules: Rules = serde_json::from_str(r#"{"reliability": {"target": 0.8}}"#).unwrap();
    assert_eq!(rules.reliability.map(|rule| (rule.target, rule.least_random_rounds)), Some((0.8, 4)));
    assert!(serde_json::from_str::<Rules>(r#"{"reliabilty": null}"#).is_err());
}

/// A run by the reference's design and rules whose answers all come and are never stable: the size of each wave
/// (negative for resampling) and the reason of the end.
fn whole_run(items: usize, budget: usize, rules: &Rules) -> (Vec<i64>, Reason) {
    let mut history: Vec<Request> = Vec::new();
    let (mut waves, mut passes) = (Vec::new(), 0);
    let answered = Comparisons::new(items, 1, Vec::new()).unwrap();
    let (mut design_exhausted, mut resampling_exhausted) = (false, false);
    loop {
        let pairs: BTreeSet<(u32, u32)> = history.iter().map(|request| request.pair.unordered()).collect();
        let verdict = assess(
            &Inputs {
                pairs_answered: pairs.len(),
                passes,
                design_exhausted,
                resampling_exhausted,
                ..inputs(items, budget, history.len(), 0)
            },
            rules,
        );
        let context = Context {
            items,
            history: &history,
            answered: &answered,
            scores: None,
            budget: budget - history.len(),
            seed: 42,
            wave: waves.len() as u32,
            failures_allowed: 0,
            priority: &[],
        };
        let (next, sign) = match verdict.decision {
            Decision::Continue => (Coverage::default().next_wave(&context).unwrap(), 1),
            Decision::Resample => {
                passes += 1;
                (Resampling::default().next_wave(&context).unwrap(), -1)
            }
            _ => return (waves, verdict.reason),
        };
        match next {
            Next::Wave(wave) => {
                waves.push(sign * wave.pairs.len() as i64);
                history.extend(wave.pairs.iter().map(|&pair| Request { pair, outcome: Outcome::Answered }));
                (design_exhausted, resampling_exhausted) = (false, false);
            }
            Next::Nothing(_) if sign > 0 => design_exhausted = true,
            Next::Nothing(_) => resampling_exhausted = true,
        }
    }
}

#[test]
fn every_run_ends_by_decision() {
    use Reason::{BudgetSpent, NoPairsLeft, PassesSpent};
    // Items, budget, all comparisons at least and at most, coverage waves at least and at most, passes, reason. Where the
    // reference stalls after its pass (4 to 12 items), the run ends with "no pairs left".
    let table = [
        (2, 120, 5, 5, 1, 1, 4, PassesSpent),
        (3, 120, 15, 15, 3, 3, 4, PassesSpent),
        (4, 120, 12, 12, 3, 3, 1, NoPairsLeft),
        (5, 120, 20, 20, 5, 6, 1, NoPairsLeft),
        (6, 120, 30, 30, 5, 6, 1, NoPairsLeft),
        (7, 120, 42, 42, 7, 8, 1, NoPairsLeft),
        (8, 120, 56, 56, 7, 8, 1, NoPairsLeft),
        (9, 120, 72, 72, 9, 12, 1, NoPairsLeft),
        (10, 120, 90, 90, 9, 12, 1, NoPairsLeft),
        (11, 120, 110, 110, 9, 12, 1, NoPairsLeft),
        (14, 120, 117, 120, 13, 15, 1, BudgetSpent),
        (16, 120, 120, 120, 15, 16, 0, BudgetSpent),
        (20, 120, 120, 120, 12, 12, 0, BudgetSpent),
        (24, 120, 120, 120, 10, 10, 0, BudgetSpent),
        (30, 120, 120, 120, 8, 8, 0, BudgetSpent),
        (24, 288, 288, 288, 23, 25, 1, BudgetSpent),
        (24, 552, 552, 552, 23, 25, 1, BudgetSpent),
    ];
    for (items, budget, least, most, few, many, passes, reason) in table {
        let (waves, ended) = whole_run(items, budget, &Rules::reference());
        let all: i64 = waves.iter().map(|size| size.abs()).sum();
        let coverage = waves.iter().filter(|&&size| size > 0).count();
        assert!((least..=most).contains(&all), "{items} items: {all} comparisons");
        assert!((few..=many).contains(&coverage), "{items} items: {coverage} waves of coverage");
        assert_eq!(waves.len() - coverage, passes, "{items} items");
        assert_eq!(ended, reason, "{items} items");
    }
}

#[test]
fn a_net_of_five_ends_by_its_passes() {
    let passes = Passes { small_net_items: 5, small_net: 3, regular: 1 };
    let rules = Rules { passes: Some(passes), ..Rules::reference() };
    let (waves, reason) = whole_run(5, 60, &rules);
    assert_eq!(waves.iter().map(|size| size.abs()).sum::<i64>(), 40);
    assert_eq!(waves[waves.len() - 3..], [-10, -10, -10]);
    assert_eq!(reason, Reason::PassesSpent);
}
