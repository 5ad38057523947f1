//! Assessments on the real queue, the real store and real plugins.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod faults;
mod input;

use docket_judgement::session::{Action, decide};
use docket_pipeline::{AssessmentCancel, DecisionView};
use docket_tests_pipeline::{House, Plan};
use docket_types::assessment::{AssessmentRequest, AssessmentView, ComparisonView, Essay, State};
use docket_types::{AssessmentId, QueueMode};
use serde_json::Value;
use std::collections::BTreeSet;

/// An assessment of so many essays, the first ones of them anchors with these grades.
fn assessment(name: &str, essays: usize, anchors: &[&str]) -> AssessmentRequest {
    let essay = |at: usize| Essay {
        id: format!("essay-{at}"),
        text: format!("Essay number {at}. {}", "A sentence with an argument. ".repeat(at + 1)),
        anchor_grade: anchors.get(at).map(|grade| (*grade).to_owned()),
    };
    AssessmentRequest {
        name: name.to_owned(),
        essays: (0..essays).map(essay).collect(),
        materials: Default::default(),
        judging: Default::default(),
        attribution: Default::default(),
    }
}

async fn begin(house: &House, request: AssessmentRequest) -> AssessmentId {
    house.handle().assess(request).await.unwrap().id
}

async fn view(house: &House, id: AssessmentId) -> AssessmentView {
    house.handle().assessment(id).await.unwrap().unwrap()
}

/// The assessment once it has ended.
async fn ended(house: &House, id: AssessmentId) -> AssessmentView {
    let look = async || {
        let view = house.handle().assessment(id).await?;
        Ok(view.filter(|view| view.state != State::Running))
    };
    house.until("end of the assessment", look).await.unwrap()
}

async fn comparisons(house: &House, id: AssessmentId) -> Vec<ComparisonView> {
    let mut all = Vec::new();
    loop {
        let from = u32::try_from(all.len()).unwrap();
        let page = house.handle().assessment_comparisons(id, from, 100).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

async fn log(house: &House, id: AssessmentId) -> Vec<DecisionView> {
    house.handle().assessment_log(id, 0, 10_000).await.unwrap()
}

/// The events of a topic that are about this assessment's name.
async fn events(house: &House, topic: &str) -> Vec<Value> {
    let page = house.handle().read_topic(topic, 0, 500).await.unwrap();
    page.iter().map(|event| serde_json::from_slice(&event.body).unwrap()).collect()
}

const COMPLETED: &str = "huleedu.cj_assessment.completed.v1";
const FAILED: &str = "huleedu.cj_assessment.failed.v1";
const RESULT: &str = "huleedu.assessment.result.published.v1";
const CONSUMPTION: &str = "huleedu.resource.consumption.v1";

#[tokio::test(flavor = "multi_thread")]
async fn essays_go_in_and_a_ranking_with_grades_comes_out() {
    let house = House::new(&Plan::new(QueueMode::SerialBundle)).await.unwrap();
    let id = begin(&house, assessment("class 7b", 12, &["F", "C", "A"])).await;
    let view = ended(&house, id).await;
    assert_eq!(view.state, State::Completed, "{:?}", view.end);
    assert_eq!(view.current_phase, None, "a phase only while it runs");
    assert_eq!(view.ranking.len(), 12);
    assert!(view.ranking.windows(2).all(|two| two[0].score >= two[1].score && two[0].rank <= two[1].rank));
    for essay in &view.ranking {
        assert!(essay.standard_error > 0.0 && essay.standard_error.is_finite());
        assert_eq!(essay.grade.is_none(), essay.anchor_grade.is_some(), "anchors keep their grade");
        if let Some(grade) = &essay.grade {
            assert!((grade.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-6);
            assert!(grade.probabilities.iter().all(|p| *p < 1.0), "never one-hot");
        }
    }
    let all = comparisons(&house, id).await;
    assert_eq!(all.len(), view.progress.requested);
    assert!(
        all.iter().all(|one| one.status == "answered" && one.winner.is_some() && one.request_id.is_some())
    );
    assert_eq!(view.progress.answered + view.progress.failed, view.progress.requested);
    let asked: usize = view.waves.iter().map(|wave| wave.pairs).sum();
    assert_eq!(asked, view.progress.requested);
    let shown: usize = view.ranking.iter().map(|essay| essay.comparisons).sum();
    assert_eq!(shown, 2 * view.progress.answered);
    assert!(view.diagnostics.is_some_and(|known| known.groups == 1 && known.bias.len() == 1));
    assert!(view.cost.models.iter().map(|model| model.answers).sum::<u64>() == all.len() as u64);

    let (completed, result) = (events(&house, COMPLETED).await, events(&house, RESULT).await);
    assert_eq!((completed.len(), result.len()), (1, 1));
    assert_eq!(completed[0]["data"]["status"], "completed_successfully");
    assert_eq!(completed[0]["data"]["processing_summary"]["successful"], 9);
    let results = result[0]["data"]["essay_results"].as_array().unwrap();
    assert_eq!(results.len(), 12);
    assert_eq!(
        result[0]["data"]["assessment_metadata"]["comparison_count"],
        all.len(),
        "true, not an estimate"
    );
    assert_eq!(events(&house, CONSUMPTION).await[0]["data"]["quantity"], all.len());
    assert_eq!(events(&house, FAILED).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_decision_is_stored_with_what_it_rests_on() {
    let house = House::new(&Plan::new(QueueMode::PerRequest)).await.unwrap();
    let mut request = assessment("explained", 5, &[]);
    request.judging.design = Some("coverage".to_owned());
    let id = begin(&house, request).await;
    let view = ended(&house, id).await;
    let log = log(&house, id).await;
    assert_eq!(
        log.iter().map(|one| one.number).collect::<Vec<_>>(),
        (0..log.len() as u32).collect::<Vec<_>>()
    );
    let rules = docket_judgement::stopping::Rules::reference();
    for one in &log {
        let (action, reason, _) = decide(&one.decision.context, &rules);
        assert_eq!(
            (&action, reason),
            (&one.decision.action, one.decision.reason),
            "decided again from the context"
        );
    }
    let asked: BTreeSet<u32> = log.iter().flat_map(|one| one.decision.asked.clone()).collect();
    assert_eq!(asked.len(), view.progress.requested);
    assert!(matches!(log.last().unwrap().decision.action, Action::End(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_content_and_seed_give_the_same_result() {
    let mut results = Vec::new();
    for mode in [QueueMode::PerRequest, QueueMode::BatchApi] {
        let house = House::new(&Plan::new(mode)).await.unwrap();
        let id = begin(&house, assessment("again", 8, &[])).await;
        let view = ended(&house, id).await;
        results.push((view.ranking, view.waves, view.end));
    }
    assert_eq!(results[0], results[1], "however the answers travelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assessment_can_be_given_up() {
    let mut plan = Plan::new(QueueMode::PerRequest);
    plan.settings = serde_json::json!({"latency_ms": 600_000});
    let house = House::new(&plan).await.unwrap();
    let id = begin(&house, assessment("given up", 6, &[])).await;
    house
        .until("comparisons in flight", async || {
            Ok((view(&house, id).await.progress.requested > 0).then_some(()))
        })
        .await
        .unwrap();
    assert_eq!(house.handle().cancel_assessment(id).await.unwrap(), AssessmentCancel::Requested);
    let view = ended(&house, id).await;
    assert_eq!((view.state, view.end.unwrap().reason.as_str()), (State::Cancelled, "cancelled"));
    let again = house.handle().cancel_assessment(id).await.unwrap();
    assert_eq!(again, AssessmentCancel::AlreadyEnded(State::Cancelled));
    assert_eq!(events(&house, FAILED).await[0]["data"]["status"], "cancelled");
    let stranger = AssessmentId(uuid::Uuid::from_u128(7));
    assert_eq!(house.handle().cancel_assessment(stranger).await.unwrap(), AssessmentCancel::NotFound);
}
