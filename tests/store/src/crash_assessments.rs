//! Assessments that pass every crash point, and what must be true of them wherever they were cut off.

use crate::crash::named;
use crate::support::{at, body, comparison, entry, event, new_assessment, next_step};
use docket_store::{
    AssessmentRow, AssessmentState, AssessmentStep, Created, Fenced, Resource, Result, SharedStore,
};
use std::collections::HashSet;

/// The topic of their events.
const TOPIC: &str = "steps";

/// Two assessments, one of which ends. Acknowledgements go to standard output.
pub async fn assess(store: &SharedStore, now: u64) -> Result<()> {
    for name in ["ends", "stays"] {
        let mut new = new_assessment(&format!("{name} {now}"));
        (new.now, new.spec) = (at(now), body(name));
        let id = new.id;
        if store.create_assessment(new).await? == Created::New {
            println!("created {id}");
        }
        store.tell_assessment(id, event(TOPIC, &format!("{id} told"), ""), at(now)).await?;
        println!("told {id}");
    }
    for leased in store.claim_assessments(at(now), at(now + 5), 2).await? {
        store.renew_assessment(leased.id, leased.epoch, at(now + 5)).await?;
        for n in 0..2 {
            let over = leased.spec == b"ends" && n == 1;
            let step = AssessmentStep {
                state: if over { AssessmentState::Completed } else { AssessmentState::Running },
                view: body(&(n + 1).to_string()),
                session: vec![n as u8; 10_000],
                comparisons: (0..4).map(|i| comparison(n * 2 + i, &n.to_string())).collect(),
                log: vec![entry(n, now, "")],
                events: vec![event(TOPIC, &format!("{} {n}", leased.id), "")],
                next_at: at(40_000),
                release: n == 1,
                ..next_step(&leased, now)
            };
            if store.step_assessment(step).await? == Fenced::Done {
                println!("stepped{n} {}", leased.id);
            }
        }
    }
    let (kind, scope, key) = ("rubric", "", "key");
    let text = now.to_string();
    let resource = Resource {
        kind: kind.into(),
        scope: scope.into(),
        key: key.into(),
        body: body(&text),
        updated_at: at(now),
    };
    store.put_resource(resource).await?;
    println!("put {text}");
    store.delete_resource(kind, scope, key).await?;
    println!("deleted {text}");
    Ok(())
}

/// Everything that was acknowledged is there, and no step is half there.
pub async fn check(store: &SharedStore, acknowledged: &[(String, String)]) {
    let events = store.read(TOPIC, 0, 1_000).await.unwrap();
    let published: HashSet<&str> = events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(published.len(), events.len(), "an event twice");
    for id in named(acknowledged, "told") {
        assert!(published.contains(format!("{id} told").as_str()), "{id} was told");
    }
    let rows = store.list_assessments(None, 100).await.unwrap();
    for id in named(acknowledged, "created") {
        assert!(rows.iter().any(|row| row.id.to_string() == id), "{id} was created");
    }
    for row in &rows {
        let steps = whole(store, row, &published).await;
        for n in 0..2 {
            let said = named(acknowledged, &format!("stepped{n}")).any(|id| id == row.id.to_string());
            assert!(!said || steps > n, "step {n} of {} was stored", row.id);
        }
    }
    resource(store, acknowledged).await;
}

/// How many steps an assessment made; each has left all of its traces.
async fn whole(store: &SharedStore, row: &AssessmentRow, published: &HashSet<&str>) -> u32 {
    let steps = match row.view.as_slice() {
        b"view" => 0,
        b"1" => 1,
        b"2" => 2,
        other => panic!("a view of {other:?}"),
    };
    let name = store.assessment_spec(row.id).await.unwrap().expect("it comes with its spec");
    let over = name == b"ends" && steps == 2;
    assert_eq!(row.state == AssessmentState::Completed, over, "{}: its end comes with its last step", row.id);
    let numbers = store.comparisons(row.id, 0, 100).await.unwrap();
    let text = |n| if steps == 2 && n >= 2 { "1" } else { "0" };
    let want: Vec<_> = (0..[0, 4, 6][steps as usize]).map(|n| comparison(n, text(n))).collect();
    assert_eq!(numbers, want, "{} after {steps} steps", row.id);
    assert_eq!(store.assessment_log(row.id, 0, 100).await.unwrap().len(), steps as usize);
    for n in 0..2 {
        assert_eq!(published.contains(format!("{} {n}", row.id).as_str()), steps > n, "{} event {n}", row.id);
    }
    steps
}

/// The resource is there or not, as was said last; one more may have been done and not acknowledged.
async fn resource(store: &SharedStore, acknowledged: &[(String, String)]) {
    let found = store.resource("rubric", "", "key").await.unwrap();
    let last = acknowledged.iter().rfind(|(word, _)| word == "put" || word == "deleted");
    match (last, found) {
        (Some((word, text)), Some(found)) => {
            assert_eq!(found.body == text.as_bytes(), word == "put", "{word} {text}, and {found:?} is there");
        }
        (None, Some(found)) => assert_eq!(found.body, b"0"),
        (_, None) => {}
    }
}

/// After a restart, everything that runs can still be brought to its end.
pub async fn end_all(store: &SharedStore) {
    let late = 50_000;
    for leased in store.claim_assessments(at(late), at(late + 60), 100).await.unwrap() {
        let end = AssessmentStep { state: AssessmentState::Cancelled, ..next_step(&leased, late) };
        assert_eq!(store.step_assessment(end).await.unwrap(), Fenced::Done);
    }
    let rows = store.list_assessments(None, 100).await.unwrap();
    assert!(rows.iter().all(|row| row.state != AssessmentState::Running), "nothing is stuck");
}
