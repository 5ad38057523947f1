//! A mock provider's batch API: a job that is scheduled, runs, and hands back the lines that it was given.

use super::Settings;
use crate::bindings::exports::docket::provider::batch::BatchLimits;
use crate::failure::{class_name, class_of};
use crate::{
    Body, Completion, Context, Failure, FinishReason, ItemOutcome, ItemResult, JobEffect, JobEnd, JobEvent,
    JobStep, Progress, RetryAdvice, Source, Usage,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// As generous as the largest of the real ones.
pub const fn limits() -> BatchLimits {
    BatchLimits {
        max_items: 50_000,
        max_bytes: 200 << 20,
        max_item_bytes: 1 << 20,
        window_ms: 24 * 60 * 60 * 1000,
    }
}

/// One item's line: its outcome, complete.
#[derive(Serialize, Deserialize)]
struct Line {
    custom_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<Answer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<Failed>,
}

#[derive(Serialize, Deserialize)]
struct Answer {
    completion: Box<RawValue>,
    finish: String,
    input: Option<u64>,
    output: Option<u64>,
    cached: Option<u64>,
    written: Option<u64>,
    model: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Failed {
    class: String,
    after_ms: Option<u64>,
    backoff: bool,
    code: Option<String>,
    status: Option<u16>,
    message: String,
}

/// An item's outcome as a line.
pub fn encode_line(custom_id: &str, outcome: Result<Completion, Failure>) -> Result<Body, Failure> {
    let (answer, failure) = match outcome {
        Ok(completion) => (Some(Answer::from_completion(completion)?), None),
        Err(failure) => (None, Some(Failed::from_failure(failure))),
    };
    Body::json(&Line { custom_id: custom_id.to_owned(), answer, failure })
}

/// The outcome that [`encode_line`] wrote.
pub fn decode_line(line: &str) -> Result<Option<ItemResult>, Failure> {
    if line.trim().is_empty() {
        return Ok(None);
    }
    let line: Line = serde_json::from_str(line)?;
    let outcome = match (line.answer, line.failure) {
        (Some(answer), _) => ItemOutcome::Completed(answer.into_completion()),
        (None, Some(failed)) => ItemOutcome::Failed(failed.into_failure()),
        (None, None) => return Err(Failure::bad_response("the line holds no outcome")),
    };
    Ok(Some(ItemResult { custom_id: line.custom_id, outcome }))
}

impl Answer {
    fn from_completion(completion: Completion) -> Result<Self, Failure> {
        let Completion { json, finish, usage, served_model, .. } = completion;
        let finish = if finish == FinishReason::Length { "length" } else { "stop" };
        Ok(Self {
            completion: RawValue::from_string(json)?,
            finish: finish.to_owned(),
            input: usage.input_tokens,
            output: usage.output_tokens,
            cached: usage.cached_input_tokens,
            written: usage.cache_write_tokens,
            model: served_model,
        })
    }

    fn into_completion(self) -> Completion {
        let usage = Usage {
            input_tokens: self.input,
            output_tokens: self.output,
            cached_input_tokens: self.cached,
            cache_write_tokens: self.written,
            ..Usage::default()
        };
        let finish = if self.finish == "length" { FinishReason::Length } else { FinishReason::Stop };
        let json = self.completion.get().to_owned();
        Completion { json, finish, usage, provider_id: None, served_model: self.model }
    }
}

impl Failed {
    fn from_failure(failure: Failure) -> Self {
        Self {
            class: class_name(&failure.class).to_owned(),
            after_ms: if let RetryAdvice::AfterMs(ms) = failure.retry { Some(ms) } else { None },
            backoff: failure.retry == RetryAdvice::Backoff,
            code: failure.code,
            status: failure.status,
            message: failure.message,
        }
    }

    fn into_failure(self) -> Failure {
        let retry = match self.after_ms {
            Some(ms) => RetryAdvice::AfterMs(ms),
            None if self.backoff => RetryAdvice::Backoff,
            None => RetryAdvice::Never,
        };
        Failure {
            class: class_of(&self.class),
            retry,
            code: self.code,
            status: self.status,
            message: self.message,
        }
    }
}

/// Where a job is. The state is the phase's number and the item count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Scheduled,
    Running,
    Completed,
}

impl Phase {
    const fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Completed => "completed",
        }
    }
}

fn write_state(phase: Phase, items: u32) -> Vec<u8> {
    let mut state = vec![phase as u8];
    state.extend(items.to_le_bytes());
    state
}

fn read_state(state: &[u8]) -> Option<(Phase, u32)> {
    let (phase, items) = state.split_first()?;
    let phase =
        [Phase::Scheduled, Phase::Running, Phase::Completed].into_iter().find(|p| *p as u8 == *phase)?;
    Some((phase, u32::from_le_bytes(items.try_into().ok()?)))
}

/// One step of a job. Every effect can be repeated without harm, so a doubtful one is simply asked for again.
pub fn job_step(context: &Context, settings: &Settings, state: &[u8], event: JobEvent) -> JobStep {
    let before = read_state(state);
    let (phase, items) = match (event, before) {
        (JobEvent::Start(job), _) => (Phase::Scheduled, job.items),
        (JobEvent::Elapsed, Some((Phase::Scheduled, items))) => (Phase::Running, items),
        (JobEvent::Elapsed, Some((_, items))) => (Phase::Completed, items),
        (JobEvent::UnknownOutcome, Some(same)) => same,
        (JobEvent::Downloaded(lines), Some((phase, items))) => {
            let done = u32::try_from(lines).unwrap_or(u32::MAX).min(items);
            return JobStep::finish(JobEnd::Completed).with_progress(progress(context, phase.name(), done));
        }
        (JobEvent::Cancel, _) => {
            return JobStep::finish(JobEnd::Cancelled).with_progress(progress(context, "cancelled", 0));
        }
        _ => return JobStep::fail(Failure::unsupported("the job did not expect this event")),
    };
    let (effect, done) = match phase {
        Phase::Scheduled => (JobEffect::Wait(settings.batch_scheduled_ms), 0),
        Phase::Running => (JobEffect::Wait(settings.batch_running_ms), 0),
        Phase::Completed => (JobEffect::DownloadLines(Source::Loopback), items),
    };
    JobStep::new(effect).with_state(write_state(phase, items)).with_progress(progress(
        context,
        phase.name(),
        done,
    ))
}

fn progress(context: &Context, state: &str, completed: u32) -> Progress {
    Progress {
        provider_job_id: Some(format!("mock-job-{}", context.submission_id)),
        provider_state: Some(state.to_owned()),
        completed,
        failed: 0,
    }
}
