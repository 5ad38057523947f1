//! How an assessment is run.

use serde::{Deserialize, Serialize};

use crate::design::{Adaptive, Coverage, Design, RandomMatchings, Swiss};
use crate::stopping::Rules;

/// Which design chooses the pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DesignName {
    /// Random matchings, then the pairs from which most is learnt.
    #[default]
    Adaptive,
    /// Pairs that have not met, as the reference service does it.
    Coverage,
    /// Random matchings.
    Random,
    /// Neighbours in the order of the scores.
    Swiss,
}

impl DesignName {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Adaptive, Self::Coverage, Self::Random, Self::Swiss];

    /// The name in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Adaptive => "adaptive",
            Self::Coverage => "coverage",
            Self::Random => "random",
            Self::Swiss => "swiss",
        }
    }

    /// The design as assessments use it. `fill`: its waves travel as one job, so they are large.
    pub fn design(self, fill: bool) -> Box<dyn Design> {
        let rounds = if fill { u32::MAX } else { 1 };
        match self {
            // What travels as one job is worth large waves; else small ones learn faster.
            Self::Adaptive => {
                let pairs_per_item = if fill { 2.0 } else { 0.5 };
                Box::new(Adaptive { pairs_per_item, ..Adaptive::default() })
            }
            Self::Coverage => Box::new(Coverage { rounds, ..Coverage::default() }),
            Self::Random => Box::new(RandomMatchings { rounds, ..RandomMatchings::default() }),
            Self::Swiss => Box::new(Swiss::default()),
        }
    }
}

/// How scores come from answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scorer {
    /// Expectation propagation: calibrated standard errors, everything unknown estimated.
    #[default]
    Ep,
    /// The reference service's spectral ranking.
    Ilsr,
}

/// What an answer says beside its winner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// Nothing: the winner counts.
    #[default]
    Winner,
    /// The judge's confidence, as log-odds whose scale is fitted.
    Confidence,
}

/// How an assessment is run. Everything that is decided follows from this and the answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// How many items there are, anchors included; at least 2.
    pub items: usize,
    /// How many of them, by index, are anchors.
    pub anchors: Vec<u32>,
    /// The seed of everything that is drawn.
    pub seed: u64,
    /// Which design chooses the pairs.
    pub design: DesignName,
    /// How scores come from answers.
    pub scorer: Scorer,
    /// What an answer says.
    pub evidence: Evidence,
    /// How many requests there may be, retries included.
    pub budget: usize,
    /// Fill the first wave up to the budget or as far as different pairs go, so that it travels as one job.
    pub fill: bool,
    /// When to stop.
    pub rules: Rules,
    /// How often one comparison is asked for at most; 1 for no retry.
    pub attempts: u32,
    /// How much of the comparisons an anchor gets, relative to the others.
    pub anchor_priority: f64,
}

impl Settings {
    /// The design of its name, as this assessment uses it.
    pub(super) fn design(&self) -> Box<dyn Design> {
        self.design.design(self.fill)
    }

    /// The priorities of the items; empty when all are alike.
    pub(super) fn priority(&self) -> Vec<f64> {
        if self.anchors.is_empty() || self.anchor_priority == 1.0 {
            return Vec::new();
        }
        let mut priority = vec![1.0; self.items];
        for &anchor in &self.anchors {
            if let Some(one) = priority.get_mut(anchor as usize) {
                *one = self.anchor_priority;
            }
        }
        priority
    }
}
