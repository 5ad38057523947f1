//! Jobs at a provider's batch API: planned from leased requests, then driven from what the store knows of them.
//!
//! A job belongs to its row and not to a worker: any process goes on with any job. Intent is stored before an effect
//! and the adapter's next state after it, so a stop in between is seen as an effect whose outcome is unknown.
//! The adapter is told, and looks; nothing is sent twice by the host.
//!
//! A job holds at most 64 requests, so its members are kept in memory while it is driven.

mod drive;
mod items;
mod results;

use crate::core::Core;
use crate::exchange::{context, millis};
use crate::provider::Provider;
use crate::settle::{self, End, Ended, Work, store_error};
use docket_store::{LeasedBatch, NewBatch};
use docket_telemetry::{host, llm};
use docket_types::exchange::Context;
use docket_types::{BatchId, QueueMode, RequestId};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Jobs driven at the same time. A job that waits for its provider is not one of them.
const MAX_DRIVEN: u32 = 16;

/// Makes a job of leased requests. What does not fit goes back to the queue.
pub(crate) async fn plan(core: &Core, provider: &Provider, mut members: Vec<Work>) {
    let Some(first) = members.first() else { return };
    let (id, label) = (BatchId(Uuid::now_v7()), settle::model_label(&first.submission));
    let Ok(adapter) = provider.adapter(&core.registry) else { return release(core, members).await };
    let model = provider.model(adapter.manifest(), &first.submission);
    match adapter.batch_limits(&job_context(core, provider, id, model, Duration::ZERO)).await {
        Ok(limits) => {
            let surplus = members.split_off(members.len().min(limits.max_items.max(1) as usize));
            release(core, surplus).await;
        }
        Err(error) => {
            let plugin = adapter.name();
            tracing::error!(provider = %provider.name, plugin, %error, "the plugin does not say how large its jobs may be");
            return fail_all(
                core,
                provider,
                members,
                &crate::exchange::plugin_failure(provider, &adapter, &error),
            )
            .await;
        }
    }
    let batch = NewBatch {
        id,
        provider: provider.name.clone(),
        model: label.clone(),
        adapter: adapter.version_key(),
        members: members.iter().map(|work| (work.leased.id, work.leased.epoch)).collect(),
        now: core.now(),
    };
    match core.store.plan(batch).await {
        Ok(lost) => {
            let lost: HashSet<RequestId> = lost.into_iter().collect();
            let items = members.iter().filter(|work| !lost.contains(&work.leased.id)).count();
            if items > 0 {
                llm::batch_api_jobs_total(provider.name.as_str(), &label, "scheduled", 1);
                llm::batch_api_items_per_job(provider.name.as_str(), &label, items as f64);
                tracing::info!(job = %id, provider = %provider.name, items, "job planned");
                core.job_due.notify_one();
            }
        }
        Err(error) => {
            tracing::error!(%error, provider = %provider.name, "cannot plan a job");
            host::store_errors_total("plan", store_error(&error), 1);
            release(core, members).await;
        }
    }
}

async fn release(core: &Core, members: Vec<Work>) {
    let ends = members.into_iter().map(|work| End { work, ended: Ended::Release }).collect();
    settle::settle(core, ends, &core.abort).await;
}

async fn fail_all(core: &Core, provider: &Provider, members: Vec<Work>, failure: &docket_types::Failure) {
    let ends =
        members.into_iter().map(|work| items::failed(core, provider, work, None, failure.clone())).collect();
    settle::settle(core, ends, &core.abort).await;
}

/// What a step of a job may know.
fn job_context(
    core: &Core,
    provider: &Provider,
    id: BatchId,
    model: String,
    virtual_time: Duration,
) -> Context {
    let seed = crate::chat::seed(id.0);
    let mut context = context(provider, id.to_string(), 1, seed, model, String::new());
    context.now_ms = millis(core.now(), virtual_time);
    context
}

/// Drives due jobs until docket closes.
pub(crate) async fn run(core: Arc<Core>) {
    let slots = Arc::new(Semaphore::new(MAX_DRIVEN as usize));
    while !core.closing.is_cancelled() {
        let free = u32::try_from(slots.available_permits()).unwrap_or(MAX_DRIVEN);
        let jobs = if free == 0 { Vec::new() } else { claim(&core, free).await };
        let idle = jobs.is_empty();
        for job in jobs {
            let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else { continue };
            let core = Arc::clone(&core);
            core.work.clone().spawn(async move {
                drive_one(&core, job).await;
                drop(slot);
                core.job_due.notify_one();
            });
        }
        if !idle {
            continue;
        }
        tokio::select! {
            () = core.closing.cancelled() => return,
            () = core.job_due.notified() => {}
            () = tokio::time::sleep(core.options.poll) => {}
        }
    }
}

async fn claim(core: &Core, limit: u32) -> Vec<LeasedBatch> {
    match core.store.claim_jobs(core.now(), core.lease_until(), limit).await {
        Ok(jobs) => jobs,
        Err(error) => {
            tracing::error!(%error, "cannot look for due jobs");
            host::store_errors_total("claim_jobs", store_error(&error), 1);
            Vec::new()
        }
    }
}

async fn drive_one(core: &Arc<Core>, job: LeasedBatch) {
    let id = job.id;
    let hold = core.jobs.hold(id, job.epoch, &core.abort);
    let again = match drive::drive(core, job, &hold.stop).await {
        Ok(again) => again,
        Err(error) => {
            // The lease runs out, and somebody goes on from the last stored step.
            tracing::error!(job = %id, %error, "a job cannot go on for now");
            return;
        }
    };
    if let Some(at) = again {
        // A short wait is not left to the poll.
        let (core, pause) = (Arc::clone(core), at.since(core.now()).min(core.options.poll));
        core.work.clone().spawn(async move {
            tokio::select! {
                () = core.closing.cancelled() => {}
                () = tokio::time::sleep(pause) => core.job_due.notify_one(),
            }
        });
    }
}

/// Whether a stored mode is the one of jobs.
pub(crate) const MODE: QueueMode = QueueMode::BatchApi;
