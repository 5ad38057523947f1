//! Contract 0.1: its calls. The optional interfaces are probed one by one, with one set of types.

mod bindings;
mod inward;
mod outward;

use super::{Contract, FinishResult, Job};
use crate::store::Guest;
use bindings::docket::provider::content;
use bindings::exports::docket::provider::{batch, manifest, realtime, streaming};
use docket_types::Failure;
use docket_types::exchange::{
    BatchLimits, Context, Effect, Event, Header, ItemResult, JobEvent, JobNext, Next, Segment,
};
use docket_types::stream::{Delta, Frame, Opening};
use wasmtime::Store;
use wasmtime::component::{HasSelf, Instance, InstancePre, Linker, ResourceAny};

impl content::Host for Guest {
    fn text(&mut self, index: u32) -> wasmtime::Result<Option<String>> {
        Ok(self.read(index)?)
    }
}

/// Provides the texts.
pub(crate) fn link_content(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    content::add_to_linker::<_, HasSelf<Guest>>(linker, |guest| guest)
}

/// The exports of one component.
pub(crate) struct V0_1 {
    manifest: manifest::GuestIndices,
    realtime: realtime::GuestIndices,
    streaming: Option<streaming::GuestIndices>,
    batch: Option<batch::GuestIndices>,
}

impl V0_1 {
    /// Looks the exports up. An optional interface that is there but lacks a function is an error.
    pub(crate) fn new(pre: &InstancePre<Guest>) -> wasmtime::Result<Self> {
        let exports = |name: &str| pre.component().get_export_index(None, name).is_some();
        let streaming = exports("docket:provider/streaming@0.1.0");
        let batch = exports("docket:provider/batch@0.1.0");
        Ok(Self {
            manifest: manifest::GuestIndices::new(pre)?,
            realtime: realtime::GuestIndices::new(pre)?,
            streaming: streaming.then(|| streaming::GuestIndices::new(pre)).transpose()?,
            batch: batch.then(|| batch::GuestIndices::new(pre)).transpose()?,
        })
    }
}

impl Contract for V0_1 {
    fn has_batch(&self) -> bool {
        self.batch.is_some()
    }

    fn has_streaming(&self) -> bool {
        self.streaming.is_some()
    }

    fn check(&self, store: &mut Store<Guest>, instance: &Instance) -> wasmtime::Result<()> {
        self.manifest.load(&mut *store, instance)?;
        self.realtime.load(&mut *store, instance)?;
        self.streaming.as_ref().map(|s| s.load(&mut *store, instance)).transpose()?;
        self.batch.as_ref().map(|b| b.load(&mut *store, instance)).transpose()?;
        Ok(())
    }

    fn describe(&self) -> Job<String> {
        let manifest = self.manifest.clone();
        Box::new(move |store, instance| manifest.load(&mut *store, instance)?.call_describe(store))
    }

    fn step(&self, context: &Context, state: &[u8], event: Event) -> Job<Next<Effect>> {
        let realtime = self.realtime.clone();
        let (context, state, event) = (inward::context(context), state.to_vec(), inward::event(event));
        Box::new(move |store, instance| {
            let next = realtime.load(&mut *store, instance)?.call_step(store, &context, &state, &event)?;
            Ok(outward::next(next))
        })
    }

    fn batch_limits(&self, context: &Context) -> Option<Job<BatchLimits>> {
        let batch = self.batch.clone()?;
        let context = inward::context(context);
        Some(Box::new(move |store, instance| {
            batch.load(&mut *store, instance)?.call_limits(store, &context).map(outward::limits)
        }))
    }

    fn encode_item(
        &self,
        context: &Context,
        id: &str,
        request: &str,
    ) -> Option<Job<Result<Vec<Segment>, Failure>>> {
        let batch = self.batch.clone()?;
        let (context, id, request) = (inward::context(context), id.to_owned(), request.to_owned());
        Some(Box::new(move |store, instance| {
            let line = batch.load(&mut *store, instance)?.call_encode_item(store, &context, &id, &request)?;
            Ok(line.map(outward::segments).map_err(outward::failure))
        }))
    }

    fn decode_line(&self, context: &Context, line: &str) -> Option<Job<Result<Option<ItemResult>, Failure>>> {
        let batch = self.batch.clone()?;
        let (context, line) = (inward::context(context), line.to_owned());
        Some(Box::new(move |store, instance| {
            let item = batch.load(&mut *store, instance)?.call_decode_line(store, &context, &line)?;
            Ok(item.map(|item| item.map(outward::item_result)).map_err(outward::failure))
        }))
    }

    fn job_step(&self, context: &Context, state: &[u8], event: JobEvent) -> Option<Job<JobNext>> {
        let batch = self.batch.clone()?;
        let (context, state, event) = (inward::context(context), state.to_vec(), inward::job_event(event));
        Some(Box::new(move |store, instance| {
            batch
                .load(&mut *store, instance)?
                .call_step(store, &context, &state, &event)
                .map(outward::job_next)
        }))
    }

    fn parse_webhook(
        &self,
        context: &Context,
        headers: &[Header],
        body: &str,
    ) -> Option<Job<Result<Option<String>, Failure>>> {
        let batch = self.batch.clone()?;
        let (context, headers, body) = (inward::context(context), inward::headers(headers), body.to_owned());
        Some(Box::new(move |store, instance| {
            let id =
                batch.load(&mut *store, instance)?.call_parse_webhook(store, &context, &headers, &body)?;
            Ok(id.map_err(outward::failure))
        }))
    }

    fn open_stream(&self, context: &Context, request: &str) -> Option<Job<Result<Opening, Failure>>> {
        let streaming = self.streaming.clone()?;
        let (context, request) = (inward::context(context), request.to_owned());
        Some(Box::new(move |store, instance| {
            let opening = streaming.load(&mut *store, instance)?.call_open(store, &context, &request)?;
            Ok(opening.map(outward::opening).map_err(outward::failure))
        }))
    }

    fn new_decoder(&self, context: &Context, request: &str, headers: &[Header]) -> Option<Job<ResourceAny>> {
        let streaming = self.streaming.clone()?;
        let (context, request, headers) =
            (inward::context(context), request.to_owned(), inward::headers(headers));
        Some(Box::new(move |store, instance| {
            let guest = streaming.load(&mut *store, instance)?;
            guest.decoder().call_constructor(store, &context, &request, &headers)
        }))
    }

    fn push(&self, decoder: ResourceAny, frames: Vec<Frame>) -> Option<Job<Result<Vec<Delta>, Failure>>> {
        let streaming = self.streaming.clone()?;
        let frames: Vec<_> = frames.into_iter().map(inward::frame).collect();
        Some(Box::new(move |store, instance| {
            let guest = streaming.load(&mut *store, instance)?;
            let deltas = guest.decoder().call_push(store, decoder, &frames)?;
            Ok(deltas.map(|d| d.into_iter().map(outward::delta).collect()).map_err(outward::failure))
        }))
    }

    fn finish(&self, decoder: ResourceAny, clean: bool) -> Option<Job<FinishResult>> {
        let streaming = self.streaming.clone()?;
        Some(Box::new(move |store, instance| {
            let guest = streaming.load(&mut *store, instance)?;
            let completion = guest.decoder().call_finish(store, decoder, clean)?;
            Ok(completion.map(outward::completion).map_err(outward::failure))
        }))
    }
}
