//! A submission as an adapter sees it: `docket.chat/1` with references, the texts themselves, hash and seed.

use crate::options::ProviderOptions;
use docket_types::chat::{
    CacheTtl, ChatRequest, Message, Part, ResponseFormat, Role, SCHEMA, TextRef, Texts,
};
use docket_types::comparison::answer_schema;
use docket_types::submission::{BlockTarget, Prompt};
use docket_types::{ProviderName, Submission};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use uuid::Uuid;

/// What an exchange starts from.
#[derive(Debug, Clone)]
pub(crate) struct Chat {
    /// `docket.chat/1`.
    pub(crate) json: String,
    /// The texts that it refers to.
    pub(crate) texts: Texts,
    /// Hexadecimal, without any provider's suffix.
    pub(crate) prompt_sha256: String,
}

/// Builds the request for `model`. The system prompt, if any, is text 0; the prompt's texts follow in their order.
/// What the submission leaves open is taken from the provider's options.
pub(crate) fn build(
    submission: &Submission,
    model: &str,
    options: &ProviderOptions,
) -> Result<Chat, serde_json::Error> {
    let mut texts: Vec<Arc<str>> = Vec::new();
    let mut add = |text: &str, cache: Option<CacheTtl>| {
        let index = u32::try_from(texts.len()).unwrap_or(u32::MAX);
        texts.push(Arc::from(text));
        Part::Text { text: TextRef::to(index, text), cache }
    };
    let (mut system, mut user) = (Vec::new(), Vec::new());
    if let Some(text) = &submission.overrides.system_prompt {
        system.push(add(text, None));
    }
    if submission.prompt.blocks.is_empty() {
        user.push(add(&submission.prompt.user_prompt, None));
    }
    for block in &submission.prompt.blocks {
        let part = add(&block.content, block.cacheable.then_some(block.ttl));
        match block.target {
            BlockTarget::System => system.push(part),
            BlockTarget::UserContent => user.push(part),
        }
    }
    let messages = [(Role::System, system), (Role::User, user)]
        .into_iter()
        .filter(|(_, content)| !content.is_empty())
        .map(|(role, content)| Message { role, content })
        .collect();
    let overrides = &submission.overrides;
    let request = ChatRequest {
        schema: SCHEMA.to_owned(),
        model: model.to_owned(),
        messages,
        temperature: overrides.temperature.or(options.default_temperature),
        max_tokens: overrides.max_tokens.or(options.default_max_tokens),
        reasoning_effort: overrides.reasoning_effort.clone(),
        verbosity: overrides.output_verbosity.clone(),
        response_format: Some(ResponseFormat::JsonSchema {
            name: "comparison".to_owned(),
            schema: answer_schema(),
        }),
    };
    Ok(Chat {
        json: serde_json::to_string(&request)?,
        texts: Texts(texts.into()),
        prompt_sha256: hash(&submission.prompt, ""),
    })
}

/// The hash that callbacks carry: of the prompt as it is sent to the *requested* provider, which for two of
/// them ends with a sentence that asks for JSON. The same on the path of success and that of failure.
pub(crate) fn callback_hash(provider: &ProviderName, prompt: &Prompt) -> String {
    let suffix = match provider.as_str() {
        "openai" | "openrouter" => "\n\nPlease respond with a valid JSON object.",
        _ => "",
    };
    hash(prompt, suffix)
}

fn hash(prompt: &Prompt, suffix: &str) -> String {
    let mut hash = Sha256::new();
    for (at, text) in prompt.texts().enumerate() {
        if at > 0 {
            hash.update("\n\n");
        }
        hash.update(text);
    }
    hash.update(suffix);
    hex::encode(hash.finalize())
}

/// The seed of everything random about a request: equal on every machine.
pub(crate) fn seed(id: Uuid) -> u64 {
    let mut hash = Sha256::new_with_prefix(b"docket-seed/1\0");
    hash.update(id.hyphenated().to_string());
    let digest: [u8; 32] = hash.finalize().into();
    let [a, b, c, d, e, f, g, h, ..] = digest;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_types::submission::PromptBlock;
    use serde_json::{Value, json};

    fn block(target: BlockTarget, content: &str, cacheable: bool) -> PromptBlock {
        PromptBlock { target, content: content.into(), cacheable, ttl: CacheTtl::OneHour }
    }

    fn submission(overrides: Value, blocks: Vec<PromptBlock>) -> Submission {
        Submission {
            provider: "openai".into(),
            overrides: serde_json::from_value(overrides).unwrap(),
            prompt: Prompt { user_prompt: "hello".into(), blocks },
            correlation_id: Uuid::nil(),
            callback: docket_types::submission::Callback::default(),
            metadata: serde_json::Map::new(),
            deadline: None,
        }
    }

    #[test]
    fn the_hash_follows_the_known_vectors() {
        let whole = Prompt { user_prompt: "hello".into(), blocks: vec![] };
        let parts = Prompt {
            user_prompt: "hello".into(),
            blocks: vec![
                block(BlockTarget::System, "åäö", false),
                block(BlockTarget::UserContent, "b", true),
            ],
        };
        for (prompt, plain, suffixed) in [
            (
                whole,
                "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
                "a394e64c6046bdde10507774fef1634ed1c0faff4c399f9ceff579958c512cdd",
            ),
            (
                parts,
                "e61ed475e5efece76e4ead88ed01ee67c6d931c9a2fae850fe8b3779697dc0d6",
                "5353789aa0d0a406781efb6fbdefd7bb7bd86ae8dd5d49560f9ae1d8804a3418",
            ),
        ] {
            for provider in ["anthropic", "google", "mock"] {
                assert_eq!(callback_hash(&provider.into(), &prompt), plain);
            }
            for provider in ["openai", "openrouter"] {
                assert_eq!(callback_hash(&provider.into(), &prompt), suffixed);
            }
            assert_eq!(hash(&prompt, ""), plain, "the context's hash has no suffix");
        }
    }

    #[test]
    fn texts_stay_out_of_the_request() {
        let chat = build(
            &submission(json!({"system_prompt": "secret rules"}), vec![]),
            "gpt-5.1",
            &ProviderOptions::default(),
        )
        .unwrap();
        assert!(!chat.json.contains("secret") && !chat.json.contains("hello"));
        assert_eq!(chat.texts.get(0), Some("secret rules"));
        assert_eq!(chat.texts.get(1), Some("hello"));
        let request: Value = serde_json::from_str(&chat.json).unwrap();
        assert_eq!(request["messages"][0]["role"], "system");
        assert_eq!(request["messages"][1]["content"][0]["text"], json!({"$text": 1, "bytes": 5, "words": 1}));
        assert_eq!(request["response_format"]["name"], "comparison");
    }

    #[test]
    fn blocks_win_over_the_prompt_and_keep_their_order_and_cache() {
        let blocks = vec![
            block(BlockTarget::UserContent, "one", true),
            block(BlockTarget::System, "two", false),
            block(BlockTarget::UserContent, "three", false),
        ];
        let chat = build(&submission(json!({}), blocks), "m", &ProviderOptions::default()).unwrap();
        let request: Value = serde_json::from_str(&chat.json).unwrap();
        let texts: Vec<_> = (0..4).filter_map(|n| chat.texts.get(n)).collect();
        assert_eq!(texts, ["one", "two", "three"]);
        assert_eq!(request["messages"][0]["content"][0]["text"]["$text"], 1);
        assert_eq!(request["messages"][1]["content"][0]["cache"], "1h");
        assert_eq!(request["messages"][1]["content"][1]["text"]["$text"], 2);
        assert_eq!(request["messages"][1]["content"][1].get("cache"), None);
    }

    #[test]
    fn every_override_reaches_the_adapter() {
        let all = json!({"temperature": 0.5, "max_tokens": 7, "reasoning_effort": "low", "output_verbosity": "high"});
        let defaults = ProviderOptions {
            default_temperature: Some(0.9),
            default_max_tokens: Some(9),
            ..ProviderOptions::default()
        };
        let chat = build(&submission(all, vec![]), "m", &defaults).unwrap();
        let request: ChatRequest = serde_json::from_str(&chat.json).unwrap();
        assert_eq!(request.temperature, Some(0.5));
        assert_eq!(request.max_tokens, Some(7));
        assert_eq!(request.reasoning_effort.as_deref(), Some("low"));
        assert_eq!(request.verbosity.as_deref(), Some("high"));
        let chat = build(&submission(json!({}), vec![]), "m", &defaults).unwrap();
        let request: ChatRequest = serde_json::from_str(&chat.json).unwrap();
        assert_eq!((request.temperature, request.max_tokens), (Some(0.9), Some(9)), "what is left open");
    }

    #[test]
    fn the_seed_is_the_same_everywhere() {
        // sha256("docket-seed/1\0" + "00000000-0000-0000-0000-000000000000"), first eight bytes.
        assert_eq!(seed(Uuid::nil()), SEED_OF_NIL);
        assert_ne!(seed(Uuid::nil()), seed(Uuid::max()));
    }

    const SEED_OF_NIL: u64 = 0x38922a8a376c7f08;
}
