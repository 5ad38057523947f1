//! Assessments: stored once, in one hand at a time, and over for good.

use crate::support::{Place, at, body, comparison, created, entry, event, held, new_assessment, next_step};
use docket_store::{
    AssessmentState, AssessmentStep, Change, ComparisonRow, Created, Fenced, NewAssessment, SharedStore,
};
use docket_types::AssessmentId;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::time::timeout;
use uuid::Uuid;

/// The ids that a claim at `at(now)` gets, with a lease of 60 seconds.
async fn claimed(store: &SharedStore, now: u64, limit: u32) -> Vec<AssessmentId> {
    let leased = store.claim_assessments(at(now), at(now + 60), limit).await.unwrap();
    leased.into_iter().map(|leased| leased.id).collect()
}

/// Ids of a topic's events, in order.
async fn topic(store: &SharedStore, topic: &str) -> Vec<String> {
    store.read(topic, 0, 1_000).await.unwrap().into_iter().map(|event| event.id).collect()
}

pub async fn a_created_assessment_is_there_after_reopening(place: &dyn Place) {
    let store = place.open().await;
    let new = new_assessment("a");
    assert_eq!(store.create_assessment(new.clone()).await.unwrap(), Created::New);
    drop(store);
    let store = place.open().await;
    let row = store.assessment(new.id).await.unwrap().unwrap();
    assert_eq!((row.id, row.name.as_str(), row.state), (new.id, "a", AssessmentState::Running));
    assert_eq!((row.view, row.created_at, row.updated_at, row.ended_at), (body("view"), at(0), at(0), None));
    assert_eq!(store.assessment_spec(new.id).await.unwrap(), Some(body("spec")));
    let leased = held(&store, 0).await;
    assert_eq!((leased.id, leased.created_at), (new.id, at(0)));
    assert_eq!((leased.spec, leased.session), (body("spec"), body("session")));
}

pub async fn one_name_is_one_assessment(place: &dyn Place) {
    let store = place.open().await;
    let first = new_assessment("a");
    assert_eq!(store.create_assessment(first.clone()).await.unwrap(), Created::New);
    let again = NewAssessment { spec: body("other bytes"), now: at(9), ..new_assessment("a") };
    assert_eq!(store.create_assessment(again.clone()).await.unwrap(), Created::Replayed(first.id));
    let other = NewAssessment { hash: [2; 32], ..new_assessment("a") };
    assert_eq!(store.create_assessment(other.clone()).await.unwrap(), Created::NameConflict(first.id));
    for id in [again.id, other.id] {
        assert!(store.assessment(id).await.unwrap().is_none(), "nothing of it was stored");
        assert_eq!(store.assessment_spec(id).await.unwrap(), None);
    }
    assert_eq!(store.assessment_spec(first.id).await.unwrap(), Some(body("spec")));
    // It is the same after its end.
    let leased = held(&store, 1).await;
    let end = AssessmentStep { state: AssessmentState::Failed, ..next_step(&leased, 2) };
    assert_eq!(store.step_assessment(end).await.unwrap(), Fenced::Done);
    assert_eq!(store.create_assessment(again).await.unwrap(), Created::Replayed(first.id));
    assert_eq!(store.create_assessment(other).await.unwrap(), Created::NameConflict(first.id));
    // Names of tenants are apart.
    let elsewhere = NewAssessment { tenant: "other".into(), hash: [2; 32], ..new_assessment("a") };
    assert_eq!(store.create_assessment(elsewhere).await.unwrap(), Created::New);
}

pub async fn one_name_at_the_same_time_is_one_assessment(place: &dyn Place) {
    let store = place.open().await;
    let mut tasks = Vec::new();
    for _ in 0..16 {
        let (store, new) = (store.clone(), new_assessment("a"));
        tasks.push(tokio::spawn(async move { (new.id, store.create_assessment(new).await.unwrap()) }));
    }
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    let made: Vec<_> = answers.iter().filter(|(_, answer)| *answer == Created::New).collect();
    assert_eq!(made.len(), 1);
    let id = made[0].0;
    assert_eq!(answers.iter().filter(|(_, answer)| *answer == Created::Replayed(id)).count(), 15);
    assert_eq!(store.list_assessments(None, 100).await.unwrap().len(), 1);
}

pub async fn one_assessment_id_is_created_once(place: &dyn Place) {
    let store = place.open().await;
    let id = created(&store, "a").await;
    let twin = NewAssessment { id, spec: body("twin"), ..new_assessment("b") };
    let (answer, other) =
        tokio::join!(store.create_assessment(twin), store.create_assessment(new_assessment("c")));
    assert!(answer.is_err(), "{answer:?}");
    assert_eq!(other.unwrap(), Created::New, "its neighbour does not suffer");
    assert_eq!(store.assessment_spec(id).await.unwrap(), Some(body("spec")));
    assert!(store.assessment_named("default", "b").await.unwrap().is_none());
}

pub async fn the_longest_due_assessment_is_claimed_first(place: &dyn Place) {
    let store = place.open().await;
    let mut ids = Vec::new();
    for (name, now) in [("c", 30), ("a", 10), ("b", 20), ("later", 500)] {
        let new = NewAssessment { now: at(now), ..new_assessment(name) };
        ids.push(new.id);
        assert_eq!(store.create_assessment(new).await.unwrap(), Created::New);
    }
    assert_eq!(claimed(&store, 9, 10).await, [], "none is due");
    assert_eq!(claimed(&store, 100, 2).await, [ids[1], ids[2]]);
    assert_eq!(claimed(&store, 100, 10).await, [ids[0]], "the others are held or not due");
    assert_eq!(claimed(&store, 100, 10).await, []);
    // The leases run out at 160.
    assert_eq!(claimed(&store, 159, 10).await, []);
    assert_eq!(claimed(&store, 160, 10).await, [ids[1], ids[2], ids[0]]);
}

pub async fn eight_claimers_get_each_assessment_once(place: &dyn Place) {
    let store = place.open().await;
    for n in 0..24 {
        created(&store, &n.to_string()).await;
    }
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move { claimed(&store, 1, 4).await }));
    }
    let mut got = Vec::new();
    for task in tasks {
        got.extend(task.await.unwrap());
    }
    got.sort_unstable();
    got.dedup();
    assert_eq!(got.len(), 24);
}

pub async fn a_renewed_assessment_stays_in_its_hands(place: &dyn Place) {
    let store = place.open().await;
    let id = created(&store, "a").await;
    let leased = held(&store, 0).await;
    assert_eq!(store.renew_assessment(id, leased.epoch, at(100)).await.unwrap(), Fenced::Done);
    assert_eq!(claimed(&store, 99, 10).await, []);
    assert_eq!(store.renew_assessment(id, leased.epoch + 1, at(900)).await.unwrap(), Fenced::Stale);
    assert_eq!(store.renew_assessment(id, leased.epoch - 1, at(900)).await.unwrap(), Fenced::Stale);
    let let_go = AssessmentStep { release: true, next_at: at(200), ..next_step(&leased, 50) };
    assert_eq!(store.step_assessment(let_go).await.unwrap(), Fenced::Done);
    assert_eq!(store.renew_assessment(id, leased.epoch, at(900)).await.unwrap(), Fenced::Stale, "it let go");
    assert_eq!(claimed(&store, 199, 10).await, [], "not due");
    assert_eq!(claimed(&store, 200, 10).await, [id]);
    let nobody = AssessmentId(Uuid::now_v7());
    assert_eq!(store.renew_assessment(nobody, 1, at(900)).await.unwrap(), Fenced::Stale);
}

pub async fn a_lost_assessment_is_fenced(place: &dyn Place) {
    let store = place.open().await;
    let id = created(&store, "a").await;
    let late = held(&store, 0).await;
    let seen = AssessmentStep {
        session: body("one"),
        comparisons: vec![comparison(0, "zero")],
        log: vec![entry(0, 1, "first")],
        ..next_step(&late, 1)
    };
    assert_eq!(store.step_assessment(AssessmentStep { next_at: at(0), ..seen }).await.unwrap(), Fenced::Done);
    // The process dies; another one finds it.
    drop(store);
    let store = place.open().await;
    assert_eq!(claimed(&store, 59, 10).await, [], "its lease outlives the process");
    let now = held(&store, 60).await;
    assert_eq!((now.id, now.session.clone()), (id, body("one")));
    assert!(now.epoch > late.epoch);
    for state in [AssessmentState::Running, AssessmentState::Completed] {
        let step = AssessmentStep {
            state,
            session: body("late"),
            view: body("late"),
            comparisons: vec![comparison(0, "late"), comparison(1, "late")],
            log: vec![entry(1, 61, "late")],
            events: vec![event("results", "late", "late")],
            next_at: at(9_000),
            release: true,
            ..next_step(&late, 61)
        };
        assert_eq!(store.step_assessment(step).await.unwrap(), Fenced::Stale);
    }
    assert_eq!(store.renew_assessment(id, late.epoch, at(900)).await.unwrap(), Fenced::Stale);
    let row = store.assessment(id).await.unwrap().unwrap();
    assert_eq!((row.state, row.view, row.updated_at), (AssessmentState::Running, body("view"), at(1)));
    assert_eq!(store.comparisons(id, 0, 10).await.unwrap(), [comparison(0, "zero")]);
    assert_eq!(store.assessment_log(id, 0, 10).await.unwrap(), [entry(0, 1, "first")]);
    assert_eq!(topic(&store, "results").await, [] as [&str; 0]);
    // The holder still holds it, and finds what it had.
    assert_eq!(store.renew_assessment(id, now.epoch, at(120)).await.unwrap(), Fenced::Done);
    let again = store.claim_assessments(at(120), at(180), 1).await.unwrap().remove(0);
    assert_eq!(again.session, body("one"));
}

pub async fn a_step_is_stored_whole(place: &dyn Place) {
    let store = place.open().await;
    let id = created(&store, "a").await;
    let leased = held(&store, 0).await;
    let step = AssessmentStep {
        session: body("s1"),
        view: body("v1"),
        comparisons: vec![comparison(0, "zero"), comparison(1, "")],
        log: vec![entry(0, 3, "first"), entry(1, 4, "second")],
        events: vec![
            event("results", "e1", "one"),
            event("other", "e2", ""),
            event("results", "e3", "three"),
        ],
        next_at: at(80),
        release: true,
        ..next_step(&leased, 5)
    };
    assert_eq!(store.step_assessment(step.clone()).await.unwrap(), Fenced::Done);
    assert_eq!(store.step_assessment(step).await.unwrap(), Fenced::Stale, "its lease is given back");
    drop(store);
    let store = place.open().await;
    let row = store.assessment(id).await.unwrap().unwrap();
    assert_eq!((row.state, row.view, row.created_at), (AssessmentState::Running, body("v1"), at(0)));
    assert_eq!((row.updated_at, row.ended_at), (at(5), None));
    assert_eq!(store.comparisons(id, 0, 10).await.unwrap(), [comparison(0, "zero"), comparison(1, "")]);
    assert_eq!(store.assessment_log(id, 0, 10).await.unwrap(), [entry(0, 3, "first"), entry(1, 4, "second")]);
    assert_eq!(topic(&store, "results").await, ["e1", "e3"]);
    let other = store.read("other", 0, 10).await.unwrap();
    assert_eq!((other.len(), other[0].id.as_str(), other[0].body.len()), (1, "e2", 0));
    assert_eq!(claimed(&store, 79, 10).await, []);
    let again = held(&store, 80).await;
    assert_eq!((again.session, again.spec), (body("s1"), body("spec")));
}

pub async fn an_ended_assessment_never_runs_again(place: &dyn Place) {
    use AssessmentState::{Cancelled, Completed, Failed};
    let store = place.open().await;
    for state in [Completed, Failed, Cancelled] {
        let id = created(&store, state.as_str()).await;
        let leased = held(&store, 0).await;
        // It lets go by ending, asked to or not.
        let end = AssessmentStep { state, view: body("end"), next_at: at(0), ..next_step(&leased, 7) };
        assert_eq!(store.step_assessment(end.clone()).await.unwrap(), Fenced::Done);
        for epoch in 0..4 {
            let again = AssessmentStep {
                epoch,
                state: AssessmentState::Running,
                view: body("again"),
                comparisons: vec![comparison(0, "again")],
                ..end.clone()
            };
            assert_eq!(store.step_assessment(again).await.unwrap(), Fenced::Stale);
            assert_eq!(store.renew_assessment(id, epoch, at(900)).await.unwrap(), Fenced::Stale);
        }
        assert!(store.tell_assessment(id, event("t", state.as_str(), ""), at(8)).await.unwrap());
        assert_eq!(claimed(&store, 9_000, 10).await, []);
        let row = store.assessment(id).await.unwrap().unwrap();
        assert_eq!((row.state, row.view), (state, body("end")));
        assert_eq!((row.updated_at, row.ended_at), (at(7), Some(at(7))));
        assert_eq!(store.comparisons(id, 0, 10).await.unwrap(), []);
    }
    assert_eq!(
        topic(&store, "t").await,
        ["completed", "failed", "cancelled"],
        "it is published all the same"
    );
}

pub async fn who_is_told_is_due(place: &dyn Place) {
    let store = place.open().await;
    let (id, other) = (created(&store, "a").await, created(&store, "b").await);
    for leased in store.claim_assessments(at(0), at(60), 10).await.unwrap() {
        let wait = AssessmentStep {
            next_at: at(5_000),
            release: true,
            events: vec![event("t", &leased.id.to_string(), "")],
            ..next_step(&leased, 1)
        };
        assert_eq!(store.step_assessment(wait).await.unwrap(), Fenced::Done);
    }
    assert_eq!(claimed(&store, 100, 10).await, []);
    assert!(store.tell_assessment(id, event("t", "told", "hello"), at(100)).await.unwrap());
    let events = store.read("t", 0, 10).await.unwrap();
    let ids: Vec<_> = events.iter().map(|event| event.id.clone()).collect();
    assert_eq!(ids, [id.to_string(), other.to_string(), "told".into()], "it comes after what was there");
    assert_eq!(events[2].body, b"hello");
    assert_eq!(claimed(&store, 99, 10).await, []);
    assert_eq!(claimed(&store, 100, 10).await, [id], "and nobody else");
    let nobody = AssessmentId(Uuid::now_v7());
    assert!(!store.tell_assessment(nobody, event("t", "nobody", ""), at(100)).await.unwrap());
    assert_eq!(topic(&store, "t").await.len(), 3, "nothing is published of what is not there");
}

/// A holder that read the topic before the event must not put the assessment off beyond it.
pub async fn who_is_told_while_held_is_due_when_let_go(place: &dyn Place) {
    let store = place.open().await;
    let id = created(&store, "a").await;
    let leased = held(&store, 0).await;
    assert!(store.tell_assessment(id, event("t", "told", ""), at(10)).await.unwrap());
    assert_eq!(claimed(&store, 20, 10).await, [], "it is held");
    let between = AssessmentStep { next_at: at(5_000), ..next_step(&leased, 20) };
    assert_eq!(store.step_assessment(between.clone()).await.unwrap(), Fenced::Done);
    let let_go = AssessmentStep { release: true, ..between };
    assert_eq!(store.step_assessment(let_go).await.unwrap(), Fenced::Done);
    let again = held(&store, 21).await;
    // Now it was seen, and the holder decides.
    let let_go = AssessmentStep { next_at: at(5_000), release: true, ..next_step(&again, 22) };
    assert_eq!(store.step_assessment(let_go).await.unwrap(), Fenced::Done);
    assert_eq!(claimed(&store, 4_999, 10).await, []);
    // A holder that dies, too.
    let dying = held(&store, 5_000).await;
    let step = AssessmentStep { next_at: at(9_000), ..next_step(&dying, 5_001) };
    assert_eq!(store.step_assessment(step).await.unwrap(), Fenced::Done);
    assert!(store.tell_assessment(id, event("t", "again", ""), at(5_002)).await.unwrap());
    assert_eq!(claimed(&store, 5_060, 10).await, [id]);
}

pub async fn one_event_id_is_published_once(place: &dyn Place) {
    let store = place.open().await;
    let (id, other) = (created(&store, "a").await, created(&store, "b").await);
    assert!(store.tell_assessment(id, event("t", "e1", "first"), at(0)).await.unwrap());
    assert!(store.tell_assessment(other, event("t", "e1", "second"), at(0)).await.unwrap());
    let leased = held(&store, 0).await;
    let step = AssessmentStep {
        view: body("went on"),
        events: vec![event("u", "e1", "third"), event("t", "e2", "new"), event("t", "e2", "newer")],
        ..next_step(&leased, 1)
    };
    assert_eq!(store.step_assessment(step).await.unwrap(), Fenced::Done);
    let events = store.read("t", 0, 10).await.unwrap();
    let seen: Vec<_> = events.iter().map(|event| (event.id.as_str(), event.body.as_slice())).collect();
    assert_eq!(seen, [("e1", b"first".as_slice()), ("e2", b"new".as_slice())]);
    assert_eq!(topic(&store, "u").await, [] as [&str; 0]);
    let row = store.assessment(leased.id).await.unwrap().unwrap();
    assert_eq!(row.view, body("went on"), "the rest of the step is stored");
}

/// Waits for a hint.
async fn hinted(changes: &mut broadcast::Receiver<Change>, want: &Change) {
    let told = async { while changes.recv().await.unwrap() != *want {} };
    assert!(timeout(Duration::from_secs(5), told).await.is_ok(), "{want:?} was never told");
}

pub async fn assessments_are_hinted_at(place: &dyn Place) {
    let store = place.open().await;
    let mut changes = store.changes();
    let id = created(&store, "a").await;
    hinted(&mut changes, &Change::Assessment).await;
    let leased = held(&store, 0).await;
    let step = AssessmentStep { events: vec![event("t", "e", "")], ..next_step(&leased, 1) };
    assert_eq!(store.step_assessment(step).await.unwrap(), Fenced::Done);
    hinted(&mut changes, &Change::Topic("t".into())).await;
    hinted(&mut changes, &Change::Stepped(id)).await;
    store.tell_assessment(id, event("u", "f", ""), at(2)).await.unwrap();
    hinted(&mut changes, &Change::Topic("u".into())).await;
    hinted(&mut changes, &Change::Assessment).await;
    let let_go = AssessmentStep { release: true, next_at: at(900), ..next_step(&leased, 3) };
    assert_eq!(store.step_assessment(let_go).await.unwrap(), Fenced::Done);
    hinted(&mut changes, &Change::Assessment).await;
    // Not due: nothing to tell.
    let leased = held(&store, 4).await;
    let wait = AssessmentStep { release: true, next_at: at(900), ..next_step(&leased, 5) };
    assert_eq!(store.step_assessment(wait).await.unwrap(), Fenced::Done);
    created(&store, "b").await;
    assert_eq!(changes.recv().await.unwrap(), Change::Stepped(id));
    assert_eq!(changes.recv().await.unwrap(), Change::Assessment);
    assert!(changes.is_empty(), "the first one was let go without a word");
}

pub async fn a_step_takes_200_comparisons(place: &dyn Place) {
    let store = place.open().await;
    let id = created(&store, "a").await;
    let leased = held(&store, 0).await;
    let all: Vec<ComparisonRow> = (0..200)
        .map(|number| ComparisonRow { number, body: vec![number as u8; 4_000 + number as usize] })
        .collect();
    let step = AssessmentStep { comparisons: all.clone(), ..next_step(&leased, 1) };
    assert_eq!(store.step_assessment(step).await.unwrap(), Fenced::Done);
    assert_eq!(store.comparisons(id, 0, 1_000).await.unwrap(), all);
}
