//! The pipeline's clockwork: hints to loops, retry times, expiry, leases, gauges.

use crate::core::Core;
use crate::lane;
use crate::settle::{self, End, Ended, store_error};
use docket_scheduling::lease;
use docket_store::{Change, Leased, Woken};
use docket_telemetry::{host, llm};
use docket_types::{Outcome, QueueMode};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::broadcast::error::RecvError;

/// The most requests that expire in one transaction.
const EXPIRE_PAGE: u32 = 128;
/// How often old requests are deleted, and how many at a time.
const PRUNE_EVERY: Duration = Duration::from_secs(60);
const PRUNE_PAGE: u32 = 500;
/// How often gauges are set and the rate is measured.
const GAUGES_EVERY: Duration = Duration::from_secs(1);

/// Passes the store's hints on. Lost hints wake everybody.
pub(crate) async fn hints(core: Arc<Core>) {
    let mut changes = core.store.changes();
    loop {
        let change = tokio::select! {
            () = core.stop.cancelled() => return,
            change = changes.recv() => change,
        };
        match change {
            Ok(Change::Ready(name)) => {
                if let Some(provider) = core.providers.get(&name) {
                    provider.ready.notify_one();
                }
            }
            Ok(Change::Job) => core.job_due.notify_one(),
            Ok(Change::Assessment) => core.assessment_due.notify_one(),
            Ok(Change::Topic(topic)) => core.topics.tell(&topic),
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => wake_all(&core),
            Err(RecvError::Closed) => return,
        }
    }
}

fn wake_all(core: &Core) {
    core.providers.values().for_each(|provider| provider.ready.notify_one());
    core.job_due.notify_one();
    core.assessment_due.notify_one();
    core.topics.tell_all();
}

/// Retry times that come, leases that ran out, requests whose time is over.
pub(crate) async fn timer(core: Arc<Core>) {
    let mut pruned = Instant::now();
    while !core.stop.is_cancelled() {
        let woken = wake(&core).await;
        expire(&core).await;
        if pruned.elapsed() >= PRUNE_EVERY {
            pruned = Instant::now();
            prune(&core).await;
        }
        let next = woken.next_at.map_or(core.options.poll, |at| at.since(core.now()));
        // A moment more than none: the store's idea of now may be a little behind.
        let pause = next.clamp(Duration::from_millis(1), core.options.poll);
        tokio::select! {
            () = core.stop.cancelled() => return,
            () = core.timer.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn wake(core: &Core) -> Woken {
    match core.store.wake_due(core.now()).await {
        Ok(woken) => {
            if woken.reclaimed > 0 {
                host::lease_reclaims_total("request", woken.reclaimed);
                tracing::warn!(requests = woken.reclaimed, "leases ran out; the requests are tried again");
            }
            if woken.retried + woken.reclaimed > 0 {
                wake_all(core);
            }
            woken
        }
        Err(error) => {
            tracing::error!(%error, "cannot look for retry times");
            host::store_errors_total("wake_due", store_error(&error), 1);
            Woken::default()
        }
    }
}

/// Finishes what came too late; its callers hear of it.
async fn expire(core: &Arc<Core>) {
    loop {
        let leased = match core.store.claim_expired(core.now(), core.lease_until(), EXPIRE_PAGE).await {
            Ok(leased) => leased,
            Err(error) => {
                tracing::error!(%error, "cannot look for expired requests");
                host::store_errors_total("claim_expired", store_error(&error), 1);
                return;
            }
        };
        let full = leased.len() >= EXPIRE_PAGE as usize;
        let mut ends = Vec::with_capacity(leased.len());
        for leased in leased {
            ends.extend(decide(core, leased, Outcome::Expired).await);
        }
        settle::settle(core, ends, &core.stop).await;
        if !full {
            return;
        }
    }
}

/// A request whose outcome is known without asking anybody.
pub(crate) async fn decide(core: &Core, leased: Leased, outcome: Outcome) -> Option<End> {
    // Its provider may have been taken out of the configuration since.
    let provider = match core.providers.get(&leased.provider) {
        Some(provider) => Arc::clone(provider),
        None => core.stranger(&leased.provider),
    };
    let has_batch = provider.adapter(&core.registry).is_ok_and(|a| a.has_batch());
    let mode: QueueMode = docket_scheduling::lane::choose(core.options.mode, has_batch);
    let work = lane::unpack(core, &provider, mode, leased, core.now()).await?;
    Some(End { work, ended: Ended::Decided(outcome) })
}

async fn prune(core: &Core) {
    loop {
        match core.store.prune(core.now() - core.options.retention, PRUNE_PAGE).await {
            Ok(n) if n >= u64::from(PRUNE_PAGE) && !core.stop.is_cancelled() => {}
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(%error, "cannot delete old requests");
                return;
            }
        }
    }
}

/// Keeps the leases of what is under way. What cannot be renewed in time is stopped before its lease ends.
pub(crate) async fn heartbeat(core: Arc<Core>) {
    let every = lease::renew_every(core.options.lease);
    let mut renewed = Instant::now();
    loop {
        tokio::select! {
            () = core.stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
        if renew(&core, every).await {
            renewed = Instant::now();
        } else if renewed.elapsed() + every >= lease::trust_for(core.options.lease) {
            let stopped = core.requests.stop_all() + core.jobs.stop_all() + core.assessments.stop_all();
            if stopped > 0 {
                tracing::error!(stopped, "leases could not be renewed; the work under them is stopped");
            }
        }
    }
}

async fn renew(core: &Core, limit: Duration) -> bool {
    let leases = core.requests.leases();
    let jobs = core.jobs.leases();
    let assessments = core.assessments.leases();
    if leases.is_empty() && jobs.is_empty() && assessments.is_empty() {
        return true;
    }
    let all = async {
        let until = core.lease_until();
        for id in core.store.renew(leases.clone(), until).await? {
            if let Some((_, epoch)) = leases.iter().find(|(held, _)| *held == id)
                && core.requests.stop(id, *epoch)
            {
                host::lease_losses_total("request", 1);
            }
        }
        for (id, epoch) in jobs {
            if core.store.renew_job(id, epoch, until).await? == docket_store::Fenced::Stale
                && core.jobs.stop(id, epoch)
            {
                host::lease_losses_total("job", 1);
            }
        }
        for (id, epoch) in assessments {
            if core.store.renew_assessment(id, epoch, until).await? == docket_store::Fenced::Stale
                && core.assessments.stop(id, epoch)
            {
                host::lease_losses_total("assessment", 1);
            }
        }
        Ok::<_, docket_store::Error>(())
    };
    match tokio::time::timeout(limit, all).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::error!(%error, "cannot renew leases");
            host::store_errors_total("renew", store_error(&error), 1);
            false
        }
        Err(_) => {
            tracing::error!("the store did not renew leases in time");
            false
        }
    }
}

/// Depths and the rate of outcomes.
pub(crate) async fn gauges(core: Arc<Core>) {
    let (mut before, mut at) = (0, Instant::now());
    loop {
        show(&core);
        tokio::select! {
            () = core.stop.cancelled() => return,
            () = tokio::time::sleep(GAUGES_EVERY) => {}
        }
        let outcomes = core.outcomes.load(Ordering::Relaxed);
        let rate = (outcomes - before) as f64 / at.elapsed().as_secs_f64();
        (before, at) = (outcomes, Instant::now());
        // The last rate stays while nothing happens: it says how fast this docket is, not how busy.
        if rate > 0.0 {
            let old = core.admission.rate();
            core.admission.set_rate(if old > 0.0 { 0.7 * old + 0.3 * rate } else { rate });
        }
    }
}

fn show(core: &Core) {
    let load = core.store.load();
    llm::queue_depth("total", load.open as f64);
    llm::queue_depth("queued", load.queued as f64);
    host::requests("queued", load.queued as f64);
    host::requests("in_hand", load.open.saturating_sub(load.queued) as f64);
    host::queue_bytes(load.bytes as f64);
    for provider in core.providers.values() {
        let running = f64::from(provider.running());
        llm::concurrent_requests(provider.name.as_str(), running);
        llm::connection_pool_active(provider.name.as_str(), running);
    }
}
