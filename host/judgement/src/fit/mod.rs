//! From comparisons to scores. [`ep`] is the fit to use: calibrated standard errors, everything unknown is estimated.
//! [`map`] is the mode with a given prior (or none), fast at any size. [`ilsr`] is what the reference service computes.

mod cavity;
mod edges;
pub mod ep;
mod fast;
pub mod ilsr;
mod inverse;
mod likelihood;
pub mod map;
mod sites;
mod system;

use crate::Comparisons;

/// Why there is no fit.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum FitError {
    /// There is nothing to rank.
    #[error("at least 2 items are needed: there are {items}")]
    TooFewItems {
        /// How many items there are.
        items: usize,
    },
    /// Nothing was compared.
    #[error("there are no comparisons")]
    NoComparisons,
    /// An option has a value that makes no sense.
    #[error("the option {name} cannot be {value}: {wanted}")]
    Option {
        /// The option's name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it should be.
        wanted: &'static str,
    },
    /// Without a prior the likelihood has no maximum: some items only beat the rest, or are not compared with it.
    #[error(
        "without a prior there are no scores: the items fall into {strong_components} parts that are not beaten both ways"
    )]
    NoMaximum {
        /// Into how many strong components the items fall; 1 when a position bias or a tie parameter has no maximum.
        strong_components: u32,
    },
    /// The iterations ended before the scores settled.
    #[error("the scores did not settle in {iterations} iterations")]
    NotConverged {
        /// How many iterations were made.
        iterations: u32,
    },
    /// The arithmetic broke down, for instance because weights differ by many orders of magnitude.
    #[error("the arithmetic broke down in {0}")]
    Numerical(&'static str),
}

/// The conditions every fit has.
fn check(comparisons: &Comparisons) -> Result<(), FitError> {
    if comparisons.items() < 2 {
        return Err(FitError::TooFewItems { items: comparisons.items() });
    }
    if comparisons.rows().is_empty() { Err(FitError::NoComparisons) } else { Ok(()) }
}

/// An option that has to be positive and finite.
fn positive(name: &'static str, value: f64) -> Result<(), FitError> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(FitError::Option { name, value, wanted: "positive and finite" })
    }
}
