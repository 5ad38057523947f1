//! The smallest useful adapter: one call to a chat server that speaks OpenAI's protocol, such as a local model.
#![forbid(unsafe_code)]

pub mod wire;

use docket_sdk::{Adapter, AuthScheme, Call, ChatRequest, Completion, Context, Failure, FinishReason};
use docket_sdk::{Manifest, Reply, Role, Usage};
use wire::{Answer, Body, Line};

/// The adapter.
#[derive(Debug)]
pub struct Hello;
docket_sdk::export_adapter!(Hello);

impl Adapter for Hello {
    fn manifest() -> Manifest {
        Manifest::new("hello", env!("CARGO_PKG_VERSION"), "A chat server that speaks OpenAI's protocol.")
            .endpoint("api", "http://127.0.0.1:8000/v1", &["/chat/completions"])
            .auth("key", AuthScheme::Bearer)
            .default_model("local")
    }

    fn encode(context: &Context, request: &ChatRequest) -> Result<Call, Failure> {
        let line = |message: &docket_sdk::Message| Line { role: role(message.role), content: message.text() };
        Call::post("api", "/chat/completions").auth("key").json(&Body {
            model: &context.model,
            messages: request.messages.iter().map(line).collect(),
            temperature: request.temperature,
            max_tokens: request.max_tokens,
        })
    }

    fn decode(context: &Context, reply: &Reply) -> Result<Completion, Failure> {
        let answer: Answer = reply.ok(context)?.json()?;
        let choice =
            answer.choices.first().ok_or_else(|| Failure::bad_response("the answer has no choice"))?;
        let finish = match choice.finish_reason.as_deref() {
            Some("stop") => FinishReason::Stop,
            Some("length") => FinishReason::Length,
            other => FinishReason::Other(other.unwrap_or("absent").to_owned()),
        };
        let usage = Usage::tokens(answer.usage.prompt_tokens, answer.usage.completion_tokens);
        Ok(Completion::text(&choice.message.content)?
            .with_finish(finish)
            .with_usage(usage)
            .with_provider_id(answer.id))
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User | Role::Other => "user",
        Role::Assistant => "assistant",
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn fixtures() {
        docket_sdk::fixtures::check_dir::<super::Hello>(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures"))
            .unwrap();
    }

    #[test]
    fn manifest() {
        docket_sdk::fixtures::manifest::<super::Hello>().unwrap();
    }
}
