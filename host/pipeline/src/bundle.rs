//! Form: requests that may travel together, taken from the queue.

use crate::core::Core;
use crate::provider::Provider;
use docket_scheduling::bundle;
use docket_store::{Claim, CompatKey, Leased, Result};
use docket_types::Submission;
use std::time::Duration;

/// Leases at most `limit` ready requests of a provider.
pub(crate) async fn claim(
    core: &Core,
    provider: &Provider,
    compat: Option<CompatKey>,
    limit: u32,
) -> Result<Vec<Leased>> {
    let now = core.now();
    core.store
        .claim(Claim {
            provider: provider.name.clone(),
            compat,
            limit,
            worker: core.worker.clone(),
            now,
            lease_until: now + core.options.lease,
        })
        .await
}

/// Collects a bundle: the first request that is ready, and those that may travel with it, up to the limit that
/// the first one's hint and the operator's cap allow. Empty when nothing is ready.
///
/// The requests are leased when this returns; a bundle that is not full waits for more only within the window.
pub(crate) async fn collect(core: &Core, provider: &Provider) -> Result<Vec<Leased>> {
    let mut bundle = claim(core, provider, None, 1).await?;
    let Some(first) = bundle.first() else { return Ok(bundle) };
    let preferred =
        serde_json::from_slice::<Submission>(&first.payload).ok().and_then(|s| s.preferred_bundle_size());
    let limit = bundle::limit(preferred, core.options.bundle_cap);
    let (compat, closes) = (first.compat, first.ready_at + core.options.bundle_window);
    loop {
        let missing = limit.saturating_sub(u32::try_from(bundle.len()).unwrap_or(u32::MAX));
        if missing == 0 {
            break;
        }
        match claim(core, provider, Some(compat), missing).await {
            Ok(more) => bundle.extend(more),
            Err(error) => {
                // What is leased already can travel without the rest.
                tracing::warn!(%error, provider = %provider.name, "a bundle goes out incomplete");
                break;
            }
        }
        let left = closes.since(core.now());
        if left.is_zero() || bundle.len() >= limit as usize {
            break;
        }
        tokio::select! {
            () = core.closing.cancelled() => break,
            () = provider.ready.notified() => {}
            () = tokio::time::sleep(left.min(Duration::from_millis(50))) => {}
        }
    }
    Ok(bundle)
}
