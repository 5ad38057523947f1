//! A believable assessment: essays with a true quality, a judge with noise and a position bias, and a plain fit.

use docket_types::assessment::{
    AssessmentView, BatchingMode, BiasView, ComparisonView, CostView, DiagnosticsView, EndView, GradeView,
    GradingView, ModelUse, Progress, RankedEssay, State, WaveView,
};
use docket_types::{AssessmentId, MicroUsd, Timestamp};

/// 2026-11-23 14:06:19 UTC.
const BEGAN: i64 = 1_795_442_779_000;
const GRADES: [&str; 9] = ["F", "E", "E+", "D", "D+", "C", "B", "B+", "A"];
const CUTS: [f64; 8] = [-2.6, -1.7, -0.9, -0.3, 0.3, 0.9, 1.7, 2.6];
const MODEL: &str = "gpt-5.1";

/// Pseudo-random numbers (splitmix64): the same sample on every machine.
pub(crate) struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, n: usize) -> usize {
        ((self.next() * n as f64) as usize).min(n.saturating_sub(1))
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// A completed assessment of `n` essays with all its comparisons. With 12 or more essays, every sixth is an anchor.
pub(crate) fn completed(n: usize, seed: u64) -> (AssessmentView, Vec<ComparisonView>) {
    let mut random = Random(seed);
    let truth: Vec<f64> = (0..n).map(|_| 1.7 * random.normal()).collect();
    let names: Vec<String> = (0..n).map(|i| format!("essay-{:03}.txt", i + 1)).collect();
    let waves = if n < 3 { 2 } else { 9 };
    let mut comparisons = Vec::new();
    let mut views = Vec::new();
    for wave in 0..waves {
        asked(&mut comparisons, &mut random, (&truth, &names), wave);
        let answered = comparisons.iter().filter(|c| c.status == "answered").count();
        let r = 0.95 - 0.75 * (-f64::from(wave + 1) / 2.6).exp();
        views.push(WaveView {
            kind: if wave < 4 { "random".into() } else { "adaptive".into() },
            pairs: n.div_ceil(2) * 2,
            answered,
            score_change: (wave > 0).then(|| 1.9 / f64::from(wave + 1)),
            reliability: Some(r),
            inflated_separation_reliability: Some(r + (1.0 - r) * if wave < 4 { -0.1 } else { 0.45 }),
        });
    }
    let ranking = ranking(&names, &comparisons, n >= 12);
    let view = view(ranking, views, &comparisons, waves);
    (view, comparisons)
}

/// A wave: two comparisons or so for each essay.
fn asked(all: &mut Vec<ComparisonView>, random: &mut Random, essays: (&[f64], &[String]), wave: u32) {
    let (truth, names) = essays;
    let n = truth.len();
    for first in 0..n {
        let mut second = random.below(n);
        // Later waves prefer neighbours.
        for _ in 0..if wave < 4 { 1 } else { 12 } {
            let other = random.below(n);
            let is_nearer = (truth[other] - truth[first]).abs() < (truth[second] - truth[first]).abs();
            if second == first || (is_nearer && other != first) {
                second = other;
            }
        }
        if second == first {
            second = (first + 1) % n;
        }
        let (a, b) = if random.next() < 0.5 { (first, second) } else { (second, first) };
        let is_failed = random.next() < 0.012;
        let first_wins = random.next() < sigmoid(truth[a] - truth[b] + 0.3);
        all.push(ComparisonView {
            number: u32::try_from(all.len()).unwrap_or(u32::MAX),
            essay_a_id: names[a].clone(),
            essay_b_id: names[b].clone(),
            wave,
            kind: if wave < 4 { "random".into() } else { "adaptive".into() },
            attempt: 1,
            status: if is_failed { "failed" } else { "answered" }.into(),
            winner: (!is_failed).then(|| names[if first_wins { a } else { b }].clone()),
            confidence: (!is_failed).then_some(4.1),
            justification: None,
            error_code: is_failed
                .then(|| if random.next() < 0.6 { "TIMEOUT" } else { "INVALID_RESPONSE" }.into()),
            request_id: None,
            provider: Some("openai".into()),
            model: Some(MODEL.into()),
            prompt_tokens: 2_310,
            completion_tokens: 96,
            cost_usd: 0.0039,
            response_time_ms: Some(2_400),
            prompt_sha256: None,
            answered_at: None,
        });
    }
}

/// Scores by gradient steps on the posterior, with their curvature as precision.
fn fit(names: &[String], comparisons: &[ComparisonView]) -> Vec<(f64, f64)> {
    let at = |id: &str| names.iter().position(|name| name == id);
    let games: Vec<(usize, usize, f64)> = comparisons
        .iter()
        .filter_map(|c| {
            let winner = at(c.winner.as_deref()?)?;
            let (a, b) = (at(&c.essay_a_id)?, at(&c.essay_b_id)?);
            Some((winner, if winner == a { b } else { a }, if winner == a { 0.3 } else { -0.3 }))
        })
        .collect();
    let mut scores = vec![0.0; names.len()];
    let mut weights = vec![0.0; names.len()];
    for _ in 0..150 {
        let mut slopes: Vec<f64> = scores.iter().map(|s| -0.3 * s).collect();
        weights.fill(0.3);
        for (winner, loser, bias) in &games {
            let p = sigmoid(scores[*winner] - scores[*loser] + bias);
            for (i, sign) in [(*winner, 1.0), (*loser, -1.0)] {
                slopes[i] += sign * (1.0 - p);
                weights[i] += p * (1.0 - p);
            }
        }
        for ((score, slope), weight) in scores.iter_mut().zip(&slopes).zip(&weights) {
            *score += 0.6 * slope / weight;
        }
    }
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    scores.iter().zip(&weights).map(|(score, weight)| (score - mean, 1.0 / weight.sqrt())).collect()
}

fn ranking(names: &[String], comparisons: &[ComparisonView], with_anchors: bool) -> Vec<RankedEssay> {
    let mut all: Vec<RankedEssay> = names
        .iter()
        .zip(fit(names, comparisons))
        .map(|(name, (score, standard_error))| {
            let of = |c: &&ComparisonView| {
                c.status == "answered" && (c.essay_a_id == *name || c.essay_b_id == *name)
            };
            RankedEssay {
                essay_id: name.clone(),
                rank: 0,
                score,
                standard_error,
                comparisons: comparisons.iter().filter(of).count(),
                wins: comparisons.iter().filter(|c| c.winner.as_ref() == Some(name)).count(),
                shown_first: comparisons.iter().filter(|c| of(c) && c.essay_a_id == *name).count(),
                anchor_grade: None,
                grade: None,
            }
        })
        .collect();
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    let every = if all.len() < 20 { 4 } else { (all.len() / 14).max(5) };
    for (i, essay) in all.iter_mut().enumerate() {
        essay.rank = i + 1;
        if with_anchors && i % every == 1 {
            essay.anchor_grade =
                GRADES.get(CUTS.iter().filter(|cut| essay.score > **cut).count()).map(|g| (*g).into());
        } else if with_anchors {
            essay.grade = Some(grade(essay.score, essay.standard_error));
        }
    }
    all
}

fn grade(score: f64, error: f64) -> GradeView {
    let below = |cut: f64| sigmoid(1.702 * (cut - score) / error.hypot(0.25));
    let ends: Vec<f64> = CUTS.iter().map(|cut| below(*cut)).chain([1.0]).collect();
    let shares: Vec<f64> =
        ends.iter().scan(0.0, |last, end| Some(end - std::mem::replace(last, *end))).collect();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by(|a, b| shares[*b].total_cmp(&shares[*a]));
    let best = order[0];
    let near = best.saturating_sub(1)..(best + 2).min(shares.len());
    GradeView {
        grade: GRADES[best].into(),
        within_one: shares[near].iter().sum(),
        borderline: shares[best] - shares[order[1]] < 0.08,
        confidence: shares[best],
        confidence_label: match shares[best] {
            p if p > 0.7 => "HIGH",
            p if p > 0.5 => "MID",
            _ => "LOW",
        }
        .into(),
        normalised: best as f64 / 8.0,
        probabilities: shares,
    }
}

fn view(
    ranking: Vec<RankedEssay>,
    waves: Vec<WaveView>,
    all: &[ComparisonView],
    count: u32,
) -> AssessmentView {
    let answered = all.iter().filter(|c| c.status == "answered").count();
    let reliability = waves.last().and_then(|wave| wave.reliability);
    let names =
        |is: fn(&RankedEssay) -> bool| ranking.iter().filter(|e| is(e)).map(|e| e.essay_id.clone()).collect();
    let has_anchors = ranking.iter().any(|essay| essay.anchor_grade.is_some());
    let cost = MicroUsd(3_900 * i64::try_from(answered).unwrap_or(0));
    let grading = GradingView {
        scale: "swedish_8".into(),
        grades: GRADES.map(String::from).into(),
        method: "ordinal".into(),
        unavailable: None,
        boundaries: CUTS.into(),
        drifted_anchors: Vec::new(),
    };
    let bias = BiasView {
        judge: format!("openai/{MODEL}"),
        value: 0.31,
        standard_error: 2.2 / (answered as f64).sqrt(),
        answers: answered,
        first_wins: 0.54,
    };
    let diagnostics = DiagnosticsView {
        reliability: reliability.unwrap_or(0.0),
        sigma: 1.68,
        bias: vec![bias],
        circular_triples: Some((answered / 9) as f64),
        expected_circular_triples: Some(answered as f64 / 9.4),
        misfitting_essays: ranking.iter().skip(5).take(2).map(|e| (e.essay_id.clone(), 1.62)).collect(),
        groups: 1,
        winless: names(|essay| essay.wins == 0),
        unbeaten: names(|essay| essay.wins == essay.comparisons),
    };
    AssessmentView {
        id: AssessmentId(uuid::Uuid::from_u128(0x0193_5a7c_2f10_7d3a_9b1e_66aa_10ff_2c41)),
        name: "Argumentative essays, class 9B, autumn 2026".into(),
        state: State::Completed,
        current_phase: None,
        created_at: Timestamp::from_millis(BEGAN),
        updated_at: Timestamp::from_millis(BEGAN + 1_142_000),
        ended_at: Some(Timestamp::from_millis(BEGAN + 1_142_000)),
        progress: Progress {
            budget: ranking.len() * 12,
            requested: all.len(),
            answered,
            failed: all.len() - answered,
            pending: 0,
            retries: 5,
            waves: usize::try_from(count).unwrap_or(0),
            reliability,
        },
        provider: "openai".into(),
        model: Some(MODEL.into()),
        batching_mode: BatchingMode::SerialBundle,
        design: "adaptive".into(),
        seed: 42,
        waves,
        grading: has_anchors.then_some(grading),
        diagnostics: Some(diagnostics),
        cost: CostView {
            total_usd: cost.as_usd(),
            models: vec![ModelUse {
                provider: "openai".into(),
                model: MODEL.into(),
                answers: u64::try_from(answered).unwrap_or(0),
                prompt_tokens: 2_310 * u64::try_from(answered).unwrap_or(0),
                completion_tokens: 96 * u64::try_from(answered).unwrap_or(0),
                cost,
            }],
        },
        end: Some(EndView {
            reason: "reliable".into(),
            detail: "The scores are as reliable as was asked for.".into(),
        }),
        ranking,
    }
}

/// The same, still running: no diagnostics and no grades.
pub(crate) fn running(mut view: AssessmentView) -> AssessmentView {
    view.state = State::Running;
    view.current_phase = Some(docket_types::assessment::Phase::CjAssessment);
    (view.ended_at, view.end, view.diagnostics, view.grading) = (None, None, None, None);
    view.ranking.iter_mut().for_each(|essay| essay.grade = None);
    view.waves.truncate(4);
    if let Some(wave) = view.waves.last() {
        let progress = &mut view.progress;
        (progress.answered, progress.reliability, progress.waves) = (wave.answered, wave.reliability, 5);
        progress.pending = progress.requested - wave.answered - progress.failed;
        view.cost.total_usd = 0.0039 * wave.answered as f64;
        view.cost.models.clear();
    }
    view
}

/// The same, failed or cancelled before there were scores.
pub(crate) fn without_scores(
    mut view: AssessmentView,
    state: State,
    reason: &str,
    detail: &str,
) -> AssessmentView {
    view.state = state;
    view.end = Some(EndView { reason: reason.into(), detail: detail.into() });
    (view.diagnostics, view.grading) = (None, None);
    view.ranking.clear();
    view.waves.truncate(1);
    view.waves.iter_mut().for_each(|wave| {
        (wave.reliability, wave.inflated_separation_reliability, wave.score_change) = (None, None, None);
        wave.answered = 0;
    });
    (view.progress.answered, view.progress.reliability) = (0, None);
    (view.progress.requested, view.progress.failed) = (view.waves[0].pairs, view.waves[0].pairs);
    view.cost = CostView::default();
    view
}

/// Names that break careless pages.
pub(crate) const HOSTILE: [&str; 9] = [
    "<script>alert('x')</script>",
    "\"><img onerror=alert(1) title='&amp;'>",
    "مقال عن الطقس والبحر (٣)",
    "חיבור-7 <b>final</b>",
    "\u{202e}txt.3-yasse",
    "老師的長篇作文題目老師的長篇作文題目老師的長篇作文題目",
    "</title></svg></style><h1>gone",
    "",
    "line\nbreak\tand\u{0}nothing",
];

/// The same with hostile names, two of them 200 characters long.
pub(crate) fn hostile(
    (mut view, mut all): (AssessmentView, Vec<ComparisonView>),
) -> (AssessmentView, Vec<ComparisonView>) {
    let long = ["without-a-space-".repeat(13)[..200].to_owned(), "many words ".repeat(19)[..200].to_owned()];
    let new: Vec<String> = HOSTILE.map(String::from).into_iter().chain(long).collect();
    let old: Vec<String> = view.ranking.iter().map(|essay| essay.essay_id.clone()).take(new.len()).collect();
    let rename = |id: &mut String| {
        if let Some(at) = old.iter().position(|name| name == id) {
            id.clone_from(&new[at]);
        }
    };
    view.ranking.iter_mut().for_each(|essay| rename(&mut essay.essay_id));
    for comparison in &mut all {
        rename(&mut comparison.essay_a_id);
        rename(&mut comparison.essay_b_id);
        comparison.winner.iter_mut().for_each(rename);
    }
    if let Some(diagnostics) = &mut view.diagnostics {
        diagnostics.misfitting_essays.iter_mut().for_each(|(id, _)| rename(id));
        diagnostics.winless.iter_mut().chain(&mut diagnostics.unbeaten).for_each(rename);
        diagnostics.groups = 3;
        diagnostics.bias[0].judge = "<i>judge</i>".into();
    }
    if let Some(grading) = &mut view.grading {
        grading.drifted_anchors = new.iter().skip(1).step_by(4).cloned().collect();
    }
    view.name = "<h1>Class & \"friends\"</h1>".into();
    (view, all)
}
