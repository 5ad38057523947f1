//! Judge: assessments by comparative judgement on top of the queue.
//!
//! One task holds an assessment under a lease and goes on with it: it reads what its topic says (outcomes of its
//! comparisons, commands of its caller), lets the session decide, stores that in one transaction, and only then asks
//! for comparisons, through the same intake as everybody. Asking is idempotent, so a crash at any point costs at most
//! asking again; what was read but not stored is read again.

mod admit;
mod ask;
mod drive;
mod event;
mod handle;
mod prompt;
mod publish;
mod read;
mod results;
mod scales;
mod spec;
mod standing;
mod stored;
mod view;

use crate::core::Core;
use crate::settle::store_error;
use docket_store::LeasedAssessment;
use docket_telemetry::{cj, host};
use std::sync::Arc;
use tokio::sync::Semaphore;

pub use admit::{AssessError, AssessmentReceipt};
pub use read::{AssessmentCancel, DecisionView};
pub use scales::scales;
pub use stored::StoredAssessments;

/// The topic on which an assessment hears of its comparisons.
pub(crate) fn topic(id: docket_types::AssessmentId) -> String {
    format!("{TOPIC_PREFIX}{id}")
}

/// What every such topic begins with.
pub(crate) const TOPIC_PREFIX: &str = "docket.assessment.";

/// Goes on with assessments until docket closes.
pub(crate) async fn run(core: Arc<Core>) {
    let most = core.options.judging.max_driven.max(1);
    let slots = Arc::new(Semaphore::new(most as usize));
    while !core.closing.is_cancelled() {
        let free = u32::try_from(slots.available_permits()).unwrap_or(most);
        let leased = if free == 0 { Vec::new() } else { claim(&core, free).await };
        let idle = leased.is_empty();
        for assessment in leased {
            let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else { continue };
            let core = Arc::clone(&core);
            core.work.clone().spawn(async move {
                hold(&core, assessment).await;
                drop(slot);
                core.assessment_due.notify_one();
            });
        }
        if !idle {
            continue;
        }
        tokio::select! {
            () = core.closing.cancelled() => return,
            () = core.assessment_due.notified() => {}
            () = tokio::time::sleep(core.options.poll) => {}
        }
    }
}

async fn claim(core: &Core, limit: u32) -> Vec<LeasedAssessment> {
    match core.store.claim_assessments(core.now(), core.lease_until(), limit).await {
        Ok(leased) => leased,
        Err(error) => {
            tracing::error!(%error, "cannot look for due assessments");
            host::store_errors_total("claim_assessments", store_error(&error), 1);
            Vec::new()
        }
    }
}

/// Goes on with one under its lease, which is renewed as long as this runs.
async fn hold(core: &Arc<Core>, leased: LeasedAssessment) {
    let id = leased.id;
    if leased.epoch > 1 {
        cj::stuck_batches_recovered_total(1);
        tracing::info!(assessment = %id, "an assessment goes on after its holder was lost or stopped");
    }
    let hold = core.assessments.hold(id, leased.epoch, &core.closing);
    if let Err(error) = drive::drive(core, leased, &hold.stop).await {
        // The lease runs out, and somebody goes on from what is stored.
        tracing::error!(assessment = %id, %error, "an assessment cannot go on for now");
        host::store_errors_total("assessment", "drive", 1);
    }
}
