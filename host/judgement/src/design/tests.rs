//! What the designs promise, and the cases of the reference service.

use super::*;
use std::collections::BTreeSet;

pub(super) fn scores(mean: &[f64]) -> Scores {
    Scores {
        mean: mean.to_vec(),
        standard_error: vec![0.5; mean.len()],
        sigma: 1.0,
        scale_error: 0.0,
        bias: Vec::new(),
    }
}

/// The state of a run whose answers all come.
pub(super) struct Run {
    pub(super) items: usize,
    pub(super) history: Vec<Request>,
    pub(super) budget: usize,
    pub(super) seed: u64,
    pub(super) wave: u32,
    pub(super) scores: Option<Scores>,
    pub(super) priority: Vec<f64>,
    pub(super) failures_allowed: u32,
}

impl Run {
    pub(super) fn new(items: usize) -> Self {
        Self {
            items,
            history: Vec::new(),
            budget: usize::MAX,
            seed: 42,
            wave: 0,
            scores: None,
            priority: Vec::new(),
            failures_allowed: 0,
        }
    }

    pub(super) fn try_next(&self, design: &dyn Design) -> Result<Next, InvalidContext> {
        let answered = Comparisons::new(self.items, 1, Vec::new()).unwrap();
        design.next_wave(&Context {
            items: self.items,
            history: &self.history,
            answered: &answered,
            scores: self.scores.as_ref(),
            budget: self.budget,
            seed: self.seed,
            wave: self.wave,
            failures_allowed: self.failures_allowed,
            priority: &self.priority,
        })
    }

    /// The next pairs, which are then answered.
    pub(super) fn step(&mut self, design: &dyn Design) -> Vec<Pair> {
        let pairs = self.try_next(design).unwrap().wave().map(|wave| wave.pairs).unwrap_or_default();
        self.add(&pairs, Outcome::Answered);
        pairs
    }

    pub(super) fn add(&mut self, pairs: &[Pair], outcome: Outcome) {
        self.history.extend(pairs.iter().map(|&pair| Request { pair, outcome }));
        self.budget = self.budget.saturating_sub(pairs.len());
        self.wave += 1;
    }

    pub(super) fn distinct(&self) -> usize {
        self.history.iter().map(|request| request.pair.unordered()).collect::<BTreeSet<_>>().len()
    }

    pub(super) fn counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.items];
        for request in &self.history {
            counts[request.pair.first as usize] += 1;
            counts[request.pair.second as usize] += 1;
        }
        counts
    }

    /// The largest difference of an item's places, as a share of its comparisons.
    pub(super) fn skew(&self) -> f64 {
        let mut skew = vec![0_i32; self.items];
        for request in &self.history {
            skew[request.pair.first as usize] += 1;
            skew[request.pair.second as usize] -= 1;
        }
        let share = |(skew, count): (&i32, u32)| f64::from(skew.abs()) / f64::from(count.max(1));
        skew.iter().zip(self.counts()).map(share).fold(0.0, f64::max)
    }
}

fn all_pairs(items: u32) -> Vec<Pair> {
    (0..items).flat_map(|a| (a + 1..items).map(move |b| Pair::new(a, b))).collect()
}

fn unordered(pairs: &[Pair]) -> BTreeSet<(u32, u32)> {
    pairs.iter().map(|pair| pair.unordered()).collect()
}

fn once_each(pairs: &[Pair]) {
    let items: BTreeSet<u32> = pairs.iter().flat_map(|pair| [pair.first, pair.second]).collect();
    assert_eq!(items.len(), 2 * pairs.len(), "an item stands twice in {pairs:?}");
}

#[test]
fn a_wave_is_a_matching_of_half_the_items() {
    let designs: [&dyn Design; 2] = [&Coverage::default(), &RandomMatchings::default()];
    for design in designs {
        for (items, size) in [(2, 1), (3, 1), (4, 2), (5, 2), (6, 3), (50, 25), (333, 166)] {
            let pairs = Run::new(items).step(design);
            assert_eq!(pairs.len(), size, "{items} items");
            once_each(&pairs);
        }
    }
}

#[test]
fn fewer_than_two_items_are_refused() {
    for items in [0, 1] {
        let error = Run::new(items).try_next(&Coverage::default()).unwrap_err();
        assert_eq!(error, InvalidContext::TooFewItems(items));
    }
}

#[test]
fn of_an_odd_number_the_busiest_item_waits() {
    let mut run = Run::new(5);
    run.add(&[Pair::new(0, 3), Pair::new(3, 1)], Outcome::Answered);
    let waits = |pairs: &[Pair]| (0..5).find(|&k| !pairs.iter().any(|p| p.first == k || p.second == k));
    assert_eq!(waits(&run.step(&Coverage::default())), Some(3));
    assert_eq!(waits(&Run::new(5).step(&Coverage::default())), Some(0), "equal counts: the smallest index");
}

#[test]
fn rarely_compared_items_go_first() {
    // Items 0 and 1 have ten comparisons each, the others none; with a budget of 2 the rare ones are taken.
    let mut run = Run::new(6);
    run.add(&[Pair::new(0, 1); 10], Outcome::Answered);
    run.budget = 2;
    let pairs = run.step(&Coverage::default());
    assert_eq!(pairs.len(), 2);
    let busy = |pair: &Pair| usize::from(pair.first < 2) + usize::from(pair.second < 2);
    assert!(busy(&pairs[0]) <= busy(&pairs[1]), "the most valuable pair goes first");
    run.budget = 0;
    assert_eq!(run.try_next(&Coverage::default()).unwrap(), Next::Nothing(Nothing::BudgetSpent));
}

#[test]
fn neighbours_in_score_meet() {
    let mut run = Run::new(4);
    run.scores = Some(scores(&[0.0, 0.1, 1.0, 1.1]));
    assert_eq!(unordered(&run.step(&Coverage::default())), BTreeSet::from([(0, 1), (2, 3)]));
    let count_only = Coverage { proximity_weight: 0.0, ..Coverage::default() };
    let mut all = BTreeSet::new();
    for seed in 0..20 {
        let mut run = Run { seed, scores: Some(scores(&[0.0, 0.1, 1.0, 1.1])), ..Run::new(4) };
        all.extend(unordered(&run.step(&count_only)));
    }
    assert_eq!(all.len(), 6, "without proximity the seed decides");
}

#[test]
fn coverage_ends_when_all_pairs_have_met() {
    for items in [2_usize, 3, 4, 5, 6, 7, 8, 9, 12, 24] {
        let mut run = Run::new(items);
        while !run.step(&Coverage::default()).is_empty() {}
        assert_eq!(run.history.len(), items * (items - 1) / 2, "{items} items");
        assert_eq!(run.distinct(), run.history.len());
        assert_eq!(run.try_next(&Coverage::default()).unwrap(), Next::Nothing(Nothing::NoPairLeft));
        let bound = items as u32 - 1 + items as u32 % 2;
        assert!(run.wave <= bound + 2, "{items} items take {} waves", run.wave);
    }
}

#[test]
fn a_filled_wave_takes_the_whole_budget_at_once() {
    let mut run = Run::new(24);
    run.budget = 120;
    assert_eq!(run.step(&Coverage::fill()).len(), 120);
    assert_eq!(run.distinct(), 120);
    assert!(run.counts().iter().all(|&count| count == 10));
    assert!(run.skew() <= 0.2, "{}", run.skew());
    let mut four = Run::new(4);
    four.budget = 4;
    assert_eq!(four.step(&Coverage::fill()).len(), 4);
    let mut small = Run::new(5);
    assert_eq!(small.step(&Coverage::fill()).len(), 10);
}

#[test]
fn with_a_cap_of_four_the_waves_are_two_two_and_none() {
    let mut run = Run::new(4);
    run.budget = 4;
    let sizes: Vec<usize> = (0..3).map(|_| run.step(&Coverage::default()).len()).collect();
    assert_eq!(sizes, [2, 2, 0]);
}

#[test]
fn positions_are_balanced_to_the_last_wave() {
    // 24 items: coverage of 276 pairs, then 12 and 276 repeats turned round.
    let mut run = Run::new(24);
    while !run.step(&Coverage::default()).is_empty() {}
    assert!(run.skew() <= 0.2, "coverage: {}", run.skew());
    let mut long = Run { history: run.history.clone(), budget: 276, wave: run.wave, ..Run::new(24) };
    run.budget = 12;
    let repeats = run.step(&Resampling::default());
    assert_eq!(repeats.len(), 12);
    once_each(&repeats);
    assert!(run.counts().iter().all(|&count| count == 24));
    assert_eq!(long.step(&Resampling::default()).len(), 276);
    assert!(long.skew().abs() < 1e-12, "{}", long.skew());
    let seen: BTreeSet<Pair> = long.history.iter().map(|request| request.pair).collect();
    assert_eq!(seen.len(), 552, "each pair was shown both ways round");
}

#[test]
fn a_small_net_is_repeated_whole() {
    let mut run = Run::new(5);
    while !run.step(&Coverage::default()).is_empty() {}
    for _ in 0..3 {
        assert_eq!(run.step(&Resampling::default()).len(), 10);
    }
    assert_eq!(run.history.len(), 40);
    assert!(run.skew().abs() < 1e-12);
    assert!(run.counts().iter().all(|&count| count == 16));
}

#[test]
fn resampling_of_three_items_stays_even() {
    let mut run = Run::new(3);
    run.add(&all_pairs(3), Outcome::Answered);
    for _ in 0..5 {
        run.budget = 2;
        assert!(!run.step(&Resampling::default()).is_empty());
    }
    let counts = run.counts();
    assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 2, "{counts:?}");
    assert!(run.skew() <= 0.5);
}

#[test]
fn nothing_to_resample_is_said() {
    let run = Run::new(4);
    assert_eq!(run.try_next(&Resampling::default()).unwrap(), Next::Nothing(Nothing::NoPairLeft));
}

#[test]
fn the_order_of_the_history_changes_nothing() {
    let designs: [&dyn Design; 3] =
        [&Coverage { rounds: 2, ..Coverage::default() }, &RandomMatchings::default(), &Resampling::default()];
    for design in designs {
        let mut run = Run::new(9);
        for _ in 0..3 {
            run.step(&Coverage::default());
        }
        let forward = run.try_next(design).unwrap();
        run.history.reverse();
        assert_eq!(forward, run.try_next(design).unwrap());
        let other = Run { seed: 43, history: run.history.clone(), wave: run.wave, ..Run::new(9) };
        assert_ne!(forward, other.try_next(design).unwrap(), "the seed matters");
    }
}

#[test]
fn a_failed_pair_comes_again_only_while_failures_are_allowed() {
    let mut run = Run::new(2);
    run.add(&[Pair::new(0, 1)], Outcome::Failed);
    let nothing = Next::Nothing(Nothing::NoPairLeft);
    assert_eq!(run.try_next(&Coverage::default()).unwrap(), nothing);
    run.failures_allowed = 1;
    assert_eq!(run.step(&Coverage::default()).len(), 1);
    run.history[1].outcome = Outcome::Pending;
    assert_eq!(run.try_next(&Coverage::default()).unwrap(), nothing, "it may still be answered");
    run.history[1].outcome = Outcome::Failed;
    assert_eq!(run.try_next(&Coverage::default()).unwrap(), nothing, "it has failed too often");
}

#[test]
fn random_matchings_do_not_repeat_until_all_have_met() {
    for items in [6_usize, 7] {
        let mut run = Run::new(items);
        let all = items * (items - 1) / 2;
        while run.history.len() < all {
            assert!(!run.step(&RandomMatchings::default()).is_empty());
            assert_eq!(run.distinct(), run.history.len().min(all));
        }
        while run.history.len() < 2 * all {
            assert!(!run.step(&RandomMatchings::default()).is_empty());
        }
        let seen: BTreeSet<Pair> = run.history[..2 * all].iter().map(|request| request.pair).collect();
        assert!(seen.len() >= 2 * all - 1, "the second time the pair is turned round: {}", seen.len());
    }
    let once = RandomMatchings { repeats: false, ..RandomMatchings::default() };
    let mut run = Run::new(4);
    while !run.step(&once).is_empty() {}
    assert_eq!(run.history.len(), 6);
}

#[test]
fn anchors_meet_students_from_both_sides() {
    // 12 anchors and 12 students over 200 seeds: the share of anchors shown first.
    let (mut first, mut all) = (0.0, 0.0);
    for seed in 0..200 {
        let mut run = Run { seed, ..Run::new(24) };
        for pair in run.step(&Coverage::default()) {
            if (pair.first < 12) != (pair.second < 12) {
                all += 1.0;
                first += f64::from(u8::from(pair.first < 12));
            }
        }
    }
    assert!(all > 100.0);
    let chi_square: f64 = (first - all / 2.0).powi(2) / (all / 4.0);
    assert!(chi_square < 3.84, "{first} of {all}");
}

#[test]
fn an_item_of_no_priority_waits() {
    for design in [&Coverage::default() as &dyn Design, &RandomMatchings::default()] {
        let mut run = Run { priority: vec![1.0, 1.0, 0.0, 1.0, 1.0], ..Run::new(5) };
        for _ in 0..3 {
            assert_eq!(run.step(design).len(), 2);
        }
        assert_eq!(run.counts()[2], 0);
    }
}

#[test]
fn an_anchor_gets_its_share_of_the_comparisons() {
    for design in [&Coverage::default() as &dyn Design, &RandomMatchings::default(), &Adaptive::default()] {
        let mut run = Run::new(40);
        run.priority = vec![1.0; 40];
        run.priority[3] = 2.0;
        run.priority[17] = 0.5;
        while run.history.len() < 200 {
            run.step(design);
            run.scores = Some(scores(&[0.0; 40]));
        }
        let counts = run.counts();
        let others = (counts.iter().sum::<u32>() - counts[3] - counts[17]) as f64 / 38.0;
        let [anchor, half] = [3, 17].map(|item: usize| f64::from(counts[item]) / others);
        assert!((1.6..=2.2).contains(&anchor), "{anchor}");
        assert!((0.3..=0.7).contains(&half), "{half}");
        assert_eq!(run.distinct(), run.history.len());
    }
}

#[test]
fn what_makes_no_sense_is_named() {
    let refused = |run: &Run| run.try_next(&Coverage::default()).unwrap_err();
    let mut run = Run::new(3);
    run.add(&[Pair::new(0, 1), Pair::new(2, 2)], Outcome::Answered);
    assert_eq!(refused(&run), InvalidContext::Request { index: 1, pair: Pair::new(2, 2), items: 3 });
    let short = Run { scores: Some(scores(&[0.0])), ..Run::new(3) };
    assert_eq!(refused(&short), InvalidContext::OtherItems { what: "the scores", found: 1, items: 3 });
    let infinite = Run { scores: Some(scores(&[0.0, f64::INFINITY, 0.0])), ..Run::new(3) };
    let number = InvalidContext::Number { what: "score", item: 1, value: f64::INFINITY };
    assert_eq!(refused(&infinite), number);
    let negative = Run { priority: vec![1.0, -1.0, 1.0], ..Run::new(3) };
    assert!(refused(&negative).to_string().contains("priority of item 1 is -1"));
}
