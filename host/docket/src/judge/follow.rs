//! Watching an assessment until it ends, or somebody stops this process.

use crate::exit::{Exit, Failure, OrExit};
use crate::output::Progress;
use anyhow::Context;
use docket_pipeline::Handle;
use docket_store::Change;
use docket_types::AssessmentId;
use docket_types::assessment::{AssessmentView, State};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast;
use tokio::time::{Instant, sleep};

/// How often it is looked at when nothing says that something changed.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// A look may take this part of the time: a ranking of many essays is not read all the time.
const SHARE: u32 = 10;

/// How the watching ended.
pub(super) enum Followed {
    /// The assessment ended.
    Ended(Box<AssessmentView>),
    /// Somebody stopped this process; where it was.
    Interrupted(Box<AssessmentView>),
}

/// Shows the progress until the assessment ends.
pub(super) async fn follow(handle: &Handle, id: AssessmentId, quiet: bool) -> Result<Followed, Failure> {
    let stop = |kind| signal(kind).context("cannot listen for signals").or_exit(Exit::Internal);
    let (mut interrupt, mut terminate) = (stop(SignalKind::interrupt())?, stop(SignalKind::terminate())?);
    let mut changes = handle.changes();
    let mut progress: Option<Progress> = None;
    loop {
        let began = Instant::now();
        let view = look(handle, id).await?;
        let total = view.progress.budget.saturating_sub(view.progress.retries) as u64;
        let shown = progress.get_or_insert_with(|| Progress::new("comparisons answered", total, quiet));
        shown.note(note(&view));
        shown.set(view.progress.answered as u64);
        let took = began.elapsed();
        let ended = view.state != State::Running;
        let view = Box::new(view);
        let interrupted = tokio::select! {
            () = std::future::ready(()), if ended => false,
            _ = interrupt.recv() => true,
            _ = terminate.recv() => true,
            () = changed(&mut changes, took * SHARE) => false,
        };
        if !ended && !interrupted {
            continue;
        }
        if let Some(progress) = progress.take() {
            progress.finish();
        }
        return Ok(if ended { Followed::Ended(view) } else { Followed::Interrupted(view) });
    }
}

async fn look(handle: &Handle, id: AssessmentId) -> Result<AssessmentView, Failure> {
    let view = handle.assessment(id).await.context("cannot read the assessment").or_exit(Exit::Store)?;
    view.ok_or_else(|| {
        Failure::new(Exit::Store, format!("the store has no assessment {id}, which it just took"))
    })
}

/// Waits until it may have changed, `least` at least.
async fn changed(changes: &mut broadcast::Receiver<Change>, least: Duration) {
    sleep(least).await;
    let hint = async {
        // Who lags behind missed something; who is closed hears no more.
        while let Ok(change) = changes.recv().await {
            if change == Change::Assessment {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(LOOK_EVERY, hint).await;
}

/// What is known beside the number of answers.
fn note(view: &AssessmentView) -> String {
    let progress = &view.progress;
    let mut parts = vec![format!("wave {}", progress.waves)];
    parts.extend(progress.reliability.map(|reliability| format!("reliability {reliability:.2}")));
    if progress.failed + progress.retries > 0 {
        parts.push(format!("{} failed, {} repeated", progress.failed, progress.retries));
    }
    parts.push(format!("{:.4} USD", view.cost.total_usd));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::show::example;

    #[test]
    fn the_note_has_waves_reliability_failures_and_cost() {
        let mut view = example();
        assert_eq!(note(&view), "wave 2, reliability 0.87, 0.0123 USD");
        view.progress.failed = 1;
        view.progress.reliability = None;
        assert_eq!(note(&view), "wave 2, 1 failed, 0 repeated, 0.0123 USD");
    }
}
