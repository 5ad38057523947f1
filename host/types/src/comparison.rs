//! The comparison of two essays: the shape that an answer must have, and how an answer is read.

use crate::{Failure, FailureClass, RetryAdvice};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;

/// The longest justification that a callback carries, in characters.
pub const MAX_JUSTIFICATION: usize = 500;

/// What stands at the end of a justification that was cut.
pub const CUT_MARK: char = '…';

/// Which essay is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Winner {
    /// The first.
    #[serde(rename = "Essay A")]
    A,
    /// The second.
    #[serde(rename = "Essay B")]
    B,
}

impl Winner {
    /// The wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "Essay A",
            Self::B => "Essay B",
        }
    }

    /// Reads what models write. A tie or anything unknown is no winner: it is never taken for Essay A.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "essay a" | "essay_a" | "a" | "option a" | "first" | "left" => Some(Self::A),
            "essay b" | "essay_b" | "b" | "option b" | "second" | "right" => Some(Self::B),
            _ => None,
        }
    }
}

impl fmt::Display for Winner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One judgement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Which essay is better.
    pub winner: Winner,
    /// Why, in at most [`MAX_JUSTIFICATION`] characters.
    pub justification: String,
    /// 1 (a guess) to 5 (certain).
    pub confidence: f64,
}

/// The JSON schema of an answer, for providers that can enforce one.
pub fn answer_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "winner": {"type": "string", "enum": ["Essay A", "Essay B"]},
            "justification": {"type": "string", "maxLength": MAX_JUSTIFICATION},
            "confidence": {"type": "number", "minimum": 1, "maximum": 5}
        },
        "required": ["winner", "justification", "confidence"],
        "additionalProperties": false
    })
}

impl Judgement {
    /// Reads an answer's text.
    ///
    /// Confidence is on the scale 1 to 5 and is clamped to it; only a value from 0 up to, not including, 1
    /// is taken for a share and stretched (`4c + 1`), so that 1 stays 1. A longer justification is cut.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let answer: Value =
            serde_json::from_str(text.trim()).map_err(|e| bad(format!("the answer is not JSON: {e}")))?;
        let winner =
            answer.get("winner").and_then(Value::as_str).ok_or_else(|| bad("the answer names no winner"))?;
        let winner = Winner::parse(winner)
            .ok_or_else(|| bad(format!("the winner is neither Essay A nor Essay B: `{}`", brief(winner))))?;
        let confidence = match answer.get("confidence") {
            Some(Value::Number(n)) => n.as_f64(),
            Some(Value::String(s)) => s.trim().parse::<f64>().ok(),
            _ => None,
        }
        .filter(|c| c.is_finite())
        .ok_or_else(|| bad("the answer's confidence is not a number"))?;
        let justification = answer.get("justification").and_then(Value::as_str).unwrap_or_default();
        Ok(Self { winner, justification: cut(justification.trim()), confidence: on_scale(confidence) })
    }
}

fn on_scale(confidence: f64) -> f64 {
    let stretched = if (0.0..1.0).contains(&confidence) { confidence * 4.0 + 1.0 } else { confidence };
    stretched.clamp(1.0, 5.0)
}

/// At most [`MAX_JUSTIFICATION`] characters; what was cut is shown by [`CUT_MARK`].
fn cut(text: &str) -> String {
    if text.chars().nth(MAX_JUSTIFICATION).is_none() {
        return text.to_owned();
    }
    text.chars().take(MAX_JUSTIFICATION - 1).chain([CUT_MARK]).collect()
}

fn brief(text: &str) -> String {
    text.chars().take(40).collect()
}

fn bad(message: impl Into<String>) -> Failure {
    Failure::new(FailureClass::BadResponse, RetryAdvice::Backoff, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(winner: &str, confidence: &str) -> Result<Judgement, Failure> {
        Judgement::parse(&format!(r#"{{"winner":"{winner}","justification":"j","confidence":{confidence}}}"#))
    }

    #[test]
    fn lowest_confidence_stays_lowest() {
        assert_eq!(answer("Essay A", "1").unwrap().confidence, 1.0);
        assert_eq!(answer("Essay A", "0.5").unwrap().confidence, 3.0);
        assert_eq!(answer("Essay A", "-3").unwrap().confidence, 1.0);
        assert_eq!(answer("Essay A", "\"4.5\"").unwrap().confidence, 4.5);
        assert_eq!(answer("Essay A", "9").unwrap().confidence, 5.0);
    }

    #[test]
    fn a_tie_is_a_failure_and_not_essay_a() {
        for text in ["tie", "neither", "C", ""] {
            let failure = answer(text, "3").unwrap_err();
            assert_eq!(failure.class, FailureClass::BadResponse);
        }
        assert_eq!(answer(" essay b ", "3").unwrap().winner, Winner::B);
    }

    #[test]
    fn what_is_missing_is_named() {
        for (text, word) in [
            ("not json", "JSON"),
            (r#"{"confidence":3}"#, "winner"),
            (r#"{"winner":"Essay A"}"#, "confidence"),
            (r#"{"winner":"Essay A","confidence":"high"}"#, "confidence"),
        ] {
            assert!(Judgement::parse(text).unwrap_err().message.contains(word), "{text}");
        }
    }

    #[test]
    fn a_long_justification_is_cut_with_a_mark() {
        let long = "å".repeat(501);
        let text = format!(r#"{{"winner":"Essay A","justification":"{long}","confidence":3}}"#);
        let cut = Judgement::parse(&text).unwrap().justification;
        assert_eq!(cut.chars().count(), 500);
        assert!(cut.ends_with(CUT_MARK));
        let whole = "å".repeat(500);
        let text = format!(r#"{{"winner":"Essay A","justification":"{whole}","confidence":3}}"#);
        assert_eq!(Judgement::parse(&text).unwrap().justification, whole);
    }
}
