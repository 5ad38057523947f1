//! Going on with an assessment: read, decide, store, ask, wait.

use super::ask::ask;
use super::event::{self, Heard, Told};
use super::publish::{self, Facts};
use super::read::stored;
use super::spec::{Spec, kind};
use super::standing::{Standing, correlation, waited_for};
use super::{results, topic, view};
use crate::core::Core;
use docket_judgement::session::{Action, Applied, Asked, Decided, Ending, Session, Status};
use docket_store::{
    AssessmentState, AssessmentStep, ComparisonRow, Error, Fenced, LeasedAssessment, LogEntry,
};
use docket_telemetry::{cj, huleedu_cj};
use docket_types::assessment::{AssessmentView, ComparisonView, State};
use docket_types::{AssessmentId, Timestamp};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Events read at a time.
const PAGE: u32 = 500;
/// How often progress is stored within a wave.
const STORE_EVERY: Duration = Duration::from_secs(1);
/// A comparison counts as failed so long after the queue should have said so.
const GRACE: Duration = Duration::from_secs(300);

/// Goes on with an assessment until it ends, its lease is lost, or docket closes.
pub(super) async fn drive(
    core: &Arc<Core>,
    leased: LeasedAssessment,
    stop: &CancellationToken,
) -> Result<(), Error> {
    let id = leased.id;
    let standing: Standing = stored(id, "session", &leased.session)?;
    let run = Run {
        spec: Arc::new(stored(id, "spec", &leased.spec)?),
        waiting: waited_for(id, &standing.session),
        standing,
        core: Arc::clone(core),
        id,
        epoch: leased.epoch,
        created_at: leased.created_at,
        changed: BTreeMap::new(),
        log: Vec::new(),
        submitted: HashSet::new(),
        dirty: false,
    };
    run.until_the_end(stop).await
}

struct Run {
    core: Arc<Core>,
    id: AssessmentId,
    epoch: i64,
    created_at: Timestamp,
    spec: Arc<Spec>,
    standing: Standing,
    /// Comparisons that changed since the last step was stored.
    changed: BTreeMap<u32, ComparisonView>,
    log: Vec<LogEntry>,
    /// Attempts that are waited for, by correlation id.
    waiting: HashMap<Uuid, (u32, u32)>,
    /// Attempts that this process submitted.
    submitted: HashSet<(u32, u32)>,
    dirty: bool,
}

impl Run {
    async fn until_the_end(mut self, stop: &CancellationToken) -> Result<(), Error> {
        let topic = self.core.topics.listen(topic(self.id));
        let mut stored_at = Instant::now();
        loop {
            let began = Instant::now();
            let heard = self.listen().await?;
            let waits = self.standing.session.pending().next().is_some();
            if !waits || self.standing.cancelled {
                self.decide().await?;
            }
            if heard {
                cj::callback_processing_duration_seconds(began.elapsed().as_secs_f64());
            }
            let ended = self.standing.session.ending.is_some();
            let due = ended || !self.log.is_empty() || (self.dirty && stored_at.elapsed() >= STORE_EVERY);
            if due {
                if self.store(false).await? == Fenced::Stale {
                    return Ok(());
                }
                stored_at = Instant::now();
            }
            if ended {
                return Ok(());
            }
            if self.ask(stop).await {
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {
                    self.store(true).await?;
                    return Ok(());
                }
                () = topic.news() => {}
                () = tokio::time::sleep(self.pause()) => {}
            }
        }
    }

    fn pause(&self) -> Duration {
        let poll = self.core.options.poll;
        let deadline = self.standing.session.next_deadline().map(Timestamp::from_micros);
        deadline.map_or(poll, |at| (at + GRACE).since(self.core.now())).clamp(Duration::from_millis(5), poll)
    }

    /// Applies everything that the topic says. True if there was anything.
    async fn listen(&mut self) -> Result<bool, Error> {
        let mut heard = false;
        loop {
            let page = self.core.store.read(&topic(self.id), self.standing.cursor, PAGE).await?;
            let Some(last) = page.last() else { break };
            let cursor = last.seq;
            for event in &page {
                match event::read(&event.body) {
                    Some(Heard::Cancel) => self.standing.cancelled = true,
                    Some(Heard::Outcome(told)) => {
                        let about = self.waiting.remove(&told.correlation_id);
                        self.outcome(about, &told);
                    }
                    None => {
                        tracing::warn!(assessment = %self.id, event = %event.id, "an event means nothing to an assessment")
                    }
                }
            }
            self.standing.cursor = cursor;
            (heard, self.dirty) = (true, true);
        }
        let late = self.standing.session.expire((self.core.now() - GRACE).as_micros());
        if late > 0 {
            tracing::warn!(assessment = %self.id, comparisons = late, "comparisons without an outcome at their deadline");
            self.dirty = true;
            self.show_failed();
        }
        Ok(heard)
    }

    fn outcome(&mut self, about: Option<(u32, u32)>, told: &Told) {
        let applied = match about {
            Some((number, attempt)) => self.standing.apply(number, attempt, told),
            None => Applied::Ignored,
        };
        let (Applied::Changed, Some((number, attempt))) = (applied, about) else {
            // A duplicate, late, or a stranger's.
            cj::callbacks_processed_total("ignored", 1);
            return;
        };
        if told.error_code.is_none() || told.cost.0 > 0 {
            self.standing.spent(told);
        }
        self.submitted.remove(&(number, attempt));
        self.count(attempt, told);
        if let Some(asked) = self.standing.session.asked.get(number as usize) {
            let view = shown(&self.spec, number, asked, Some(told));
            self.changed.insert(number, view);
        }
    }

    fn count(&self, attempt: u32, told: &Told) {
        if let Some(at) = told.at {
            cj::callback_latency_seconds(self.core.now().since(at).as_secs_f64());
        }
        match &told.error_code {
            None => {
                cj::callbacks_processed_total("success", 1);
                cj::comparisons_total("completed", 1);
                if attempt > 1 {
                    cj::successful_retries_total(1);
                }
            }
            Some(code) => {
                cj::callbacks_processed_total("error", 1);
                cj::failed_comparisons_total(code, 1);
                if attempt >= self.standing.session.settings.attempts {
                    cj::comparisons_total("failed", 1);
                    cj::permanently_failed_comparisons_total(1);
                }
            }
        }
    }

    /// Comparisons that failed without an outcome are shown as such.
    fn show_failed(&mut self) {
        for (number, asked) in (0_u32..).zip(&self.standing.session.asked) {
            if matches!(&asked.status, Status::Failed { code } if code == "DEADLINE_EXCEEDED") {
                self.changed.entry(number).or_insert_with(|| shown(&self.spec, number, asked, None));
            }
        }
    }

    /// Lets the session decide. Fitting scores takes a while, so it happens where blocking is allowed.
    async fn decide(&mut self) -> Result<(), Error> {
        let now = self.core.now();
        let deadline = (now + self.core.options.judging.comparison_ttl).as_micros();
        let (cancelled, waves) = (self.standing.cancelled, self.standing.session.waves.len());
        let empty = Session::new(self.standing.session.settings.clone());
        let mut session = std::mem::replace(&mut self.standing.session, empty);
        let turned = tokio::task::spawn_blocking(move || {
            let decided = session.turn(cancelled, deadline);
            (session, decided)
        });
        let (session, decided) =
            turned.await.map_err(|e| Error::Internal(format!("deciding failed: {e}")))?;
        self.standing.session = session;
        let decided = decided.map_err(|e| Error::Corrupt(format!("assessment {}: {e}", self.id)))?;
        for decision in &decided {
            self.decided(decision, waves == 0, now)?;
        }
        Ok(())
    }

    fn decided(&mut self, decision: &Decided, first: bool, now: Timestamp) -> Result<(), Error> {
        if decision.action == Action::Wait {
            return Ok(());
        }
        let body = serde_json::to_vec(decision).map_err(|e| Error::Internal(format!("a decision: {e}")))?;
        self.log.push(LogEntry { number: self.standing.decisions, at: now, body });
        self.standing.decisions += 1;
        self.dirty = true;
        for &number in &decision.asked {
            if let Some(asked) = self.standing.session.asked.get(number as usize) {
                self.changed.insert(number, shown(&self.spec, number, asked, None));
                self.waiting.insert(correlation(self.id, number, asked.attempt), (number, asked.attempt));
            }
        }
        let wave = decision.kind.map(kind);
        tracing::info!(assessment = %self.id, action = ?decision.action, reason = ?decision.reason, wave, asked = decision.asked.len(),
            answered = decision.context.inputs.answered, reliability = decision.context.inputs.reliability, "decided");
        self.count_decision(decision, first);
        Ok(())
    }

    fn count_decision(&self, decision: &Decided, first: bool) {
        let mode = self.spec.mode.as_str();
        let label = match &decision.action {
            Action::Wait => "WAIT_FOR_CALLBACKS",
            Action::Continue | Action::Resample if decision.asked.is_empty() => "NO_OP",
            Action::Retry | Action::Continue | Action::Resample => "REQUEST_MORE_COMPARISONS",
            Action::End(Ending::Finished { .. }) => "FINALIZE_SCORING",
            Action::End(_) => "FINALIZE_FAILURE",
        };
        cj::workflow_decisions_total(label, 1);
        cj::llm_requests_total(mode, decision.asked.len() as u64);
        if first && !decision.asked.is_empty() {
            cj::llm_batches_started_total(mode, 1);
        }
        if decision.action == Action::Retry {
            cj::retry_batches_submitted_total(1);
        }
        let inputs = &decision.context.inputs;
        if let Some(change) = inputs.score_change {
            cj::score_stability_changes(change);
        }
        if inputs.budget > 0 {
            cj::batch_progress_percentage(100.0 * inputs.requested as f64 / inputs.budget as f64);
        }
    }

    /// Stores what changed, in one transaction; at the end with the results and the events.
    async fn store(&mut self, release: bool) -> Result<Fenced, Error> {
        let now = self.core.now();
        let state = view::state(self.standing.session.ending.as_ref());
        let (view, events) = self.results(state, now).await?;
        let json = |what: &str, e: serde_json::Error| Error::Internal(format!("an assessment's {what}: {e}"));
        let changed = std::mem::take(&mut self.changed);
        let rows = changed.into_iter().map(|(number, view)| {
            Ok(ComparisonRow { number, body: serde_json::to_vec(&view).map_err(|e| json("comparison", e))? })
        });
        let step = AssessmentStep {
            id: self.id,
            epoch: self.epoch,
            now,
            state: stored_state(state),
            session: serde_json::to_vec(&self.standing).map_err(|e| json("session", e))?,
            view: serde_json::to_vec(&view).map_err(|e| json("view", e))?,
            comparisons: rows.collect::<Result<_, Error>>()?,
            log: std::mem::take(&mut self.log),
            events,
            next_at: now,
            release,
        };
        let fenced = self.core.store.step_assessment(step).await?;
        self.dirty = false;
        if fenced == Fenced::Done && state != State::Running {
            self.count_end(&view, now);
        }
        Ok(fenced)
    }

    async fn results(
        &self,
        state: State,
        now: Timestamp,
    ) -> Result<(AssessmentView, Vec<docket_store::NewTopicEvent>), Error> {
        let mut made = view::view(&self.spec, &self.standing, self.id, state, self.created_at, now);
        if state == State::Running {
            return Ok((made, Vec::new()));
        }
        if state == State::Completed {
            let (spec, session) = (Arc::clone(&self.spec), self.standing.session.clone());
            let work = tokio::task::spawn_blocking(move || {
                results::complete(&spec, &session, &mut made);
                made
            });
            made = work.await.map_err(|e| Error::Internal(format!("the results failed: {e}")))?;
        }
        let facts = Facts { core: &self.core, spec: &self.spec, standing: &self.standing, view: &made, now };
        let events = publish::events(&facts).map_err(|e| Error::Internal(format!("an event: {e}")))?;
        Ok((made, events))
    }

    fn count_end(&self, view: &AssessmentView, now: Timestamp) {
        let seconds = now.since(self.created_at).as_secs_f64();
        cj::batch_processing_duration_seconds(seconds);
        huleedu_cj::assessment_duration_seconds(seconds);
        huleedu_cj::comparisons_made(view.progress.answered as f64);
        cj::iterations_per_batch(view.progress.waves as f64);
        let operation = match view.state {
            State::Completed => "complete",
            State::Cancelled => "cancel",
            State::Failed | State::Running => "fail",
        };
        cj::assessment_operations_total(operation, "success", 1);
        let errors: Vec<f64> = view.ranking.iter().map(|essay| essay.standard_error).collect();
        if !errors.is_empty() {
            let mean = errors.iter().sum::<f64>() / errors.len() as f64;
            let largest = errors.iter().copied().fold(0.0, f64::max);
            // The thresholds of the reference's quality flags.
            cj::bt_se_inflated_batches_total(u64::from(mean > 0.4 || largest > 0.8));
            let per_item = 2.0 * view.progress.answered as f64 / errors.len() as f64;
            cj::bt_sparse_coverage_batches_total(u64::from(per_item < 1.0));
        }
        let reason = view.end.as_ref().map(|end| end.reason.as_str());
        tracing::info!(assessment = %self.id, state = ?view.state, reason, answered = view.progress.answered,
            failed = view.progress.failed, reliability = view.progress.reliability, "assessment ended");
    }

    /// Submits what is waited for. True: something was refused, so there is something to decide.
    async fn ask(&mut self, stop: &CancellationToken) -> bool {
        let session = &self.standing.session;
        let refused = ask(&self.core, &self.spec, self.id, session, &mut self.submitted, stop).await;
        for one in &refused {
            self.standing.session.failed(one.number, one.attempt, one.code);
            cj::failed_comparisons_total(one.code, 1);
            if let Some(asked) = self.standing.session.asked.get(one.number as usize) {
                self.changed.insert(one.number, shown(&self.spec, one.number, asked, None));
            }
        }
        self.dirty |= !refused.is_empty();
        !refused.is_empty()
    }
}

const fn stored_state(state: State) -> AssessmentState {
    match state {
        State::Running => AssessmentState::Running,
        State::Completed => AssessmentState::Completed,
        State::Failed => AssessmentState::Failed,
        State::Cancelled => AssessmentState::Cancelled,
    }
}

/// A comparison as callers see it.
fn shown(spec: &Spec, number: u32, asked: &Asked, told: Option<&Told>) -> ComparisonView {
    let (first, second) = (spec.essay_id(asked.pair.first), spec.essay_id(asked.pair.second));
    let answered = matches!(asked.status, Status::Answered { .. });
    let winner =
        told.filter(|_| answered).map(|told| if told.first_wins { first.clone() } else { second.clone() });
    ComparisonView {
        number,
        winner,
        essay_a_id: first,
        essay_b_id: second,
        wave: asked.wave,
        kind: kind(asked.kind).to_owned(),
        attempt: asked.attempt,
        status: match asked.status {
            Status::Pending => "pending",
            Status::Answered { .. } => "answered",
            Status::Failed { .. } => "failed",
        }
        .to_owned(),
        error_code: match &asked.status {
            Status::Failed { code } => Some(code.clone()),
            Status::Pending | Status::Answered { .. } => None,
        },
        confidence: told.and_then(|told| told.confidence),
        justification: told.and_then(|told| told.justification.clone()),
        request_id: told.and_then(|told| told.request_id),
        provider: told.map(|told| told.provider.clone()),
        model: told.map(|told| told.model.clone()),
        prompt_tokens: told.map_or(0, |told| told.prompt_tokens),
        completion_tokens: told.map_or(0, |told| told.completion_tokens),
        cost_usd: told.map_or(0.0, |told| told.cost.as_usd()),
        response_time_ms: told.map(|told| told.response_time_ms),
        prompt_sha256: told.and_then(|told| told.prompt_sha256.clone()),
        answered_at: told.and_then(|told| told.at),
    }
}
