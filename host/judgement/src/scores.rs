//! What a fit says of the items and of the judges.

use serde::{Deserialize, Serialize};

/// A judge's position bias.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bias {
    /// Log-odds that the first of two equal items is called better; 0 is none.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
}

/// The scores of a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Each item's score in logits; their mean is 0.
    pub mean: Vec<f64>,
    /// Each item's standard error in logits, around the mean of all items. Finite for every item.
    pub standard_error: Vec<f64>,
    /// The standard deviation of true scores that the fit assumed or found.
    pub sigma: f64,
    /// What part of the standard errors is a common factor that is not known because `sigma` is not: the standard
    /// error of that factor's logarithm. 0 where it is left out. It changes no ranking, so that the reliability leaves
    /// it out.
    #[serde(default)]
    pub scale_error: f64,
    /// Each judge's position bias.
    pub bias: Vec<Bias>,
}

impl Scores {
    /// How many items have a score.
    pub fn items(&self) -> usize {
        self.mean.len()
    }

    /// Items from best to worst; equal scores in the order of their indices.
    pub fn ranking(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..u32::try_from(self.mean.len()).unwrap_or(u32::MAX)).collect();
        order.sort_by(|&a, &b| self.mean[b as usize].total_cmp(&self.mean[a as usize]).then(a.cmp(&b)));
        order
    }

    /// Empirical-Bayes reliability: the share of the scores' variance that is not error, between 0 and 1.
    pub fn reliability(&self) -> f64 {
        let n = self.mean.len() as f64;
        if n < 2.0 {
            return 0.0;
        }
        let mean = self.mean.iter().sum::<f64>() / n;
        let spread = self.mean.iter().map(|score| (score - mean) * (score - mean)).sum::<f64>() / n;
        let common = self.scale_error * self.scale_error * spread;
        let error = (self.standard_error.iter().map(|se| se * se).sum::<f64>() / n - common).max(0.0);
        if spread + error > 0.0 { spread / (spread + error) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(mean: &[f64], standard_error: f64) -> Scores {
        Scores {
            mean: mean.to_vec(),
            standard_error: vec![standard_error; mean.len()],
            sigma: 1.0,
            scale_error: 0.0,
            bias: Vec::new(),
        }
    }

    #[test]
    fn equal_scores_rank_by_index() {
        assert_eq!(scores(&[0.0, 1.0, 0.0, -1.0], 0.1).ranking(), [1, 0, 2, 3]);
    }

    #[test]
    fn reliability_is_the_share_that_is_not_error() {
        assert!((scores(&[-1.0, 1.0], 0.5).reliability() - 0.8).abs() < 1e-12);
        assert!(scores(&[0.0, 0.0], 0.5).reliability().abs() < 1e-12);
        assert!(scores(&[3.0], 0.5).reliability().abs() < 1e-12);
    }

    #[test]
    fn an_unknown_scale_makes_scores_uncertain_but_not_unreliable() {
        let known = scores(&[-1.0, 1.0, 3.0, -3.0], 0.5);
        let widened = |mean: &f64| libm::sqrt(0.25 + 0.04 * mean * mean);
        let unknown = Scores {
            standard_error: known.mean.iter().map(widened).collect(),
            scale_error: 0.2,
            ..known.clone()
        };
        assert!((unknown.reliability() - known.reliability()).abs() < 1e-12);
    }
}
