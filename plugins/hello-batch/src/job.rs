//! The job's machine: upload, create, poll, download.

use crate::wire::{Batch, Batches, Create, File};
use docket_sdk::{
    Call, Context, Failure, FailureClass, JobEffect, JobEnd, JobEvent, JobStep, Multipart, Progress, Reply,
    RetryAdvice, Source, TransportError, Upload,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The route that every item is for.
pub(crate) const ROUTE: &str = "/v1/chat/completions";
/// The member of a batch's metadata that holds docket's name of the job.
const NAME: &str = "docket_job";
/// Between two looks at a batch.
const POLL_MS: u64 = 1_000;
/// Looks without an answer, one after the other, before the job fails.
const PATIENCE: u32 = 20;
/// Searches that must not find a batch before it counts as never created: a list may lag behind a create.
const SEARCHES: u32 = 3;

/// Where the machine is. It is all that a later step, in whatever process, knows.
#[derive(Debug, Default, Serialize, Deserialize)]
enum State {
    /// The file is on its way, or not begun.
    #[default]
    Uploading,
    /// The file is there; the batch is being created.
    Creating { file: String },
    /// Nobody knows whether the batch was created.
    Searching { file: String, done: u32 },
    /// The batch exists.
    Waiting { batch: String, silent: u32 },
    /// Its results are being read.
    Reading { batch: String, file: String, ended: Ended, silent: u32 },
}

/// How the batch ended at the server.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Ended {
    Completed,
    Expired,
    Cancelled,
}

pub(crate) fn step(context: &Context, state: &[u8], event: JobEvent) -> JobStep {
    let state = if state.is_empty() { Ok(State::default()) } else { serde_json::from_slice(state) };
    let next = state.map_err(Failure::from).and_then(|state| go_on(context, state, event));
    next.unwrap_or_else(JobStep::fail)
}

fn go_on(context: &Context, state: State, event: JobEvent) -> Result<JobStep, Failure> {
    match (state, event) {
        // An upload that nobody uses costs nothing: it may be done again.
        (State::Uploading, JobEvent::Start(_) | JobEvent::UnknownOutcome) => Ok(upload()),
        (State::Uploading, JobEvent::Uploaded(reply)) => {
            let file: File = reply.ok(context)?.json()?;
            create(context, file.id)
        }
        (State::Creating { .. }, JobEvent::Reply(reply)) => Ok(look_later(reply.ok(context)?.json()?)),
        (State::Creating { file }, JobEvent::UnknownOutcome) => Ok(search(file, 0)),
        (State::Creating { file }, JobEvent::Transport(error)) if may_have_arrived(&error) => {
            Ok(search(file, 0))
        }
        (State::Searching { file, done }, JobEvent::Reply(reply)) => found(context, file, done, &reply),
        (State::Searching { file, done }, JobEvent::Elapsed) => Ok(search(file, done)),
        (State::Searching { file, done }, JobEvent::Transport(_) | JobEvent::UnknownOutcome) => {
            Ok(later(State::Searching { file, done }))
        }
        (State::Waiting { batch, silent }, JobEvent::Elapsed) => Ok(look(batch, silent)),
        (State::Waiting { batch, silent }, JobEvent::Reply(reply)) => match reply.ok(context) {
            Ok(reply) => looked(reply.json()?),
            Err(failure) => Ok(later(State::Waiting { batch, silent: once_more(silent, failure)? })),
        },
        (State::Waiting { batch, silent }, JobEvent::Transport(error)) => {
            let silent = once_more(silent, Failure::from_transport(&error))?;
            Ok(later(State::Waiting { batch, silent }))
        }
        (State::Waiting { batch, .. }, JobEvent::Cancel) => {
            let call = Call::post("api", format!("/batches/{batch}/cancel")).auth("key").repeatable(true);
            Ok(with(State::Waiting { batch, silent: 0 }, JobStep::call(call)))
        }
        (State::Reading { ended, .. }, JobEvent::Downloaded(_)) => Ok(JobStep::finish(end(ended))),
        (
            State::Reading { batch, file, ended, silent },
            event @ (JobEvent::Transport(_) | JobEvent::Reply(_)),
        ) => {
            let silent = once_more(silent, unread(context, &event))?;
            Ok(later(State::Reading { batch, file, ended, silent }))
        }
        (State::Reading { batch, file, ended, silent }, JobEvent::Elapsed) => {
            Ok(read(State::Reading { batch, file: file.clone(), ended, silent }, &file))
        }
        (_, JobEvent::Transport(error)) => Err(Failure::from_transport(&error)),
        (_, JobEvent::Reply(reply)) => {
            Err(Failure::from_status(reply.status, &reply.headers, context.now_ms))
        }
        (_, JobEvent::Cancel) => Ok(JobStep::finish(JobEnd::Cancelled)),
        (state, event) => {
            Err(Failure::bad_response(format!("{event:?} makes no sense in {state:?}"))
                .retry(RetryAdvice::Never))
        }
    }
}

fn with(state: State, step: JobStep) -> JobStep {
    // A state of strings and numbers always has its JSON.
    step.with_state(serde_json::to_vec(&state).unwrap_or_default())
}

fn later(state: State) -> JobStep {
    with(state, JobStep::wait(POLL_MS))
}

fn upload() -> JobStep {
    let purpose = docket_sdk::Header { name: "purpose".to_owned(), value: "batch".to_owned() };
    let multipart = Multipart {
        fields: vec![purpose],
        file_field: "file".to_owned(),
        file_name: "docket.jsonl".to_owned(),
        file_type: "application/jsonl".to_owned(),
    };
    let upload = Upload {
        call: Call::post("api", "/files").auth("key"),
        prefix: String::new(),
        separator: "\n".to_owned(),
        suffix: "\n".to_owned(),
        multipart: Some(multipart),
    };
    with(State::Uploading, JobStep::new(JobEffect::UploadItems(upload)))
}

fn create(context: &Context, file: String) -> Result<JobStep, Failure> {
    let call = Call::post("api", "/batches").auth("key").json(&Create {
        input_file_id: &file,
        endpoint: ROUTE,
        completion_window: "24h",
        metadata: BTreeMap::from([(NAME, context.submission_id.as_str())]),
    })?;
    Ok(with(State::Creating { file }, JobStep::call(call)))
}

/// Whether a create may have reached the server although its answer did not reach us.
fn may_have_arrived(error: &TransportError) -> bool {
    matches!(
        error,
        TransportError::Timeout | TransportError::Reset | TransportError::TooLarge | TransportError::Other(_)
    )
}

fn search(file: String, done: u32) -> JobStep {
    let call = Call::get("api", "/batches").query("limit", "100").auth("key");
    with(State::Searching { file, done }, JobStep::call(call))
}

fn found(context: &Context, file: String, done: u32, reply: &Reply) -> Result<JobStep, Failure> {
    let batches: Batches = reply.ok(context)?.json()?;
    let ours = |batch: &Batch| {
        let name = batch.metadata.as_ref().and_then(|metadata| metadata.get(NAME));
        name == Some(&context.submission_id)
    };
    match batches.data.into_iter().find(ours) {
        Some(batch) => Ok(look_later(batch)),
        None if done + 1 < SEARCHES => Ok(later(State::Searching { file, done: done + 1 })),
        None => create(context, file),
    }
}

fn look_later(batch: Batch) -> JobStep {
    let shown = progress(&batch);
    later(State::Waiting { batch: batch.id, silent: 0 }).with_progress(shown)
}

fn look(batch: String, silent: u32) -> JobStep {
    let call = Call::get("api", format!("/batches/{batch}")).auth("key");
    with(State::Waiting { batch, silent }, JobStep::call(call))
}

fn looked(batch: Batch) -> Result<JobStep, Failure> {
    let ended = match batch.status.as_str() {
        "completed" => Ended::Completed,
        "expired" => Ended::Expired,
        "cancelled" => Ended::Cancelled,
        "failed" => {
            return Err(Failure::new(FailureClass::InvalidRequest, "the server refused the batch"));
        }
        _ => return Ok(look_later(batch)),
    };
    let shown = progress(&batch);
    Ok(match batch.output_file_id {
        // Nothing was answered before the end.
        None => JobStep::finish(end(ended)),
        Some(file) => read(State::Reading { batch: batch.id, file: file.clone(), ended, silent: 0 }, &file),
    }
    .with_progress(shown))
}

fn read(state: State, file: &str) -> JobStep {
    let call = Call::get("api", format!("/files/{file}/content")).auth("key");
    with(state, JobStep::new(JobEffect::DownloadLines(Source::Call(call))))
}

/// Why results could not be read.
fn unread(context: &Context, event: &JobEvent) -> Failure {
    match event {
        JobEvent::Reply(reply) => Failure::from_status(reply.status, &reply.headers, context.now_ms),
        JobEvent::Transport(error) => Failure::from_transport(error),
        _ => Failure::bad_response("the results cannot be read"),
    }
}

/// One more look without an answer: worth another, unless waiting cannot help or there were too many.
fn once_more(silent: u32, failure: Failure) -> Result<u32, Failure> {
    if failure.retry == RetryAdvice::Never || silent + 1 >= PATIENCE { Err(failure) } else { Ok(silent + 1) }
}

fn progress(batch: &Batch) -> Progress {
    Progress {
        provider_job_id: Some(batch.id.clone()),
        provider_state: Some(batch.status.clone()),
        completed: batch.request_counts.completed,
        failed: batch.request_counts.failed,
    }
}

const fn end(ended: Ended) -> JobEnd {
    match ended {
        Ended::Completed => JobEnd::Completed,
        Ended::Expired => JobEnd::Expired,
        Ended::Cancelled => JobEnd::Cancelled,
    }
}
