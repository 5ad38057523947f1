//! What comes out: the ranking, and at the end grades and diagnostics.

use super::spec::Spec;
use docket_judgement::diagnostics::{self, Bootstrap};
use docket_judgement::grades::{
    self, Anchors, ConfidenceLabel, GradeSummary, Method, OrdinalSettings, Scale, StudentGrade,
};
use docket_judgement::graph::Structure;
use docket_judgement::session::Session;
use docket_judgement::{Comparisons, Scores, Verdict};
use docket_types::assessment::{
    AssessmentView, BiasView, DiagnosticsView, GradeView, GradingView, RankedEssay,
};
use std::collections::BTreeMap;

/// Replicates of the bootstraps: a p-value of 0.01 needs some.
const REPLICATES: usize = 200;
/// Bootstraps of more answers than this would keep a teacher waiting.
const MAX_BOOTSTRAP: usize = 50_000;
/// An essay whose answers fit the scores worse than this is named.
const MISFIT: f64 = 0.01;

/// How often an item was compared, won, and was shown first.
#[derive(Default, Clone)]
struct Tally {
    comparisons: usize,
    wins: usize,
    first: usize,
}

fn tallies(session: &Session) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); session.settings.items];
    for row in session.rows() {
        let first_wins = match row.verdict {
            Verdict::First => Some(true),
            Verdict::Second => Some(false),
            Verdict::Tie => None,
            Verdict::Soft(odds) => Some(odds > 0.0),
        };
        for (item, is_first) in [(row.first, true), (row.second, false)] {
            if let Some(tally) = tallies.get_mut(item as usize) {
                tally.comparisons += 1;
                tally.wins += usize::from(first_wins == Some(is_first));
                tally.first += usize::from(is_first);
            }
        }
    }
    tallies
}

/// The essays from best to worst; empty before the first scores.
pub(super) fn ranking(spec: &Spec, session: &Session) -> Vec<RankedEssay> {
    let Some(scores) = &session.scores else { return Vec::new() };
    let tallies = tallies(session);
    let mut ranking: Vec<RankedEssay> = Vec::with_capacity(scores.items());
    for (place, item) in scores.ranking().into_iter().enumerate() {
        let at = item as usize;
        let rank = match ranking.last() {
            Some(before) if before.score.total_cmp(&scores.mean[at]).is_eq() => before.rank,
            _ => place + 1,
        };
        let tally = tallies.get(at).cloned().unwrap_or_default();
        ranking.push(RankedEssay {
            essay_id: spec.essay_id(item),
            rank,
            score: scores.mean[at],
            standard_error: scores.standard_error[at],
            comparisons: tally.comparisons,
            wins: tally.wins,
            shown_first: tally.first,
            anchor_grade: spec.essay(item).and_then(|essay| essay.anchor_grade.clone()),
            grade: None,
        });
    }
    ranking
}

/// Adds to a view what only the end knows. What cannot be computed is left out and logged.
pub(super) fn complete(spec: &Spec, session: &Session, view: &mut AssessmentView) {
    let Some(scores) = &session.scores else { return };
    grade(spec, session, scores, view);
    match session.comparisons() {
        Ok(comparisons) => view.diagnostics = Some(diagnose(spec, session, &comparisons, scores)),
        Err(error) => tracing::error!(assessment = %view.id, %error, "no diagnostics"),
    }
}

fn grade(spec: &Spec, session: &Session, scores: &Scores, view: &mut AssessmentView) {
    let Some(id) = &spec.scale else { return };
    let anchors = (0_u32..).zip(&spec.request.essays);
    let anchors = anchors.filter_map(|(item, essay)| Some((item, essay.anchor_grade.as_deref()?)));
    let seed = session.settings.seed;
    let method = match spec.mixture {
        true => Method::GaussianMixture,
        false => Method::Ordinal(OrdinalSettings { seed, ..OrdinalSettings::default() }),
    };
    let graded = Scale::by_id(id)
        .and_then(|scale| Ok((Anchors::new(&scale, anchors)?, scale)))
        .and_then(|(anchors, scale)| Ok((grades::grade(&scale, &anchors, scores, &method)?, scale)));
    match graded {
        Ok((summary, scale)) => {
            let students: BTreeMap<String, &StudentGrade> =
                summary.students.iter().map(|student| (spec.essay_id(student.item), student)).collect();
            for essay in &mut view.ranking {
                essay.grade = students.get(&essay.essay_id).map(|student| grade_view(student));
            }
            view.grading = Some(grading(spec, &summary, &scale));
        }
        Err(error) => tracing::error!(assessment = %view.id, %error, "no grades"),
    }
}

fn grade_view(student: &StudentGrade) -> GradeView {
    GradeView {
        grade: student.grade.clone(),
        probabilities: student.probabilities.clone(),
        within_one: student.within_one,
        borderline: student.borderline,
        confidence: student.confidence.score,
        confidence_label: match student.confidence.label {
            ConfidenceLabel::High => "HIGH",
            ConfidenceLabel::Mid => "MID",
            ConfidenceLabel::Low => "LOW",
        }
        .to_owned(),
        normalised: student.normalised,
    }
}

fn grading(spec: &Spec, summary: &GradeSummary, scale: &Scale) -> GradingView {
    let calibration = summary.calibration.as_ref();
    let finite = |boundary: &f64| boundary.is_finite().then_some(*boundary);
    GradingView {
        scale: summary.scale.clone(),
        grades: calibration.map_or_else(|| scale.outcomes(), |calibration| calibration.grades.clone()),
        method: if spec.mixture { "gaussian_mixture" } else { "ordinal" }.to_owned(),
        unavailable: summary.unavailable.as_ref().map(ToString::to_string),
        boundaries: calibration
            .map(|calibration| calibration.boundaries.iter().filter_map(finite).collect())
            .unwrap_or_default(),
        drifted_anchors: calibration
            .map(|calibration| {
                let drifted = calibration.anchor_fit.iter().filter(|anchor| anchor.drifted);
                drifted.map(|anchor| spec.essay_id(anchor.item)).collect()
            })
            .unwrap_or_default(),
    }
}

fn diagnose(spec: &Spec, session: &Session, comparisons: &Comparisons, scores: &Scores) -> DiagnosticsView {
    let structure = Structure::of(comparisons);
    let names = |items: &[u32]| items.iter().map(|&item| spec.essay_id(item)).collect();
    let mut view = DiagnosticsView {
        reliability: scores.reliability(),
        sigma: scores.sigma,
        bias: bias(session, comparisons, scores),
        groups: structure.components as usize,
        winless: names(&structure.winless),
        unbeaten: names(&structure.unbeaten),
        ..DiagnosticsView::default()
    };
    if comparisons.rows().len() > MAX_BOOTSTRAP {
        return view;
    }
    let bootstrap = || Bootstrap { replicates: REPLICATES, seed: session.settings.seed };
    if let Ok(triples) = diagnostics::circular_triples(comparisons, scores, bootstrap()) {
        view.circular_triples = Some(triples.circular as f64);
        view.expected_circular_triples = Some(triples.expected);
    }
    if let Ok(tests) = diagnostics::misfit_tests(comparisons, scores, bootstrap(), None) {
        let misfits = (0_u32..).zip(&tests.items).filter_map(|(item, test)| Some((item, test.as_ref()?)));
        let misfits =
            misfits.filter(|(_, test)| test.infit_p < MISFIT && test.seen.infit > test.expected_infit);
        view.misfitting_essays = misfits.map(|(item, test)| (spec.essay_id(item), test.seen.infit)).collect();
    }
    view
}

fn bias(session: &Session, comparisons: &Comparisons, scores: &Scores) -> Vec<BiasView> {
    let seen = diagnostics::position_bias(comparisons, scores).unwrap_or_default();
    let one = |(at, judge): (usize, &String)| {
        let seen = seen.iter().find(|one| one.judge == at)?;
        let fitted = scores.bias.get(at);
        Some(BiasView {
            judge: judge.clone(),
            value: fitted.map_or(seen.bias, |bias| bias.value),
            standard_error: fitted.map_or(seen.standard_error, |bias| bias.standard_error),
            answers: seen.answers as usize,
            first_wins: seen.first_share,
        })
    };
    session.judges.iter().enumerate().filter_map(one).collect()
}
