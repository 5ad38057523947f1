//! One loaded version of a plugin, and the calls that the host makes.

use crate::cache::CacheOutcome;
use crate::contract::{Contract, Job};
use crate::engine::Core;
use crate::lane::{Conduct, INLINE, cpu_time};
use crate::results::{Breach, Checker, bound_failure, check_item, check_line};
use crate::runner::{Ended, Runner};
use crate::{Grants, StepError, StepErrorKind};
use docket_types::Failure;
use docket_types::chat::Texts;
use docket_types::exchange::{
    BatchLimits, Context, Effect, Event, Header, ItemResult, JobEvent, JobNext, Next, Segment,
};
use docket_types::manifest::Manifest;
use docket_types::stream::Opening;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// What loading cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadReport {
    /// The component's size.
    pub bytes: usize,
    /// Its code's size.
    pub code_bytes: usize,
    /// How long it took to compile, or to read from the cache.
    pub compile: Duration,
    /// How long the canary took: its instance, every function looked up, and its description.
    pub canary: Duration,
    /// How the code was come by.
    pub cache: CacheOutcome,
}

/// A plugin's version, ready to step. Calls of one adapter may run at the same time.
pub struct Adapter {
    pub(crate) name: String,
    pub(crate) manifest: Manifest,
    pub(crate) digest: String,
    pub(crate) imports: Vec<String>,
    pub(crate) report: LoadReport,
    pub(crate) grants: Grants,
    pub(crate) contract: Arc<dyn Contract>,
    pub(crate) runner: Runner,
    pub(crate) conduct: Arc<Conduct>,
    /// Steps at the same time.
    pub(crate) permits: Arc<Semaphore>,
    /// Steps on the slow lane: one.
    pub(crate) turn: Arc<Semaphore>,
    pub(crate) core: Arc<Core>,
}

impl std::fmt::Debug for Adapter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Adapter").field("name", &self.name).field("version", &self.version_key()).finish()
    }
}

impl Adapter {
    /// The name that it was loaded under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it says about itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Lower-case hexadecimal SHA-256 of the component.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// `id@version+digest12`: what a stored state belongs to.
    pub fn version_key(&self) -> String {
        format!("{}@{}+{}", self.manifest.id, self.manifest.version, &self.digest[..12])
    }

    /// Whether it drives the provider's batch API.
    pub fn has_batch(&self) -> bool {
        self.contract.has_batch()
    }

    /// Whether it decodes streams.
    pub fn has_streaming(&self) -> bool {
        self.contract.has_streaming()
    }

    /// What it imports, by name: nothing, types, or a capability that was granted.
    pub fn imports(&self) -> &[String] {
        &self.imports
    }

    /// What was granted to it.
    pub fn grants(&self) -> Grants {
        self.grants
    }

    /// Whether its steps run on the slow lane, because it was slow or interrupted lately.
    pub fn is_slow(&self) -> bool {
        self.conduct.is_slow()
    }

    /// What loading cost.
    pub fn report(&self) -> &LoadReport {
        &self.report
    }

    fn checker(&self) -> Checker<'_> {
        Checker { manifest: &self.manifest, limits: &self.runner.limits }
    }

    /// One step of a request.
    ///
    /// # Errors
    /// A trap, a time-out, a limit or a breach of the contract; `Busy` when too many steps wait.
    pub async fn step(
        &self,
        context: &Context,
        state: &[u8],
        event: Event,
        texts: &Texts,
    ) -> Result<Next<Effect>, StepError> {
        let job = self.contract.step(context, state, event);
        self.call("step", job, texts, |next| self.checker().next(next)).await
    }

    /// The limits of the provider's batch API.
    ///
    /// # Errors
    /// As [`step`](Self::step); `Contract` when the adapter has no batch interface.
    pub async fn batch_limits(&self, context: &Context) -> Result<BatchLimits, StepError> {
        let job = self.contract.batch_limits(context).ok_or_else(|| self.lacks("batch"))?;
        self.call("batch_limits", job, &Texts::default(), |_| Ok(())).await
    }

    /// One item as one line of a job's input.
    ///
    /// # Errors
    /// As [`batch_limits`](Self::batch_limits). The inner failure is the item's own.
    pub async fn encode_item(
        &self,
        context: &Context,
        custom_id: &str,
        request: &str,
        texts: &Texts,
    ) -> Result<Result<Vec<Segment>, Failure>, StepError> {
        let job =
            self.contract.encode_item(context, custom_id, request).ok_or_else(|| self.lacks("batch"))?;
        self.call("encode_item", job, texts, |line| inner(line, |segments| check_line(segments))).await
    }

    /// What a line of a job's result says, if it is about an item.
    ///
    /// # Errors
    /// As [`batch_limits`](Self::batch_limits). The inner failure means that the line cannot be understood.
    pub async fn decode_line(
        &self,
        context: &Context,
        line: &str,
    ) -> Result<Result<Option<ItemResult>, Failure>, StepError> {
        let job = self.contract.decode_line(context, line).ok_or_else(|| self.lacks("batch"))?;
        let check = |item: &mut _| {
            inner(item, |item: &mut Option<ItemResult>| item.as_mut().map_or(Ok(()), check_item))
        };
        self.call("decode_line", job, &Texts::default(), check).await
    }

    /// One step of a job.
    ///
    /// # Errors
    /// As [`batch_limits`](Self::batch_limits).
    pub async fn job_step(
        &self,
        context: &Context,
        state: &[u8],
        event: JobEvent,
    ) -> Result<JobNext, StepError> {
        let job = self.contract.job_step(context, state, event).ok_or_else(|| self.lacks("batch"))?;
        self.call("job_step", job, &Texts::default(), |next| self.checker().job_next(next)).await
    }

    /// The job that a provider's webhook is about, as a hint.
    ///
    /// # Errors
    /// As [`batch_limits`](Self::batch_limits). The inner failure means that the webhook is not believed.
    pub async fn parse_webhook(
        &self,
        context: &Context,
        headers: &[Header],
        body: &str,
    ) -> Result<Result<Option<String>, Failure>, StepError> {
        let job = self.contract.parse_webhook(context, headers, body).ok_or_else(|| self.lacks("batch"))?;
        self.call("parse_webhook", job, &Texts::default(), |id| inner(id, |_| Ok(()))).await
    }

    /// The call whose reply is a stream.
    ///
    /// # Errors
    /// As [`step`](Self::step); `Contract` when the adapter has no streaming interface.
    pub async fn open_stream(
        &self,
        context: &Context,
        request: &str,
        texts: &Texts,
    ) -> Result<Result<Opening, Failure>, StepError> {
        let job = self.contract.open_stream(context, request).ok_or_else(|| self.lacks("streaming"))?;
        self.call("open_stream", job, texts, |opening| {
            self.checker().opening(opening)?;
            inner(opening, |_| Ok(()))
        })
        .await
    }

    pub(crate) fn lacks(&self, interface: &str) -> StepError {
        StepError::new(StepErrorKind::Contract, &self.name, format!("it has no {interface} interface"))
    }

    /// Texts for those who may read them.
    pub(crate) fn readable(&self, texts: &Texts) -> Texts {
        if self.grants.content { texts.clone() } else { Texts::default() }
    }

    /// Admission, the right lane, the result's check, and the counters.
    async fn call<T: Send + 'static>(
        &self,
        call: &'static str,
        job: Job<T>,
        texts: &Texts,
        check: impl FnOnce(&mut T) -> Result<(), Breach>,
    ) -> Result<T, StepError> {
        let result = self.run(job, self.readable(texts)).await;
        let result = result.and_then(|(mut value, took)| check(&mut value).map(|()| (value, took)));
        self.count(call, result)
    }

    /// Counts a result and gives its error a name.
    pub(crate) fn count<T>(
        &self,
        call: &'static str,
        result: Result<(T, Duration), Ended>,
    ) -> Result<T, StepError> {
        let label = result.as_ref().map_or_else(|(kind, _)| kind.as_str(), |_| "ok");
        docket_telemetry::host::adapter_steps_total(&self.name, call, label, 1);
        match result {
            Ok((value, took)) => {
                docket_telemetry::host::adapter_step_seconds(&self.name, call, took.as_secs_f64());
                Ok(value)
            }
            Err((kind, what)) => {
                docket_telemetry::host::adapter_traps_total(&self.name, kind.as_str(), 1);
                let error = StepError::new(kind, &self.name, what);
                tracing::warn!(adapter = %self.name, call, kind = kind.as_str(), message = %error, "adapter call ended");
                Err(error)
            }
        }
    }

    async fn run<T: Send + 'static>(&self, job: Job<T>, texts: Texts) -> Result<(T, Duration), Ended> {
        let permit = self.admit(&self.permits).await?;
        let time = self.runner.limits.step_time;
        let mut interrupted = false;
        if !self.conduct.is_slow() {
            let began = Instant::now();
            let result = self.runner.once(&job, texts.clone(), time.min(INLINE));
            let took = began.elapsed();
            self.conduct.took(took);
            interrupted = matches!(result, Err((StepErrorKind::Timeout, _)));
            if interrupted {
                self.conduct.interrupted();
            }
            if !interrupted || time <= INLINE {
                return result.map(|value| (value, took));
            }
        }
        let turn = self.admit(&self.turn).await?;
        let (runner, conduct) = (self.runner.clone(), Arc::clone(&self.conduct));
        self.slowly(move || {
            let _held = (permit, turn);
            let began = (Instant::now(), cpu_time());
            let result = runner.once(&job, texts, time);
            let (took, cpu) = (began.0.elapsed(), cpu_time().saturating_sub(began.1));
            conduct.took(cpu);
            match &result {
                Err((StepErrorKind::Timeout, _)) => conduct.interrupted(),
                _ if interrupted => conduct.cleared(cpu),
                _ => {}
            }
            result.map(|value| (value, took))
        })
        .await?
    }

    /// Waits for a permit, but not for ever.
    pub(crate) async fn admit(&self, permits: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Ended> {
        if let Ok(permit) = Arc::clone(permits).try_acquire_owned() {
            return Ok(permit);
        }
        let wait = self.core.admission_wait;
        match tokio::time::timeout(wait, Arc::clone(permits).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => {
                let busy = format!("it is busy: no turn within {} ms", wait.as_millis());
                Err((StepErrorKind::Busy, busy))
            }
        }
    }

    /// Runs `work` on the slow lane. It runs to its end even if nobody waits any more.
    pub(crate) async fn slowly<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Ended> {
        let (give, take) = oneshot::channel();
        let task = Box::new(move || {
            // The caller may have gone.
            let _ = give.send(work());
        });
        if !self.core.lane.submit(task) {
            return Err((StepErrorKind::Busy, "the slow lane is full".to_owned()));
        }
        take.await.map_err(|_| (StepErrorKind::Busy, "the slow lane is closed".to_owned()))
    }
}

/// Bounds the failure inside a result, or checks the value.
pub(crate) fn inner<T>(
    result: &mut Result<T, Failure>,
    check: impl FnOnce(&mut T) -> Result<(), Breach>,
) -> Result<(), Breach> {
    match result {
        Ok(value) => check(value),
        Err(failure) => {
            bound_failure(failure);
            Ok(())
        }
    }
}
