//! Settle: from what became of an attempt to one transaction that holds outcome, cost and deliveries, or a retry time.
//!
//! What is stored is decided before the store is asked, so that asking again stores the same bytes. Only a
//! settlement that took place is counted.

use crate::answer;
use crate::callback::{self, Facts};
use crate::chat;
use crate::core::Core;
use crate::deliver::payload;
use crate::exchange::{Ran, Stop};
use crate::provider::{self, Provider, Seen};
use docket_scheduling::retry::{Decision, Failed, Reason};
use docket_scheduling::{breaker, cost};
use docket_store::{Attempt, Fenced, Leased, NewDelivery, Settlement, Sink, Transition};
use docket_types::comparison::Judgement;
use docket_types::exchange::Completion;
use docket_types::outcome::Success;
use docket_types::{BatchId, Failure, MicroUsd, Outcome, QueueMode, Submission, Timestamp, Usage};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

mod report;
use report::Report;
pub(crate) use report::{model_label, prompt as report_prompt, store_error};

/// A request in hand. The payload is unpacked.
pub(crate) struct Work {
    pub(crate) leased: Leased,
    pub(crate) submission: Submission,
    pub(crate) mode: QueueMode,
    pub(crate) batch_id: Option<BatchId>,
    pub(crate) claimed_at: Timestamp,
    pub(crate) provider: Arc<Provider>,
}

/// What became of it.
pub(crate) enum Ended {
    /// An attempt was made.
    Attempt(Ran),
    /// It is decided without an attempt.
    Decided(Outcome),
    /// Back to the queue, as if never taken.
    Release,
}

/// A request and what became of it.
pub(crate) struct End {
    pub(crate) work: Work,
    pub(crate) ended: Ended,
}

/// The pause between two tries to reach a store that fails.
const PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(2);

/// Settles. A store that fails is asked again until `stop`; then the leases run out and others go on.
pub(crate) async fn settle(core: &Core, ends: Vec<End>, stop: &CancellationToken) {
    if ends.is_empty() {
        return;
    }
    let prepared: Vec<_> = ends.into_iter().map(|end| prepare(core, end)).collect();
    let (settlements, reports): (Vec<Settlement>, Vec<Report>) = prepared.into_iter().unzip();
    let mut pause = PAUSE;
    let fenced = loop {
        match core.store.settle(settlements.clone()).await {
            Ok(fenced) => break fenced,
            Err(error) => {
                tracing::error!(%error, requests = settlements.len(), "cannot store outcomes; trying again");
                docket_telemetry::host::store_errors_total("settle", store_error(&error), 1);
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(MAX_PAUSE),
        }
    };
    let mut waits = false;
    for (fenced, report) in fenced.into_iter().zip(reports) {
        match fenced {
            Fenced::Done => {
                waits |= report.waits();
                report.emit(core);
            }
            Fenced::Stale => report.stale(),
        }
    }
    if waits {
        core.timer.notify_one();
    }
}

/// What is decided about a request.
pub(crate) enum Verdict {
    Released,
    Retry { failure: Failure, at: Timestamp },
    Terminal { outcome: Outcome, gave_up: Option<Reason> },
}

/// What an attempt came to, besides its verdict.
#[derive(Default)]
struct Trace {
    attempt: Option<Attempt>,
    usage: Option<Usage>,
    /// The model that was asked.
    model: String,
}

fn prepare(core: &Core, end: End) -> (Settlement, Report) {
    let now = core.now();
    let End { work, ended } = end;
    let (verdict, trace) = match ended {
        Ended::Release => (Verdict::Released, Trace::default()),
        Ended::Decided(outcome) => (Verdict::Terminal { outcome, gave_up: None }, Trace::default()),
        Ended::Attempt(ran) => attempt(core, &work, ran, now),
    };
    let transition = match &verdict {
        Verdict::Released => Transition::Release,
        Verdict::Retry { at, .. } => Transition::RetryAt(*at),
        Verdict::Terminal { outcome, gave_up } => finish(core, &work, outcome, *gave_up, &trace.model, now),
    };
    let report = Report::new(&work, &verdict, trace.attempt.as_ref(), trace.usage, now);
    let (id, epoch) = (work.leased.id, work.leased.epoch);
    (Settlement { id, epoch, at: now, attempt: trace.attempt, transition }, report)
}

fn attempt(core: &Core, work: &Work, ran: Ran, now: Timestamp) -> (Verdict, Trace) {
    let Ran { result, model, started_at, took, adapter } = ran;
    let manifest = adapter.as_ref().map(|a| a.manifest());
    let mut record = Attempt {
        number: work.leased.attempt,
        mode: work.mode,
        batch_id: work.batch_id,
        started_at,
        ended_at: now,
        provider_request_id: None,
        failure_class: None,
        usage: None,
        cost: MicroUsd::default(),
    };
    let mut usage = None;
    let result = result.and_then(|completion| {
        // An answer that is no judgement was paid for all the same.
        let price = manifest.and_then(|m| provider::price(m, completion.served_model.as_deref(), &model));
        let in_batch = work.mode == QueueMode::BatchApi;
        record.cost = price.map(|p| cost::of(&p, &completion.usage, in_batch)).unwrap_or_default();
        record.provider_request_id.clone_from(&completion.provider_id);
        record.usage = serde_json::to_vec(&completion.usage).ok();
        usage = Some(completion.usage.clone());
        let judgement = answer::judge(&work.leased.provider, &completion).map_err(Stop::Failed)?;
        Ok(success(judgement, completion, &model, took, record.cost))
    });
    let seen = match &result {
        Ok(success) => Seen::Answered { response_time_ms: success.response_time_ms },
        Err(Stop::Failed(failure)) => Seen::Failed { unhealthy: breaker::counts(failure) },
        Err(Stop::Expired | Stop::Cut) => Seen::Nothing,
    };
    work.provider.seen(manifest.is_none_or(|m| m.mock), seen, now);
    let verdict = match result {
        Ok(success) => Verdict::Terminal { outcome: Outcome::Succeeded(Box::new(success)), gave_up: None },
        Err(Stop::Expired) => Verdict::Terminal { outcome: Outcome::Expired, gave_up: None },
        Err(Stop::Cut) => return (Verdict::Released, Trace { attempt: None, usage: None, model }),
        Err(Stop::Failed(failure)) => {
            record.failure_class = Some(failure.class.as_str().to_owned());
            decide(core, work, failure, now)
        }
    };
    (verdict, Trace { attempt: Some(record), usage, model })
}

fn success(
    judgement: Judgement,
    completion: Completion,
    asked: &str,
    took: Duration,
    cost: MicroUsd,
) -> Success {
    let model = completion.served_model.clone().unwrap_or_else(|| asked.to_owned());
    let response_time_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    Success { judgement, completion, model, response_time_ms, cost }
}

fn decide(core: &Core, work: &Work, failure: Failure, now: Timestamp) -> Verdict {
    let leased = &work.leased;
    let failed = Failed {
        failure: &failure,
        attempt: leased.attempt,
        lost_leases: leased.lost_leases,
        now,
        expires_at: leased.expires_at,
        seed: chat::seed(leased.id.0),
    };
    let class = failure.class.as_str();
    match core.options.retry.decide(&failed) {
        Decision::RetryAt(at) => {
            tracing::info!(request = %leased.id, provider = %leased.provider, class, attempt = leased.attempt,
                error = %failure.message, %at, "attempt failed; it will be repeated");
            Verdict::Retry { failure, at }
        }
        Decision::GiveUp(reason) => {
            tracing::warn!(request = %leased.id, provider = %leased.provider, class, attempt = leased.attempt,
                error = %failure.message, reason = reason.as_str(), "request failed");
            Verdict::Terminal { outcome: Outcome::Failed { failure }, gave_up: Some(reason) }
        }
    }
}

/// The terminal transition, with the callback's bytes.
fn finish(
    core: &Core,
    work: &Work,
    outcome: &Outcome,
    gave_up: Option<Reason>,
    model: &str,
    now: Timestamp,
) -> Transition {
    let facts = Facts {
        id: work.leased.id,
        submission: &work.submission,
        outcome,
        mode: work.mode.as_str(),
        attempts: work.leased.attempt,
        model,
        gave_up,
        accepted_at: work.leased.accepted_at,
        now,
        source_service: &core.options.source_service,
    };
    let stored = |what: &str, bytes: Result<Vec<u8>, serde_json::Error>| {
        bytes.unwrap_or_else(|error| {
            // Only maps with keys that are no strings fail, and there are none.
            tracing::error!(request = %work.leased.id, %error, what, "cannot be written as JSON");
            Vec::new()
        })
    };
    let body = stored("callback", callback::build(&facts));
    let callback = &work.submission.callback;
    let sinks = [callback.topic.clone().map(Sink::Topic), callback.url.clone().map(Sink::Webhook)];
    let deliveries = sinks
        .into_iter()
        .flatten()
        .map(|sink| {
            let body = match &sink {
                Sink::Topic(_) => body.clone(),
                Sink::Webhook(_) => stored("webhook", payload::of_envelope(&body)),
            };
            NewDelivery { id: callback::delivery_id(work.leased.id), sink, body }
        })
        .collect();
    Transition::Finish {
        state: outcome.state(),
        outcome: stored("outcome", serde_json::to_vec(outcome)),
        deliveries,
    }
}
