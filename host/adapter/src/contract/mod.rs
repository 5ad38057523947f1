//! One internal trait for every released contract: nothing outside this folder matches on versions.

mod since_0_1_0;

use crate::store::Guest;
use docket_types::Failure;
use docket_types::exchange::{
    BatchLimits, Context, Effect, Event, Header, ItemResult, JobEvent, JobNext, Next, Segment,
};
use docket_types::stream::{Delta, Frame, Opening};
use std::sync::Arc;
use wasmtime::component::{Component, Instance, InstancePre, Linker, ResourceAny};
use wasmtime::{Engine, Store};

/// The contract's package, and the versions of it that this host speaks.
pub(crate) const PACKAGE: &str = "docket:provider/";
/// For people.
pub(crate) const SUPPORTED: &str = "docket:provider@0.1.x";

/// A call with its arguments already in the contract's types. It borrows nothing, because it may run on
/// another thread, and can run again, because a step is pure.
pub(crate) type Job<T> = Box<dyn Fn(&mut Store<Guest>, &Instance) -> wasmtime::Result<T> + Send>;

/// Calls of one loaded component. The optional ones are absent where the component does not export them.
pub(crate) trait Contract: Send + Sync {
    fn has_batch(&self) -> bool;
    fn has_streaming(&self) -> bool;
    /// Looks every function up, whose types are checked by that.
    fn check(&self, store: &mut Store<Guest>, instance: &Instance) -> wasmtime::Result<()>;
    fn describe(&self) -> Job<String>;
    fn step(&self, context: &Context, state: &[u8], event: Event) -> Job<Next<Effect>>;
    fn batch_limits(&self, context: &Context) -> Option<Job<BatchLimits>>;
    fn encode_item(
        &self,
        context: &Context,
        id: &str,
        request: &str,
    ) -> Option<Job<Result<Vec<Segment>, Failure>>>;
    fn decode_line(&self, context: &Context, line: &str) -> Option<Job<Result<Option<ItemResult>, Failure>>>;
    fn job_step(&self, context: &Context, state: &[u8], event: JobEvent) -> Option<Job<JobNext>>;
    fn parse_webhook(
        &self,
        context: &Context,
        headers: &[Header],
        body: &str,
    ) -> Option<Job<Result<Option<String>, Failure>>>;
    fn open_stream(&self, context: &Context, request: &str) -> Option<Job<Result<Opening, Failure>>>;
    fn new_decoder(&self, context: &Context, request: &str, headers: &[Header]) -> Option<Job<ResourceAny>>;
    fn push(&self, decoder: ResourceAny, frames: Vec<Frame>) -> Option<Job<Result<Vec<Delta>, Failure>>>;
    fn finish(&self, decoder: ResourceAny, clean: bool) -> Option<Job<FinishResult>>;
}

/// What a decoder's end gives.
pub(crate) type FinishResult = Result<docket_types::exchange::Completion, Failure>;

/// A component ready to be instantiated, and its calls.
pub(crate) struct Bound {
    pub(crate) pre: InstancePre<Guest>,
    pub(crate) contract: Arc<dyn Contract>,
}

/// Links exactly what is granted and looks the exports up.
pub(crate) fn bind(engine: &Engine, component: &Component, content: bool) -> wasmtime::Result<Bound> {
    let mut linker = Linker::new(engine);
    if content {
        since_0_1_0::link_content(&mut linker)?;
    }
    let pre = linker.instantiate_pre(component)?;
    let contract = Arc::new(since_0_1_0::V0_1::new(&pre)?);
    Ok(Bound { pre, contract })
}

/// Whether this host speaks `version` (`0.1.3`) of the contract.
pub(crate) fn speaks(version: &str) -> bool {
    version
        .strip_prefix("0.1.")
        .is_some_and(|patch| !patch.is_empty() && patch.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn speaks_one_minor() {
        for (version, yes) in
            [("0.1.0", true), ("0.1.12", true), ("0.1.0-rc1", false), ("0.2.0", false), ("9.9.9", false)]
        {
            assert_eq!(super::speaks(version), yes, "{version}");
        }
    }
}
