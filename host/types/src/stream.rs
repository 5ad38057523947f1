//! An answer in pieces: what the host cuts out of a streamed reply and what a decoder makes of it.

use crate::exchange::{HttpCall, Payload};
use crate::{Failure, Usage};

/// How the host cuts frames out of the reply's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events.
    Sse,
    /// One JSON text a line.
    Ndjson,
    /// The binary event stream of AWS.
    AwsEventStream,
}

/// The call whose reply is a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// To send.
    pub call: HttpCall,
    /// To cut the reply with.
    pub framing: Framing,
}

/// One frame of bounded size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its kind, where the framing has one.
    pub event: Option<String>,
    /// Its id, where the framing has one.
    pub id: Option<String>,
    /// What it carries.
    pub data: Payload,
}

/// What a decoder makes of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta {
    /// A piece of the answer: the `delta` definition of `docket.completion/1`.
    Content(String),
    /// What was consumed so far.
    Usage(Usage),
    /// The provider's sign of life.
    Ping,
    /// The provider reported a failure; nothing follows.
    Failed(Failure),
}
