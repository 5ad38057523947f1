//! What stops a grading, and what leaves it without a result.

use serde::{Deserialize, Serialize};

/// Why grades cannot be given: the input is wrong.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GradeError {
    /// No scale has this id.
    #[error("there is no grade scale `{0}`")]
    UnknownScale(String),
    /// A scale of one's own with fewer than two grades, an empty one or the same one twice.
    #[error("the grade scale `{0}` needs at least two grades, all different and none empty")]
    Scale(String),
    /// The scale has no such grade.
    #[error("the scale `{scale}` has no grade `{grade}`")]
    OutsideScale {
        /// The grade.
        grade: String,
        /// The scale's id.
        scale: String,
    },
    /// An anchor is not below the number of items.
    #[error("anchor {item} does not exist: there are {items} items")]
    UnknownAnchor {
        /// The index.
        item: u32,
        /// How many items there are.
        items: usize,
    },
    /// An anchor is given twice.
    #[error("item {0} is an anchor twice")]
    AnchorTwice(u32),
    /// A score or a standard error is not a number one can use.
    #[error("the score or standard error of item {0} is missing, not finite or negative")]
    Score(u32),
    /// A setting is out of its range.
    #[error("{0}")]
    Setting(&'static str),
    /// The shares of a grade distribution do not fit the scale.
    #[error("the scale has {grades} grades: as many shares are needed, none negative, with a positive sum")]
    Shares {
        /// How many grades the scale has.
        grades: usize,
    },
    /// Two gradings that kappa cannot compare.
    #[error("kappa needs two gradings of the same items with more than one grade between them")]
    Agreement,
    /// The fit of the cuts did not end; finite input does not lead here.
    #[error("the cuts of the grades could not be fitted")]
    Fit,
}

/// Why there are no grades although the input is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Unavailable {
    /// No item has a known grade.
    #[error("there are no anchors with a known grade")]
    NoAnchors,
    /// All anchors have the same grade: where it ends cannot be told.
    #[error("all anchors have the same grade; at least two different grades are needed")]
    OneGrade,
    /// There is no item that could be graded.
    #[error("there is nothing to grade: no items besides the anchors")]
    NoStudents,
}
