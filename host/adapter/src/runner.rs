//! One call into one instance: the store, the deadline, and what an error means.

use crate::contract::Job;
use crate::limits::STACK;
use crate::store::{self, Guest, ReadTooMuch, Refusal};
use crate::ticker::ticks;
use crate::{Limits, StepErrorKind};
use docket_types::chat::Texts;
use std::time::Duration;
use wasmtime::component::{Instance, InstancePre};
use wasmtime::{PoolConcurrencyLimitError, Store, Trap, WasmBacktrace};

/// Frames of a backtrace that a message shows.
const FRAMES: usize = 8;
/// Bytes of a function's name that a message shows.
const FRAME_NAME: usize = 80;

/// Why a call has no result: its kind, and what happened.
pub(crate) type Ended = (StepErrorKind, String);

/// What a call needs of its plugin. Cheap to clone, and holds nothing of the engine but wasmtime's part.
#[derive(Clone)]
pub(crate) struct Runner {
    pub(crate) pre: InstancePre<Guest>,
    pub(crate) limits: Limits,
}

impl Runner {
    /// A fresh instance. The deadline is set first, because instantiation runs the guest's code as well.
    pub(crate) fn instantiate(
        &self,
        texts: Texts,
        time: Duration,
    ) -> Result<(Store<Guest>, Instance), Ended> {
        let mut store = store::new(self.pre.engine(), &self.limits, texts);
        store.set_epoch_deadline(ticks(time));
        match self.pre.instantiate(&mut store) {
            Ok(instance) => Ok((store, instance)),
            Err(error) => Err(self.explain(&error, store.data().meter.refused, time)),
        }
    }

    /// Runs `job` in a fresh instance, which is dropped whatever happens.
    pub(crate) fn once<T>(&self, job: &Job<T>, texts: Texts, time: Duration) -> Result<T, Ended> {
        let (mut store, instance) = self.instantiate(texts, time)?;
        job(&mut store, &instance).map_err(|error| self.explain(&error, store.data().meter.refused, time))
    }

    /// Runs `job` in an instance that lives on. After an error it must not be used again.
    pub(crate) fn again<T>(
        &self,
        store: &mut Store<Guest>,
        instance: &Instance,
        job: &Job<T>,
        time: Duration,
    ) -> Result<T, Ended> {
        store.set_epoch_deadline(ticks(time));
        job(store, instance).map_err(|error| self.explain(&error, store.data().meter.refused, time))
    }

    fn explain(&self, error: &wasmtime::Error, refused: Option<Refusal>, time: Duration) -> Ended {
        let text = format!("{error:#}");
        let trap = error.downcast_ref::<Trap>();
        if trap == Some(&Trap::Interrupt) {
            return (
                StepErrorKind::Timeout,
                format!("it ran longer than {} ms{}", time.as_millis(), place(error)),
            );
        }
        if trap == Some(&Trap::StackOverflow) {
            return (StepErrorKind::Limit, format!("its stack of {STACK} bytes overflowed{}", place(error)));
        }
        if error.is::<PoolConcurrencyLimitError>() {
            return (StepErrorKind::Busy, format!("the host has no free instance: {text}"));
        }
        if error.is::<ReadTooMuch>() {
            return (StepErrorKind::Limit, root(error));
        }
        if text.contains("fuel allocated for hostcalls") {
            let limit = self.limits.result_bytes;
            return (
                StepErrorKind::Limit,
                format!("it passed more than {limit} bytes to the host in one call"),
            );
        }
        if text.contains("handle limit exceeded") {
            return (StepErrorKind::Limit, format!("it holds more than {} handles", crate::limits::HANDLES));
        }
        match (refused, trap) {
            (Some(Refusal { what, wanted, limit }), _) => (
                StepErrorKind::Memory,
                format!("it wanted {wanted} {what}, the limit is {limit}{}", place(error)),
            ),
            (None, Some(trap)) => (StepErrorKind::Trap, format!("it trapped: {trap}{}", place(error))),
            (None, None) => (StepErrorKind::Contract, format!("it broke the contract: {}", root(error))),
        }
    }
}

/// The innermost cause: the outer ones are wasmtime's backtrace.
fn root(error: &wasmtime::Error) -> String {
    error.root_cause().to_string()
}

/// The functions that were running, innermost first. Their names come from the plugin, so they are bounded.
fn place(error: &wasmtime::Error) -> String {
    let Some(trace) = error.downcast_ref::<WasmBacktrace>() else { return String::new() };
    let names = trace.frames().iter().take(FRAMES).map(|frame| match frame.func_name() {
        Some(name) => name.chars().filter(|c| !c.is_control()).take(FRAME_NAME).collect(),
        None => format!("function {}", frame.func_index()),
    });
    let names: Vec<String> = names.collect();
    if names.is_empty() { String::new() } else { format!(" (in {})", names.join(" < ")) }
}
