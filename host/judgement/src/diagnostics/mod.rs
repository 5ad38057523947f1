//! Whether the answers fit the scores: misfit of items and judges, separation, agreement of halves, circular triples,
//! repeated questions, position bias, drift, and comparisons whose outcome was clear beforehand.
//!
//! Everything speaks of *decisive* answers. A tie takes no part: under Davidson's model the outcome of a comparison
//! that is not a tie has the logistic probability again. A soft verdict counts for the side it leans to; with log-odds
//! of exactly 0 it is a tie. A comparison with weight `w` counts as `w` answers.

mod dead;
mod drift;
mod misfit;
mod position;
mod repeats;
mod residual;
mod separation;
mod split_half;
mod triples;

pub use dead::{DeadComparisons, dead_comparisons};
pub use drift::{DriftWindow, JudgeDrift, drift};
pub use misfit::{Bootstrap, Misfit, MisfitReport, MisfitTest, MisfitTests, Refit, misfit, misfit_tests};
pub use position::{PositionBias, position_bias};
pub use repeats::{RepeatReport, Repeats, Swaps, repeats};
pub use separation::{Separation, separation};
pub use split_half::{SplitHalf, split_half};
pub use triples::{Triples, circular_triples};

/// Why a diagnosis cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DiagnosticsError {
    /// The scores are not those of the compared items.
    #[error("there are scores of {scores} items for comparisons of {items}")]
    Mismatch {
        /// How many items are compared.
        items: usize,
        /// How many have a score.
        scores: usize,
    },
    /// A score or standard error is not finite.
    #[error("the score or standard error of item {0} is missing or not finite")]
    Score(usize),
    /// A judge's position bias is not finite.
    #[error("the position bias of judge {0} is not finite")]
    Bias(usize),
    /// Fewer than two items.
    #[error("at least two items are needed")]
    TooFewItems,
    /// No comparison has a winner.
    #[error("no comparison has a winner")]
    NoComparisons,
    /// A comparison cannot be used.
    #[error(transparent)]
    Comparison(#[from] crate::InvalidComparison),
    /// A setting is out of its range.
    #[error("{0}")]
    Setting(&'static str),
    /// No replicate or half could be fitted.
    #[error("no replicate could be fitted")]
    Refit,
}
