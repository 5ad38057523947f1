//! Synthetic judges.

use serde::{Deserialize, Serialize};

use crate::Verdict;
use crate::design::Dice;

/// How a synthetic judge answers: `P(first is better) = 1 / (1 + exp(-(slope d + bias)))` for a difference `d` of true
/// scores, but for lapses.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Judge {
    /// How sharply true differences are seen; 0 is a coin.
    pub slope: f64,
    /// The log-odds that the first of two equal items is called better.
    pub bias: f64,
    /// How much the bias grows with each wave, in logits.
    pub drift: f64,
    /// The share of answers that are a fair coin's, whatever the items.
    pub lapse: f64,
    /// The share of verdicts that are ties when two items are equal (Davidson 1970 with `nu = 2 t / (1 - t)`).
    pub ties: f64,
    /// Says its log-odds, with logistic noise of scale 1, multiplied by this; nothing: says who is better.
    pub soft: Option<f64>,
}

impl Default for Judge {
    fn default() -> Self {
        Self { slope: 1.0, bias: 0.0, drift: 0.0, lapse: 0.0, ties: 0.0, soft: None }
    }
}

impl Judge {
    /// The verdict on a pair whose first item is better by `difference` logits.
    pub(super) fn answer(&self, difference: f64, wave: u32, dice: &mut Dice) -> Verdict {
        let lapsed = dice.unit() < self.lapse;
        let bias = self.bias + self.drift * f64::from(wave);
        let logit = if lapsed { 0.0 } else { self.slope * difference + bias };
        if let Some(factor) = self.soft {
            return Verdict::Soft((factor * (logit + dice.logistic())) as f32);
        }
        let (first, second) = (libm::exp(0.5 * logit), libm::exp(-0.5 * logit));
        let tie = 2.0 * self.ties / (1.0 - self.ties).max(1e-9);
        let drawn = dice.unit() * (first + second + tie);
        if drawn < first {
            Verdict::First
        } else if drawn < first + second {
            Verdict::Second
        } else {
            Verdict::Tie
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shares of first, second and tie in 20,000 answers.
    fn shares(judge: Judge, difference: f64, wave: u32) -> [f64; 3] {
        let mut dice = Dice::new(7, 0, 0);
        let mut counted = [0.0; 3];
        for _ in 0..20_000 {
            match judge.answer(difference, wave, &mut dice) {
                Verdict::First => counted[0] += 1.0,
                Verdict::Second => counted[1] += 1.0,
                Verdict::Tie => counted[2] += 1.0,
                Verdict::Soft(logit) => counted[0] += f64::from(logit),
            }
        }
        counted.map(|count| count / 20_000.0)
    }

    fn near(found: f64, wanted: f64) {
        assert!((found - wanted).abs() < 0.012, "{found} is not {wanted}");
    }

    #[test]
    fn each_trait_of_a_judge_shows() {
        let plain = Judge::default();
        near(shares(plain, 1.0, 0)[0], 0.731);
        near(shares(Judge { slope: 0.0, ..plain }, 5.0, 0)[0], 0.5);
        near(shares(Judge { bias: 0.405, ..plain }, 0.0, 0)[0], 0.6);
        near(shares(Judge { drift: 0.1, ..plain }, 0.0, 4)[0], 0.599);
        near(shares(Judge { lapse: 0.2, ..plain }, 20.0, 0)[0], 0.9);
        let ties = shares(Judge { ties: 0.3, ..plain }, 0.0, 0);
        near(ties[2], 0.3);
        near(ties[0], 0.35);
        near(shares(Judge { soft: Some(2.0), ..plain }, 1.0, 0)[0] / 2.0, 1.0);
    }
}
