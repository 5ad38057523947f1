//! One lease of a job: step after step, until the job waits or ends.

use super::items::{Members, cancelled};
use super::job_context;
use crate::core::Core;
use crate::exchange::{clip, plugin_failure};
use crate::provider::Provider;
use docket_adapter::{Adapter, StepErrorKind};
use docket_provider::Target;
use docket_scheduling::budget::{self, JOB_STEPS};
use docket_store::{Error, Fenced, JobState, JobStep, LeasedBatch};
use docket_telemetry::{host, llm};
use docket_types::chat::Texts;
use docket_types::exchange::{Context, HttpCall, JobEffect, JobEnd, JobEvent, JobProgress, Source, Upload};
use docket_types::{Failure, FailureClass, RetryAdvice, Timestamp};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// When to look again at a job that cannot go on here: its adapter is another version, or not loaded.
const STUCK: Duration = Duration::from_secs(30);
/// When to look again when the host is short of instances.
const BUSY: Duration = Duration::from_secs(1);
/// What is stored as a job's progress: the adapter's words, and what this file must not forget.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Notes {
    #[serde(flatten)]
    progress: JobProgress,
    /// Virtual waits so far.
    virtual_ms: u64,
    /// A provider may know of this job.
    sent: bool,
    /// Results were read.
    pub(super) downloaded: bool,
    /// The adapter was told to cancel.
    cancelled: bool,
}

/// Drives a job under its lease. Returns when to look again, if it is not over.
pub(super) async fn drive(
    core: &Core,
    batch: LeasedBatch,
    stop: &CancellationToken,
) -> Result<Option<Timestamp>, Error> {
    let provider =
        core.providers.get(&batch.provider).map_or_else(|| core.stranger(&batch.provider), Arc::clone);
    let notes: Notes = serde_json::from_slice(&batch.step.progress).unwrap_or_default();
    let adapter = match provider.adapter(&core.registry) {
        Ok(adapter) => adapter,
        Err(reason) => return park(core, &batch, &reason).await.map(Some),
    };
    let members = Members::load(core, &provider, &adapter, batch.id, batch.created_at, stop).await?;
    if adapter.version_key() != batch.adapter {
        let now_served_by = adapter.version_key();
        return other_version(core, &batch, &notes, members, &now_served_by).await;
    }
    let target = match provider.target(&adapter) {
        Ok(target) => target,
        Err(reason) => return park(core, &batch, &reason).await.map(Some),
    };
    let mut job = Job { core, provider: &provider, adapter: &adapter, target, batch, notes, members, stop };
    job.run().await
}

/// Puts a job aside that cannot go on in this process now.
async fn park(core: &Core, batch: &LeasedBatch, reason: &str) -> Result<Timestamp, Error> {
    tracing::error!(job = %batch.id, provider = %batch.provider, adapter = %batch.adapter, reason, "a job is put aside");
    let next_at = core.now() + STUCK;
    core.store.save_step(batch.id, batch.epoch, JobStep { next_at, ..batch.step.clone() }, true).await?;
    Ok(next_at)
}

/// A job's state can only be read by the version that wrote it. If no provider knows of the job, its requests
/// start over in a new one; otherwise it stays open, and an operator brings the old version back.
async fn other_version(
    core: &Core,
    batch: &LeasedBatch,
    notes: &Notes,
    mut members: Members<'_>,
    served_by: &str,
) -> Result<Option<Timestamp>, Error> {
    if notes.sent {
        host::batch_in_doubt_total(batch.provider.as_str(), "quarantined", 1);
        let reason = format!("it was begun by another version of its adapter; {served_by} is loaded now");
        return park(core, batch, &reason).await.map(Some);
    }
    tracing::warn!(job = %batch.id, began = %batch.adapter, now = served_by, "a job starts over with another adapter version");
    members.release_rest().await;
    core.store.finish_job(batch.id, batch.epoch, JobState::Cancelled, core.now()).await?;
    Ok(None)
}

pub(super) struct Job<'a> {
    pub(super) core: &'a Core,
    provider: &'a Arc<Provider>,
    adapter: &'a Arc<Adapter>,
    pub(super) target: Arc<Target>,
    pub(super) batch: LeasedBatch,
    pub(super) notes: Notes,
    pub(super) members: Members<'a>,
    pub(super) stop: &'a CancellationToken,
}

/// What follows an effect.
pub(super) enum After {
    Event(JobEvent),
    /// The job is over.
    End(JobState),
    /// The lease is lost, or docket stops: the stored step says the rest.
    Cut,
}

impl Job<'_> {
    async fn run(&mut self) -> Result<Option<Timestamp>, Error> {
        self.members.virtual_time = Duration::from_millis(self.notes.virtual_ms);
        let mut event = match self.resume().await {
            After::Event(event) => event,
            After::End(state) => return self.finish(state).await,
            After::Cut => return Ok(None),
        };
        loop {
            let asked_after_doubt = event == JobEvent::UnknownOutcome;
            let effect = match self.step(event).await? {
                Stepped::Effect(effect) => *effect,
                Stepped::Later(at) => return Ok(Some(at)),
                Stepped::Failed(failure) => JobEffect::Fail(failure),
                Stepped::Stale => return Ok(None),
            };
            if asked_after_doubt {
                let result = if costs(&effect) { "repeated" } else { "adopted" };
                host::batch_in_doubt_total(self.batch.provider.as_str(), result, 1);
            }
            if let JobEffect::Wait(ms) = effect {
                match self.wait(ms).await? {
                    Some(at) => return Ok(Some(at)),
                    None => event = self.elapsed(),
                }
                continue;
            }
            event = match self.perform(effect).await {
                After::Event(event) => event,
                After::End(state) => return self.finish(state).await,
                After::Cut => return Ok(None),
            };
        }
    }

    /// Where the stored step leaves off.
    async fn resume(&mut self) -> After {
        let stored = self.batch.step.effect.as_deref().map(serde_json::from_slice::<JobEffect>);
        match stored {
            None => {
                if self.members.len() == 0 {
                    return After::End(JobState::Cancelled);
                }
                let lines = self.members.encode().await;
                let bytes = lines.iter().map(|(_, line)| line.len() as u64 + 1).sum();
                let items = u32::try_from(lines.len()).unwrap_or(u32::MAX);
                if items == 0 {
                    return After::End(JobState::Failed);
                }
                After::Event(JobEvent::Start { items, bytes })
            }
            Some(Err(error)) => {
                let failure = Failure::adapter(format!("the job's stored effect cannot be read: {error}"));
                self.perform(JobEffect::Fail(failure)).await
            }
            Some(Ok(_)) if self.batch.step.in_doubt => After::Event(JobEvent::UnknownOutcome),
            Some(Ok(JobEffect::Wait(_))) => After::Event(self.elapsed()),
            // Reading again, or ending again, does no harm.
            Some(Ok(effect)) => self.perform(effect).await,
        }
    }

    /// The wait is over. If every caller gave up meanwhile, the provider need not go on.
    fn elapsed(&mut self) -> JobEvent {
        if self.members.len() == 0 && !self.notes.downloaded && !self.notes.cancelled {
            self.notes.cancelled = true;
            return JobEvent::Cancel;
        }
        JobEvent::Elapsed
    }

    pub(super) fn context(&self) -> Context {
        let model = self.provider.job_model(self.adapter.manifest(), &self.batch.model);
        job_context(self.core, self.provider, self.batch.id, model, self.members.virtual_time)
    }

    /// One step of the adapter, and its intent stored.
    async fn step(&mut self, event: JobEvent) -> Result<Stepped, Error> {
        if self.batch.step.seq >= JOB_STEPS {
            let message = format!("plugin `{}` made {JOB_STEPS} steps in one job", self.adapter.name());
            return Ok(Stepped::Failed(Failure::adapter(message)));
        }
        let next = match self.adapter.job_step(&self.context(), &self.batch.step.state, event).await {
            Ok(next) => next,
            Err(error) if error.kind == StepErrorKind::Busy => {
                let at = self.core.now() + BUSY;
                let step = JobStep { next_at: at, ..self.batch.step.clone() };
                self.core.store.save_step(self.batch.id, self.batch.epoch, step, true).await?;
                return Ok(Stepped::Later(at));
            }
            Err(error) => {
                tracing::error!(job = %self.batch.id, provider = %self.provider.name, plugin = self.adapter.name(), %error,
                    "the plugin failed on a step of a job");
                return Ok(Stepped::Failed(plugin_failure(self.provider, self.adapter, &error)));
            }
        };
        self.notes.progress = next.progress;
        self.notes.sent |= sends(&next.effect);
        let step = &mut self.batch.step;
        step.seq += 1;
        step.state = next.state;
        step.effect = Some(to_json(&next.effect)?);
        step.in_doubt = costs(&next.effect);
        // A wait is stored when its end is known.
        if matches!(next.effect, JobEffect::Wait(_)) {
            return Ok(Stepped::Effect(Box::new(next.effect)));
        }
        match self.save(false).await? {
            Fenced::Done => Ok(Stepped::Effect(Box::new(next.effect))),
            Fenced::Stale => Ok(Stepped::Stale),
        }
    }

    async fn save(&mut self, release: bool) -> Result<Fenced, Error> {
        self.notes.virtual_ms = u64::try_from(self.members.virtual_time.as_millis()).unwrap_or(u64::MAX);
        self.batch.step.progress = to_json(&self.notes)?;
        self.core.store.save_step(self.batch.id, self.batch.epoch, self.batch.step.clone(), release).await
    }

    /// A wait gives the lease back. A virtual one passes at once, but not when everybody else should get a turn.
    async fn wait(&mut self, ms: u64) -> Result<Option<Timestamp>, Error> {
        let pause = budget::job_wait(ms);
        if self.core.options.virtual_waits {
            self.members.virtual_time += pause;
            self.batch.step.next_at = self.core.now();
            return Ok(match self.save(false).await? {
                Fenced::Done if !self.stop.is_cancelled() => None,
                _ => Some(self.batch.step.next_at),
            });
        }
        self.batch.step.next_at = self.core.now() + pause;
        self.save(true).await?;
        Ok(Some(self.batch.step.next_at))
    }

    async fn perform(&mut self, effect: JobEffect) -> After {
        match effect {
            JobEffect::Call(call) => {
                self.cut_by_stop(Self::call(self.core, self.provider, &self.target, &call)).await
            }
            JobEffect::Wait(_) => After::Event(self.elapsed()),
            JobEffect::UploadItems(upload) => self.upload(upload).await,
            JobEffect::DownloadLines(source) => self.download(source).await,
            JobEffect::Finish(end) => self.end(end).await,
            JobEffect::Fail(failure) => {
                let failure = clip(failure);
                tracing::warn!(job = %self.batch.id, provider = %self.provider.name, class = failure.class.as_str(),
                    error = %failure.message, "job failed");
                self.members.fail_rest(&failure).await;
                After::End(JobState::Failed)
            }
        }
    }

    async fn cut_by_stop(&self, work: impl Future<Output = JobEvent>) -> After {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => After::Cut,
            event = work => After::Event(event),
        }
    }

    async fn call(core: &Core, provider: &Provider, target: &Target, call: &HttpCall) -> JobEvent {
        match core.outbound.send(target, call, &Texts::default(), provider.options.timeout).await {
            Ok(reply) => JobEvent::Reply(reply),
            Err(error) => JobEvent::Transport(error),
        }
    }

    async fn upload(&mut self, upload: Upload) -> After {
        let lines = self.members.encode().await;
        let items = stream::iter(lines.into_iter().map(|(_, line)| io::Result::Ok(line)));
        let sent = async {
            match self.core.outbound.upload(&self.target, &upload, items).await {
                Ok(reply) => JobEvent::Uploaded(reply),
                Err(error) => JobEvent::Transport(error),
            }
        };
        self.cut_by_stop(sent).await
    }

    /// The job ran to its end. What has no result by now was lost on the way, and is tried again.
    async fn end(&mut self, end: JobEnd) -> After {
        let missing = self.members.len();
        if missing > 0 {
            tracing::warn!(job = %self.batch.id, provider = %self.provider.name, missing, ?end, "items without a result");
            host::batch_items_total(self.batch.provider.as_str(), "missing", missing as u64);
        }
        let (failure, state) = match end {
            JobEnd::Completed => {
                let message = "the job ended without a result for this item";
                (Failure::new(FailureClass::BadResponse, RetryAdvice::Backoff, message), JobState::Completed)
            }
            JobEnd::Expired => {
                let message = "the provider did not finish the job in time";
                (Failure::new(FailureClass::Timeout, RetryAdvice::Backoff, message), JobState::Completed)
            }
            JobEnd::Cancelled => (cancelled("the job was cancelled"), JobState::Cancelled),
        };
        self.members.fail_rest(&failure).await;
        After::End(state)
    }

    async fn finish(&mut self, state: JobState) -> Result<Option<Timestamp>, Error> {
        let (core, batch) = (self.core, &self.batch);
        if core.store.finish_job(batch.id, batch.epoch, state, core.now()).await? == Fenced::Stale {
            return Ok(None);
        }
        let status = if state == JobState::Completed { "completed" } else { "failed" };
        let took = core.now().since(batch.created_at) + self.members.virtual_time;
        llm::batch_api_jobs_total(batch.provider.as_str(), &batch.model, status, 1);
        llm::batch_api_job_duration_seconds(batch.provider.as_str(), &batch.model, took.as_secs_f64());
        tracing::info!(job = %batch.id, provider = %batch.provider, state = state.as_str(), steps = batch.step.seq, "job ended");
        Ok(None)
    }
}

enum Stepped {
    Effect(Box<JobEffect>),
    Later(Timestamp),
    Failed(Failure),
    /// Somebody else has the job.
    Stale,
}

/// Whether doing it twice may cost money or harm: its outcome is in doubt until it is stored.
fn costs(effect: &JobEffect) -> bool {
    match effect {
        JobEffect::Call(call) => !call.repeatable,
        JobEffect::UploadItems(_) => true,
        JobEffect::Wait(_) | JobEffect::DownloadLines(_) | JobEffect::Finish(_) | JobEffect::Fail(_) => false,
    }
}

/// Whether a provider hears of it.
fn sends(effect: &JobEffect) -> bool {
    matches!(
        effect,
        JobEffect::Call(_) | JobEffect::UploadItems(_) | JobEffect::DownloadLines(Source::Call(_))
    )
}

fn to_json<T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|e| Error::Internal(format!("a job's step cannot be written: {e}")))
}
