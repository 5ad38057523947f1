//! What a caller sees of an assessment.

use super::BatchingMode;
use crate::{AssessmentId, MicroUsd, ProviderName, RequestId, Timestamp};
use serde::{Deserialize, Serialize};

/// Where an assessment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Comparisons are asked for, or answers waited for.
    Running,
    /// It ended with scores.
    Completed,
    /// It ended without.
    Failed,
    /// Its caller gave it up.
    Cancelled,
}

/// What a running assessment is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Comparative judgement.
    CjAssessment,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// The most requests, retries included.
    pub budget: usize,
    /// Comparisons that were asked for.
    pub requested: usize,
    /// Of these, answered.
    pub answered: usize,
    /// Of these, failed, and not tried again.
    pub failed: usize,
    /// Of these, without an answer.
    pub pending: usize,
    /// Failed attempts that were repeated.
    pub retries: usize,
    /// Waves so far.
    pub waves: usize,
    /// Empirical-Bayes reliability after the last wave, 0 to 1.
    pub reliability: Option<f64>,
}

/// A wave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaveView {
    /// `coverage`, `resampling`, `random`, `swiss` or `adaptive`.
    pub kind: String,
    /// Comparisons that it asked for.
    pub pairs: usize,
    /// Comparisons of all waves that were answered after it.
    pub answered: usize,
    /// The largest change of a score, in logits.
    pub score_change: Option<f64>,
    /// Empirical-Bayes reliability.
    pub reliability: Option<f64>,
    /// Scale separation reliability: too high where pairs were chosen by scores, for comparison with other tools only.
    pub inflated_separation_reliability: Option<f64>,
}

/// An essay in the ranking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RankedEssay {
    /// The caller's name of it.
    pub essay_id: String,
    /// 1 is best; equal scores share a rank.
    pub rank: usize,
    /// In logits; the mean of all is 0.
    pub score: f64,
    /// In logits.
    pub standard_error: f64,
    /// Answered comparisons that it was in.
    pub comparisons: usize,
    /// Of these, won.
    pub wins: usize,
    /// How often it was shown first, of the answered ones.
    pub shown_first: usize,
    /// The known grade of an anchor.
    pub anchor_grade: Option<String>,
    /// The grade that it got; none for anchors and without anchors.
    pub grade: Option<GradeView>,
}

/// A grade with its uncertainty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GradeView {
    /// The grade.
    pub grade: String,
    /// Probabilities of the scale's grades, in the scale's order.
    pub probabilities: Vec<f64>,
    /// The probability that the grade is right or one step off.
    pub within_one: f64,
    /// The two most probable grades are nearly as probable.
    pub borderline: bool,
    /// 0 to 1.
    pub confidence: f64,
    /// `HIGH`, `MID` or `LOW`.
    pub confidence_label: String,
    /// The grade as a number from 0 to 1.
    pub normalised: f64,
}

/// How grades were given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GradingView {
    /// The scale's id.
    pub scale: String,
    /// The scale's grades, from low to high.
    pub grades: Vec<String>,
    /// `ordinal` or `gaussian_mixture`.
    pub method: String,
    /// Why there are no grades, if there are none.
    pub unavailable: Option<String>,
    /// Between which scores the grades change, from low to high; in logits.
    pub boundaries: Vec<f64>,
    /// Anchors whose place does not fit their grade.
    pub drifted_anchors: Vec<String>,
}

/// A judge's position bias.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BiasView {
    /// Provider and model.
    pub judge: String,
    /// Log-odds that the first of two equal essays is called better.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// Answers of this judge.
    pub answers: usize,
    /// The share of them that the essay shown first won.
    pub first_wins: f64,
}

/// What is known of the judges and of the data.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DiagnosticsView {
    /// Empirical-Bayes reliability, 0 to 1.
    pub reliability: f64,
    /// The estimated standard deviation of true scores, in logits.
    pub sigma: f64,
    /// Position bias by judge.
    pub bias: Vec<BiasView>,
    /// Circular triples (A beats B beats C beats A) that were seen.
    pub circular_triples: Option<f64>,
    /// As many were to be expected.
    pub expected_circular_triples: Option<f64>,
    /// Essays whose answers fit the scores worse than chance (p below 0.01), with their infit.
    pub misfitting_essays: Vec<(String, f64)>,
    /// Groups of essays that were never compared with each other; 1 is what it should be.
    pub groups: usize,
    /// Essays that lost, or won, every comparison.
    pub winless: Vec<String>,
    /// Essays that won every comparison.
    pub unbeaten: Vec<String>,
}

/// What one model answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelUse {
    /// Who.
    pub provider: String,
    /// Which model.
    pub model: String,
    /// Answers.
    pub answers: u64,
    /// Tokens of the prompts.
    pub prompt_tokens: u64,
    /// Tokens of the answers.
    pub completion_tokens: u64,
    /// What they cost.
    pub cost: MicroUsd,
}

/// What it cost.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CostView {
    /// In US dollars.
    pub total_usd: f64,
    /// By model, the most used first.
    pub models: Vec<ModelUse>,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EndView {
    /// `stable`, `reliable`, `budget_spent`, `passes_spent`, `no_pairs_left`, `nothing_succeeded`,
    /// `success_rate_too_low`, `too_few_essays`, `cancelled`.
    pub reason: String,
    /// In words.
    pub detail: String,
}

/// An assessment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssessmentView {
    /// Its id.
    pub id: AssessmentId,
    /// The caller's name of it.
    pub name: String,
    /// Where it is.
    pub state: State,
    /// What it is doing; only while it runs.
    pub current_phase: Option<Phase>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How far it is.
    pub progress: Progress,
    /// Who judges.
    pub provider: ProviderName,
    /// The model that was asked for; none for the provider's default.
    pub model: Option<String>,
    /// How comparisons travel.
    pub batching_mode: BatchingMode,
    /// `adaptive`, `coverage`, `random` or `swiss`.
    pub design: String,
    /// The seed of everything that was drawn.
    pub seed: u64,
    /// The waves.
    pub waves: Vec<WaveView>,
    /// From best to worst; empty before the first scores.
    pub ranking: Vec<RankedEssay>,
    /// How grades were given; none without anchors or before the end.
    pub grading: Option<GradingView>,
    /// What is known of judges and data; at the end.
    pub diagnostics: Option<DiagnosticsView>,
    /// What it cost so far.
    pub cost: CostView,
    /// How it ended.
    pub end: Option<EndView>,
}

/// One comparison of an assessment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparisonView {
    /// Counts from 0 within the assessment.
    pub number: u32,
    /// The essay that was shown first.
    pub essay_a_id: String,
    /// The essay that was shown second.
    pub essay_b_id: String,
    /// In which wave.
    pub wave: u32,
    /// Why it was asked for.
    pub kind: String,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// `pending`, `answered` or `failed`.
    pub status: String,
    /// The better essay's id.
    pub winner: Option<String>,
    /// 1 (a guess) to 5 (certain).
    pub confidence: Option<f64>,
    /// Why.
    pub justification: Option<String>,
    /// Why there is no answer.
    pub error_code: Option<String>,
    /// The request that was answered.
    pub request_id: Option<RequestId>,
    /// Who judged.
    pub provider: Option<String>,
    /// Which model.
    pub model: Option<String>,
    /// Tokens of the prompt.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub completion_tokens: u64,
    /// In US dollars.
    pub cost_usd: f64,
    /// How long the provider took, in milliseconds.
    pub response_time_ms: Option<u64>,
    /// SHA-256 of the prompt, as hexadecimal digits.
    pub prompt_sha256: Option<String>,
    /// When the answer came.
    pub answered_at: Option<Timestamp>,
}
