//! The agreement of anchors with their grades.

#![expect(clippy::unwrap_used, reason = "a test may unwrap, and so may its helpers")]

use docket_judgement::alignment::{Inversion, alignment};
use docket_judgement::grades::{GradeError, Scale};
use docket_judgement::{Comparison, Comparisons, Scores, Verdict};

/// Grades and scores of a real batch of twelve anchors, by anchor number less one.
const BATCH: [(&str, f64); 12] = [
    ("F+", -5.04),
    ("B", 2.95),
    ("C-", -1.99),
    ("F+", -6.31),
    ("B", 2.94),
    ("C+", -0.03),
    ("E-", -7.99),
    ("D-", -4.05),
    ("D+", -1.88),
    ("A", 2.31),
    ("E+", -3.24),
    ("A", 3.72),
];

fn scores(mean: &[f64]) -> Scores {
    Scores {
        mean: mean.to_vec(),
        standard_error: vec![1.0; mean.len()],
        sigma: 1.0,
        scale_error: 0.0,
        bias: Vec::new(),
    }
}

fn batch() -> (Scale, Vec<(u32, &'static str)>, Scores) {
    let anchors = (0u32..).zip(BATCH.iter().map(|&(grade, _)| grade)).collect();
    let mean: Vec<f64> = BATCH.iter().map(|&(_, score)| score).collect();
    (Scale::by_id("eng5_np_legacy_9_step").unwrap(), anchors, scores(&mean))
}

fn won(winner: u32, loser: u32, times: f32) -> Comparison {
    // The winner is shown second every other time, so that both orders are counted.
    let row = if (winner + loser).is_multiple_of(2) {
        Comparison::new(winner, loser, Verdict::First)
    } else {
        Comparison::new(loser, winner, Verdict::Second)
    };
    Comparison { weight: times, ..row }
}

/// Comparisons with the figures of that batch: anchor 12 won 14 of 17, anchor 7 lost 17 of 17, five pairs against
/// their grades.
fn answers() -> Comparisons {
    let rows = vec![
        won(11, 1, 5.0),
        won(11, 4, 5.0),
        won(11, 5, 4.0),
        won(9, 11, 3.0),
        won(9, 1, 2.0),
        won(0, 6, 4.0),
        won(3, 6, 4.0),
        won(7, 6, 4.0),
        won(10, 6, 5.0),
        won(8, 2, 2.0),
        won(8, 2, 1.0),
        won(2, 8, 1.0),
        won(10, 7, 1.0),
        won(7, 0, 2.0),
        won(2, 7, 2.0),
        won(8, 5, 1.0),
        won(1, 4, 2.0),
        won(4, 5, 1.0),
        won(5, 2, 1.0),
    ];
    Comparisons::new(12, 1, rows).unwrap()
}

#[test]
fn the_figures_of_a_real_batch() {
    let (scale, anchors, scores) = batch();
    let found = alignment(&scale, &anchors, &answers(), &scores).unwrap();
    // 57 pairs in order, 6 against it, 3 of one grade that count for nothing. (The record of the batch says "about
    // .82", which is what comes out when those 3 are called in order: (60 - 6) / 66.)
    assert!((found.tau - 51.0 / 66.0).abs() < 1e-12, "{}", found.tau);
    assert_eq!(found.zero_wins, [6]);
    let mut inversions: Vec<(u32, u32)> =
        found.inversions.iter().map(|one| (one.winner, one.loser)).collect();
    inversions.sort_unstable();
    assert_eq!(inversions, [(0, 6), (3, 6), (8, 2), (8, 5), (10, 7)]);
    let of = |item: u32| found.anchors.iter().find(|one| one.item == item).unwrap();
    assert_eq!((of(11).wins, of(11).losses), (14.0, 3.0));
    assert!((of(11).win_rate().unwrap() - 14.0 / 17.0).abs() < 1e-12);
    assert_eq!((of(6).wins, of(6).losses, of(6).win_rate()), (0.0, 17.0, Some(0.0)));
    assert_eq!(found.anchors[0].item, 11, "the highest score first");
    assert_eq!(found.anchors[11].item, 6);
}

#[test]
fn a_perfect_order_without_repeated_grades_has_tau_one() {
    let scale = Scale::by_id("eng5_np_national_9_step").unwrap();
    let none = Comparisons::new(4, 1, Vec::new()).unwrap();
    let anchors = [(0, "1"), (1, "4"), (2, "7"), (3, "9")];
    let tau = |mean: &[f64]| alignment(&scale, &anchors, &none, &scores(mean)).unwrap().tau;
    assert_eq!(tau(&[-3.0, -1.0, 1.0, 3.0]), 1.0);
    assert_eq!(tau(&[3.0, 1.0, -1.0, -3.0]), -1.0);
    assert_eq!(tau(&[-1.0, -3.0, 1.0, 3.0]), 4.0 / 6.0);
    assert_eq!(tau(&[0.0; 4]), 0.0);
    let found = alignment(&scale, &anchors, &none, &scores(&[0.0; 4])).unwrap();
    assert!(found.zero_wins.is_empty() && found.anchors[0].win_rate().is_none());
}

#[test]
fn ties_soft_answers_and_other_items() {
    let scale = Scale::by_id("eng5_np_legacy_9_step").unwrap();
    let rows = vec![
        Comparison::new(0, 1, Verdict::Tie),
        Comparison::new(0, 1, Verdict::Soft(-0.2)),
        Comparison::new(2, 0, Verdict::First),
    ];
    let comparisons = Comparisons::new(3, 1, rows).unwrap();
    let found = alignment(&scale, &[(0, "A"), (1, "B")], &comparisons, &scores(&[1.0, 0.0, 0.0])).unwrap();
    assert_eq!(found.inversions, [Inversion { winner: 1, loser: 0 }]);
    assert_eq!(found.zero_wins, [0]);
    let first = &found.anchors[0];
    assert_eq!((first.wins, first.losses, first.ties), (0.0, 2.0, 1.0));
    assert!((first.win_rate().unwrap() - 1.0 / 6.0).abs() < 1e-12);
}

#[test]
fn bad_input_is_named() {
    let (scale, mut anchors, scores) = batch();
    anchors[3].1 = "9";
    let outside = alignment(&scale, &anchors, &answers(), &scores).unwrap_err();
    assert!(matches!(outside, GradeError::OutsideScale { .. }));
    let twice = alignment(&scale, &[(2, "A"), (2, "A")], &answers(), &scores);
    assert_eq!(twice, Err(GradeError::AnchorTwice(2)));
    let unknown = alignment(&scale, &[(12, "A")], &answers(), &scores);
    assert_eq!(unknown, Err(GradeError::UnknownAnchor { item: 12, items: 12 }));
}
