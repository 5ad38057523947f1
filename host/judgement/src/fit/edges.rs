//! Comparisons laid out for speed: single hard answers in lanes of eight that lie side by side in memory and far apart
//! in the list, everything else as general sites.

use super::sites::{self, Site};
use crate::{Comparison, Comparisons, Verdict};

/// How many answers are worked on at once.
pub(crate) const LANES: usize = 8;

/// Single hard answers of weight 1, in a length that is a multiple of [`LANES`]; what fills up is not `live`.
#[derive(Debug, Default)]
pub(crate) struct Edges {
    /// The item shown first; for filling the number of items.
    pub(crate) first: Vec<u32>,
    /// The item shown second; for filling the number of items plus 1.
    pub(crate) second: Vec<u32>,
    /// The judge.
    pub(crate) judge: Vec<u16>,
    /// 1 if the first won, -1 if the second won, 0 for a tie.
    pub(crate) sign: Vec<i8>,
    /// How many answers there are without filling.
    pub(crate) live: usize,
    /// The length of each lane.
    pub(crate) stride: usize,
    /// What is not a single hard answer.
    pub(crate) general: Vec<Site>,
}

/// Whether a row can go into a lane, provided that no other has the same pair and judge.
fn simple(row: &Comparison) -> bool {
    row.weight == 1.0 && !matches!(row.verdict, Verdict::Soft(_))
}

/// Whether a merged site came from a row that went into a lane.
pub(crate) fn is_simple(site: &Site) -> bool {
    site.soft_count == 0.0 && site.answers == 1.0 && site.hard() == 1.0
}

/// Gives single hard answers of weight 1 to `single`, and everything else as merged sites to `general`.
pub(crate) fn split(
    comparisons: &Comparisons,
    mut single: impl FnMut(&Comparison),
    mut general: impl FnMut(Vec<Site>),
) {
    let same = |a: &Comparison, b: &Comparison| (a.first, a.second, a.judge) == (b.first, b.second, b.judge);
    for group in comparisons.rows().chunk_by(same) {
        if group.len() == 1 && simple(&group[0]) {
            single(&group[0]);
        } else {
            general(sites::merge_rows(group));
        }
    }
}

impl Edges {
    /// Sorts rows into lanes and general sites.
    pub(crate) fn new(comparisons: &Comparisons) -> Self {
        let mut live = 0_usize;
        split(comparisons, |_| live += 1, |_| ());
        let stride = live.div_ceil(LANES);
        let items = comparisons.items() as u32;
        let length = stride * LANES;
        let mut edges = Self {
            first: vec![items; length],
            second: vec![items + 1; length],
            judge: vec![0; length],
            sign: vec![1; length],
            live,
            stride,
            general: Vec::new(),
        };
        let (mut seen, mut general) = (0, Vec::new());
        let single = |row: &Comparison| {
            let at = edges.place(seen);
            edges.first[at] = row.first;
            edges.second[at] = row.second;
            edges.judge[at] = row.judge;
            edges.sign[at] = match row.verdict {
                Verdict::First => 1,
                Verdict::Second => -1,
                Verdict::Tie | Verdict::Soft(_) => 0,
            };
            seen += 1;
        };
        split(comparisons, single, |sites| general.extend(sites));
        edges.general = general;
        edges
    }

    /// Where the simple answer with this number in canonical order lies.
    pub(crate) const fn place(&self, number: usize) -> usize {
        (number % self.stride) * LANES + number / self.stride
    }
}
