//! Answered comparisons: what every fit, diagnosis and design starts from.

use serde::{Deserialize, Serialize};

/// What a judge said of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The item that was shown first is better.
    First,
    /// The item that was shown second is better.
    Second,
    /// Neither is better.
    Tie,
    /// The judge's own log-odds that the first is better (a reported probability or confidence, as a logit). Finite.
    Soft(f32),
}

/// One answered comparison.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The item shown first, an index below the number of items.
    pub first: u32,
    /// The item shown second; another than `first`.
    pub second: u32,
    /// Who judged: an index below the number of judges. A model with another version or prompt is another judge.
    pub judge: u16,
    /// The answer.
    pub verdict: Verdict,
    /// How many answers this one counts for; 1 unless it stands for several. Positive and finite.
    pub weight: f32,
}

impl Comparison {
    /// One answer of judge 0 with weight 1.
    pub const fn new(first: u32, second: u32, verdict: Verdict) -> Self {
        Self { first, second, judge: 0, verdict, weight: 1.0 }
    }

    /// Says whether the comparison can be used for so many items and judges.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, items: usize, judges: usize) -> Result<(), InvalidComparison> {
        check(self, items, judges)
    }
}

/// Why a comparison cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidComparison {
    /// An index is not below the number of items.
    #[error("item {item} does not exist: there are {items} items")]
    UnknownItem {
        /// The index.
        item: u32,
        /// How many items there are.
        items: usize,
    },
    /// An index is not below the number of judges.
    #[error("judge {judge} does not exist: there are {judges} judges")]
    UnknownJudge {
        /// The index.
        judge: u16,
        /// How many judges there are.
        judges: usize,
    },
    /// An item against itself.
    #[error("item {0} is compared with itself")]
    SameItem(u32),
    /// The weight is not positive and finite, or the log-odds are not finite.
    #[error("the weight must be positive and finite, and log-odds must be finite")]
    Number,
}

/// The answered comparisons of a set of items, in an order that does not depend on when the answers came.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparisons {
    items: usize,
    judges: usize,
    rows: Vec<Comparison>,
}

impl Comparisons {
    /// Checks the rows and puts them in their canonical order.
    ///
    /// # Errors
    /// The first row, in the order given, that cannot be used.
    pub fn new(items: usize, judges: usize, mut rows: Vec<Comparison>) -> Result<Self, InvalidComparison> {
        rows.iter().try_for_each(|row| check(row, items, judges))?;
        rows.sort_unstable_by_key(|row| {
            (row.first, row.second, row.judge, rank(row.verdict), row.weight.to_bits())
        });
        Ok(Self { items, judges, rows })
    }

    /// The number of items.
    pub const fn items(&self) -> usize {
        self.items
    }

    /// The number of judges.
    pub const fn judges(&self) -> usize {
        self.judges
    }

    /// The comparisons in canonical order.
    pub fn rows(&self) -> &[Comparison] {
        &self.rows
    }

    /// In how many comparisons each item stands.
    pub fn counts(&self) -> Vec<u32> {
        let mut counts = vec![0; self.items];
        for row in &self.rows {
            counts[row.first as usize] += 1;
            counts[row.second as usize] += 1;
        }
        counts
    }
}

fn check(row: &Comparison, items: usize, judges: usize) -> Result<(), InvalidComparison> {
    for item in [row.first, row.second] {
        if item as usize >= items {
            return Err(InvalidComparison::UnknownItem { item, items });
        }
    }
    if row.first == row.second {
        return Err(InvalidComparison::SameItem(row.first));
    }
    if usize::from(row.judge) >= judges {
        return Err(InvalidComparison::UnknownJudge { judge: row.judge, judges });
    }
    let soft = match row.verdict {
        Verdict::Soft(logit) => logit.is_finite(),
        Verdict::First | Verdict::Second | Verdict::Tie => true,
    };
    if row.weight > 0.0 && row.weight.is_finite() && soft { Ok(()) } else { Err(InvalidComparison::Number) }
}

/// A total order of verdicts, for the canonical order only.
fn rank(verdict: Verdict) -> (u8, u32) {
    match verdict {
        Verdict::First => (0, 0),
        Verdict::Second => (1, 0),
        Verdict::Tie => (2, 0),
        Verdict::Soft(logit) => (3, logit.to_bits()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_answers_does_not_matter() {
        let rows = [
            Comparison::new(2, 0, Verdict::First),
            Comparison::new(0, 1, Verdict::Soft(0.3)),
            Comparison::new(0, 1, Verdict::Tie),
        ];
        let forward = Comparisons::new(3, 1, rows.to_vec()).unwrap();
        let backward = Comparisons::new(3, 1, rows.iter().rev().copied().collect()).unwrap();
        assert_eq!(forward, backward);
        assert_eq!(forward.counts(), [3, 2, 1]);
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let with = |row: Comparison| Comparisons::new(3, 1, vec![row]).unwrap_err();
        let row = Comparison::new(0, 1, Verdict::First);
        assert_eq!(
            with(Comparison { second: 3, ..row }),
            InvalidComparison::UnknownItem { item: 3, items: 3 }
        );
        assert_eq!(with(Comparison { second: 0, ..row }), InvalidComparison::SameItem(0));
        assert_eq!(
            with(Comparison { judge: 1, ..row }),
            InvalidComparison::UnknownJudge { judge: 1, judges: 1 }
        );
        for weight in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            assert_eq!(with(Comparison { weight, ..row }), InvalidComparison::Number);
        }
        assert_eq!(with(Comparison { verdict: Verdict::Soft(f32::NAN), ..row }), InvalidComparison::Number);
    }
}
