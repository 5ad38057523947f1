//! How sure a grade is, as a label and a number.

use serde::{Deserialize, Serialize};

/// A confidence in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ConfidenceLabel {
    /// Little is known.
    Low,
    /// In between.
    Mid,
    /// The grade is rather sure.
    High,
}

/// How sure a grade is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    /// In words.
    pub label: ConfidenceLabel,
    /// Between 0 and 1.
    pub score: f64,
}

impl Confidence {
    /// The reference service's rule: from the normalised entropy of the grade probabilities, between 0 and 1, and the
    /// score's standard error in logits. A large standard error lowers the score and caps the label.
    ///
    /// Without a standard error the entropy alone decides. That is the form to use when the probabilities contain the
    /// standard error already, as those of the ordinal model do.
    pub fn of(entropy: f64, standard_error: Option<f64>) -> Self {
        let certainty = (1.0 - entropy).clamp(0.0, 1.0);
        let Some(se) = standard_error else {
            let label = match entropy {
                entropy if entropy < 0.5 => ConfidenceLabel::High,
                entropy if entropy < 0.75 => ConfidenceLabel::Mid,
                _ => ConfidenceLabel::Low,
            };
            return Self { label, score: certainty };
        };
        let (factor, cap) = match se {
            se if se >= 1.5 => (0.3, ConfidenceLabel::Low),
            se if se >= 1.0 => (0.6, ConfidenceLabel::Mid),
            se if se >= 0.5 => (0.8, ConfidenceLabel::High),
            _ => (1.0, ConfidenceLabel::High),
        };
        let score = (certainty * factor).sqrt();
        let label = match score {
            score if score >= 0.7 => ConfidenceLabel::High,
            score if score >= 0.4 => ConfidenceLabel::Mid,
            _ => ConfidenceLabel::Low,
        };
        Self { label: label.min(cap), score }
    }
}

/// Shannon entropy of probabilities, over that of as many equal ones: 0 for a sure outcome, 1 for equal ones.
pub fn normalised_entropy(probabilities: &[f64]) -> f64 {
    let felt = probabilities.iter().filter(|&&p| p > 1e-10);
    if felt.clone().count() <= 1 {
        return 0.0;
    }
    felt.map(|&p| -p * libm::log(p)).sum::<f64>() / libm::log(probabilities.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::ConfidenceLabel::{High, Low, Mid};
    use super::*;

    #[test]
    fn the_reference_labels() {
        let cases = [
            (0.1, 1.5, Low),
            (0.2, 1.6, Low),
            (0.3, 2.0, Low),
            (0.1, 1.0, Mid),
            (0.2, 1.2, Mid),
            (0.3, 1.4, Mid),
            (0.2, 0.3, High),
            (0.3, 0.4, High),
            (0.8, 0.3, Mid),
            (0.9, 0.2, Low),
        ];
        for (entropy, se, label) in cases {
            assert_eq!(Confidence::of(entropy, Some(se)).label, label, "entropy {entropy}, se {se}");
        }
    }

    #[test]
    fn without_a_standard_error_the_entropy_decides() {
        for (entropy, label, score) in [(0.3, High, 0.7), (0.6, Mid, 0.4), (0.8, Low, 0.2)] {
            let confidence = Confidence::of(entropy, None);
            assert_eq!(confidence.label, label);
            assert!((confidence.score - score).abs() < 1e-12);
        }
    }

    #[test]
    fn a_sure_grade_is_as_sure_as_its_standard_error() {
        let given = [0.1, 0.5, 1.0, 1.5].map(|se| Confidence::of(0.0, Some(se)));
        for (confidence, (score, label)) in
            given.iter().zip([(1.0, High), (0.894_427, High), (0.774_597, Mid), (0.547_723, Low)])
        {
            assert!((confidence.score - score).abs() < 1e-6);
            assert_eq!(confidence.label, label);
        }
    }

    #[test]
    fn entropy_of_equal_and_of_sure() {
        assert!((normalised_entropy(&[0.25; 4]) - 1.0).abs() < 1e-12);
        assert!(normalised_entropy(&[0.0, 1.0, 0.0]).abs() < 1e-12);
    }
}
