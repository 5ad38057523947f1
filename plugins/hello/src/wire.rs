//! What goes over the wire: the parts of `POST /chat/completions` that this adapter uses.

use serde::{Deserialize, Serialize};

/// The request's body.
#[derive(Debug, Serialize)]
pub struct Body<'a> {
    /// The model.
    pub model: &'a str,
    /// The conversation.
    pub messages: Vec<Line<'a>>,
    /// 0 to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// The most tokens of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
}

/// One message of the request.
#[derive(Debug, Serialize)]
pub struct Line<'a> {
    /// Who speaks.
    pub role: &'a str,
    /// What is said.
    pub content: String,
}

/// The reply's body.
#[derive(Debug, Deserialize)]
pub struct Answer {
    /// The server's id of it.
    pub id: String,
    /// One, unless more were asked for.
    pub choices: Vec<Choice>,
    /// What it consumed.
    pub usage: Tokens,
}

/// One answer.
#[derive(Debug, Deserialize)]
pub struct Choice {
    /// The text.
    pub message: Said,
    /// Why it ended.
    pub finish_reason: Option<String>,
}

/// What the model said.
#[derive(Debug, Deserialize)]
pub struct Said {
    /// The text.
    pub content: String,
}

/// Token counts.
#[derive(Debug, Deserialize)]
pub struct Tokens {
    /// Of the request.
    pub prompt_tokens: u64,
    /// Of the answer.
    pub completion_tokens: u64,
}
