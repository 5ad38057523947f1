//! Claim: from ready to leased. One loop for each provider, woken by hints, as fast as its slots allow.

use crate::bundle;
use crate::core::Core;
use crate::lane;
use crate::provider::{Provider, Seen};
use crate::settle::store_error;
use docket_scheduling::lane as lanes;
use docket_store::Error;
use docket_types::QueueMode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// The most requests of one claim: enough to share a commit, few enough to be renewed together.
const MAX_CLAIM: u32 = 256;

/// Claims for one provider until docket closes.
///
/// A claim that was begun is never dropped: its requests would be leased to nobody.
pub(crate) async fn run(core: Arc<Core>, provider: Arc<Provider>) {
    loop {
        let slot = tokio::select! {
            biased;
            () = core.closing.cancelled() => return,
            slot = Arc::clone(&provider.slots).acquire_owned() => slot,
        };
        let Ok(slot) = slot else { return };
        let Some(pause) = turn(&core, &provider, slot).await else { continue };
        tokio::select! {
            () = core.closing.cancelled() => return,
            () = provider.ready.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// One round. How long to wait for a hint before the next; none: there may be more work.
async fn turn(core: &Arc<Core>, provider: &Arc<Provider>, slot: OwnedSemaphorePermit) -> Option<Duration> {
    // Without its adapter a provider's requests wait for it, until their time runs out.
    let Ok(adapter) = provider.adapter(&core.registry) else { return Some(core.options.poll) };
    let mock = adapter.manifest().mock;
    let most = match provider.allow(mock, core.now()) {
        Ok(most) => most,
        Err(again) => {
            let until = again.map(|at| at.since(core.now()).max(Duration::from_millis(1)));
            return Some(until.unwrap_or(core.options.poll).min(core.options.poll));
        }
    };
    let mode = lanes::choose(core.options.mode, adapter.has_batch());
    let taken = if lanes::collects(mode) {
        collected(core, provider, mode, slot).await
    } else {
        singles(core, provider, slot, most).await
    };
    match taken {
        Ok(0) => {
            provider.seen(mock, Seen::Nothing, core.now());
            Some(core.options.poll)
        }
        Ok(_) => None,
        Err(error) => {
            provider.seen(mock, Seen::Nothing, core.now());
            tracing::error!(%error, provider = %provider.name, "cannot claim requests");
            docket_telemetry::host::store_errors_total("claim", store_error(&error), 1);
            Some(core.options.poll)
        }
    }
}

async fn singles(
    core: &Arc<Core>,
    provider: &Arc<Provider>,
    slot: OwnedSemaphorePermit,
    most: Option<u32>,
) -> Result<usize, Error> {
    let mut slots = vec![slot];
    let most = most.unwrap_or(MAX_CLAIM).min(MAX_CLAIM) as usize;
    while slots.len() < most
        && let Ok(slot) = Arc::clone(&provider.slots).try_acquire_owned()
    {
        slots.push(slot);
    }
    let limit = u32::try_from(slots.len()).unwrap_or(MAX_CLAIM);
    let leased = bundle::claim(core, provider, None, limit).await?;
    let taken = leased.len();
    for (leased, slot) in lane::hold(core, leased).into_iter().zip(slots) {
        let (core, provider) = (Arc::clone(core), Arc::clone(provider));
        core.work.clone().spawn(async move {
            lane::single(&core, &provider, vec![leased]).await;
            ended(&core, &provider, slot);
        });
    }
    Ok(taken)
}

async fn collected(
    core: &Arc<Core>,
    provider: &Arc<Provider>,
    mode: QueueMode,
    slot: OwnedSemaphorePermit,
) -> Result<usize, Error> {
    let claimed = lane::hold(core, bundle::collect(core, provider).await?);
    let taken = claimed.len();
    if taken > 0 {
        let (core, provider) = (Arc::clone(core), Arc::clone(provider));
        core.work.clone().spawn(async move {
            match mode {
                QueueMode::BatchApi => lane::job(&core, &provider, claimed).await,
                _ => lane::serial(&core, &provider, claimed).await,
            }
            ended(&core, &provider, slot);
        });
    }
    Ok(taken)
}

/// Frees the slot. A request that needed no attempt was no probe of the circuit breaker either.
fn ended(core: &Core, provider: &Provider, slot: OwnedSemaphorePermit) {
    provider.seen(true, Seen::Nothing, core.now());
    drop(slot);
}
