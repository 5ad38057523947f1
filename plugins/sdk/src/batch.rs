//! The provider's own batch API.

use crate::bindings::exports::docket::provider::batch as wit;
use crate::{Adapter, Body, Call, ChatRequest, Context, Failure, Header};

pub use wit::{
    BatchLimits as Limits, Effect as JobEffect, Event as JobEvent, ItemOutcome, ItemResult, Job, JobEnd,
    Multipart, Next as JobStep, Progress, Source, Upload,
};

/// An adapter that drives a batch API. Export it with `export_adapter!(MyAdapter, batch)`.
///
/// Items never pass through [`step`](BatchAdapter::step): the host encodes them while it uploads, and decodes
/// the results while it downloads. It stores its intent before an effect and the outcome after it; where it stopped
/// in between, the machine gets [`JobEvent::UnknownOutcome`] and must look the job up, never create it again.
pub trait BatchAdapter: Adapter {
    /// What one job may hold.
    fn limits(context: &Context) -> Limits;

    /// One item as one line, without a line break.
    fn encode_item(context: &Context, custom_id: &str, request: ChatRequest) -> Result<Body, Failure>;

    /// One line of a result file. None: the line belongs to no item.
    fn decode_line(context: &Context, line: &str) -> Result<Option<ItemResult>, Failure>;

    /// One step of a job. `state` is empty at the start.
    fn step(context: &Context, state: &[u8], event: JobEvent) -> JobStep;

    /// The provider's id of the job that a webhook is about. A hint: the host then lets the machine look.
    fn parse_webhook(
        _context: &Context,
        _headers: &[Header],
        _body: &str,
    ) -> Result<Option<String>, Failure> {
        Ok(None)
    }
}

impl JobStep {
    /// This effect, with nothing to remember and nothing to show.
    pub fn new(effect: JobEffect) -> Self {
        let progress = Progress { provider_job_id: None, provider_state: None, completed: 0, failed: 0 };
        Self { state: Vec::new(), effect, progress }
    }

    /// Send this.
    pub fn call(call: Call) -> Self {
        Self::new(JobEffect::Call(call))
    }

    /// Wait so many milliseconds.
    pub fn wait(milliseconds: u64) -> Self {
        Self::new(JobEffect::Wait(milliseconds))
    }

    /// Done.
    pub fn finish(end: JobEnd) -> Self {
        Self::new(JobEffect::Finish(end))
    }

    /// Failed as a whole.
    pub fn fail(failure: Failure) -> Self {
        Self::new(JobEffect::Fail(failure))
    }

    /// With this state for the next step; at most 64 KiB.
    pub fn with_state(mut self, state: impl Into<Vec<u8>>) -> Self {
        self.state = state.into();
        self
    }

    /// With what an operator wants to see.
    pub fn with_progress(mut self, progress: Progress) -> Self {
        self.progress = progress;
        self
    }
}
