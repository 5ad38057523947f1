//! What callers see of an assessment, made of its spec and where it stands.

use super::results;
use super::spec::{Spec, kind};
use super::standing::Standing;
use docket_judgement::session::{Ending, WaveRecord};
use docket_judgement::stopping::Reason;
use docket_types::assessment::{AssessmentView, CostView, EndView, Phase, Progress, State, WaveView};
use docket_types::{AssessmentId, MicroUsd, Timestamp};

/// The view while it runs, and after its end but for what only the end knows.
pub(super) fn view(
    spec: &Spec,
    standing: &Standing,
    id: AssessmentId,
    state: State,
    created_at: Timestamp,
    now: Timestamp,
) -> AssessmentView {
    let session = &standing.session;
    AssessmentView {
        id,
        name: spec.request.name.clone(),
        state,
        current_phase: (state == State::Running).then_some(Phase::CjAssessment),
        created_at,
        updated_at: now,
        ended_at: (state != State::Running).then_some(now),
        progress: progress(standing),
        provider: spec.provider.clone(),
        model: spec.request.judging.overrides.model.clone(),
        batching_mode: spec.mode,
        design: spec.design.clone(),
        seed: session.settings.seed,
        waves: session.waves.iter().map(wave).collect(),
        ranking: results::ranking(spec, session),
        grading: None,
        diagnostics: None,
        cost: cost(standing),
        end: session.ending.as_ref().map(end),
    }
}

/// The state that an ending leads to.
pub(super) const fn state(ending: Option<&Ending>) -> State {
    match ending {
        None => State::Running,
        Some(Ending::Finished { .. }) => State::Completed,
        Some(Ending::Failed { .. }) => State::Failed,
        Some(Ending::Cancelled) => State::Cancelled,
    }
}

fn progress(standing: &Standing) -> Progress {
    let session = &standing.session;
    let (pending, answered, failed) = session.counts();
    Progress {
        budget: session.settings.budget,
        requested: session.asked.len(),
        answered,
        failed,
        pending,
        retries: session.retries,
        waves: session.waves.len(),
        reliability: session.waves.iter().rev().find_map(|wave| wave.reliability),
    }
}

fn wave(wave: &WaveRecord) -> WaveView {
    WaveView {
        kind: kind(wave.kind).to_owned(),
        pairs: wave.pairs,
        answered: wave.answered,
        score_change: wave.score_change,
        reliability: wave.reliability,
        inflated_separation_reliability: wave.separation_reliability,
    }
}

fn cost(standing: &Standing) -> CostView {
    let mut models = standing.usage.clone();
    models.sort_by(|a, b| b.answers.cmp(&a.answers).then_with(|| a.model.cmp(&b.model)));
    let total = models.iter().fold(0_i64, |sum, one| sum.saturating_add(one.cost.0));
    CostView { total_usd: MicroUsd(total).as_usd(), models }
}

/// An ending in words.
fn end(ending: &Ending) -> EndView {
    let (reason, detail) = match ending {
        Ending::Finished { reason } => (reason_name(*reason), finished(*reason).to_owned()),
        Ending::Failed { reason, detail } => {
            let why = match reason {
                Reason::NothingSucceeded => "No comparison was answered.",
                Reason::SuccessRateTooLow => {
                    "Too few comparisons were answered for scores that can be trusted."
                }
                _ => "The answers give no scores.",
            };
            let more = detail.as_ref().map(|detail| format!(" {detail}")).unwrap_or_default();
            (reason_name(*reason), format!("{why}{more}"))
        }
        Ending::Cancelled => ("cancelled", "Its caller gave it up.".to_owned()),
    };
    EndView { reason: reason.to_owned(), detail }
}

const fn finished(reason: Reason) -> &'static str {
    match reason {
        Reason::Stable => "The scores hardly changed from wave to wave.",
        Reason::Reliable => "The scores are as reliable as was asked for.",
        Reason::BudgetSpent => "The comparisons that were allowed are made.",
        Reason::PassesSpent => "Every pair was compared as often as was asked for.",
        Reason::NoPairsLeft => "There was no pair left to compare.",
        _ => "It came to its end.",
    }
}

/// The name of a reason on the wire.
pub(super) const fn reason_name(reason: Reason) -> &'static str {
    match reason {
        Reason::Pending => "pending",
        Reason::NotEnough => "not_enough",
        Reason::Repeat => "repeat",
        Reason::Stable => "stable",
        Reason::Reliable => "reliable",
        Reason::BudgetSpent => "budget_spent",
        Reason::PassesSpent => "passes_spent",
        Reason::NoPairsLeft => "no_pairs_left",
        Reason::NothingSucceeded => "nothing_succeeded",
        Reason::SuccessRateTooLow => "success_rate_too_low",
    }
}
