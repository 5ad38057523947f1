//! The answer in pieces, while it is being written.

use crate::bindings::exports::docket::provider::streaming as wit;
use crate::{Adapter, ChatRequest, Completion, Context, Failure, Header};

pub use wit::{Delta, Frame, Framing, Opening};

/// An adapter that decodes streams. Export it with `export_adapter!(MyAdapter, streaming)`.
pub trait StreamingAdapter: Adapter {
    /// Holds what was seen of one stream.
    type Decoder: StreamDecoder + 'static;

    /// The call whose reply is a stream, and how the host cuts it. A reply with a status of 400 or more goes to
    /// [`Adapter::resume`], with the empty state.
    fn open(context: &Context, request: ChatRequest) -> Result<Opening, Failure>;

    /// The decoder of one stream, from the reply's headers.
    fn decoder(
        context: Context,
        request: ChatRequest,
        headers: Vec<Header>,
    ) -> Result<Self::Decoder, Failure>;
}

/// Turns frames into deltas.
pub trait StreamDecoder {
    /// Frames, already cut, one after the other. Never called again after a failure.
    fn push(&mut self, frames: Vec<Frame>) -> Result<Vec<Delta>, Failure>;

    /// The body ended; `clean` says that it ended as HTTP says it should. Without the provider's end marker the
    /// stream failed, clean or not.
    fn finish(&mut self, clean: bool) -> Result<Completion, Failure>;
}
