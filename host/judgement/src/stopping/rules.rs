//! The numbers by which runs end.

use serde::{Deserialize, Serialize};

/// When scores count as stable.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StabilityRule {
    /// Not before so many comparisons have ended, well or badly.
    pub least_comparisons: usize,
    /// The largest change of any score since the wave before, in logits.
    pub largest_change: f64,
}

impl Default for StabilityRule {
    fn default() -> Self {
        Self { least_comparisons: 12, largest_change: 0.025 }
    }
}

/// When scores count as reliable.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReliabilityRule {
    /// The empirical-Bayes reliability that is wanted, between 0 and 1.
    pub target: f64,
    /// Not before so many matchings were chosen without regard to the scores. Fewer than 4 let coin tosses look
    /// reliable.
    pub least_random_rounds: u32,
    /// Not before so many answers per item, each answer counted once.
    pub least_per_item: f64,
    /// How many standard deviations the estimate must lie above the target. The deviation is taken as
    /// `0.25 / c * sqrt(100 / n)` at `c` answers per item.
    pub margin: f64,
    /// After how many waves in a row it must be so.
    pub waves: u32,
}

impl Default for ReliabilityRule {
    fn default() -> Self {
        Self { target: 0.9, least_random_rounds: 4, least_per_item: 3.0, margin: 0.75, waves: 1 }
    }
}

/// How often all compared pairs are compared again once every pair was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passes {
    /// Up to so many items a net is small.
    pub small_net_items: usize,
    /// Passes of a small net, after which it ends.
    pub small_net: u32,
    /// Passes of any other; never more than a small net's unless those are 0.
    pub regular: u32,
}

impl Default for Passes {
    fn default() -> Self {
        Self { small_net_items: 3, small_net: 4, regular: 1 }
    }
}

impl Passes {
    /// The passes of a net that is not small.
    pub(super) fn regular_cap(self) -> u32 {
        if self.small_net > 0 { self.regular.min(self.small_net) } else { self.regular }
    }
}

/// What ends a run besides its budget.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Ends a run with stable scores.
    pub stability: Option<StabilityRule>,
    /// Ends a run with reliable scores.
    pub reliability: Option<ReliabilityRule>,
    /// The share of comparisons that must succeed for scores to be published.
    pub least_success_rate: Option<f64>,
    /// Whole repetitions by resampling. Nothing: the design repeats pairs as it sees fit.
    pub passes: Option<Passes>,
}

impl Rules {
    /// The rules of the reference service: stability, and passes of resampling.
    pub fn reference() -> Self {
        Self {
            stability: Some(StabilityRule::default()),
            reliability: None,
            least_success_rate: Some(0.8),
            passes: Some(Passes::default()),
        }
    }
}

impl Default for Rules {
    /// Reliability, for a design that repeats pairs itself.
    fn default() -> Self {
        Self {
            stability: None,
            reliability: Some(ReliabilityRule::default()),
            least_success_rate: Some(0.8),
            passes: None,
        }
    }
}
