//! How a ranking of anchors and the comparisons among them agree with the anchors' known grades.

mod tau;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::grades::{GradeError, Scale};
use crate::{Comparisons, Scores, Verdict};

pub use tau::kendall_tau;

/// Agreement of anchors with their grades.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alignment {
    /// Each anchor, the highest score first.
    pub anchors: Vec<AnchorRecord>,
    /// Kendall's tau of known grades and scores: see [`kendall_tau`]. Anchors with the same grade count as neither, so
    /// that 1 is out of reach when grades repeat.
    pub tau: f64,
    /// Pairs in which an anchor beat one with a higher grade, each pair once, in order.
    pub inversions: Vec<Inversion>,
    /// Anchors that were compared and never won, in order.
    pub zero_wins: Vec<u32>,
}

/// An anchor's wins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnchorRecord {
    /// The item.
    pub item: u32,
    /// Its known grade.
    pub grade: String,
    /// Its score in logits.
    pub score: f64,
    /// Its standard error in logits.
    pub standard_error: f64,
    /// Comparisons it won, by weight.
    pub wins: f64,
    /// Comparisons it lost, by weight.
    pub losses: f64,
    /// Comparisons without a winner, by weight.
    pub ties: f64,
}

impl AnchorRecord {
    /// Share of comparisons won, a tie as half; nothing without comparisons.
    pub fn win_rate(&self) -> Option<f64> {
        let all = self.wins + self.losses + self.ties;
        (all > 0.0).then(|| (self.wins + 0.5 * self.ties) / all)
    }
}

/// Two anchors in the wrong order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inversion {
    /// The one with the lower grade, which won at least once.
    pub winner: u32,
    /// The one with the higher grade.
    pub loser: u32,
}

/// Compares the anchors' grades with their scores and with the comparisons among them. Comparisons with other items
/// count for wins, losses and ties, but cannot be inversions. A soft verdict counts for the side it leans to.
///
/// # Errors
/// A grade without a place on the scale; an anchor that is no item or is given twice; scores that are not finite or
/// not those of the compared items.
pub fn alignment(
    scale: &Scale,
    anchors: &[(u32, &str)],
    comparisons: &Comparisons,
    scores: &Scores,
) -> Result<Alignment, GradeError> {
    let items = comparisons.items().min(scores.items()).min(scores.standard_error.len());
    let mut ranks: BTreeMap<u32, (usize, AnchorRecord)> = BTreeMap::new();
    for &(item, grade) in anchors {
        if item as usize >= items {
            return Err(GradeError::UnknownAnchor { item, items });
        }
        let (score, standard_error) = (scores.mean[item as usize], scores.standard_error[item as usize]);
        if !score.is_finite() || !standard_error.is_finite() {
            return Err(GradeError::Score(item));
        }
        let (wins, losses, ties) = (0.0, 0.0, 0.0);
        let record =
            AnchorRecord { item, grade: grade.to_owned(), score, standard_error, wins, losses, ties };
        if ranks.insert(item, (scale.rank(grade)?, record)).is_some() {
            return Err(GradeError::AnchorTwice(item));
        }
    }
    let inversions = count(comparisons, &mut ranks);
    let zero_wins = ranks
        .values()
        .filter(|(_, one)| one.wins == 0.0 && one.losses + one.ties > 0.0)
        .map(|(_, one)| one.item);
    let (known, found): (Vec<f64>, Vec<f64>) =
        ranks.values().map(|(rank, record)| (*rank as f64, record.score)).unzip();
    let zero_wins = zero_wins.collect();
    let mut anchors: Vec<AnchorRecord> = ranks.into_values().map(|(_, record)| record).collect();
    anchors.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.item.cmp(&b.item)));
    Ok(Alignment { anchors, tau: kendall_tau(&known, &found), inversions, zero_wins })
}

/// Counts each anchor's wins, and gives the inversions.
fn count(comparisons: &Comparisons, ranks: &mut BTreeMap<u32, (usize, AnchorRecord)>) -> Vec<Inversion> {
    let mut inversions = BTreeMap::new();
    for row in comparisons.rows() {
        let weight = f64::from(row.weight);
        let first_won = match row.verdict {
            Verdict::First => Some(true),
            Verdict::Second => Some(false),
            Verdict::Soft(logit) if logit != 0.0 => Some(logit > 0.0),
            Verdict::Tie | Verdict::Soft(_) => None,
        };
        let Some(first_won) = first_won else {
            for item in [row.first, row.second] {
                if let Some((_, record)) = ranks.get_mut(&item) {
                    record.ties += weight;
                }
            }
            continue;
        };
        let (winner, loser) = if first_won { (row.first, row.second) } else { (row.second, row.first) };
        if let Some((_, record)) = ranks.get_mut(&winner) {
            record.wins += weight;
        }
        if let Some((_, record)) = ranks.get_mut(&loser) {
            record.losses += weight;
        }
        if let (Some((won, _)), Some((lost, _))) = (ranks.get(&winner), ranks.get(&loser))
            && won < lost
        {
            inversions.insert((winner.min(loser), winner.max(loser)), Inversion { winner, loser });
        }
    }
    inversions.into_values().collect()
}
