//! What assessments leave behind: their pages, their end, and resources.

use crate::support::{
    Place, at, body, comparison, created, entry, event, finished, held, new_assessment, next_step, to_topic,
};
use docket_store::{
    AssessmentState, AssessmentStep, ComparisonRow, Created, Fenced, LogEntry, NewAssessment, Resource,
    SharedStore,
};
use docket_types::AssessmentId;
use uuid::Uuid;

/// Steps that must be stored.
async fn stored(store: &SharedStore, step: AssessmentStep) {
    assert_eq!(store.step_assessment(step).await.unwrap(), Fenced::Done);
}

/// Creates an assessment and ends it at `at(now)` with a comparison, a decision and an event.
async fn over(store: &SharedStore, name: &str, now: u64) -> AssessmentId {
    let id = created(store, name).await;
    let leased = held(store, 0).await;
    assert_eq!(leased.id, id, "nothing else was due");
    let end = AssessmentStep {
        state: AssessmentState::Completed,
        comparisons: vec![comparison(0, name)],
        log: vec![entry(0, now, name)],
        events: vec![event("ends", name, name)],
        ..next_step(&leased, now)
    };
    stored(store, end).await;
    id
}

pub async fn comparisons_are_written_over_and_paged(place: &dyn Place) {
    let store = place.open().await;
    let (id, other) = (created(&store, "a").await, created(&store, "b").await);
    for leased in store.claim_assessments(at(0), at(60), 2).await.unwrap() {
        let rows = (0..5).map(|number| comparison(number, "first")).collect();
        stored(&store, AssessmentStep { comparisons: rows, ..next_step(&leased, 1) }).await;
        if leased.id == id {
            let rows = vec![
                comparison(6, "new"),
                comparison(3, "not this"),
                comparison(1, "changed"),
                comparison(3, "but this"),
            ];
            stored(&store, AssessmentStep { comparisons: rows, ..next_step(&leased, 2) }).await;
        }
    }
    let want = [
        comparison(0, "first"),
        comparison(1, "changed"),
        comparison(2, "first"),
        comparison(3, "but this"),
        comparison(4, "first"),
        comparison(6, "new"),
    ];
    assert_eq!(store.comparisons(id, 0, 100).await.unwrap(), want);
    assert_eq!(store.comparisons(id, 0, 2).await.unwrap(), want[..2]);
    assert_eq!(store.comparisons(id, 2, 2).await.unwrap(), want[2..4]);
    assert_eq!(store.comparisons(id, 5, 2).await.unwrap(), want[5..]);
    assert_eq!(store.comparisons(id, 7, 2).await.unwrap(), []);
    assert_eq!(store.comparisons(id, u32::MAX, u32::MAX).await.unwrap(), []);
    assert!(store.comparisons(other, 0, 100).await.unwrap().iter().all(|row| row.body == b"first"));
    assert_eq!(store.comparisons(AssessmentId(Uuid::now_v7()), 0, 10).await.unwrap(), []);
}

pub async fn decisions_are_added_and_never_changed(place: &dyn Place) {
    let store = place.open().await;
    let (id, other) = (created(&store, "a").await, created(&store, "b").await);
    let leased = held(&store, 0).await;
    assert_eq!(leased.id, id);
    let log = vec![entry(0, 1, "zero"), entry(1, 2, "one"), entry(1, 3, "again")];
    stored(&store, AssessmentStep { log, ..next_step(&leased, 3) }).await;
    let log = vec![entry(1, 9, "rewritten"), entry(2, 4, "two"), entry(u32::MAX, 5, "")];
    let step = AssessmentStep { log, view: body("v2"), ..next_step(&leased, 5) };
    stored(&store, step).await;
    let want: [LogEntry; 4] =
        [entry(0, 1, "zero"), entry(1, 2, "one"), entry(2, 4, "two"), entry(u32::MAX, 5, "")];
    assert_eq!(store.assessment_log(id, 0, 100).await.unwrap(), want);
    assert_eq!(store.assessment_log(id, 1, 2).await.unwrap(), want[1..3]);
    assert_eq!(store.assessment_log(id, 3, 10).await.unwrap(), want[3..]);
    assert_eq!(store.assessment_log(other, 0, 10).await.unwrap(), []);
    let row = store.assessment(id).await.unwrap().unwrap();
    assert_eq!(row.view, body("v2"), "an entry that exists does not stop the step");
}

pub async fn assessments_are_listed_newest_first(place: &dyn Place) {
    let store = place.open().await;
    assert!(store.list_assessments(None, 10).await.unwrap().is_empty());
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        ids.push(created(&store, name).await);
    }
    ids.reverse();
    let list = async |before, limit| {
        let rows = store.list_assessments(before, limit).await.unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 10).await, ids);
    assert_eq!(list(None, 2).await, ids[..2]);
    assert_eq!(list(Some(ids[1]), 2).await, ids[2..4]);
    assert_eq!(list(Some(ids[3]), 2).await, ids[4..]);
    assert_eq!(list(Some(ids[4]), 2).await, []);
    let row = store.list_assessments(Some(ids[2]), 1).await.unwrap().remove(0);
    assert_eq!((row.name.as_str(), row.view, row.state), ("b", body("view"), AssessmentState::Running));
}

pub async fn an_assessment_is_found_by_its_name(place: &dyn Place) {
    let store = place.open().await;
    let mine = created(&store, "räksmörgås 1").await;
    let theirs = NewAssessment { tenant: "other".into(), ..new_assessment("räksmörgås 1") };
    assert_eq!(store.create_assessment(theirs.clone()).await.unwrap(), Created::New);
    let find = async |tenant, name| store.assessment_named(tenant, name).await.unwrap().map(|row| row.id);
    assert_eq!(find("default", "räksmörgås 1").await, Some(mine));
    assert_eq!(find("other", "räksmörgås 1").await, Some(theirs.id));
    assert_eq!(find("default", "RÄKSMÖRGÅS 1").await, None);
    assert_eq!(find("nobody", "räksmörgås 1").await, None);
    let row = store.assessment_named("other", "räksmörgås 1").await.unwrap().unwrap();
    assert_eq!((row.name, row.view), ("räksmörgås 1".to_owned(), body("view")));
    let nobody = AssessmentId(Uuid::now_v7());
    assert!(store.assessment(nobody).await.unwrap().is_none());
    assert_eq!(store.assessment_spec(nobody).await.unwrap(), None);
}

pub async fn empty_and_large_assessments_come_back_as_they_were(place: &dyn Place) {
    let store = place.open().await;
    let large = |seed: u8, len: usize| (0..len).map(|n| (n % 251) as u8 ^ seed).collect::<Vec<u8>>();
    let new =
        NewAssessment { spec: large(1, 5_000_000), session: vec![], view: vec![], ..new_assessment("a") };
    assert_eq!(store.create_assessment(new.clone()).await.unwrap(), Created::New);
    let leased = held(&store, 0).await;
    assert!(leased.spec == new.spec && leased.session.is_empty());
    let step = AssessmentStep {
        session: large(2, 2_000_000),
        view: large(3, 1_000_000),
        comparisons: vec![ComparisonRow { number: 0, body: large(4, 1_000_000) }, comparison(1, "")],
        log: vec![LogEntry { number: 0, at: at(1), body: large(5, 300_000) }],
        ..next_step(&leased, 1)
    };
    stored(&store, step.clone()).await;
    drop(store);
    let store = place.open().await;
    assert!(store.assessment_spec(new.id).await.unwrap().unwrap() == new.spec);
    assert!(store.assessment(new.id).await.unwrap().unwrap().view == step.view);
    assert!(store.comparisons(new.id, 0, 10).await.unwrap() == step.comparisons);
    assert!(store.assessment_log(new.id, 0, 10).await.unwrap() == step.log);
    let again = store.claim_assessments(at(5_000), at(5_060), 1).await.unwrap().remove(0);
    assert!(again.spec == new.spec && again.session == step.session);
}

pub async fn pruning_deletes_assessments_that_are_over(place: &dyn Place) {
    let store = place.open().await;
    let old = over(&store, "old", 10).await;
    let young = over(&store, "young", 50).await;
    let open = created(&store, "open").await;
    let running = held(&store, 1).await;
    stored(&store, AssessmentStep { events: vec![event("ends", "open", "")], ..next_step(&running, 1) })
        .await;
    let resource = resource("prompt", "", "kept", "body");
    store.put_resource(resource.clone()).await.unwrap();
    // Requests go as before, and take none of the assessments' events along.
    finished(&store, 20, vec![to_topic("of a request", "r")]).await;
    assert_eq!(store.prune(at(9), 100).await.unwrap(), 0);
    assert!(store.assessment(old).await.unwrap().is_some(), "not old enough");
    assert_eq!(store.prune(at(50), 100).await.unwrap(), 1, "one request, and assessments are not counted");
    assert!(store.read("results", 0, 10).await.unwrap().is_empty());
    assert!(store.assessment(old).await.unwrap().is_none());
    assert_eq!(store.assessment_spec(old).await.unwrap(), None);
    assert_eq!(store.comparisons(old, 0, 10).await.unwrap(), []);
    assert_eq!(store.assessment_log(old, 0, 10).await.unwrap(), []);
    let events = store.read("ends", 0, 10).await.unwrap();
    let ids: Vec<_> = events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids, ["young", "open"], "its event went with it");
    assert_eq!(store.comparisons(young, 0, 10).await.unwrap(), [comparison(0, "young")]);
    assert_eq!(store.prune(at(9_000), 100).await.unwrap(), 0);
    assert!(store.assessment(young).await.unwrap().is_none());
    assert_eq!(store.assessment(open).await.unwrap().unwrap().state, AssessmentState::Running);
    assert_eq!(store.renew_assessment(open, running.epoch, at(900)).await.unwrap(), Fenced::Done);
    assert_eq!(store.resource("prompt", "", "kept").await.unwrap(), Some(resource));
    // A name lives as long as its assessment.
    let again = NewAssessment { hash: [7; 32], ..new_assessment("old") };
    assert_eq!(store.create_assessment(again).await.unwrap(), Created::New);
}

fn resource(kind: &str, scope: &str, key: &str, text: &str) -> Resource {
    Resource { kind: kind.into(), scope: scope.into(), key: key.into(), body: body(text), updated_at: at(1) }
}

pub async fn a_resource_is_put_read_and_deleted(place: &dyn Place) {
    let store = place.open().await;
    assert_eq!(store.resource("rubric", "s", "k").await.unwrap(), None);
    assert!(!store.delete_resource("rubric", "s", "k").await.unwrap());
    let first = resource("rubric", "s", "k", "first");
    store.put_resource(first.clone()).await.unwrap();
    store.put_resource(resource("rubric", "t", "k", "another scope")).await.unwrap();
    assert_eq!(store.resource("rubric", "s", "k").await.unwrap(), Some(first.clone()));
    let second = Resource { body: vec![0; 2_000_000], updated_at: at(9), ..first };
    store.put_resource(second.clone()).await.unwrap();
    drop(store);
    let store = place.open().await;
    assert!(store.resource("rubric", "s", "k").await.unwrap() == Some(second));
    assert!(store.delete_resource("rubric", "s", "k").await.unwrap());
    assert!(!store.delete_resource("rubric", "s", "k").await.unwrap());
    assert_eq!(store.resource("rubric", "s", "k").await.unwrap(), None);
    assert_eq!(store.resource("rubric", "t", "k").await.unwrap().unwrap().body, b"another scope");
}

pub async fn resources_are_listed_by_name_and_paged(place: &dyn Place) {
    let store = place.open().await;
    // By their bytes: upper case first, and ö after z, in every store.
    let names = [("", ""), ("", "b"), ("A", "z"), ("a", ""), ("a", "B"), ("a", "b"), ("a", "ö"), ("ö", "a")];
    for (n, (scope, key)) in names.iter().enumerate().rev() {
        store.put_resource(resource("anchor", scope, key, &n.to_string())).await.unwrap();
    }
    store.put_resource(resource("anchos", "a", "b", "another kind")).await.unwrap();
    store.put_resource(resource("anchoq", "a", "b", "another kind")).await.unwrap();
    let list = async |scope, after, limit| {
        let rows = store.resources("anchor", scope, after, limit).await.unwrap();
        rows.into_iter().map(|row| (row.scope, row.key)).collect::<Vec<_>>()
    };
    let own = |names: &[(&str, &str)]| -> Vec<(String, String)> {
        names.iter().map(|(scope, key)| ((*scope).to_owned(), (*key).to_owned())).collect()
    };
    assert_eq!(list(None, None, 100).await, own(&names));
    assert_eq!(list(None, None, 3).await, own(&names[..3]));
    for (n, last) in names.iter().enumerate() {
        assert_eq!(
            list(None, Some(*last), 2).await,
            own(&names[n + 1..(n + 3).min(names.len())]),
            "{last:?}"
        );
    }
    assert_eq!(list(None, Some(("a", "C")), 2).await, own(&names[5..7]), "after what is not there");
    assert_eq!(list(Some("a"), None, 100).await, own(&names[3..7]));
    assert_eq!(list(Some("a"), Some(("a", "")), 2).await, own(&names[4..6]));
    assert_eq!(list(Some("a"), Some(("a", "ö")), 2).await, []);
    assert_eq!(list(Some("a"), Some(("A", "z")), 2).await, own(&names[3..5]));
    assert_eq!(list(Some("a"), Some(("ö", "")), 2).await, []);
    assert_eq!(list(Some(""), None, 10).await, own(&names[..2]));
    assert_eq!(list(Some("nowhere"), None, 10).await, []);
    let row = store.resources("anchor", Some("A"), None, 1).await.unwrap().remove(0);
    assert_eq!((row.kind.as_str(), row.body, row.updated_at), ("anchor", body("2"), at(1)));
}
