//! What a caller asks for, as it is stored until it has an outcome.

use crate::chat::CacheTtl;
use crate::{ProviderName, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// One request for a comparison of two essays, already validated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    /// Who shall answer.
    pub provider: ProviderName,
    /// What differs from the defaults.
    #[serde(default)]
    pub overrides: Overrides,
    /// The texts.
    pub prompt: Prompt,
    /// The caller's id for it.
    pub correlation_id: Uuid,
    /// Where the outcome goes.
    pub callback: Callback,
    /// The caller's own; comes back unchanged.
    #[serde(default)]
    pub metadata: Map<String, Value>,
    /// After this moment the answer is worthless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
}

/// What differs from the provider's defaults. Requests share a bundle only when these are equal.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Overrides {
    /// The provider's name for a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// 0 to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Instructions in place of the default ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    /// At least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// `none`, `low`, `medium` or `high`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<String>,
    /// `low`, `medium` or `high`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_verbosity: Option<String>,
}

/// The texts of a request.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Prompt {
    /// The whole prompt as one text.
    pub user_prompt: String,
    /// The same prompt in parts, for providers that cache prefixes; wins over `user_prompt` when not empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<PromptBlock>,
}

/// Where a block goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockTarget {
    /// After the system prompt.
    System,
    /// Into the user's message.
    #[default]
    UserContent,
}

impl BlockTarget {
    /// The wire name, also a metric label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::UserContent => "user_content",
        }
    }
}

/// A part of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptBlock {
    /// Where it goes.
    #[serde(default)]
    pub target: BlockTarget,
    /// Its text.
    pub content: String,
    /// The provider may cache the prompt up to its end.
    #[serde(default)]
    pub cacheable: bool,
    /// For how long. One-hour blocks come before five-minute ones.
    #[serde(default)]
    pub ttl: CacheTtl,
}

impl Prompt {
    /// The texts that make up the prompt, in order: the blocks, or the one user prompt.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let whole = self.blocks.is_empty().then_some(self.user_prompt.as_str());
        self.blocks.iter().map(|block| block.content.as_str()).chain(whole)
    }
}

/// Where the outcome goes. At least one of the two is set.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Callback {
    /// A durable topic log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// A Standard Webhook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Keys of the metadata that docket itself reads.
pub mod hint {
    /// The batching mode that the CJ service chose: a string.
    pub const BATCHING_MODE: &str = "cj_llm_batching_mode";
    /// How many requests the caller wants in one bundle: 1 to 64.
    pub const PREFERRED_BUNDLE_SIZE: &str = "preferred_bundle_size";
}

impl Submission {
    /// The batching mode hint, if it is a string.
    pub fn batching_hint(&self) -> Option<&str> {
        self.metadata.get(hint::BATCHING_MODE).and_then(Value::as_str)
    }

    /// The preferred bundle size, if it is an integer from 1 to 64.
    pub fn preferred_bundle_size(&self) -> Option<u32> {
        let size = self.metadata.get(hint::PREFERRED_BUNDLE_SIZE)?.as_u64()?;
        u32::try_from(size).ok().filter(|n| (1..=64).contains(n))
    }
}
