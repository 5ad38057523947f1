//! Items with a known grade.

use super::{GradeError, Scale, Unavailable};
use crate::Scores;

/// An item with a known grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// The item, an index below the number of items.
    pub item: u32,
    /// Its grade, an index of [`Scale::grades`].
    pub grade: usize,
}

/// The anchors of a grading, by item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Anchors {
    anchors: Vec<Anchor>,
}

impl Anchors {
    /// Anchors from items and the names of their grades, in any order.
    ///
    /// # Errors
    /// A grade the scale does not have, or an item given twice.
    pub fn new<'a>(
        scale: &Scale,
        grades: impl IntoIterator<Item = (u32, &'a str)>,
    ) -> Result<Self, GradeError> {
        let mut anchors = grades
            .into_iter()
            .map(|(item, grade)| Ok(Anchor { item, grade: scale.index(grade)? }))
            .collect::<Result<Vec<_>, GradeError>>()?;
        anchors.sort_unstable_by_key(|anchor| anchor.item);
        match anchors.windows(2).find(|pair| pair[0].item == pair[1].item) {
            Some(pair) => Err(GradeError::AnchorTwice(pair[0].item)),
            None => Ok(Self { anchors }),
        }
    }

    /// The anchors in the order of their items.
    pub fn all(&self) -> &[Anchor] {
        &self.anchors
    }

    /// The same anchors without the one at `place` of [`Anchors::all`].
    pub(super) fn without(&self, place: usize) -> Self {
        let mut anchors = self.anchors.clone();
        if place < anchors.len() {
            anchors.remove(place);
        }
        Self { anchors }
    }

    /// Whether an item is an anchor.
    pub fn has(&self, item: u32) -> bool {
        self.anchors.binary_search_by_key(&item, |anchor| anchor.item).is_ok()
    }

    /// Checks scores and anchors together, and says what stands in the way of grades.
    pub(super) fn check(&self, scores: &Scores) -> Result<(), GradeError> {
        check_scores(scores)?;
        match self.anchors.last() {
            Some(last) if last.item as usize >= scores.items() => {
                Err(GradeError::UnknownAnchor { item: last.item, items: scores.items() })
            }
            _ => Ok(()),
        }
    }

    /// Why these anchors give no cuts between grades.
    pub(super) fn unavailable(&self) -> Option<Unavailable> {
        let first = match self.anchors.first() {
            None => return Some(Unavailable::NoAnchors),
            Some(first) => first.grade,
        };
        self.anchors.iter().all(|anchor| anchor.grade == first).then_some(Unavailable::OneGrade)
    }
}

/// Refuses scores that are not finite or have no standard error.
pub(super) fn check_scores(scores: &Scores) -> Result<(), GradeError> {
    let errors = scores.standard_error.iter().copied().chain(std::iter::repeat(f64::NAN));
    for (item, (mean, se)) in (0u32..).zip(scores.mean.iter().zip(errors)) {
        if !mean.is_finite() || !se.is_finite() || se < 0.0 {
            return Err(GradeError::Score(item));
        }
    }
    Ok(())
}
