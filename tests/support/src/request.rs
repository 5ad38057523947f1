//! Comparison requests to send.

use serde_json::{Value, json};
use uuid::Uuid;

/// A body of `POST /api/v1/comparison`.
#[derive(Debug, Clone)]
pub struct Comparison(Value);

impl Comparison {
    /// Asks `mock`, with the outcome for this topic.
    pub fn new(prompt: &str, topic: &str) -> Self {
        Self(json!({
            "user_prompt": prompt,
            "callback_topic": topic,
            "correlation_id": Uuid::now_v7(),
            "llm_config_overrides": {"provider_override": "mock"},
        }))
    }

    /// A top-level field.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.0[field] = value.into();
        self
    }

    /// A field of `llm_config_overrides`.
    #[must_use]
    pub fn overriding(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.0["llm_config_overrides"][field] = value.into();
        self
    }

    /// A field of `metadata`.
    #[must_use]
    pub fn metadata(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.0["metadata"][field] = value.into();
        self
    }

    /// The body.
    pub fn body(&self) -> &Value {
        &self.0
    }

    /// Its correlation id.
    pub fn correlation_id(&self) -> &str {
        self.0["correlation_id"].as_str().unwrap_or_default()
    }
}
