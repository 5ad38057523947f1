//! The comparisons as a fit wants them: one site per first item, second item and judge, with counted answers.

use crate::{Comparison, Comparisons, Verdict};

/// Soft log-odds beyond this are cut: a judge that says 99.99999999 % is not more than sure.
const MAX_SOFT: f64 = 20.0;

/// All answers of one judge on one ordered pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Site {
    /// The item shown first.
    pub(crate) first: u32,
    /// The item shown second.
    pub(crate) second: u32,
    /// The judge.
    pub(crate) judge: u16,
    /// Weight of answers for the first item.
    pub(crate) wins: f64,
    /// Weight of answers for the second item.
    pub(crate) losses: f64,
    /// Weight of ties.
    pub(crate) ties: f64,
    /// Weight of soft answers.
    pub(crate) soft: f64,
    /// Weighted sum of the soft log-odds.
    pub(crate) soft_sum: f64,
    /// Weighted sum of the squared soft log-odds.
    pub(crate) soft_square: f64,
    /// How many soft answers there are, weights not counted.
    pub(crate) soft_count: f64,
    /// How many answers there are of any kind, weights not counted.
    pub(crate) answers: f64,
}

impl Site {
    /// Weight of answers that are not soft.
    pub(crate) fn hard(&self) -> f64 {
        self.wins + self.losses + self.ties
    }
}

/// Merges the rows, which are in canonical order.
pub(crate) fn merge(comparisons: &Comparisons) -> Vec<Site> {
    merge_rows(comparisons.rows())
}

/// Merges neighbouring rows of the same pair and judge.
pub(crate) fn merge_rows(rows: &[Comparison]) -> Vec<Site> {
    let mut sites: Vec<Site> = Vec::with_capacity(rows.len());
    for row in rows {
        let same = sites
            .last()
            .is_some_and(|site| (site.first, site.second, site.judge) == (row.first, row.second, row.judge));
        if !same {
            sites.push(Site {
                first: row.first,
                second: row.second,
                judge: row.judge,
                wins: 0.0,
                losses: 0.0,
                ties: 0.0,
                soft: 0.0,
                soft_sum: 0.0,
                soft_square: 0.0,
                soft_count: 0.0,
                answers: 0.0,
            });
        }
        let weight = f64::from(row.weight);
        if let Some(site) = sites.last_mut() {
            site.answers += 1.0;
            match row.verdict {
                Verdict::First => site.wins += weight,
                Verdict::Second => site.losses += weight,
                Verdict::Tie => site.ties += weight,
                Verdict::Soft(logit) => {
                    let logit = f64::from(logit).clamp(-MAX_SOFT, MAX_SOFT);
                    site.soft += weight;
                    site.soft_sum += weight * logit;
                    site.soft_square += weight * logit * logit;
                    site.soft_count += 1.0;
                }
            }
        }
    }
    sites
}
