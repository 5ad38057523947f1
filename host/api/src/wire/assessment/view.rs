//! An assessment as its caller sees it.

use super::shown::{Shown, shown};
use docket_types::assessment as domain;
use serde::Serialize;
use utoipa::ToSchema;

shown! {
    /// How far an assessment is.
    #[derive(Clone, Copy, PartialEq)]
    ProgressInfo of domain::Progress {
        /// The most requests, retries included.
        budget: usize,
        /// Comparisons that were asked for.
        requested: usize,
        /// Of these, answered.
        answered: usize,
        /// Of these, failed, and not tried again.
        failed: usize,
        /// Of these, without an answer.
        pending: usize,
        /// Failed attempts that were repeated.
        retries: usize,
        /// Waves so far.
        waves: usize,
        /// Empirical-Bayes reliability after the last wave, 0 to 1.
        reliability: Option<f64>,
    }
}

shown! {
    /// A wave of comparisons.
    WaveInfo of domain::WaveView {
        /// `coverage`, `resampling`, `random`, `swiss` or `adaptive`.
        kind: String,
        /// Comparisons that it asked for.
        pairs: usize,
        /// Comparisons of all waves that were answered after it.
        answered: usize,
        /// The largest change of a score, in logits.
        score_change: Option<f64>,
        /// Empirical-Bayes reliability.
        reliability: Option<f64>,
        /// Scale separation reliability; too high where pairs were chosen by scores.
        inflated_separation_reliability: Option<f64>,
    }
}

shown! {
    /// A grade with its uncertainty.
    GradeInfo of domain::GradeView {
        /// The grade.
        grade: String,
        /// Probabilities of the scale's grades, in the order of `grading.grades`.
        probabilities: Vec<f64>,
        /// The probability that the grade is right or one step off.
        within_one: f64,
        /// The two most probable grades are nearly as probable.
        borderline: bool,
        /// 0 to 1.
        confidence: f64,
        /// `HIGH`, `MID` or `LOW`.
        confidence_label: String,
        /// The grade as a number from 0 to 1.
        normalised: f64,
    }
}

shown! {
    /// An essay in the ranking.
    EssayInfo of domain::RankedEssay {
        /// The caller's name of it.
        essay_id: String,
        /// 1 is best; equal scores share a rank.
        rank: usize,
        /// In logits; the mean of all is 0.
        score: f64,
        /// In logits.
        standard_error: f64,
        /// Answered comparisons that it was in.
        comparisons: usize,
        /// Of these, won.
        wins: usize,
        /// How often it was shown first, of the answered ones.
        shown_first: usize,
        /// The known grade of an anchor.
        anchor_grade: Option<String>,
        /// The grade that it got; null for anchors and without anchors.
        grade: Option<GradeInfo>,
    }
}

shown! {
    /// How grades were given.
    GradingInfo of domain::GradingView {
        /// The scale's id.
        scale: String,
        /// The scale's grades, from low to high.
        grades: Vec<String>,
        /// `ordinal` or `gaussian_mixture`.
        method: String,
        /// Why there are no grades, if there are none.
        unavailable: Option<String>,
        /// Between which scores the grades change, from low to high; in logits.
        boundaries: Vec<f64>,
        /// Anchors whose place does not fit their grade.
        drifted_anchors: Vec<String>,
    }
}

shown! {
    /// A judge's position bias.
    BiasInfo of domain::BiasView {
        /// Provider and model.
        judge: String,
        /// Log-odds that the first of two equal essays is called better.
        value: f64,
        /// Its standard error.
        standard_error: f64,
        /// Answers of this judge.
        answers: usize,
        /// The share of them that the essay shown first won.
        first_wins: f64,
    }
}

/// An essay whose answers fit its score worse than chance.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MisfitInfo {
    /// The essay.
    essay_id: String,
    /// Its infit mean square.
    infit: f64,
}

impl Shown for (String, f64) {
    type As = MisfitInfo;
    fn shown(self) -> MisfitInfo {
        MisfitInfo { essay_id: self.0, infit: self.1 }
    }
}

shown! {
    /// What is known of the judges and of the data.
    DiagnosticsInfo of domain::DiagnosticsView {
        /// Empirical-Bayes reliability, 0 to 1.
        reliability: f64,
        /// The estimated standard deviation of true scores, in logits.
        sigma: f64,
        /// Position bias by judge.
        bias: Vec<BiasInfo>,
        /// Circular triples (A beats B beats C beats A) that were seen.
        circular_triples: Option<f64>,
        /// As many were to be expected.
        expected_circular_triples: Option<f64>,
        /// Essays whose answers fit their scores worse than chance.
        misfitting_essays: Vec<MisfitInfo>,
        /// Groups of essays that were never compared with each other; 1 is what it should be.
        groups: usize,
        /// Essays that lost every comparison.
        winless: Vec<String>,
        /// Essays that won every comparison.
        unbeaten: Vec<String>,
    }
}

shown! {
    /// What one model answered.
    ModelUseInfo of domain::ModelUse {
        /// Who.
        provider: String,
        /// Which model.
        model: String,
        /// Answers.
        answers: u64,
        /// Tokens of the prompts.
        prompt_tokens: u64,
        /// Tokens of the answers.
        completion_tokens: u64,
        /// What they cost, in US dollars.
        cost: f64,
    }
}

shown! {
    /// What an assessment cost.
    CostInfo of domain::CostView {
        /// In US dollars.
        total_usd: f64,
        /// By model, the most used first.
        models: Vec<ModelUseInfo>,
    }
}

shown! {
    /// How an assessment ended.
    EndInfo of domain::EndView {
        /// `stable`, `reliable`, `budget_spent`, `passes_spent`, `no_pairs_left`, `nothing_succeeded`,
        /// `success_rate_too_low`, `too_few_essays` or `cancelled`.
        reason: String,
        /// In words.
        detail: String,
    }
}

shown! {
    /// An assessment.
    AssessmentInfo of domain::AssessmentView {
        /// Its id.
        #[schema(format = "uuid")]
        id: String,
        /// The caller's name of it.
        name: String,
        /// `running`, `completed`, `failed` or `cancelled`.
        state: &'static str,
        /// `cj_assessment` while it runs, then null.
        current_phase: Option<&'static str>,
        /// RFC 3339, UTC.
        created_at: String,
        /// RFC 3339, UTC.
        updated_at: String,
        /// RFC 3339, UTC.
        ended_at: Option<String>,
        /// How far it is.
        progress: ProgressInfo,
        /// Who judges.
        provider: String,
        /// The model that was asked for; null for the provider's default.
        model: Option<String>,
        /// `per_request`, `serial_bundle` or `provider_batch_api`.
        batching_mode: &'static str,
        /// `adaptive`, `coverage`, `random` or `swiss`.
        design: String,
        /// The seed of everything that was drawn.
        seed: u64,
        /// The waves.
        waves: Vec<WaveInfo>,
        /// From best to worst; empty before the first scores.
        ranking: Vec<EssayInfo>,
        /// How grades were given; null without anchors or before the end.
        grading: Option<GradingInfo>,
        /// What is known of judges and data; null before the end.
        diagnostics: Option<DiagnosticsInfo>,
        /// What it cost so far.
        cost: CostInfo,
        /// How it ended; null while it runs.
        end: Option<EndInfo>,
    }
}

shown! {
    /// One comparison of an assessment.
    ComparisonInfo of domain::ComparisonView {
        /// Counts from 0 within the assessment.
        number: u32,
        /// The essay that was shown first.
        essay_a_id: String,
        /// The essay that was shown second.
        essay_b_id: String,
        /// In which wave.
        wave: u32,
        /// Why it was asked for.
        kind: String,
        /// 1 for the first attempt.
        attempt: u32,
        /// `pending`, `answered` or `failed`.
        status: String,
        /// The better essay's id.
        winner: Option<String>,
        /// 1 (a guess) to 5 (certain).
        confidence: Option<f64>,
        /// Why.
        justification: Option<String>,
        /// Why there is no answer.
        error_code: Option<String>,
        /// The request that was answered.
        #[schema(format = "uuid")]
        request_id: Option<String>,
        /// Who judged.
        provider: Option<String>,
        /// Which model.
        model: Option<String>,
        /// Tokens of the prompt.
        prompt_tokens: u64,
        /// Tokens of the answer.
        completion_tokens: u64,
        /// In US dollars.
        cost_usd: f64,
        /// How long the provider took, in milliseconds.
        response_time_ms: Option<u64>,
        /// SHA-256 of the prompt, as hexadecimal digits.
        prompt_sha256: Option<String>,
        /// When the answer came; RFC 3339, UTC.
        answered_at: Option<String>,
    }
}
