//! Step: one attempt of one request. The adapter says what to do, this file does it, until there is an end.
//!
//! Every step runs in a fresh instance; what the adapter remembers travels in its state.

use crate::chat::{self, Chat};
use crate::core::Core;
use crate::provider::Provider;
use docket_adapter::{Adapter, StepError, StepErrorKind};
use docket_provider::Target;
use docket_scheduling::budget::{Budget, Exhausted, REQUEST_STEPS};
use docket_telemetry::llm;
use docket_types::exchange::{Completion, Context, Effect, Event, HttpCall};
use docket_types::{Failure, FailureClass, RetryAdvice, Submission, Timestamp};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// For the last call of a cancelled exchange.
const LAST_CALL: Duration = Duration::from_secs(5);

/// Why an attempt has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    Failed(Failure),
    /// The request's time ran out.
    Expired,
    /// The lease is lost, the caller gave up, or docket is stopping.
    Cut,
}

/// What an attempt came to.
pub(crate) struct Ran {
    pub(crate) result: Result<Completion, Stop>,
    pub(crate) model: String,
    pub(crate) started_at: Timestamp,
    /// From start to end, virtual waits included.
    pub(crate) took: Duration,
    pub(crate) adapter: Option<Arc<Adapter>>,
}

/// What an attempt is about.
pub(crate) struct Task<'a> {
    /// Stable over the attempts.
    pub(crate) id: String,
    pub(crate) attempt: u32,
    pub(crate) submission: &'a Submission,
    pub(crate) expires_at: Timestamp,
    pub(crate) stop: &'a CancellationToken,
}

/// Makes one attempt.
pub(crate) async fn run(core: &Core, provider: &Provider, task: Task<'_>) -> Ran {
    let (began, started_at) = (Instant::now(), core.now());
    let mut ran =
        Ran { result: Err(Stop::Cut), model: String::new(), started_at, took: Duration::ZERO, adapter: None };
    let machine = match Machine::new(core, provider, &task) {
        Ok(machine) => machine,
        Err(failure) => {
            ran.result = Err(Stop::Failed(failure));
            return ran;
        }
    };
    ran.model.clone_from(&machine.context.model);
    ran.adapter = Some(Arc::clone(&machine.adapter));
    let name = provider.name.as_str();
    llm::concurrent_requests(name, f64::from(provider.running()));
    llm::connection_pool_active(name, f64::from(provider.running()));
    let mut virtual_time = Duration::ZERO;
    ran.result = machine.run(&task, &mut virtual_time).await;
    ran.took = began.elapsed() + virtual_time;
    ran
}

/// The seed of a submission's randomness.
pub(crate) fn context(
    provider: &Provider,
    id: String,
    attempt: u32,
    seed: u64,
    model: String,
    prompt_sha256: String,
) -> Context {
    let settings = Arc::clone(&provider.settings);
    Context { submission_id: id, attempt, now_ms: 0, seed, model, settings, prompt_sha256 }
}

/// Milliseconds since the epoch, `later` than `now`.
pub(crate) fn millis(now: Timestamp, later: Duration) -> u64 {
    u64::try_from((now + later).as_millis()).unwrap_or(0)
}

/// A plugin's error as a failure of the request, with a name to look for.
pub(crate) fn plugin_failure(provider: &Provider, adapter: &Adapter, error: &StepError) -> Failure {
    let message = format!(
        "plugin `{}` of provider `{}`: {}: {}",
        adapter.name(),
        provider.name,
        error.kind.as_str(),
        error.message
    );
    match error.kind {
        // It never ran: the host is short of instances, which passes.
        StepErrorKind::Busy => Failure::new(FailureClass::Overloaded, RetryAdvice::Backoff, message),
        _ => Failure::adapter(message),
    }
}

struct Machine<'a> {
    core: &'a Core,
    provider: &'a Provider,
    adapter: Arc<Adapter>,
    target: Arc<Target>,
    context: Context,
    chat: Chat,
    budget: Budget,
}

impl<'a> Machine<'a> {
    fn new(core: &'a Core, provider: &'a Provider, task: &Task<'_>) -> Result<Self, Failure> {
        let unavailable = |reason: String| {
            let message = format!("provider `{}`: {reason}", provider.name);
            Failure::new(FailureClass::Overloaded, RetryAdvice::Backoff, message)
        };
        let adapter = provider.adapter(&core.registry).map_err(unavailable)?;
        let target = provider.target(&adapter).map_err(unavailable)?;
        let model = provider.model(adapter.manifest(), task.submission);
        let chat = chat::build(task.submission, &model, &provider.options)
            .map_err(|e| Failure::new(FailureClass::InvalidRequest, RetryAdvice::Never, e.to_string()))?;
        let seed = chat::seed(task.submission.correlation_id);
        let context =
            context(provider, task.id.clone(), task.attempt, seed, model, chat.prompt_sha256.clone());
        let budget = Budget { max_steps: REQUEST_STEPS, until: task.expires_at };
        Ok(Self { core, provider, adapter, target, context, chat, budget })
    }

    async fn run(mut self, task: &Task<'_>, virtual_time: &mut Duration) -> Result<Completion, Stop> {
        let mut state = Vec::new();
        let mut event = Event::Start(std::mem::take(&mut self.chat.json));
        for step in 1.. {
            let now = self.core.now() + *virtual_time;
            match self.budget.check(step, now) {
                Ok(()) => {}
                Err(Exhausted::Time) => return Err(Stop::Expired),
                Err(steps) => return Err(self.failed(Failure::adapter(self.named(&steps.to_string())))),
            }
            self.context.now_ms = millis(now, Duration::ZERO);
            let next = self
                .adapter
                .step(&self.context, &state, event, &self.chat.texts)
                .await
                .map_err(|error| self.failed(plugin_failure(self.provider, &self.adapter, &error)))?;
            state = next.state;
            let left = self.budget.left(now);
            let happened = tokio::select! {
                biased;
                () = task.stop.cancelled() => None,
                happened = self.perform(next.effect, left, virtual_time) => Some(happened),
            };
            event = match happened {
                Some(Performed::Event(event)) => event,
                Some(Performed::End(result)) => return result,
                None => {
                    self.say_goodbye(&state).await;
                    return Err(Stop::Cut);
                }
            };
        }
        Err(Stop::Expired)
    }

    fn named(&self, what: &str) -> String {
        format!("plugin `{}` of provider `{}`: {what}", self.adapter.name(), self.provider.name)
    }

    fn failed(&self, failure: Failure) -> Stop {
        Stop::Failed(failure)
    }

    async fn perform(&self, effect: Effect, left: Duration, virtual_time: &mut Duration) -> Performed {
        match effect {
            Effect::Finish(completion) => Performed::End(Ok(completion)),
            Effect::Fail(failure) => Performed::End(Err(Stop::Failed(clip(failure)))),
            Effect::Call(call) => Performed::Event(self.call(&call, left).await),
            Effect::Wait(ms) => {
                let wait = Duration::from_millis(ms);
                if wait >= left {
                    // The answer would come too late; there is nothing to wait for but the end.
                    if !self.core.options.virtual_waits {
                        tokio::time::sleep(left).await;
                    }
                    return Performed::End(Err(Stop::Expired));
                }
                if self.core.options.virtual_waits {
                    *virtual_time += wait;
                } else {
                    tokio::time::sleep(wait).await;
                }
                Performed::Event(Event::Elapsed)
            }
        }
    }

    async fn call(&self, call: &HttpCall, left: Duration) -> Event {
        let timeout = self.provider.options.timeout.min(left);
        match self.core.outbound.send(&self.target, call, &self.chat.texts, timeout).await {
            Ok(reply) => Event::Reply(reply),
            Err(error) => Event::Transport(error),
        }
    }

    /// Lets the adapter of a cancelled exchange make one last call, such as a cancellation at the provider.
    async fn say_goodbye(&self, state: &[u8]) {
        let Ok(next) = self.adapter.step(&self.context, state, Event::Cancel, &self.chat.texts).await else {
            return;
        };
        if let Effect::Call(call) = next.effect {
            let last = tokio::time::timeout(LAST_CALL, self.call(&call, LAST_CALL));
            if last.await.is_err() {
                tracing::debug!(request = %self.context.submission_id, "the provider did not take note of the cancellation");
            }
        }
    }
}

enum Performed {
    Event(Event),
    End(Result<Completion, Stop>),
}

/// A failure's message, within its bound.
pub(crate) fn clip(mut failure: Failure) -> Failure {
    if failure.message.len() > Failure::MAX_MESSAGE {
        let end =
            (0..=Failure::MAX_MESSAGE).rev().find(|at| failure.message.is_char_boundary(*at)).unwrap_or(0);
        failure.message.truncate(end);
    }
    failure
}
