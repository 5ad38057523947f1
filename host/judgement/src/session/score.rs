//! Scores of a session.

use super::{Scorer, Session};
use crate::fit::{FitError, ep, ilsr};
use crate::{Bias, Comparisons, InvalidComparison, Scores};

/// Why there are no scores.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ScoreError {
    /// An answer cannot be used.
    #[error(transparent)]
    Answer(#[from] InvalidComparison),
    /// The fit failed.
    #[error(transparent)]
    Fit(#[from] FitError),
}

impl Session {
    /// The answers in their canonical order.
    ///
    /// # Errors
    /// An answer names an item that the assessment does not have.
    pub fn comparisons(&self) -> Result<Comparisons, InvalidComparison> {
        Comparisons::new(self.settings.items, self.judges.len().max(1), self.rows())
    }

    /// The scores that fit the answers so far.
    ///
    /// # Errors
    /// There are no answers, or the fit fails.
    pub fn fit(&self) -> Result<Scores, ScoreError> {
        let comparisons = self.comparisons()?;
        match self.settings.scorer {
            Scorer::Ep => Ok(ep::fit(&comparisons, &ep::Options::default())?.scores),
            Scorer::Ilsr => {
                let reference = self.settings.anchors.last().copied();
                let fit = ilsr::fit(&comparisons, &ilsr::Options { reference, ..ilsr::Options::default() })?;
                let n = fit.mean.len().max(1) as f64;
                let spread = fit.mean.iter().map(|score| score * score).sum::<f64>() / n;
                let bias = vec![Bias { value: 0.0, standard_error: 0.0 }; comparisons.judges()];
                Ok(Scores {
                    mean: fit.mean,
                    standard_error: fit.standard_error,
                    sigma: libm::sqrt(spread),
                    scale_error: 0.0,
                    bias,
                })
            }
        }
    }
}
