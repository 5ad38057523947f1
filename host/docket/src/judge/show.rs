//! An assessment as people see it.

use crate::output::{print, table};
use docket_types::assessment::{AssessmentView, GradeView, GradingView, RankedEssay, State};

/// The ranking, and a line about how it came about.
pub(crate) fn result(view: &AssessmentView, essays: usize) {
    if !view.ranking.is_empty() {
        print(&ranking(view));
        println!();
    }
    if let Some(why) = view.grading.as_ref().and_then(|grading| grading.unavailable.as_ref()) {
        println!("no grades: {why}");
    }
    println!("{}", summary(view, essays));
}

/// The essays from best to worst.
pub(crate) fn ranking(view: &AssessmentView) -> comfy_table::Table {
    let graded = view.ranking.iter().any(|essay| essay.grade.is_some() || essay.anchor_grade.is_some());
    let mut header = vec!["rank", "essay", "score ± SE"];
    header.extend(graded.then_some("grade"));
    header.push("comparisons");
    let mut rows = table(&header);
    for essay in &view.ranking {
        let mut row = vec![
            essay.rank.to_string(),
            essay.essay_id.clone(),
            format!("{:+.2} ± {:.2}", rounded(essay.score), essay.standard_error),
        ];
        row.extend(graded.then(|| grade(essay, view.grading.as_ref())));
        row.push(essay.comparisons.to_string());
        rows.add_row(row);
    }
    rows
}

/// To two digits, without the sign of a zero.
fn rounded(score: f64) -> f64 {
    (score * 100.0).round() / 100.0 + 0.0
}

fn grade(essay: &RankedEssay, grading: Option<&GradingView>) -> String {
    match (&essay.anchor_grade, &essay.grade) {
        (Some(known), _) => format!("{known} (anchor)"),
        (None, Some(grade)) => format!("{} ({:.2})", grade.grade, probability(grade, grading)),
        (None, None) => String::new(),
    }
}

/// The probability of the grade that was given. One that stands between the scale's own has that of the likeliest.
fn probability(grade: &GradeView, grading: Option<&GradingView>) -> f64 {
    let place = grading.and_then(|grading| grading.grades.iter().position(|own| *own == grade.grade));
    let exact = place.and_then(|place| grade.probabilities.get(place).copied());
    exact.unwrap_or_else(|| grade.probabilities.iter().copied().fold(0.0, f64::max))
}

/// One line: how much, how good, why it ended, what it cost.
pub(crate) fn summary(view: &AssessmentView, essays: usize) -> String {
    let progress = &view.progress;
    let mut parts = vec![format!(
        "{essays} essays, {} comparisons in {} waves by {}",
        progress.answered,
        progress.waves,
        view.model
            .as_deref()
            .map_or_else(|| view.provider.to_string(), |model| format!("{}/{model}", view.provider)),
    )];
    if progress.failed + progress.retries > 0 {
        parts.push(format!("{} failed, {} repeated", progress.failed, progress.retries));
    }
    parts.extend(progress.reliability.map(|reliability| format!("reliability {reliability:.2}")));
    parts.push(format!("{:.4} USD", view.cost.total_usd));
    if let Some(ended) = view.ended_at {
        parts.push(format!("{:.1} s", ended.since(view.created_at).as_secs_f64()));
    }
    parts.push(format!("seed {}", view.seed));
    let end = match (&view.end, view.state) {
        (Some(end), _) => format!(". {}", end.detail),
        (None, State::Running) => ". It is running.".to_owned(),
        (None, _) => String::new(),
    };
    format!("{}{end}", parts.join(", "))
}

/// Why there is no result.
pub(crate) fn failure(view: &AssessmentView) -> String {
    let detail = view.end.as_ref().map_or("it says no more", |end| end.detail.as_str());
    let how = if view.state == State::Cancelled { "was cancelled" } else { "failed" };
    format!("the assessment {} {how}: {detail}", view.id)
}

#[cfg(test)]
pub(crate) use tests::example;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A small assessment that ended well.
    pub(crate) fn example() -> AssessmentView {
        let essay = |id: &str, rank: usize, anchor: Option<&str>, grade: serde_json::Value| {
            json!({
                "essay_id": id, "rank": rank, "score": 1.5 - rank as f64, "standard_error": 0.25, "comparisons": 4,
                "wins": 2, "shown_first": 2, "anchor_grade": anchor, "grade": grade,
            })
        };
        let grade = |grade: &str| {
            json!({
                "grade": grade, "probabilities": [0.125, 0.75, 0.125], "within_one": 1.0, "borderline": false,
                "confidence": 0.75, "confidence_label": "HIGH", "normalised": 0.5,
            })
        };
        serde_json::from_value(crate::judge::times::counted(json!({
            "id": "01a20908-8dba-74b5-943e-8d95c657535d", "name": "n", "state": "completed", "current_phase": null,
            "created_at": "2026-01-01T10:00:00Z", "updated_at": "2026-01-01T10:00:02Z", "ended_at": "2026-01-01T10:00:02Z",
            "progress": {"budget": 36, "requested": 6, "answered": 6, "failed": 0, "pending": 0, "retries": 0,
                "waves": 2, "reliability": 0.87},
            "provider": "mock", "model": null, "batching_mode": "serial_bundle", "design": "adaptive", "seed": 42,
            "waves": [], "ranking": [
                essay("first", 1, None, grade("B")), essay("known", 2, Some("C"), serde_json::Value::Null),
                essay("last", 3, None, grade("B-")),
            ],
            "grading": {"scale": "x", "grades": ["C", "B", "A"], "method": "ordinal", "unavailable": null,
                "boundaries": [], "drifted_anchors": []},
            "diagnostics": null, "cost": {"total_usd": 0.0123, "models": []},
            "end": {"reason": "reliable", "detail": "The scores are as reliable as was asked for."},
        })))
        .unwrap()
    }

    #[test]
    fn the_table_has_ranks_scores_and_grades_with_their_probability() {
        let text = ranking(&example()).to_string();
        for words in [
            &["1", "first", "+0.50 ± 0.25", "B (0.75)", "4"][..],
            &["2", "known", "C (anchor)"],
            &["-1.50", "B- (0.75)"],
        ] {
            assert!(
                text.lines().any(|line| words.iter().all(|word| line.contains(word))),
                "{words:?} in\n{text}"
            );
        }
        let mut view = example();
        for essay in &mut view.ranking {
            (essay.grade, essay.anchor_grade) = (None, None);
        }
        assert!(!ranking(&view).to_string().contains("grade"));
    }

    #[test]
    fn the_summary_is_one_line() {
        let mut view = example();
        assert_eq!(
            summary(&view, 3),
            "3 essays, 6 comparisons in 2 waves by mock, reliability 0.87, 0.0123 USD, 2.0 s, seed 42. \
             The scores are as reliable as was asked for."
        );
        view.model = Some("m".to_owned());
        view.progress.failed = 2;
        let text = summary(&view, 3);
        assert!(text.contains("by mock/m, 2 failed, 0 repeated,"), "{text}");
        view.state = State::Cancelled;
        assert!(failure(&view).contains("was cancelled: The scores"), "{}", failure(&view));
    }
}
