//! Writes provider adapters for docket: WebAssembly components without imports that turn requests into calls and
//! replies into answers. The contract is `wit/0.1.0`; `docs/adapters.md` is the guide.
//!
//! An adapter is a pure function of what it is given. It has no clock, no random numbers, no files and no
//! network, holds no credential, and never sees a prompt: a [`Text`] is a reference that the host replaces while
//! it writes the body. [`Context`] has everything that may differ between two calls.
//!
//! This is a whole adapter:
//!
//! ```
//! #![forbid(unsafe_code)]
//! use docket_sdk::{Adapter, AuthScheme, Call, ChatRequest, Completion, Context, Failure, Manifest, Reply, Usage};
//! use serde::{Deserialize, Serialize};
//!
//! struct Acme;
//! docket_sdk::export_adapter!(Acme);
//!
//! #[derive(Serialize)]
//! struct Body<'a> {
//!     model: &'a str,
//!     prompt: String,
//! }
//!
//! #[derive(Deserialize)]
//! struct Answer {
//!     id: String,
//!     text: String,
//!     input_tokens: u64,
//!     output_tokens: u64,
//! }
//!
//! impl Adapter for Acme {
//!     fn manifest() -> Manifest {
//!         Manifest::new("acme", env!("CARGO_PKG_VERSION"), "A provider with one route.")
//!             .endpoint("api", "https://api.acme.example/v1", &["/complete"])
//!             .auth("key", AuthScheme::Bearer)
//!             .default_model("acme-1")
//!     }
//!
//!     fn encode(context: &Context, request: &ChatRequest) -> Result<Call, Failure> {
//!         let body = Body { model: &context.model, prompt: format!("{}\n\nAnswer:", request.user_text()) };
//!         Call::post("api", "/complete").auth("key").json(&body)
//!     }
//!
//!     fn decode(context: &Context, reply: &Reply) -> Result<Completion, Failure> {
//!         let answer: Answer = reply.ok(context)?.json()?;
//!         let usage = Usage::tokens(answer.input_tokens, answer.output_tokens);
//!         Ok(Completion::text(&answer.text)?.with_usage(usage).with_provider_id(answer.id))
//!     }
//! }
//!
//! # // What a test of it looks like; see `docket_sdk::fixtures` for tests from files.
//! # fn main() {
//! let fixture = r#"{
//!     "context": {"model": "acme-1"},
//!     "request": {"messages": [{"role": "user", "content": [{"type": "text", "text": "Say \"hi\""}]}]},
//!     "exchange": [
//!         {"event": "start", "effect": {"call": {"endpoint": "api", "method": "POST", "path": "/complete", "auth": "key",
//!             "headers": {"content-type": "application/json"},
//!             "body": {"model": "acme-1", "prompt": "Say \"hi\"\n\nAnswer:"}}}},
//!         {"event": {"reply": {"status": 429, "headers": {"retry-after": "2"}, "body": "slow down"}},
//!          "effect": {"fail": {"class": "rate_limited", "retry": {"after_ms": 2000}, "status": 429, "message": "*"}}}
//!     ]
//! }"#;
//! docket_sdk::fixtures::check::<Acme>(fixture).unwrap();
//! # }
//! ```

mod adapter;
#[cfg(target_family = "wasm")]
mod allocator;
mod batch;
#[doc(hidden)]
pub mod bindings;
mod call;
mod chat;
mod completion;
mod context;
#[doc(hidden)]
pub mod export;
mod failure;
#[cfg(not(target_family = "wasm"))]
pub mod fixtures;
mod manifest;
pub mod mock;
pub mod random;
mod reply;
pub mod retry_after;
#[doc(hidden)]
pub mod sections;
mod streaming;
mod text;

// The bindings name this crate as an adapter would.
extern crate self as docket_sdk;
#[doc(hidden)]
pub use wit_bindgen::rt as __rt;

pub use adapter::Adapter;
pub use batch::{
    BatchAdapter, ItemOutcome, ItemResult, Job, JobEffect, JobEnd, JobEvent, JobStep, Limits, Progress,
};
pub use batch::{Multipart, Source, Upload};
pub use bindings::exports::docket::provider::realtime::{Effect, Event, Next as Step};
pub use bindings::exports::docket::provider::types::{
    Completion, Context, Failure, FailureClass, FinishReason, Header, HttpCall as Call, HttpReply as Reply,
    Method, Payload, RetryAdvice, Segment, Splice, SpliceEncoding, TransportError, Usage,
};
pub use call::Body;
pub use chat::{CacheTtl, ChatRequest, Message, Part, ResponseFormat, Role};
pub use manifest::{AuthScheme, Manifest, Model, Price};
pub use streaming::{Delta, Frame, Framing, Opening, StreamDecoder, StreamingAdapter};
pub use text::{Encoded, Text};
