//! The members of a job: written as lines, read back, each with an outcome of its own.

use super::MODE;
use crate::chat::{self, Chat};
use crate::core::Core;
use crate::exchange::{Ran, Stop, clip, context, millis, plugin_failure};
use crate::lane;
use crate::provider::Provider;
use crate::settle::{self, End, Ended, Work};
use bytes::Bytes;
use docket_adapter::Adapter;
use docket_provider::write_body;
use docket_store::Error;
use docket_types::exchange::{Completion, ItemOutcome, ItemResult, Segment};
use docket_types::{BatchId, Failure, FailureClass, RequestId, RetryAdvice, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Members read in one go, and outcomes stored in one transaction.
const PAGE: u32 = 128;

/// A member and what its line is made of.
struct Member {
    work: Work,
    chat: Chat,
    model: String,
}

/// The members of a job that have no outcome yet.
pub(super) struct Members<'a> {
    core: &'a Core,
    provider: &'a Arc<Provider>,
    adapter: &'a Arc<Adapter>,
    open: BTreeMap<RequestId, Member>,
    /// Outcomes that are not stored yet.
    ends: Vec<End>,
    pub(super) created_at: Timestamp,
    pub(super) virtual_time: Duration,
    stop: &'a CancellationToken,
    pub(super) tally: Tally,
}

/// What was counted while results were read.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Tally {
    /// Lines decoded.
    pub(super) lines: u64,
    pub(super) completed: u32,
    pub(super) failed: u32,
    /// Lines that belong to no open member: duplicates, cancelled ones, strangers.
    pub(super) unknown: u64,
    /// Lines that the adapter could not read.
    pub(super) unreadable: u64,
}

impl<'a> Members<'a> {
    /// Reads the members from the store.
    pub(super) async fn load(
        core: &'a Core,
        provider: &'a Arc<Provider>,
        adapter: &'a Arc<Adapter>,
        id: BatchId,
        created_at: Timestamp,
        stop: &'a CancellationToken,
    ) -> Result<Self, Error> {
        let mut open = BTreeMap::new();
        let mut after = None;
        loop {
            let page = core.store.members(id, after, PAGE).await?;
            let full = page.len() >= PAGE as usize;
            after = page.last().map(|leased| leased.id).or(after);
            for leased in page {
                // The wait ended when the job was planned.
                let Some(mut work) = lane::unpack(core, provider, MODE, leased, created_at).await else {
                    continue;
                };
                work.batch_id = Some(id);
                let model = provider.model(adapter.manifest(), &work.submission);
                match chat::build(&work.submission, &model, &provider.options) {
                    Ok(chat) => drop(open.insert(work.leased.id, Member { work, chat, model })),
                    Err(error) => {
                        tracing::error!(request = %work.leased.id, %error, "cannot be written as JSON")
                    }
                }
            }
            if !full {
                break;
            }
        }
        let (ends, virtual_time, tally) = (Vec::new(), Duration::ZERO, Tally::default());
        Ok(Self { core, provider, adapter, open, ends, created_at, virtual_time, stop, tally })
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// Every open member's line, in the order of their ids. A member that cannot be written fails on its own.
    pub(super) async fn encode(&mut self) -> Vec<(RequestId, Bytes)> {
        let mut lines = Vec::with_capacity(self.open.len());
        for id in self.ids() {
            match self.encode_one(id, false).await {
                Ok(Some(line)) => lines.push((id, line)),
                Ok(None) => {}
                Err(failure) => self.fail(id, failure),
            }
        }
        self.store_ends().await;
        lines
    }

    fn ids(&self) -> Vec<RequestId> {
        self.open.keys().copied().collect()
    }

    async fn encode_one(&self, id: RequestId, loopback: bool) -> Result<Option<Bytes>, Failure> {
        let Some(member) = self.open.get(&id) else { return Ok(None) };
        let leased = &member.work.leased;
        let seed = chat::seed(member.work.submission.correlation_id);
        let hash = member.chat.prompt_sha256.clone();
        let mut context =
            context(self.provider, id.to_string(), leased.attempt, seed, member.model.clone(), hash);
        context.now_ms = millis(self.core.now(), self.virtual_time);
        let segments = self
            .adapter
            .encode_item(&context, &id.to_string(), &member.chat.json, &member.chat.texts)
            .await
            .map_err(|error| plugin_failure(self.provider, self.adapter, &error))??;
        if loopback && segments.iter().any(|segment| matches!(segment, Segment::Splice { .. })) {
            // The line goes back to the adapter, and a text must not.
            return Err(Failure::adapter(format!("plugin `{}` loops a text back", self.adapter.name())));
        }
        let line = write_body(&segments, &member.chat.texts).map_err(|e| Failure::adapter(e.to_string()))?;
        if line.contains(&b'\n') {
            return Err(Failure::adapter(format!(
                "plugin `{}` wrote an item with a line break",
                self.adapter.name()
            )));
        }
        Ok(Some(line))
    }

    /// The lines of all members go back to the adapter as they are: the results of a mock.
    pub(super) async fn loop_back(&mut self, context: &docket_types::exchange::Context) {
        for id in self.ids() {
            match self.encode_one(id, true).await {
                Ok(Some(line)) => self.decode(context, &String::from_utf8_lossy(&line)).await,
                Ok(None) => {}
                Err(failure) => self.fail(id, failure),
            }
        }
        self.store_ends().await;
    }

    /// One line of a result file.
    pub(super) async fn decode(&mut self, context: &docket_types::exchange::Context, line: &str) {
        self.tally.lines += 1;
        match self.adapter.decode_line(context, line).await {
            Ok(Ok(Some(item))) => self.result(item),
            Ok(Ok(None)) => {}
            Ok(Err(failure)) => {
                self.tally.unreadable += 1;
                tracing::warn!(provider = %self.provider.name, plugin = self.adapter.name(), error = %failure.message,
                    "a result line cannot be read");
            }
            Err(error) => {
                self.tally.unreadable += 1;
                tracing::error!(provider = %self.provider.name, plugin = self.adapter.name(), %error,
                    "the plugin failed on a result line");
            }
        }
        if self.ends.len() >= PAGE as usize {
            self.store_ends().await;
        }
    }

    fn result(&mut self, item: ItemResult) {
        // The first outcome of an item counts; a second one is a duplicate.
        let id = item.custom_id.parse::<RequestId>().ok().filter(|id| self.open.contains_key(id));
        let Some(id) = id else {
            self.tally.unknown += 1;
            return;
        };
        match item.outcome {
            ItemOutcome::Completed(completion) => self.end(id, Ok(completion)),
            ItemOutcome::Failed(failure) => self.fail(id, clip(failure)),
            ItemOutcome::Expired => {
                let message = "the provider did not begin this item in time";
                self.fail(id, Failure::new(FailureClass::Timeout, RetryAdvice::Backoff, message));
            }
            ItemOutcome::Cancelled => self.fail(id, cancelled("the provider cancelled this item")),
        }
    }

    /// Every member that has no outcome yet gets this failure.
    pub(super) async fn fail_rest(&mut self, failure: &Failure) {
        for id in self.ids() {
            self.fail(id, failure.clone());
        }
        self.store_ends().await;
    }

    /// Every member that has no outcome goes back to the queue, as if this job had not been.
    pub(super) async fn release_rest(&mut self) {
        for (_, member) in std::mem::take(&mut self.open) {
            self.ends.push(End { work: member.work, ended: Ended::Release });
        }
        self.store_ends().await;
    }

    fn fail(&mut self, id: RequestId, failure: Failure) {
        self.end(id, Err(failure));
    }

    fn end(&mut self, id: RequestId, result: Result<Completion, Failure>) {
        let Some(Member { work, model, .. }) = self.open.remove(&id) else { return };
        if result.is_ok() {
            self.tally.completed += 1
        } else {
            self.tally.failed += 1
        }
        let ran = Ran {
            result: result.map_err(Stop::Failed),
            model,
            started_at: self.created_at,
            took: self.core.now().since(self.created_at) + self.virtual_time,
            adapter: Some(Arc::clone(self.adapter)),
        };
        self.ends.push(End { work, ended: Ended::Attempt(ran) });
    }

    /// Stores outcomes: one transaction for a chunk.
    pub(super) async fn store_ends(&mut self) {
        settle::settle(self.core, std::mem::take(&mut self.ends), self.stop).await;
    }
}

/// A job, or an item of it, was cancelled by somebody else than the caller: worth another try.
pub(super) fn cancelled(message: &str) -> Failure {
    Failure::new(FailureClass::Other("job_cancelled".into()), RetryAdvice::Backoff, message)
}

/// A request that failed before it was in a job.
pub(super) fn failed(
    core: &Core,
    provider: &Provider,
    work: Work,
    adapter: Option<Arc<Adapter>>,
    failure: Failure,
) -> End {
    let model = adapter.as_ref().map(|a| provider.model(a.manifest(), &work.submission)).unwrap_or_default();
    let (started_at, took) = (core.now(), Duration::ZERO);
    End {
        work,
        ended: Ended::Attempt(Ran { result: Err(Stop::Failed(failure)), model, started_at, took, adapter }),
    }
}
