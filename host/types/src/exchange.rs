//! One exchange with an adapter: what the host tells it and what it asks of the host.
//!
//! The domain form of `wit/`: `adapter` converts each released contract into these types, so nothing
//! else knows about contract versions.

use crate::{Failure, Usage};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a pure step may know of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Stable over every attempt of a request or a job.
    pub submission_id: String,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// Milliseconds since the Unix epoch.
    pub now_ms: u64,
    /// Stable for the submission.
    pub seed: u64,
    /// After routing.
    pub model: String,
    /// JSON object, valid for the manifest's settings schema.
    pub settings: Arc<str>,
    /// Lower-case hexadecimal, empty for the steps of a job.
    pub prompt_sha256: String,
}

/// A header or a query parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// How a text is written into a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpliceEncoding {
    /// Escaped for the inside of a JSON string, without quotes.
    Json,
    /// As it is.
    Raw,
    /// Standard base64 with padding.
    Base64,
}

/// A piece of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Segment {
    /// As it is.
    Literal(String),
    /// As they are.
    Bytes(Vec<u8>),
    /// Text `index` of the request.
    Splice {
        /// Which text.
        index: u32,
        /// Written how.
        encoding: SpliceEncoding,
    },
}

/// A request that the host shall send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpCall {
    /// A key of the manifest's endpoints.
    pub endpoint: String,
    /// Upper-case method.
    pub method: String,
    /// Starts with `/`.
    pub path: String,
    /// Unencoded.
    pub query: Vec<Header>,
    /// Without credentials.
    pub headers: Vec<Header>,
    /// Its pieces, in order.
    pub body: Vec<Segment>,
    /// A key of the manifest's auth slots.
    pub auth: Option<String>,
    /// For the whole reply.
    pub timeout_ms: Option<u32>,
    /// May be repeated without cost or harm.
    pub repeatable: bool,
}

/// A reply's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// Valid UTF-8.
    Text(String),
    /// Anything else.
    Bytes(Vec<u8>),
}

impl Payload {
    /// Text when it is valid UTF-8.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes).map_or_else(|e| Self::Bytes(e.into_bytes()), Self::Text)
    }
}

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpReply {
    /// The status.
    pub status: u16,
    /// Names in lower case, credentials redacted.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Payload,
}

/// Why a call has no reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransportError {
    /// The name did not resolve.
    Dns,
    /// No connection.
    Connect,
    /// No trust.
    Tls,
    /// No answer in time.
    Timeout,
    /// The connection broke.
    Reset,
    /// The reply is larger than allowed.
    TooLarge,
    /// Refused by the host's rules.
    Blocked(String),
    /// Anything else.
    Other(String),
}

/// Why the model stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// It was done.
    Stop,
    /// It ran out of tokens.
    Length,
    /// It calls tools.
    ToolCalls,
    /// A filter cut it.
    ContentFilter,
    /// It declined.
    Refusal,
    /// Anything else.
    Other(String),
}

/// A finished answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// `docket.completion/1`.
    pub json: String,
    /// Why it ended.
    pub finish: FinishReason,
    /// What it consumed.
    pub usage: Usage,
    /// The provider's id of it.
    pub provider_id: Option<String>,
    /// The model that answered.
    pub served_model: Option<String>,
}

/// What a realtime step is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The request, `docket.chat/1`.
    Start(String),
    /// The call's reply.
    Reply(HttpReply),
    /// The call has no reply.
    Transport(TransportError),
    /// The wait is over.
    Elapsed,
    /// The caller gave up.
    Cancel,
    /// The effect may or may not have happened.
    UnknownOutcome,
}

/// What a realtime step asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send this.
    Call(HttpCall),
    /// Wait this many milliseconds.
    Wait(u64),
    /// Done.
    Finish(Completion),
    /// Failed.
    Fail(Failure),
}

/// A step's result: the state to keep and the effect to perform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next<E> {
    /// At most 64 KiB.
    pub state: Vec<u8>,
    /// To perform.
    pub effect: E,
}

/// The most state that a step may return, in bytes.
pub const MAX_STATE: usize = 64 * 1024;

/// Limits of a provider's batch API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchLimits {
    /// Items of one job.
    pub max_items: u32,
    /// Bytes of one job.
    pub max_bytes: u64,
    /// Bytes of one item.
    pub max_item_bytes: u64,
    /// Milliseconds from creation to completion, as promised.
    pub window_ms: u64,
}

/// A form around the uploaded items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Multipart {
    /// Fields besides the file.
    pub fields: Vec<Header>,
    /// The file's field.
    pub file_field: String,
    /// The file's name.
    pub file_name: String,
    /// The file's media type.
    pub file_type: String,
}

/// A call whose body is the items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Its own body is empty.
    pub call: HttpCall,
    /// Before the first item.
    pub prefix: String,
    /// Between two items.
    pub separator: String,
    /// After the last item.
    pub suffix: String,
    /// A form around them.
    pub multipart: Option<Multipart>,
}

/// Where result lines come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The lines of this call's reply.
    Call(HttpCall),
    /// The encoded items themselves.
    Loopback,
}

/// What a job step is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobEvent {
    /// So many items with so many bytes.
    Start {
        /// Encoded items.
        items: u32,
        /// Their bytes.
        bytes: u64,
    },
    /// The call's reply.
    Reply(HttpReply),
    /// The call has no reply.
    Transport(TransportError),
    /// The wait is over.
    Elapsed,
    /// The upload's reply.
    Uploaded(HttpReply),
    /// So many lines were decoded.
    Downloaded(u64),
    /// An operator gave up.
    Cancel,
    /// The effect may or may not have happened.
    UnknownOutcome,
}

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobEnd {
    /// It ran through.
    Completed,
    /// It ran out of time.
    Expired,
    /// It was cancelled.
    Cancelled,
}

/// What a job step asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobEffect {
    /// Send this.
    Call(HttpCall),
    /// Wait this many milliseconds.
    Wait(u64),
    /// Send the items.
    UploadItems(Upload),
    /// Decode the results.
    DownloadLines(Source),
    /// Done.
    Finish(JobEnd),
    /// Failed as a whole.
    Fail(Failure),
}

/// What an operator sees of a job.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JobProgress {
    /// The provider's id of the job.
    pub provider_job_id: Option<String>,
    /// The provider's word for its state.
    pub provider_state: Option<String>,
    /// Items done.
    pub completed: u32,
    /// Items failed.
    pub failed: u32,
}

/// A job step's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobNext {
    /// At most [`MAX_STATE`].
    pub state: Vec<u8>,
    /// To perform.
    pub effect: JobEffect,
    /// To show.
    pub progress: JobProgress,
}

/// What became of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemOutcome {
    /// Answered.
    Completed(Completion),
    /// Failed.
    Failed(Failure),
    /// Not begun in time.
    Expired,
    /// Cancelled with its job.
    Cancelled,
}

/// One decoded line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemResult {
    /// As it was encoded.
    pub custom_id: String,
    /// What became of it.
    pub outcome: ItemOutcome,
}
