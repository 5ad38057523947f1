//! Finished answers and what they consumed.

use crate::{Completion, Failure, FailureClass, FinishReason, RetryAdvice, Usage};
use serde::Serialize;

/// The completion's schema name.
const SCHEMA: &str = "docket.completion/1";

#[derive(Serialize)]
struct Json<'a, M> {
    schema: &'static str,
    content: [Content<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a M>,
}

#[derive(Serialize)]
struct Content<'a> {
    r#type: &'static str,
    text: &'a str,
}

impl Completion {
    /// An answer of one text, which ended as it should and of which nothing else is known.
    pub fn text(text: &str) -> Result<Self, Failure> {
        Self::text_with_metadata(text, None::<&()>)
    }

    /// As [`Completion::text`]; `metadata`, a JSON object, goes to the caller with the answer.
    pub fn text_with_metadata<M: Serialize>(text: &str, metadata: Option<&M>) -> Result<Self, Failure> {
        let json = serde_json::to_string(&Json {
            schema: SCHEMA,
            content: [Content { r#type: "text", text }],
            metadata,
        })
        .map_err(|_| {
            Failure::new(FailureClass::BadResponse, "the answer cannot be written as JSON")
                .retry(RetryAdvice::Backoff)
        })?;
        Ok(Self {
            json,
            finish: FinishReason::Stop,
            usage: Usage::default(),
            provider_id: None,
            served_model: None,
        })
    }

    /// Ended for this reason.
    pub fn with_finish(mut self, finish: FinishReason) -> Self {
        self.finish = finish;
        self
    }

    /// Consumed this.
    pub fn with_usage(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }

    /// The provider's id of it.
    pub fn with_provider_id(mut self, id: impl Into<String>) -> Self {
        self.provider_id = Some(id.into());
        self
    }

    /// The model that answered.
    pub fn with_served_model(mut self, model: impl Into<String>) -> Self {
        self.served_model = Some(model.into());
        self
    }
}

impl Default for Usage {
    /// Nothing is known.
    fn default() -> Self {
        Self {
            input_tokens: None,
            output_tokens: None,
            cached_input_tokens: None,
            cache_write_tokens: None,
            reasoning_tokens: None,
            extra: Vec::new(),
        }
    }
}

impl Usage {
    /// Input (cached tokens included) and output.
    pub fn tokens(input: u64, output: u64) -> Self {
        Self { input_tokens: Some(input), output_tokens: Some(output), ..Self::default() }
    }
}
