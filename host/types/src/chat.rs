//! `docket.chat/1`: the request as an adapter sees it. Texts are references, never content.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// The request's schema name.
pub const SCHEMA: &str = "docket.chat/1";

/// A text that stays in the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextRef {
    /// Which text.
    #[serde(rename = "$text")]
    pub index: u32,
    /// Its length in UTF-8 bytes.
    pub bytes: u64,
    /// Its whitespace-separated words.
    pub words: u64,
}

impl TextRef {
    /// The reference to `text` under `index`.
    pub fn to(index: u32, text: &str) -> Self {
        Self { index, bytes: text.len() as u64, words: text.split_whitespace().count() as u64 }
    }
}

/// The texts of one request, by index. They stay in the host.
#[derive(Clone, Default)]
pub struct Texts(pub Arc<[Arc<str>]>);

impl Texts {
    /// The text with this index.
    pub fn get(&self, index: u32) -> Option<&str> {
        self.0.get(index as usize).map(AsRef::as_ref)
    }
}

/// Never shows a text (promise S15).
impl std::fmt::Debug for Texts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Texts({} texts)", self.0.len())
    }
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions.
    System,
    /// The caller.
    User,
    /// The model.
    Assistant,
}

/// How long a cacheable part may stay in the provider's cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum CacheTtl {
    /// Five minutes.
    #[default]
    #[serde(rename = "5m")]
    FiveMinutes,
    /// One hour.
    #[serde(rename = "1h")]
    OneHour,
}

/// One part of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    /// Text, by reference.
    Text {
        /// The reference.
        text: TextRef,
        /// Set when the provider may cache everything up to and including this part.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cache: Option<CacheTtl>,
    },
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order.
    pub content: Vec<Part>,
}

/// The shape that the answer must have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ResponseFormat {
    /// Free text.
    Text,
    /// Any JSON object.
    JsonObject,
    /// A JSON object that satisfies a schema.
    JsonSchema {
        /// The schema's name, `[a-z0-9_]+`.
        name: String,
        /// The JSON schema.
        schema: Value,
    },
}

/// One chat request. Absent options mean the provider's default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatRequest {
    /// [`SCHEMA`].
    pub schema: String,
    /// The provider's name for the model.
    pub model: String,
    /// The conversation.
    pub messages: Vec<Message>,
    /// 0 to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// The most tokens that the answer may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// `none`, `low`, `medium` or `high`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<String>,
    /// `low`, `medium` or `high`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verbosity: Option<String>,
    /// The answer's shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_format: Option<ResponseFormat>,
}
