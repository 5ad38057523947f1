//! What is accepted, and what is wrong with what is not.

use super::*;
use docket_pipeline::AssessError;

async fn refusal(house: &House, change: impl FnOnce(&mut AssessmentRequest)) -> String {
    let mut request = assessment("refused", 4, &["F", "A"]);
    change(&mut request);
    match house.handle().assess(request).await {
        Ok(receipt) => panic!("accepted as {}", receipt.id),
        Err(error) => error.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_named() {
    let house = House::new(&Plan::new(QueueMode::PerRequest)).await.unwrap();
    let check = async |change: fn(&mut AssessmentRequest), words: &[&str]| {
        let error = refusal(&house, change).await;
        for word in words {
            assert!(error.contains(word), "{error:?} does not say {word:?}");
        }
    };
    check(|r| r.essays.truncate(1), &["essays", "at least 2"]).await;
    check(|r| r.essays[2].id = "essay-0".into(), &["essays[2].id", "essay-0"]).await;
    check(|r| r.essays[3].text = " \n".into(), &["essays[3].text", "empty", "essay-3"]).await;
    check(|r| r.essays[1].text = "x".repeat((1 << 20) + 1), &["essays[1].text", "1 MiB"]).await;
    check(
        |r| r.essays[1].anchor_grade = Some("Z".into()),
        &["essays[1].anchor_grade", "`Z`", "swedish_8_anchor"],
    )
    .await;
    check(|r| r.judging.grade_scale = Some("x".into()), &["judging.grade_scale", "eng5_np_national_9_step"])
        .await;
    check(|r| r.judging.max_comparisons = Some(1), &["judging.max_comparisons", "at least 2"]).await;
    check(|r| r.judging.provider = Some("nobody".into()), &["nobody", "mock"]).await;
    check(|r| r.judging.design = Some("x".into()), &["judging.design", "adaptive"]).await;
    check(|r| r.judging.reliability = Some(1.5), &["judging.reliability", "1.5"]).await;
    check(|r| r.judging.overrides.temperature = Some(3.0), &["judging.overrides.temperature"]).await;
    check(|r| r.name = String::new(), &["name"]).await;
    check(|r| r.essays.iter_mut().for_each(|e| e.anchor_grade = Some("A".into())), &["essays", "anchors"])
        .await;
    assert!(house.handle().assessments(None, 10).await.unwrap().is_empty(), "nothing was stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_name_is_the_same_assessment() {
    let house = House::new(&Plan::new(QueueMode::PerRequest)).await.unwrap();
    let first = house.handle().assess(assessment("one", 4, &[])).await.unwrap();
    let second = house.handle().assess(assessment("one", 4, &[])).await.unwrap();
    assert_eq!((first.id, first.replayed, second.replayed), (second.id, false, true));
    match house.handle().assess(assessment("one", 5, &[])).await {
        Err(AssessError::NameConflict { id }) => assert_eq!(id, first.id),
        other => panic!("{other:?}"),
    }
    ended(&house, first.id).await;
    let listed = house.handle().assessments(None, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    let named = house.handle().assessment_named("one").await.unwrap().unwrap();
    assert_eq!(named.id, first.id);
    let request = house.handle().assessment_request(first.id).await.unwrap().unwrap();
    assert_eq!(request, assessment("one", 4, &[]));
}
