//! Choose: how leased requests travel. One by one, as a serial bundle, or as a job of the provider's batch API.

use crate::batch;
use crate::core::Core;
use crate::exchange::{self, Stop, Task};
use crate::hands::Hold;
use crate::provider::{Provider, Seen};
use crate::settle::{self, End, Ended, Work};
use docket_store::{Leased, Settlement, Transition};
use docket_telemetry::llm;
use docket_types::{Failure, FailureClass, Outcome, QueueMode, RequestId, RequestState, RetryAdvice};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use std::sync::Arc;
use tracing::Instrument as _;

/// A leased request whose lease is being renewed.
pub(crate) struct Held {
    pub(crate) work: Work,
    hold: Hold<RequestId>,
}

/// What a claim gave, in hand from that moment on.
pub(crate) type Claimed = Vec<(Leased, Hold<RequestId>)>;

/// Takes leased requests into hand.
pub(crate) fn hold(core: &Core, leased: Vec<Leased>) -> Claimed {
    let hold = |leased: Leased| {
        let hold = core.requests.hold(leased.id, leased.epoch, &core.abort);
        (leased, hold)
    };
    leased.into_iter().map(hold).collect()
}

/// Reads what was claimed. What cannot be read is finished here, because nobody ever could.
async fn open(core: &Core, provider: &Arc<Provider>, mode: QueueMode, claimed: Claimed) -> Vec<Held> {
    let claimed_at = core.now();
    let mut held = Vec::with_capacity(claimed.len());
    for (leased, hold) in claimed {
        if let Some(work) = unpack(core, provider, mode, leased, claimed_at).await {
            let model = settle::model_label(&work.submission);
            settle::report_prompt(provider.name.as_str(), &model, &work.submission.prompt);
            held.push(Held { work, hold });
        }
    }
    held
}

/// Reads the stored submission.
pub(crate) async fn unpack(
    core: &Core,
    provider: &Arc<Provider>,
    mode: QueueMode,
    mut leased: Leased,
    claimed_at: docket_types::Timestamp,
) -> Option<Work> {
    match serde_json::from_slice(&std::mem::take(&mut leased.payload)) {
        Ok(submission) => Some(Work {
            leased,
            submission,
            mode,
            batch_id: None,
            claimed_at,
            provider: Arc::clone(provider),
        }),
        Err(error) => {
            tracing::error!(request = %leased.id, provider = %leased.provider, %error, "a stored request cannot be read");
            let failure = Failure::new(
                FailureClass::Other("unreadable".into()),
                RetryAdvice::Never,
                format!("the stored request cannot be read: {error}"),
            );
            let outcome = serde_json::to_vec(&Outcome::Failed { failure }).unwrap_or_default();
            let transition =
                Transition::Finish { state: RequestState::Failed, outcome, deliveries: Vec::new() };
            let (id, epoch, at) = (leased.id, leased.epoch, core.now());
            if let Err(error) =
                core.store.settle(vec![Settlement { id, epoch, at, attempt: None, transition }]).await
            {
                tracing::error!(request = %id, %error, "cannot store the outcome of an unreadable request");
            }
            None
        }
    }
}

/// What is decided before any attempt: too late, or suspected of killing its workers.
fn decided(core: &Core, work: &Work) -> Option<Outcome> {
    if core.now() >= work.leased.expires_at {
        return Some(Outcome::Expired);
    }
    let lost = work.leased.lost_leases;
    (lost > core.options.max_lost_leases).then(|| {
        let message = format!("its workers were lost {lost} times; it is not tried again");
        Outcome::Failed {
            failure: Failure::new(FailureClass::Other("worker_lost".into()), RetryAdvice::Never, message),
        }
    })
}

/// One attempt of one request. None: its lease is gone, and with it the right to say anything about it.
async fn attempt(core: &Core, provider: &Provider, held: Held) -> Option<(End, Hold<RequestId>)> {
    let Held { work, hold } = held;
    if let Some(outcome) = decided(core, &work) {
        return Some((End { work, ended: Ended::Decided(outcome) }, hold));
    }
    if hold.stop.is_cancelled() {
        return core.abort.is_cancelled().then_some((End { work, ended: Ended::Release }, hold));
    }
    let span = tracing::info_span!("attempt", request = %work.leased.id, provider = %provider.name, attempt = work.leased.attempt);
    let task = Task {
        id: work.leased.id.to_string(),
        attempt: work.leased.attempt,
        submission: &work.submission,
        expires_at: work.leased.expires_at,
        stop: &hold.stop,
    };
    let ran = exchange::run(core, provider, task).instrument(span).await;
    if matches!(ran.result, Err(Stop::Cut)) && !core.abort.is_cancelled() {
        provider.seen(false, Seen::Nothing, core.now());
        return None;
    }
    Some((End { work, ended: Ended::Attempt(ran) }, hold))
}

/// One request on its own.
pub(crate) async fn single(core: &Core, provider: &Arc<Provider>, claimed: Claimed) {
    for held in open(core, provider, QueueMode::PerRequest, claimed).await {
        if let Some((end, hold)) = attempt(core, provider, held).await {
            settle::settle(core, vec![end], &hold.stop).await;
        }
    }
}

/// A bundle: one request after the other, each with an outcome of its own, stored while the next one runs.
pub(crate) async fn serial(core: &Core, provider: &Arc<Provider>, claimed: Claimed) {
    let bundle = open(core, provider, QueueMode::SerialBundle, claimed).await;
    let Some(first) = bundle.first() else { return };
    let (model, size) = (settle::model_label(&first.work.submission), bundle.len());
    let mut storing = FuturesUnordered::new();
    for held in bundle {
        let mut attempt = std::pin::pin!(attempt(core, provider, held));
        let ended = loop {
            tokio::select! {
                ended = &mut attempt => break ended,
                Some(()) = storing.next() => {}
            }
        };
        if let Some((end, hold)) = ended {
            storing.push(async move { settle::settle(core, vec![end], &hold.stop).await });
        }
    }
    while storing.next().await.is_some() {}
    llm::serial_bundle_calls_total(provider.name.as_str(), &model, 1);
    llm::serial_bundle_items_per_call(provider.name.as_str(), &model, size as f64);
}

/// A job at the provider's batch API, from requests that can still be answered.
pub(crate) async fn job(core: &Core, provider: &Arc<Provider>, claimed: Claimed) {
    let (mut members, mut others) = (Vec::new(), Vec::new());
    let mut holds = Vec::new();
    for Held { work, hold } in open(core, provider, QueueMode::BatchApi, claimed).await {
        match decided(core, &work) {
            Some(outcome) => others.push(End { work, ended: Ended::Decided(outcome) }),
            None => members.push(work),
        }
        holds.push(hold);
    }
    settle::settle(core, others, &core.abort).await;
    batch::plan(core, provider, members).await;
    drop(holds);
}
