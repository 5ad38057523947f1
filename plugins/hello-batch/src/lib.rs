//! The smallest adapter that drives a batch API: a server that speaks OpenAI's Files and Batches.
//!
//! It shows what a batch adapter has to get right: its state is small and readable after a restart, a create whose
//! outcome is unknown is looked up by the job's own name and never repeated blindly, and each line of a result is read by itself.
#![forbid(unsafe_code)]

mod job;
mod wire;

use docket_sdk::{
    Adapter, AuthScheme, BatchAdapter, Body, ChatRequest, Completion, Context, Failure, FinishReason,
    ItemOutcome, ItemResult, JobEvent, JobStep, Limits, Manifest, Role, Usage,
};
use wire::{Chat, Item, Line, Response, Row};

/// The adapter.
#[derive(Debug)]
pub struct HelloBatch;
docket_sdk::export_adapter!(HelloBatch, batch);

impl Adapter for HelloBatch {
    fn manifest() -> Manifest {
        let about = "A server that speaks OpenAI's Files and Batches; for requests that travel as batches.";
        Manifest::new("hello-batch", env!("CARGO_PKG_VERSION"), about)
            .endpoint(
                "api",
                "http://127.0.0.1:8000/v1",
                &["/files", "/files/*/content", "/batches", "/batches/*", "/batches/*/cancel"],
            )
            .auth("key", AuthScheme::Bearer)
            .default_model("local")
    }
}

impl BatchAdapter for HelloBatch {
    fn limits(_context: &Context) -> Limits {
        Limits {
            max_items: 1_000,
            max_bytes: 16 << 20,
            max_item_bytes: 1 << 20,
            window_ms: 24 * 60 * 60 * 1000,
        }
    }

    fn encode_item(context: &Context, custom_id: &str, request: ChatRequest) -> Result<Body, Failure> {
        let line = |message: &docket_sdk::Message| Line { role: role(message.role), content: message.text() };
        let body = Chat { model: &context.model, messages: request.messages.iter().map(line).collect() };
        Body::json(&Item { custom_id, method: "POST", url: job::ROUTE, body })
    }

    fn decode_line(context: &Context, line: &str) -> Result<Option<ItemResult>, Failure> {
        if line.trim().is_empty() {
            return Ok(None);
        }
        let row: Row = serde_json::from_str(line)?;
        let outcome = match (row.response, row.error) {
            (Some(response), None) => match completion(context, &response) {
                Ok(completion) => ItemOutcome::Completed(completion),
                Err(failure) => ItemOutcome::Failed(failure),
            },
            (_, Some(error)) if error.code == "batch_expired" => ItemOutcome::Expired,
            (_, Some(error)) if error.code == "batch_cancelled" => ItemOutcome::Cancelled,
            (_, Some(error)) => ItemOutcome::Failed(Failure::bad_response(error.message).code(error.code)),
            (None, None) => {
                ItemOutcome::Failed(Failure::bad_response("the item has neither a reply nor an error"))
            }
        };
        Ok(Some(ItemResult { custom_id: row.custom_id, outcome }))
    }

    fn step(context: &Context, state: &[u8], event: JobEvent) -> JobStep {
        job::step(context, state, event)
    }
}

/// The answer in an item's reply.
fn completion(context: &Context, response: &Response) -> Result<Completion, Failure> {
    if !(200..300).contains(&response.status_code) {
        return Err(Failure::from_status(response.status_code, &[], context.now_ms));
    }
    let choice = &response.body["choices"][0];
    let text = choice["message"]["content"].as_str();
    let text = text.ok_or_else(|| Failure::bad_response("the answer has no choice"))?;
    let finish = match choice["finish_reason"].as_str() {
        Some("stop") => FinishReason::Stop,
        Some("length") => FinishReason::Length,
        other => FinishReason::Other(other.unwrap_or("absent").to_owned()),
    };
    let tokens = |name: &str| response.body["usage"][name].as_u64().unwrap_or_default();
    let usage = Usage::tokens(tokens("prompt_tokens"), tokens("completion_tokens"));
    Ok(Completion::text(text)?.with_finish(finish).with_usage(usage))
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
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");
        docket_sdk::fixtures::check_batch_dir::<super::HelloBatch>(folder).unwrap();
    }

    #[test]
    fn manifest() {
        docket_sdk::fixtures::manifest::<super::HelloBatch>().unwrap();
    }
}
