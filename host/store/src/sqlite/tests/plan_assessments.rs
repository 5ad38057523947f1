//! Runs every statement of assessments and resources: see [`super::plans`].

use super::at;
use crate::{
    AssessmentState, AssessmentStep, ComparisonRow, Created, Fenced, LogEntry, NewAssessment, NewTopicEvent,
    Resource, SharedStore,
};
use docket_types::AssessmentId;
use uuid::Uuid;

pub(super) fn assessment(name: &str) -> NewAssessment {
    NewAssessment {
        id: AssessmentId(Uuid::now_v7()),
        tenant: "default".into(),
        name: name.into(),
        hash: [0; 32],
        spec: b"spec".to_vec(),
        session: vec![],
        view: vec![],
        now: at(0),
    }
}

/// Creates an assessment and ends it with one of everything.
pub(super) async fn over(store: &SharedStore, name: &str) -> AssessmentId {
    let new = assessment(name);
    assert_eq!(store.create_assessment(new.clone()).await.unwrap(), Created::New);
    let leased = store.claim_assessments(at(0), at(60), 1).await.unwrap().remove(0);
    let step = AssessmentStep {
        id: new.id,
        epoch: leased.epoch,
        now: at(1),
        state: AssessmentState::Completed,
        session: vec![],
        view: vec![],
        comparisons: vec![ComparisonRow { number: 0, body: vec![] }],
        log: vec![LogEntry { number: 0, at: at(1), body: vec![] }],
        events: vec![NewTopicEvent { topic: "a".into(), id: name.into(), body: vec![] }],
        next_at: at(1),
        release: true,
    };
    assert_eq!(store.renew_assessment(new.id, leased.epoch, at(70)).await.unwrap(), Fenced::Done);
    assert_eq!(store.step_assessment(step).await.unwrap(), Fenced::Done);
    new.id
}

pub(super) async fn everything(store: &SharedStore) {
    let id = over(store, "a").await;
    let event = NewTopicEvent { topic: "a".into(), id: "told".into(), body: vec![] };
    assert!(store.tell_assessment(id, event, at(2)).await.unwrap());
    assert!(store.assessment(id).await.unwrap().is_some());
    assert!(store.assessment_spec(id).await.unwrap().is_some());
    assert!(store.assessment_named("default", "a").await.unwrap().is_some());
    assert_eq!(store.list_assessments(None, 10).await.unwrap().len(), 1);
    assert_eq!(store.comparisons(id, 0, 10).await.unwrap().len(), 1);
    assert_eq!(store.assessment_log(id, 0, 10).await.unwrap().len(), 1);
    let resource =
        Resource { kind: "k".into(), scope: "s".into(), key: "n".into(), body: vec![], updated_at: at(1) };
    store.put_resource(resource).await.unwrap();
    assert!(store.resource("k", "s", "n").await.unwrap().is_some());
    assert_eq!(store.resources("k", None, None, 10).await.unwrap().len(), 1);
    assert_eq!(store.resources("k", Some("s"), None, 10).await.unwrap().len(), 1);
    assert!(store.delete_resource("k", "s", "n").await.unwrap());
}
