//! The body of `POST /api/v1/comparison`: the seed's fields, and `callback_url` and `deadline`.

use crate::body::Object;
use crate::error::{ApiError, ApiResult};
use docket_types::chat::CacheTtl;
use docket_types::submission::{BlockTarget, Callback, Overrides, Prompt, PromptBlock};
use docket_types::{ProviderName, Submission, Timestamp};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// A request for a comparison of two essays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Comparison {
    /// The whole prompt, both essays in it. May be empty only when `prompt_blocks` are given.
    user_prompt: String,
    /// The same prompt in parts; wins over `user_prompt` when not empty.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Block>>)]
    prompt_blocks: Option<Vec<Object<Block>>>,
    /// The topic that gets the outcome. This or `callback_url` is required.
    #[serde(default)]
    callback_topic: Option<String>,
    /// An https URL that gets the outcome as a Standard Webhook.
    #[serde(default)]
    callback_url: Option<String>,
    /// What differs from the provider's defaults.
    #[serde(default)]
    #[schema(value_type = Option<ConfigOverrides>)]
    llm_config_overrides: Option<Object<ConfigOverrides>>,
    /// The caller's id; made when absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "uuid")]
    correlation_id: Option<Uuid>,
    /// Accepted for compatibility; not stored.
    #[serde(default)]
    user_id: Option<String>,
    /// The caller's own; comes back in the callback. docket reads `cj_llm_batching_mode` and `preferred_bundle_size`.
    #[serde(default)]
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
    /// RFC 3339 with an offset: after this moment the answer is worthless.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date-time")]
    deadline: Option<String>,
}

/// A part of a prompt.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Block {
    /// `system` or `user_content`.
    #[serde(default)]
    #[schema(value_type = String, example = "user_content")]
    target: BlockTarget,
    /// Its text.
    content: String,
    /// The provider may cache the prompt up to its end.
    #[serde(default)]
    cacheable: bool,
    /// `5m` or `1h`. Cacheable blocks of one hour come first.
    #[serde(default)]
    #[schema(value_type = String, example = "5m")]
    ttl: CacheTtl,
    /// Accepted for compatibility; not used.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    content_hash: Option<String>,
}

/// What differs from the provider's defaults. Requests share a bundle only when these are equal.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConfigOverrides {
    /// A configured provider. Required.
    #[serde(default)]
    provider_override: Option<String>,
    /// The provider's name for a model.
    #[serde(default)]
    model_override: Option<String>,
    /// 0 to 2.
    #[serde(default)]
    temperature_override: Option<f64>,
    /// Instructions in place of the default ones.
    #[serde(default)]
    system_prompt_override: Option<String>,
    /// At least 1.
    #[serde(default)]
    max_tokens_override: Option<u32>,
    /// `none`, `low`, `medium` or `high`.
    #[serde(default)]
    reasoning_effort: Option<String>,
    /// `low`, `medium` or `high`.
    #[serde(default)]
    output_verbosity: Option<String>,
}

impl Comparison {
    /// What the pipeline gets. Only what the pipeline cannot see is checked here.
    pub(crate) fn into_submission(self) -> ApiResult<Submission> {
        let correlation_id = self.correlation_id.unwrap_or_else(Uuid::now_v7);
        let overrides = self.llm_config_overrides.unwrap_or_default().0;
        let Some(provider) = overrides.provider_override.filter(|name| !name.is_empty()) else {
            let message = "llm_config_overrides.provider_override must be specified";
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "MISSING_REQUIRED_FIELD", message)
                .param("llm_config_overrides.provider_override")
                .correlated(correlation_id));
        };
        let deadline = self.deadline.as_deref().map(Timestamp::parse).transpose().map_err(|_| {
            ApiError::invalid("deadline", "must be RFC 3339 with an offset, such as 2026-11-23T14:00:00Z")
                .correlated(correlation_id)
        })?;
        let blocks = self.prompt_blocks.unwrap_or_default().into_iter().map(|block| block.0.into()).collect();
        // Nothing reads it, and what nothing reads is not kept.
        drop(self.user_id);
        Ok(Submission {
            provider: ProviderName(provider),
            overrides: Overrides {
                model: overrides.model_override,
                temperature: overrides.temperature_override,
                system_prompt: overrides.system_prompt_override,
                max_tokens: overrides.max_tokens_override,
                reasoning_effort: overrides.reasoning_effort,
                output_verbosity: overrides.output_verbosity,
            },
            prompt: Prompt { user_prompt: self.user_prompt, blocks },
            correlation_id,
            callback: Callback { topic: self.callback_topic, url: self.callback_url },
            metadata: self.metadata,
            deadline,
        })
    }
}

impl From<Block> for PromptBlock {
    fn from(block: Block) -> Self {
        drop(block.content_hash);
        Self { target: block.target, content: block.content, cacheable: block.cacheable, ttl: block.ttl }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: &Value) -> ApiResult<Submission> {
        crate::body::parse::<Comparison>(body.to_string().as_bytes()).and_then(Comparison::into_submission)
    }

    #[test]
    fn every_field_arrives() {
        let id = "4c0b1a3e-8a53-4f0b-9a51-0d4c5e7a9b10";
        let submission = read(&json!({
            "user_prompt": "p",
            "prompt_blocks": [
                {"target": "system", "content": "a", "cacheable": true, "ttl": "1h", "content_hash": "x"},
                {"content": "b"},
            ],
            "callback_topic": "t",
            "callback_url": "https://example.com/h",
            "llm_config_overrides": {
                "provider_override": "mock", "model_override": "m", "temperature_override": 0.5,
                "system_prompt_override": "s", "max_tokens_override": 9, "reasoning_effort": "low",
                "output_verbosity": "high",
            },
            "correlation_id": id,
            "user_id": "u",
            "metadata": {"essay_a_id": "1"},
            "deadline": "2026-11-23T15:00:00+01:00",
        }))
        .unwrap();
        assert_eq!(submission.provider.as_str(), "mock");
        assert_eq!(submission.correlation_id.to_string(), id);
        assert_eq!(submission.overrides.max_tokens, Some(9));
        assert_eq!(submission.overrides.output_verbosity.as_deref(), Some("high"));
        assert_eq!(submission.prompt.blocks.len(), 2);
        assert_eq!(submission.prompt.blocks[0].ttl, CacheTtl::OneHour);
        assert_eq!(submission.prompt.blocks[1].target, BlockTarget::UserContent);
        assert_eq!(submission.callback.url.as_deref(), Some("https://example.com/h"));
        assert_eq!(submission.metadata["essay_a_id"], "1");
        assert_eq!(submission.deadline, Some(Timestamp::parse("2026-11-23T14:00:00Z").unwrap()));
    }

    #[test]
    fn nulls_are_absent_and_a_correlation_id_is_made() {
        let body = json!({
            "user_prompt": "p", "prompt_blocks": null, "callback_topic": "t", "correlation_id": null,
            "llm_config_overrides": {"provider_override": "mock", "model_override": null},
        });
        let (one, two) = (read(&body).unwrap(), read(&body).unwrap());
        assert_ne!(one.correlation_id, two.correlation_id);
        assert_eq!(one.overrides, Overrides::default());
    }

    #[test]
    fn a_provider_is_required() {
        for overrides in
            [json!(null), json!({}), json!({"provider_override": null}), json!({"provider_override": ""})]
        {
            let body = json!({"user_prompt": "p", "callback_topic": "t", "llm_config_overrides": overrides});
            assert!(read(&body).is_err(), "{body}");
        }
    }

    #[test]
    fn a_deadline_needs_an_offset() {
        for deadline in ["tomorrow", "2026-11-23", "2026-11-23T15:00:00", ""] {
            let body = json!({
                "user_prompt": "p", "callback_topic": "t", "deadline": deadline,
                "llm_config_overrides": {"provider_override": "mock"},
            });
            assert!(read(&body).is_err(), "{deadline}");
        }
    }
}
