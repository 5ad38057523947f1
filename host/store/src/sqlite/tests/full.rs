//! A full disk: refused, nothing half written, and well again when there is room.

use super::super::{SqliteOptions, open};
use super::plan_assessments::assessment;
use super::{accept, at, attempt, claim, raw, request};
use crate::{
    Accepted, AssessmentState, AssessmentStep, ComparisonRow, Created, Error, Fenced, LogEntry,
    NewTopicEvent, Settlement, Transition,
};
use docket_types::RequestState;
use sqlx::Row;

#[tokio::test]
async fn a_full_store_refuses_keeps_what_it_has_and_recovers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docket.db");
    let options = SqliteOptions { max_pages: Some(300), ..SqliteOptions::new(&path) };
    let store = open(options.clone()).await.unwrap();
    // Somebody else takes a third of the room.
    let mut other = raw(&path).await;
    let ballast = "CREATE TABLE ballast (b BLOB); INSERT INTO ballast VALUES (zeroblob(400000))";
    sqlx::raw_sql(ballast).execute(&mut other).await.unwrap();
    let mut accepted = Vec::new();
    let (refused, error) = loop {
        let new = request(4_000);
        let id = new.id;
        match store.accept(new).await {
            Ok(answer) => assert_eq!(answer, Accepted::New),
            Err(error) => break (id, error),
        }
        accepted.push(id);
        assert!(accepted.len() < 1_000, "it never filled");
    };
    assert!(matches!(error, Error::Full(_)), "{error:?}");
    assert!(store.get(refused).await.unwrap().is_none(), "nothing of it was written");
    // Many at once fail one by one, and none of them stays half.
    let (one, two, three) = tokio::join!(
        store.accept(request(90_000)),
        store.accept(request(90_000)),
        store.accept(request(90_000))
    );
    for answer in [one, two, three] {
        assert!(matches!(answer, Err(Error::Full(_))), "{answer:?}");
    }
    assert_eq!(store.load().open, accepted.len() as u64);
    for id in &accepted {
        assert_eq!(store.get(*id).await.unwrap().unwrap().payload.len(), 4_000);
    }
    // The room comes back, and the store needs no restart.
    sqlx::raw_sql("DROP TABLE ballast").execute(&mut other).await.unwrap();
    accept(&store).await;
    let leases = claim(&store, None, 500).await;
    assert_eq!(leases.len(), accepted.len() + 1);
    let ends = leases.iter().map(|leased| Settlement {
        id: leased.id,
        epoch: leased.epoch,
        at: at(2),
        attempt: Some(attempt()),
        transition: Transition::Finish {
            state: RequestState::Succeeded,
            outcome: vec![],
            deliveries: vec![],
        },
    });
    let answers = store.settle(ends.collect()).await.unwrap();
    assert!(answers.iter().all(|answer| *answer == Fenced::Done));
    store.close().await;
    let again = open(options).await.unwrap();
    assert_eq!(again.load().open, 0);
    let row = sqlx::query("PRAGMA integrity_check").fetch_one(&mut other).await.unwrap();
    assert_eq!(row.get::<String, _>(0), "ok");
}

/// What waits in one group with a write that does not fit is written all the same.
#[tokio::test]
async fn small_writes_go_on_beside_one_that_does_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        SqliteOptions { max_pages: Some(300), ..SqliteOptions::new(folder.path().join("docket.db")) };
    let store = open(options).await.unwrap();
    for _ in 0..20 {
        accept(&store).await;
    }
    let (large, small, leases) =
        tokio::join!(store.accept(request(2_000_000)), store.accept(request(10)), claim(&store, None, 5));
    assert!(matches!(large, Err(Error::Full(_))), "{large:?}");
    assert_eq!((small.unwrap(), leases.len()), (Accepted::New, 5));
    assert_eq!((store.load().open, store.load().queued), (21, 16));
}

/// A step for which there is no room leaves nothing behind, and its lease as it was.
#[tokio::test]
async fn a_step_that_does_not_fit_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let options =
        SqliteOptions { max_pages: Some(300), ..SqliteOptions::new(folder.path().join("docket.db")) };
    let store = open(options).await.unwrap();
    let new = assessment("a");
    store.create_assessment(new.clone()).await.unwrap();
    let leased = store.claim_assessments(at(0), at(60), 1).await.unwrap().remove(0);
    let row = |number, len| ComparisonRow { number, body: vec![0; len] };
    let small = AssessmentStep {
        id: new.id,
        epoch: leased.epoch,
        now: at(1),
        state: AssessmentState::Completed,
        session: b"next".to_vec(),
        view: b"next".to_vec(),
        comparisons: vec![row(0, 100)],
        log: vec![LogEntry { number: 0, at: at(1), body: vec![] }],
        events: vec![NewTopicEvent { topic: "t".into(), id: "e".into(), body: vec![] }],
        next_at: at(1),
        release: true,
    };
    let large = AssessmentStep { comparisons: vec![row(0, 100), row(1, 2_000_000)], ..small.clone() };
    let (step, other) = tokio::join!(store.step_assessment(large), store.create_assessment(assessment("b")));
    assert!(matches!(step, Err(Error::Full(_))), "{step:?}");
    assert_eq!(other.unwrap(), Created::New, "its neighbour does not suffer");
    let row = store.assessment(new.id).await.unwrap().unwrap();
    assert_eq!((row.state, row.view, row.updated_at), (AssessmentState::Running, new.view, at(0)));
    assert!(store.comparisons(new.id, 0, 10).await.unwrap().is_empty());
    assert!(store.assessment_log(new.id, 0, 10).await.unwrap().is_empty());
    assert!(store.read("t", 0, 10).await.unwrap().is_empty());
    assert_eq!(store.step_assessment(small).await.unwrap(), Fenced::Done, "it still holds it");
    assert_eq!(store.comparisons(new.id, 0, 10).await.unwrap().len(), 1);
}
