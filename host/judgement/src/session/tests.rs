use super::*;
use crate::stopping::{Passes, Reason, ReliabilityRule, Rules};

fn settings(items: usize, budget: usize) -> Settings {
    Settings {
        items,
        anchors: Vec::new(),
        seed: 42,
        design: DesignName::Coverage,
        scorer: Scorer::Ep,
        evidence: Evidence::Winner,
        budget,
        fill: false,
        rules: Rules { stability: None, ..Rules::reference() },
        attempts: 3,
        anchor_priority: 1.0,
    }
}

/// Runs a session to its end. `answer` says of (number, attempt, pair) whether the first wins, or that it failed.
fn run(session: &mut Session, answer: impl Fn(u32, u32, Pair) -> Option<bool>) -> Vec<Decided> {
    let mut log = Vec::new();
    for _ in 0..500 {
        log.extend(session.turn(false, 1_000).unwrap());
        if session.ending.is_some() {
            return log;
        }
        let pending: Vec<(u32, u32, Pair)> =
            session.pending().map(|(number, asked)| (number, asked.attempt, asked.pair)).collect();
        assert!(!pending.is_empty(), "a session that goes on waits for something");
        for (number, attempt, pair) in pending.into_iter().rev() {
            let applied = match answer(number, attempt, pair) {
                Some(first) => session.answered(number, attempt, first, Some(4.0), "judge"),
                None => session.failed(number, attempt, "TIMEOUT"),
            };
            assert_eq!(applied, Applied::Changed);
        }
    }
    panic!("the session did not end");
}

fn better(_: u32, _: u32, pair: Pair) -> Option<bool> {
    Some(pair.first < pair.second)
}

#[test]
fn a_net_of_any_size_ends_by_a_decision() {
    for items in 2..=16 {
        let mut session = Session::new(settings(items, 120));
        let log = run(&mut session, better);
        let Some(Ending::Finished { reason }) = &session.ending else { panic!("{:?}", session.ending) };
        let possible = items * (items - 1) / 2;
        assert!(session.asked.len() <= 120);
        match reason {
            Reason::BudgetSpent => assert_eq!(session.asked.len(), 120, "{items} items"),
            Reason::PassesSpent | Reason::NoPairsLeft => {
                assert!(session.asked.len() > possible, "{items} items")
            }
            other => panic!("{items} items ended with {other:?}"),
        }
        assert!(matches!(log.last().unwrap().action, Action::End(_)));
        let best = session.scores.as_ref().unwrap().ranking()[0];
        assert_eq!(best, 0);
    }
}

#[test]
fn five_essays_with_three_passes_take_forty_comparisons() {
    let rules = Rules {
        passes: Some(Passes { small_net_items: 5, small_net: 3, regular: 1 }),
        stability: None,
        ..Rules::reference()
    };
    let mut session = Session::new(Settings { rules, ..settings(5, 60) });
    run(&mut session, better);
    assert_eq!(session.asked.len(), 40);
    assert_eq!(session.ending, Some(Ending::Finished { reason: Reason::PassesSpent }));
    assert_eq!(session.passes, 3);
    let mut shown = [[0_u32; 2]; 5];
    for asked in &session.asked {
        shown[asked.pair.first as usize][0] += 1;
        shown[asked.pair.second as usize][1] += 1;
    }
    for [first, second] in shown {
        assert_eq!(first + second, 16);
        assert!(first.abs_diff(second) <= 2, "shown first {first} times and second {second} times");
    }
}

#[test]
fn what_failed_is_tried_again_and_counts_once() {
    let mut session = Session::new(settings(6, 60));
    let log =
        run(&mut session, |number, attempt, pair| (attempt > number % 3).then_some(pair.first < pair.second));
    assert!(matches!(session.ending, Some(Ending::Finished { .. })), "{:?}", session.ending);
    assert!(session.asked.iter().all(|asked| matches!(asked.status, Status::Answered { .. })));
    assert_eq!(session.retries, session.asked.iter().map(|asked| asked.attempt as usize - 1).sum::<usize>());
    assert!(session.asked.len() + session.retries <= 60, "retries count against the budget");
    let rate = log.last().unwrap().facts.success_rate;
    assert_eq!(rate, Some(1.0), "the rate is that after the retries");
}

#[test]
fn without_answers_it_fails_with_the_reason() {
    let mut session = Session::new(settings(4, 30));
    run(&mut session, |_, _, _| None);
    let Some(Ending::Failed { reason, .. }) = &session.ending else { panic!("{:?}", session.ending) };
    assert_eq!(*reason, Reason::NothingSucceeded);
    assert!(session.asked.len() + session.retries <= 30);
}

#[test]
fn too_few_answers_make_it_fail() {
    let settings = Settings { attempts: 1, ..settings(8, 40) };
    let mut session = Session::new(settings);
    run(&mut session, |number, _, pair| (number % 2 == 0).then_some(pair.first < pair.second));
    let Some(Ending::Failed { reason, .. }) = &session.ending else { panic!("{:?}", session.ending) };
    assert_eq!(*reason, Reason::SuccessRateTooLow);
}

#[test]
fn duplicate_late_and_foreign_answers_change_nothing() {
    let mut session = Session::new(settings(4, 30));
    session.turn(false, 1_000).unwrap();
    assert_eq!(session.answered(0, 1, true, None, "judge"), Applied::Changed);
    let before = session.clone();
    assert_eq!(session.answered(0, 1, false, None, "judge"), Applied::Ignored, "a duplicate");
    assert_eq!(session.failed(0, 1, "TIMEOUT"), Applied::Ignored, "a contradiction");
    assert_eq!(session.answered(99, 1, true, None, "judge"), Applied::Ignored, "a stranger");
    assert_eq!(session.answered(1, 2, true, None, "judge"), Applied::Ignored, "an attempt that was not made");
    assert_eq!(session, before);
    assert_eq!(session.expire(1_000), 1, "the other one's deadline is over");
    assert_eq!(session.answered(1, 1, true, None, "judge"), Applied::Ignored, "too late");
    session.turn(false, 2_000).unwrap();
    assert_eq!(session.asked[1].attempt, 2);
    assert_eq!(session.answered(1, 1, true, None, "judge"), Applied::Ignored, "the first attempt's answer");
    assert_eq!(session.next_deadline(), Some(2_000));
}

#[test]
fn the_order_of_answers_changes_nothing() {
    let settings = Settings {
        design: DesignName::Adaptive,
        rules: Rules { reliability: Some(ReliabilityRule::default()), passes: None, ..Rules::default() },
        ..settings(12, 90)
    };
    let verdict = |number: u32, pair: Pair| (pair.first * 7 + pair.second * 3 + number) % 5 < 3;
    let mut sessions = [Session::new(settings.clone()), Session::new(settings)];
    for step in 0..200 {
        for (which, session) in sessions.iter_mut().enumerate() {
            session.turn(false, 1_000).unwrap();
            let mut pending: Vec<(u32, Pair)> = session.pending().map(|(n, asked)| (n, asked.pair)).collect();
            if which == 1 {
                pending.reverse();
            }
            for (number, pair) in pending {
                session.answered(number, 1, verdict(number, pair), None, "judge");
            }
        }
        let [a, b] = &sessions;
        assert_eq!(a, b, "step {step}");
        if a.ending.is_some() {
            return;
        }
    }
    panic!("the sessions did not end");
}

#[test]
fn one_wave_fills_the_budget_and_more_may_follow() {
    let mut session = Session::new(Settings { fill: true, ..settings(6, 40) });
    let first = session.turn(false, 1_000).unwrap();
    assert_eq!(first[0].asked.len(), 15, "every pair once");
    for number in 0..15 {
        let pair = session.asked[number as usize].pair;
        session.answered(number, 1, pair.first < pair.second, None, "judge");
    }
    let second = session.turn(false, 1_000).unwrap();
    assert_eq!(second[0].action, Action::Resample, "a pass follows, unlike in the reference service");
}

#[test]
fn a_cancelled_session_ends_at_once() {
    let mut session = Session::new(settings(4, 30));
    session.turn(false, 1_000).unwrap();
    session.turn(true, 1_000).unwrap();
    assert_eq!(session.ending, Some(Ending::Cancelled));
    assert!(session.turn(false, 1_000).unwrap().is_empty(), "the end is the end");
}

#[test]
fn a_decision_can_be_made_again_from_its_context() {
    let mut session = Session::new(settings(5, 60));
    for decided in run(&mut session, better) {
        let stored = serde_json::to_string(&decided).unwrap();
        let read: Decided = serde_json::from_str(&stored).unwrap();
        let (action, reason, facts) = decide(&read.context, &session.settings.rules);
        assert_eq!((action, reason, facts), (read.action, read.reason, read.facts));
    }
}
