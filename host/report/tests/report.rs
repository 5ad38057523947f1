//! What a report must hold, whatever the assessment looks like.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a page without its parts fails the test that reads them"
)]

#[path = "../examples/sample/view.rs"]
mod sample;

use docket_report::{LABELLED_ESSAYS, html};
use docket_types::assessment::{AssessmentView, ComparisonView, State};

/// The text between a mark and the next end.
fn between<'a>(html: &'a str, start: &str, end: &str) -> &'a str {
    let from = html.find(start).unwrap_or_else(|| panic!("no {start}")) + start.len();
    let to = html[from..].find(end).unwrap_or_else(|| panic!("no {end} after {start}"));
    &html[from..from + to]
}

/// A section by its heading's id.
fn section<'a>(html: &'a str, id: &str) -> &'a str {
    between(html, &format!("<h2 id=\"{id}\">"), "</section>")
}

fn headline(html: &str) -> &str {
    between(html, "<header>", "</header>")
}

fn of(sample: &(AssessmentView, Vec<ComparisonView>)) -> String {
    html(&sample.0, &sample.1)
}

/// Every tag is closed where it belongs: a stray one would swallow the rest of the page.
fn assert_nested(html: &str) {
    const VOID: [&str; 1] = ["meta"];
    let mut open: Vec<&str> = Vec::new();
    for piece in html.split('<').skip(1) {
        let Some((tag, _)) = piece.split_once('>') else { panic!("an open tag: {piece}") };
        let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "</{name}> closes something else");
        } else if !tag.starts_with('!') && !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn every_essay_has_its_row_whatever_their_number() {
    for n in [2, 12, LABELLED_ESSAYS, LABELLED_ESSAYS + 1, 300, 500] {
        let sample = sample::completed(n, 3);
        let page = of(&sample);
        assert_nested(&page);
        let table = section(&page, "ranking");
        assert_eq!(table.matches("<th class=\"essay\"").count(), n);
        for essay in &sample.0.ranking {
            assert!(table.contains(&format!(">{}</bdi>", essay.essay_id)), "{} of {n}", essay.essay_id);
        }
        let plot = section(&page, "ranking-plot");
        let labelled = sample.0.ranking.iter().filter(|essay| plot.contains(&essay.essay_id)).count();
        assert_eq!(labelled, if n <= LABELLED_ESSAYS { n } else { 0 });
    }
}

#[test]
fn nothing_is_loaded_and_nothing_runs() {
    for n in [2, 60, 300] {
        let page = of(&sample::completed(n, 3));
        for word in [
            "http:",
            "https:",
            "src=",
            "url(",
            "@import",
            "<script",
            "<link",
            "<img",
            "<iframe",
            "javascript:",
        ] {
            assert!(!page.contains(word), "{word} with {n} essays");
        }
        assert!(page.contains("default-src 'none'"));
        for link in page.split("href=\"").skip(1) {
            let target = link.split('"').next().unwrap();
            let id = target.strip_prefix('#').unwrap_or_else(|| panic!("a link to {target}"));
            assert!(page.contains(&format!("id=\"{id}\"")), "nothing is called {id}");
        }
    }
}

#[test]
fn hostile_names_are_text() {
    let sample = sample::hostile(sample::completed(14, 7));
    let page = of(&sample);
    assert_nested(&page);
    for tag in ["<script", "<img", "<b>final", "<h1>gone", "<h1>Class", "<i>judge"] {
        assert!(!page.contains(tag), "{tag}");
    }
    assert!(page.contains("&lt;script&gt;alert("));
    assert!(page.contains("<bdi>&lt;h1&gt;Class &amp; &quot;friends&quot;&lt;/h1&gt;</bdi>"));
    assert!(page.contains("<bdi class=\"name\">مقال عن الطقس والبحر (٣)</bdi>"));
    assert!(page.contains("(no name)"));
    assert!(!page.contains(['\u{202e}', '\0']), "an override would turn the rest of the line round");
    let long = "without-a-space-".repeat(13);
    assert!(section(&page, "ranking").contains(&long[..200]), "the table has the whole name");
    assert!(!section(&page, "ranking-plot").contains(&long[..40]), "the plot has a short one");
    let plot = section(&page, "ranking-plot");
    assert!(plot.contains("\u{2068}مقال عن الطقس والبحر (٣)\u{2069}"), "a label is isolated");
}

#[test]
fn ids_are_unique_and_plots_have_words() {
    let page = of(&sample::completed(12, 3));
    let mut ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
    let plots: Vec<&str> = page.split("<svg").skip(1).collect();
    assert!(plots.len() > 5);
    for plot in plots {
        assert!(plot.contains("role=\"img\"") && plot.contains("<title"), "{}", &plot[..200]);
    }
    assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\">"));
    assert_eq!(page.matches("<h1>").count(), 1);
}

#[test]
fn the_headline_says_how_it_ended_and_how_sure_it_is() {
    let (mut view, all) = sample::completed(12, 3);
    view.diagnostics.as_mut().unwrap().reliability = 0.84;
    let page = html(&view, &all);
    let head = headline(&page);
    for words in [
        "Completed",
        "The scores are as reliable as was asked for.",
        "2026-11-23\u{a0}",
        "<b>good</b> 0.84",
        "USD",
    ] {
        assert!(head.contains(words), "{words} in {head}");
    }
    view.diagnostics.as_mut().unwrap().reliability = 0.31;
    let page = html(&view, &all);
    assert!(headline(&page).contains("<b>very low</b> 0.31"));
    assert!(page.contains("The reliability is too low for decisions"));
}

#[test]
fn states_without_an_end_or_without_scores_say_so() {
    let (view, all) = sample::completed(20, 5);
    let page = html(&sample::running(view.clone()), &all[..60]);
    assert_nested(&page);
    assert!(headline(&page).contains("every number may still change"));
    assert!(headline(&page).contains("Reliability so far"));
    assert!(section(&page, "grades").contains("Grades come at the end."));
    assert!(section(&page, "judges").contains("The diagnostics come at the end."));
    assert!(section(&page, "matrix").contains("more are not part of this report"));

    let mut fresh = sample::running(view.clone());
    (fresh.ranking, fresh.waves) = (Vec::new(), Vec::new());
    fresh.progress = docket_types::assessment::Progress::default();
    let page = html(&fresh, &[]);
    assert_nested(&page);
    assert!(section(&page, "ranking").contains("There are no scores yet"));
    assert!(headline(&page).contains("none was compared"), "an unknown number of essays is not called none");
    assert!(section(&page, "convergence").contains("No wave of comparisons was sent."));

    let failed = sample::without_scores(view.clone(), State::Failed, "nothing_succeeded", "no <credential>");
    let page = html(&failed, &[]);
    assert_nested(&page);
    assert!(headline(&page).contains("<bdi>no &lt;credential&gt;</bdi>."));
    assert!(headline(&page).contains("<b>unknown</b>"));
    assert!(section(&page, "ranking").contains("There are no scores, so there is no ranking."));

    let cancelled = sample::without_scores(view, State::Cancelled, "cancelled", "");
    let page = html(&cancelled, &[]);
    assert!(headline(&page).contains("It was cancelled before it was finished."));
    assert!(section(&page, "grades").contains("because there are no scores"));
}

#[test]
fn grades_show_their_doubt() {
    let (view, all) = sample::completed(60, 11);
    let page = html(&view, &all);
    let borderline = view.ranking.iter().filter(|e| e.grade.as_ref().is_some_and(|g| g.borderline)).count();
    assert!(borderline > 0);
    assert_eq!(section(&page, "ranking").matches("borderline").count(), borderline);
    assert_eq!(section(&page, "grades").matches("<li>").count(), borderline);
    let anchors = view.ranking.iter().filter(|essay| essay.anchor_grade.is_some()).count();
    assert_eq!(section(&page, "ranking").matches("<tr class=\"anchor\">").count(), anchors);
    assert_eq!(section(&page, "ranking-plot").matches(" anchor\n").count(), anchors);

    let mut without = view.clone();
    without.ranking.iter_mut().for_each(|essay| (essay.grade, essay.anchor_grade) = (None, None));
    without.grading = None;
    let page = html(&without, &all);
    assert!(section(&page, "grades").contains("without anchors"));
    assert!(!section(&page, "ranking").contains("Probability"));

    let mut unavailable = view;
    unavailable.grading.as_mut().unwrap().unavailable = Some("only one grade has anchors".into());
    assert!(
        html(&unavailable, &all)
            .contains("<strong>There are no grades. </strong><bdi>only one grade has anchors")
    );
}

#[test]
fn few_essays_have_a_cell_each_and_many_are_taken_together() {
    let page = of(&sample::completed(LABELLED_ESSAYS, 3));
    assert!(section(&page, "matrix").contains("row won"));
    let page = of(&sample::completed(LABELLED_ESSAYS + 1, 3));
    assert!(section(&page, "matrix").contains("could not be read"));
    let (view, _) = sample::completed(12, 3);
    let page = html(&view, &[]);
    assert!(section(&page, "matrix").contains("are not part of this report"));
}

#[test]
fn the_matrix_has_a_win_and_a_loss_for_each_comparison() {
    let (mut view, mut all) = sample::completed(4, 3);
    all.retain(|c| c.status == "answered");
    all.truncate(1);
    view.progress.answered = 1;
    let marks = |page: &str, color: &str| {
        let plot = between(page, "aria-labelledby=\"plot-matrix-title plot-matrix-text\"", "</svg>");
        plot.matches(&format!("fill=\"{color}\"")).count()
    };
    let page = html(&view, &all);
    assert_eq!((marks(&page, "#0072B2"), marks(&page, "#E69F00")), (1, 1));
    // The winner's row is blue: rows of 30 pixels from 30 on, with a margin of 2.
    let place =
        view.ranking.iter().position(|essay| Some(&essay.essay_id) == all[0].winner.as_ref()).unwrap();
    let blue = page
        .lines()
        .find(|line| line.contains("<rect") && line.contains("height=\"26\"") && line.contains("#0072B2"));
    assert!(blue.unwrap().contains(&format!(" y=\"{}\"", 30 + 30 * place + 2)), "{blue:?}");
    // Again, with the other winner: neither is ahead.
    let mut again = all[0].clone();
    let loser =
        if again.winner.as_ref() == Some(&again.essay_a_id) { &again.essay_b_id } else { &again.essay_a_id };
    again.winner = Some(loser.clone());
    all.push(again);
    let page = html(&view, &all);
    assert_eq!((marks(&page, "#0072B2"), marks(&page, "#E69F00")), (0, 0));
}

#[test]
fn judges_groups_and_failures_are_reported() {
    let (mut view, mut all) = sample::completed(12, 3);
    {
        let diagnostics = view.diagnostics.as_mut().unwrap();
        diagnostics.groups = 3;
        (diagnostics.bias[0].value, diagnostics.bias[0].standard_error) = (0.405, 0.1);
        (diagnostics.circular_triples, diagnostics.expected_circular_triples) = (Some(90.0), Some(20.0));
    }
    view.progress.failed = 9;
    for (i, comparison) in all.iter_mut().take(9).enumerate() {
        comparison.status = "failed".into();
        comparison.error_code = Some(if i < 6 { "EXTERNAL_SERVICE_ERROR" } else { "<odd>" }.into());
    }
    let page = html(&view, &all);
    assert!(between(&page, "</header>", "<nav").contains("3 groups that were never compared"));
    assert!(between(&page, "</header>", "<nav").contains("failed for good"));
    let judges = section(&page, "judges");
    assert!(judges.contains("<td>prefers the first</td>") && judges.contains("60\u{a0}%"), "{judges}");
    assert!(judges.contains("More than expected"));
    let failures = section(&page, "failures");
    assert!(!judges.contains("Not tested"));
    let (policy, odd) =
        (failures.find("refused the content").unwrap(), failures.find("&lt;odd&gt;").unwrap());
    assert!(policy < odd, "the most frequent reason is first");

    let diagnostics = view.diagnostics.as_mut().unwrap();
    (diagnostics.circular_triples, diagnostics.expected_circular_triples) = (None, None);
    diagnostics.misfitting_essays.clear();
    let page = html(&view, &all);
    assert!(section(&page, "judges").contains("Not tested."), "what was not tested is not called good");
}

#[test]
fn numbers_that_are_none_do_not_break_the_page() {
    let (mut view, all) = sample::completed(12, 3);
    (view.ranking[0].score, view.ranking[0].standard_error) = (f64::NAN, f64::INFINITY);
    view.ranking[1].standard_error = f64::INFINITY;
    view.diagnostics.as_mut().unwrap().bias[0].value = f64::NAN;
    let grading = view.grading.as_mut().unwrap();
    grading.boundaries = vec![f64::NAN, 0.5];
    view.ranking[2].grade.as_mut().unwrap().probabilities = vec![f64::NAN, 2.0];
    let page = html(&view, &all);
    assert_nested(&page);
    assert!(!page.contains("NaN") && !page.contains("inf%") && !page.contains(">inf"));
    assert!(section(&page, "judges").contains("unknown"));
    // Without a standard error nothing is certain: not a place, and not a bias.
    let bias = &mut view.diagnostics.as_mut().unwrap().bias[0];
    (bias.value, bias.standard_error) = (0.4, f64::NAN);
    assert!(section(&html(&view, &all), "judges").contains("none to be seen"));
}

#[test]
fn the_same_view_gives_the_same_bytes() {
    let sample = sample::completed(12, 3);
    assert_eq!(of(&sample), of(&sample));
}
