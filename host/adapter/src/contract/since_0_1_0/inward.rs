//! From docket's words to those of contract 0.1: what the guest is given.

use super::bindings::docket::provider::types as wire;
use super::{batch, realtime, streaming};
use docket_types::exchange::{Context, Event, Header, HttpReply, JobEvent, Payload, TransportError};
use docket_types::stream::Frame;

pub(super) fn context(context: &Context) -> wire::Context {
    wire::Context {
        submission_id: context.submission_id.clone(),
        attempt: context.attempt,
        now_ms: context.now_ms,
        seed: context.seed,
        model: context.model.clone(),
        settings: context.settings.as_ref().to_owned(),
        prompt_sha256: context.prompt_sha256.clone(),
    }
}

fn header(header: Header) -> wire::Header {
    wire::Header { name: header.name, value: header.value }
}

pub(super) fn headers(all: &[Header]) -> Vec<wire::Header> {
    all.iter().cloned().map(header).collect()
}

fn payload(payload: Payload) -> wire::Payload {
    match payload {
        Payload::Text(text) => wire::Payload::Text(text),
        Payload::Bytes(bytes) => wire::Payload::Bytes(bytes),
    }
}

fn reply(reply: HttpReply) -> wire::HttpReply {
    let headers = reply.headers.into_iter().map(header).collect();
    wire::HttpReply { status: reply.status, headers, body: payload(reply.body) }
}

fn transport(error: TransportError) -> wire::TransportError {
    match error {
        TransportError::Dns => wire::TransportError::Dns,
        TransportError::Connect => wire::TransportError::Connect,
        TransportError::Tls => wire::TransportError::Tls,
        TransportError::Timeout => wire::TransportError::Timeout,
        TransportError::Reset => wire::TransportError::Reset,
        TransportError::TooLarge => wire::TransportError::TooLarge,
        TransportError::Blocked(why) => wire::TransportError::Blocked(why),
        TransportError::Other(why) => wire::TransportError::Other(why),
    }
}

pub(super) fn event(event: Event) -> realtime::Event {
    match event {
        Event::Start(request) => realtime::Event::Start(request),
        Event::Reply(r) => realtime::Event::Reply(reply(r)),
        Event::Transport(error) => realtime::Event::Transport(transport(error)),
        Event::Elapsed => realtime::Event::Elapsed,
        Event::Cancel => realtime::Event::Cancel,
        Event::UnknownOutcome => realtime::Event::UnknownOutcome,
    }
}

pub(super) fn job_event(event: JobEvent) -> batch::Event {
    match event {
        JobEvent::Start { items, bytes } => batch::Event::Start(batch::Job { items, bytes }),
        JobEvent::Reply(r) => batch::Event::Reply(reply(r)),
        JobEvent::Transport(error) => batch::Event::Transport(transport(error)),
        JobEvent::Elapsed => batch::Event::Elapsed,
        JobEvent::Uploaded(r) => batch::Event::Uploaded(reply(r)),
        JobEvent::Downloaded(lines) => batch::Event::Downloaded(lines),
        JobEvent::Cancel => batch::Event::Cancel,
        JobEvent::UnknownOutcome => batch::Event::UnknownOutcome,
    }
}

pub(super) fn frame(frame: Frame) -> streaming::Frame {
    streaming::Frame { event: frame.event, id: frame.id, data: payload(frame.data) }
}
