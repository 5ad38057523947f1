//! From the words of contract 0.1 to docket's: what the guest gave.

use super::bindings::docket::provider::types as wire;
use super::{batch, realtime, streaming};
use docket_types::exchange::{
    BatchLimits, Completion, Effect, FinishReason, Header, HttpCall, ItemOutcome, ItemResult, JobEffect,
    JobEnd, JobNext, JobProgress, Multipart, Next, Segment, Source, SpliceEncoding, Upload,
};
use docket_types::stream::{Delta, Framing, Opening};
use docket_types::{Failure, FailureClass, RetryAdvice, Usage};

fn header(header: wire::Header) -> Header {
    Header { name: header.name, value: header.value }
}

fn headers(all: Vec<wire::Header>) -> Vec<Header> {
    all.into_iter().map(header).collect()
}

fn segment(segment: wire::Segment) -> Segment {
    match segment {
        wire::Segment::Literal(text) => Segment::Literal(text),
        wire::Segment::Bytes(bytes) => Segment::Bytes(bytes),
        wire::Segment::Splice(splice) => Segment::Splice {
            index: splice.index,
            encoding: match splice.encoding {
                wire::SpliceEncoding::Json => SpliceEncoding::Json,
                wire::SpliceEncoding::Raw => SpliceEncoding::Raw,
                wire::SpliceEncoding::Base64 => SpliceEncoding::Base64,
            },
        },
    }
}

pub(super) fn segments(all: Vec<wire::Segment>) -> Vec<Segment> {
    all.into_iter().map(segment).collect()
}

fn call(call: wire::HttpCall) -> HttpCall {
    HttpCall {
        endpoint: call.endpoint,
        method: match call.method {
            wire::Method::Get => "GET".to_owned(),
            wire::Method::Post => "POST".to_owned(),
            wire::Method::Put => "PUT".to_owned(),
            wire::Method::Patch => "PATCH".to_owned(),
            wire::Method::Delete => "DELETE".to_owned(),
            wire::Method::Other(name) => name,
        },
        path: call.path,
        query: headers(call.query),
        headers: headers(call.headers),
        body: segments(call.body),
        auth: call.auth,
        timeout_ms: call.timeout_ms,
        repeatable: call.repeatable,
    }
}

fn class(class: wire::FailureClass) -> FailureClass {
    match class {
        wire::FailureClass::InvalidRequest => FailureClass::InvalidRequest,
        wire::FailureClass::Auth => FailureClass::Auth,
        wire::FailureClass::Permission => FailureClass::Permission,
        wire::FailureClass::NotFound => FailureClass::NotFound,
        wire::FailureClass::ContextLength => FailureClass::ContextLength,
        wire::FailureClass::ContentPolicy => FailureClass::ContentPolicy,
        wire::FailureClass::RateLimited => FailureClass::RateLimited,
        wire::FailureClass::QuotaExhausted => FailureClass::QuotaExhausted,
        wire::FailureClass::Overloaded => FailureClass::Overloaded,
        wire::FailureClass::Timeout => FailureClass::Timeout,
        wire::FailureClass::Server => FailureClass::Server,
        wire::FailureClass::BadResponse => FailureClass::BadResponse,
        wire::FailureClass::Unsupported => FailureClass::Unsupported,
        wire::FailureClass::Cancelled => FailureClass::Cancelled,
        wire::FailureClass::Other(name) => FailureClass::Other(name),
    }
}

pub(super) fn failure(failure: wire::Failure) -> Failure {
    Failure {
        class: class(failure.class),
        retry: match failure.retry {
            wire::RetryAdvice::Never => RetryAdvice::Never,
            wire::RetryAdvice::Backoff => RetryAdvice::Backoff,
            wire::RetryAdvice::AfterMs(ms) => RetryAdvice::AfterMs(ms),
            wire::RetryAdvice::OtherCredential => RetryAdvice::OtherCredential,
            wire::RetryAdvice::OtherProvider => RetryAdvice::OtherProvider,
        },
        code: failure.code,
        status: failure.status,
        message: failure.message,
    }
}

fn usage(usage: wire::Usage) -> Usage {
    Usage {
        input_tokens: usage.input_tokens,
        output_tokens: usage.output_tokens,
        cached_input_tokens: usage.cached_input_tokens,
        cache_write_tokens: usage.cache_write_tokens,
        reasoning_tokens: usage.reasoning_tokens,
        extra: usage.extra.into_iter().collect(),
    }
}

pub(super) fn completion(completion: wire::Completion) -> Completion {
    Completion {
        json: completion.json,
        finish: match completion.finish {
            wire::FinishReason::Stop => FinishReason::Stop,
            wire::FinishReason::Length => FinishReason::Length,
            wire::FinishReason::ToolCalls => FinishReason::ToolCalls,
            wire::FinishReason::ContentFilter => FinishReason::ContentFilter,
            wire::FinishReason::Refusal => FinishReason::Refusal,
            wire::FinishReason::Other(name) => FinishReason::Other(name),
        },
        usage: usage(completion.usage),
        provider_id: completion.provider_id,
        served_model: completion.served_model,
    }
}

pub(super) fn next(next: realtime::Next) -> Next<Effect> {
    let effect = match next.effect {
        realtime::Effect::Call(c) => Effect::Call(call(c)),
        realtime::Effect::Wait(ms) => Effect::Wait(ms),
        realtime::Effect::Finish(c) => Effect::Finish(completion(c)),
        realtime::Effect::Fail(f) => Effect::Fail(failure(f)),
    };
    Next { state: next.state, effect }
}

pub(super) fn limits(limits: batch::BatchLimits) -> BatchLimits {
    BatchLimits {
        max_items: limits.max_items,
        max_bytes: limits.max_bytes,
        max_item_bytes: limits.max_item_bytes,
        window_ms: limits.window_ms,
    }
}

fn upload(upload: batch::Upload) -> Upload {
    Upload {
        call: call(upload.call),
        prefix: upload.prefix,
        separator: upload.separator,
        suffix: upload.suffix,
        multipart: upload.multipart.map(|form| Multipart {
            fields: headers(form.fields),
            file_field: form.file_field,
            file_name: form.file_name,
            file_type: form.file_type,
        }),
    }
}

pub(super) fn job_next(next: batch::Next) -> JobNext {
    let effect = match next.effect {
        batch::Effect::Call(c) => JobEffect::Call(call(c)),
        batch::Effect::Wait(ms) => JobEffect::Wait(ms),
        batch::Effect::UploadItems(u) => JobEffect::UploadItems(upload(u)),
        batch::Effect::DownloadLines(batch::Source::Call(c)) => {
            JobEffect::DownloadLines(Source::Call(call(c)))
        }
        batch::Effect::DownloadLines(batch::Source::Loopback) => JobEffect::DownloadLines(Source::Loopback),
        batch::Effect::Finish(batch::JobEnd::Completed) => JobEffect::Finish(JobEnd::Completed),
        batch::Effect::Finish(batch::JobEnd::Expired) => JobEffect::Finish(JobEnd::Expired),
        batch::Effect::Finish(batch::JobEnd::Cancelled) => JobEffect::Finish(JobEnd::Cancelled),
        batch::Effect::Fail(f) => JobEffect::Fail(failure(f)),
    };
    let progress = JobProgress {
        provider_job_id: next.progress.provider_job_id,
        provider_state: next.progress.provider_state,
        completed: next.progress.completed,
        failed: next.progress.failed,
    };
    JobNext { state: next.state, effect, progress }
}

pub(super) fn item_result(item: batch::ItemResult) -> ItemResult {
    let outcome = match item.outcome {
        batch::ItemOutcome::Completed(c) => ItemOutcome::Completed(completion(c)),
        batch::ItemOutcome::Failed(f) => ItemOutcome::Failed(failure(f)),
        batch::ItemOutcome::Expired => ItemOutcome::Expired,
        batch::ItemOutcome::Cancelled => ItemOutcome::Cancelled,
    };
    ItemResult { custom_id: item.custom_id, outcome }
}

pub(super) fn opening(opening: streaming::Opening) -> Opening {
    let framing = match opening.framing {
        streaming::Framing::Sse => Framing::Sse,
        streaming::Framing::Ndjson => Framing::Ndjson,
        streaming::Framing::AwsEventStream => Framing::AwsEventStream,
    };
    Opening { call: call(opening.call), framing }
}

pub(super) fn delta(delta: streaming::Delta) -> Delta {
    match delta {
        streaming::Delta::Content(json) => Delta::Content(json),
        streaming::Delta::Usage(u) => Delta::Usage(usage(u)),
        streaming::Delta::Ping => Delta::Ping,
        streaming::Delta::Failed(f) => Delta::Failed(failure(f)),
    }
}
