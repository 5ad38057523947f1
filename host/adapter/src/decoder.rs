//! A stream's decoder: an instance of its own, for as long as the stream lasts.
//!
//! It cannot be run again like a step, so a call that takes much longer than [`INLINE`] ends the stream, and
//! the plugin's other streams go on on the slow lane, with all of their time.

use crate::adapter::{Adapter, inner};
use crate::contract::{FinishResult, Job};
use crate::lane::{INLINE, cpu_time};
use crate::results::{check_completion, check_delta};
use crate::runner::Ended;
use crate::store::Guest;
use crate::{StepError, StepErrorKind};
use docket_types::Failure;
use docket_types::chat::Texts;
use docket_types::exchange::{Context, Header};
use docket_types::stream::{Delta, Frame};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::OwnedSemaphorePermit;
use wasmtime::Store;
use wasmtime::component::{Instance, ResourceAny};

/// How much longer than a step an inline call of a decoder may take, because it has only one try.
const PATIENCE: u32 = 5;

struct Live {
    store: Store<Guest>,
    instance: Instance,
    /// Held while the instance lives.
    _permit: OwnedSemaphorePermit,
}

/// Decodes one stream. Dropping it ends it.
pub struct Decoder {
    adapter: Arc<Adapter>,
    live: Option<Live>,
    resource: Option<ResourceAny>,
}

impl Adapter {
    /// A decoder for the reply with these headers to the call of [`open_stream`](Self::open_stream).
    ///
    /// # Errors
    /// As for a step; `Busy` when too many streams are open.
    pub async fn decoder(
        self: &Arc<Self>,
        context: &Context,
        request: &str,
        headers: &[Header],
        texts: &Texts,
    ) -> Result<Decoder, StepError> {
        let job =
            self.contract.new_decoder(context, request, headers).ok_or_else(|| self.lacks("streaming"))?;
        let full = || (StepErrorKind::Busy, "the host has no room for another stream".to_owned());
        let permit = Arc::clone(&self.core.streams).try_acquire_owned().map_err(|_| full());
        let began = Instant::now();
        let live = permit.and_then(|permit| {
            let (store, instance) = self.runner.instantiate(self.readable(texts), INLINE * PATIENCE)?;
            Ok((Live { store, instance, _permit: permit }, began.elapsed()))
        });
        let live = match live {
            Ok((live, _)) => live,
            Err(ended) => return self.count("new_decoder", Err(ended)),
        };
        let mut decoder = Decoder { adapter: Arc::clone(self), live: Some(live), resource: None };
        let made = decoder.call(job).await;
        decoder.resource = Some(self.count("new_decoder", made)?);
        Ok(decoder)
    }
}

impl Decoder {
    /// Decodes frames. After an error, or a failure of either kind, the stream is over.
    ///
    /// # Errors
    /// As for a step; `Contract` when the stream is over already.
    pub async fn push(&mut self, frames: Vec<Frame>) -> Result<Result<Vec<Delta>, Failure>, StepError> {
        let adapter = Arc::clone(&self.adapter);
        let job = self.resource.and_then(|decoder| adapter.contract.push(decoder, frames));
        let mut result = match job {
            Some(job) => self.call(job).await,
            None => Err(over()),
        };
        if let Ok((deltas, _)) = &mut result
            && let Err(breach) = inner(deltas, |all| all.iter_mut().try_for_each(check_delta))
        {
            result = Err(breach);
        }
        let ended = |deltas: &Vec<Delta>| deltas.iter().any(|delta| matches!(delta, Delta::Failed(_)));
        if !matches!(&result, Ok((Ok(deltas), _)) if !ended(deltas)) {
            self.live = None;
        }
        adapter.count("push", result)
    }

    /// The body ended; `clean` says whether as HTTP says it should.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub async fn finish(mut self, clean: bool) -> Result<FinishResult, StepError> {
        let adapter = Arc::clone(&self.adapter);
        let job = self.resource.and_then(|decoder| adapter.contract.finish(decoder, clean));
        let mut result = match job {
            Some(job) => self.call(job).await,
            None => Err(over()),
        };
        if let Ok((completion, _)) = &mut result
            && let Err(breach) = inner(completion, check_completion)
        {
            result = Err(breach);
        }
        adapter.count("finish", result)
    }

    /// Runs a job in the stream's instance. After an error there is no instance any more.
    async fn call<T: Send + 'static>(&mut self, job: Job<T>) -> Result<(T, Duration), Ended> {
        let mut live = self.live.take().ok_or_else(over)?;
        let adapter = &self.adapter;
        let (runner, conduct) = (adapter.runner.clone(), Arc::clone(&adapter.conduct));
        let time = runner.limits.step_time;
        if !conduct.is_slow() {
            let began = Instant::now();
            let result = runner.again(&mut live.store, &live.instance, &job, time.min(INLINE * PATIENCE));
            let took = began.elapsed();
            conduct.took(took);
            match &result {
                Ok(_) => self.live = Some(live),
                Err((StepErrorKind::Timeout, _)) => conduct.interrupted(),
                Err(_) => {}
            }
            return result.map(|value| (value, took));
        }
        let turn = adapter.admit(&adapter.turn).await?;
        let worked = adapter.slowly(move || {
            let _held = turn;
            let began = (Instant::now(), cpu_time());
            let result = runner.again(&mut live.store, &live.instance, &job, time);
            conduct.took(cpu_time().saturating_sub(began.1));
            if matches!(result, Err((StepErrorKind::Timeout, _))) {
                conduct.interrupted();
            }
            result.map(|value| (value, live, began.0.elapsed()))
        });
        let (value, live, took) = worked.await??;
        self.live = Some(live);
        Ok((value, took))
    }
}

fn over() -> Ended {
    (StepErrorKind::Contract, "its stream is over already".to_owned())
}
