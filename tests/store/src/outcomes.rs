//! Outcomes: written once, whole, and never changed.

use crate::support::{
    Place, accepted, accepted_many, at, attempt, back, claim, claimed, finish, finished, key, request,
    settled, state, to_topic, to_webhook,
};
use docket_store::{Accepted, DeliveryState, Error, Fenced, Load, Transition};
use docket_types::{MicroUsd, RequestState};

pub async fn an_outcome_is_whole_and_final(place: &dyn Place) {
    let store = place.open().await;
    let id = finished(&store, 1, vec![to_topic("t1", "to the topic"), to_webhook("w1", "to the hook")]).await;
    store.close().await;
    let store = place.open().await;
    let view = store.get(id).await.unwrap().unwrap();
    assert_eq!((view.state, view.attempts, view.cost), (RequestState::Succeeded, 1, MicroUsd(10)));
    assert_eq!((view.outcome.unwrap(), view.updated_at), (b"outcome".to_vec(), at(1)));
    let events = store.read("results", 0, 10).await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].id.as_str(), events[0].body.as_slice()), ("t1", b"to the topic".as_slice()));
    let due = store.claim_deliveries(at(1), at(61), 10).await.unwrap();
    assert_eq!((due.len(), due[0].request_id, due[0].tries), (1, id, 0));
    assert_eq!((due[0].id.as_str(), due[0].body.as_slice()), ("w1", b"to the hook".as_slice()));
    assert_eq!((due[0].url.as_str(), due[0].created_at), ("https://example.org/hook", at(1)));
    assert_eq!(store.load(), Load::default());
    // Nothing moves it any more.
    assert!(store.take(id, at(2), at(62)).await.unwrap().is_none());
    assert!(store.claim(claim(2, 10)).await.unwrap().is_empty());
    assert!(store.claim_expired(at(9_000), at(9_060), 10).await.unwrap().is_empty());
    assert_eq!(store.wake_due(at(9_000)).await.unwrap(), docket_store::Woken::default());
    for epoch in 0..4 {
        assert_eq!(settled(&store, finish(id, epoch, 3, vec![])).await, Fenced::Stale);
        assert_eq!(settled(&store, back(id, epoch, 3, Transition::Release)).await, Fenced::Stale);
    }
    let after = store.get(id).await.unwrap().unwrap();
    assert_eq!((after.state, after.updated_at, after.cost), (view.state, at(1), MicroUsd(10)));
}

pub async fn a_late_worker_changes_nothing(place: &dyn Place) {
    let store = place.open().await;
    let id = accepted(&store, request()).await;
    let late = claimed(&store, 0).await;
    store.wake_due(at(60)).await.unwrap();
    let now = claimed(&store, 61).await;
    let deliveries = vec![to_topic("late", "late"), to_webhook("late", "late")];
    assert_eq!(settled(&store, finish(id, late.epoch, 62, deliveries)).await, Fenced::Stale);
    assert_eq!(settled(&store, back(id, late.epoch, 62, Transition::RetryAt(at(99)))).await, Fenced::Stale);
    let view = store.get(id).await.unwrap().unwrap();
    assert_eq!((view.state, view.cost, view.outcome), (RequestState::Running, MicroUsd(0), None));
    assert!(store.read("results", 0, 10).await.unwrap().is_empty());
    assert!(store.list_deliveries(DeliveryState::Pending, 10).await.unwrap().is_empty());
    assert_eq!((store.load().open, store.load().queued), (1, 0));
    assert!(
        store.renew(vec![(id, now.epoch)], at(200)).await.unwrap().is_empty(),
        "the holder still holds it"
    );
}

pub async fn a_stale_member_does_not_harm_its_group(place: &dyn Place) {
    let store = place.open().await;
    accepted_many(&store, 5).await;
    let mine = store.claim(claim(1, 5)).await.unwrap();
    store.take(mine[1].id, at(2), at(62)).await.unwrap().unwrap();
    let mut group: Vec<_> = mine.iter().map(|leased| finish(leased.id, leased.epoch, 3, vec![])).collect();
    group[3] = finish(request().id, 1, 3, vec![]);
    group[4].transition = Transition::RetryAt(at(50));
    let answers = store.settle(group).await.unwrap();
    assert_eq!(answers, [Fenced::Done, Fenced::Stale, Fenced::Done, Fenced::Stale, Fenced::Done]);
    let mut states = Vec::new();
    for leased in &mine {
        states.push(state(&store, leased.id).await);
    }
    use RequestState::{Running, Succeeded, Waiting};
    assert_eq!(states, [Succeeded, Running, Succeeded, Running, Waiting]);
    assert!(store.settle(vec![]).await.unwrap().is_empty());
}

pub async fn settling_twice_in_one_call_counts_once(place: &dyn Place) {
    let store = place.open().await;
    let id = accepted(&store, request()).await;
    let leased = claimed(&store, 1).await;
    let mut second = finish(id, leased.epoch, 2, vec![to_topic("b", "b")]);
    second.transition = Transition::RetryAt(at(99));
    let group = vec![finish(id, leased.epoch, 2, vec![to_topic("a", "a")]), second];
    assert_eq!(store.settle(group).await.unwrap(), [Fenced::Done, Fenced::Stale]);
    let view = store.get(id).await.unwrap().unwrap();
    assert_eq!((view.state, view.cost), (RequestState::Succeeded, MicroUsd(10)));
    assert_eq!(store.read("results", 0, 10).await.unwrap().len(), 1);
}

pub async fn a_state_that_is_no_end_is_refused(place: &dyn Place) {
    let store = place.open().await;
    let id = accepted(&store, request()).await;
    let leased = claimed(&store, 1).await;
    let transition = Transition::Finish { state: RequestState::Waiting, outcome: vec![], deliveries: vec![] };
    let answer = store.settle(vec![back(id, leased.epoch, 2, transition)]).await;
    assert!(matches!(answer, Err(Error::Internal(_))), "{answer:?}");
    assert_eq!(state(&store, id).await, RequestState::Running);
}

pub async fn costs_of_all_attempts_add_up(place: &dyn Place) {
    let store = place.open().await;
    let id = accepted(&store, request()).await;
    for (number, cost) in [(1, 100), (2, 20), (3, 3)] {
        let leased = claimed(&store, u64::from(number)).await;
        assert_eq!(leased.attempt, number);
        let transition = match number {
            3 => Transition::Finish {
                state: RequestState::Failed,
                outcome: b"no".to_vec(),
                deliveries: vec![],
            },
            _ => Transition::RetryAt(at(0)),
        };
        let mut settlement = back(id, leased.epoch, u64::from(number), transition);
        settlement.attempt = Some(attempt(number, cost));
        assert_eq!(settled(&store, settlement.clone()).await, Fenced::Done);
        assert_eq!(settled(&store, settlement).await, Fenced::Stale, "a second report costs nothing");
    }
    let view = store.get(id).await.unwrap().unwrap();
    assert_eq!((view.state, view.attempts, view.cost), (RequestState::Failed, 3, MicroUsd(123)));
}

pub async fn pruning_deletes_what_is_over_and_delivered(place: &dyn Place) {
    let store = place.open().await;
    let plain = finished(&store, 10, vec![to_topic("t", "t")]).await;
    let pending = finished(&store, 11, vec![to_webhook("pending", "p")]).await;
    let done = finished(&store, 12, vec![to_webhook("done", "d")]).await;
    let dead = finished(&store, 13, vec![to_webhook("dead", "x")]).await;
    let young = finished(&store, 50, vec![]).await;
    store.delivered("done", at(14)).await.unwrap();
    store.undelivered("dead", None, "410").await.unwrap();
    let mut keyed = request();
    keyed.idempotency = key("k", 1);
    let open = accepted(&store, keyed.clone()).await;
    assert_eq!(store.prune(at(50), 1).await.unwrap(), 1, "the oldest first");
    assert!(store.get(plain).await.unwrap().is_none());
    assert!(store.read("results", 0, 10).await.unwrap().is_empty(), "its event went with it");
    assert_eq!(store.prune(at(50), 100).await.unwrap(), 1);
    assert!(store.get(done).await.unwrap().is_none());
    assert_eq!(store.prune(at(50), 100).await.unwrap(), 0);
    for kept in [pending, dead, young, open] {
        assert!(store.get(kept).await.unwrap().is_some());
    }
    assert_eq!(store.load(), Load { open: 1, queued: 1, bytes: 7 });
    // A key lives as long as its request.
    let leased = claimed(&store, 60).await;
    settled(&store, finish(open, leased.epoch, 60, vec![])).await;
    assert_eq!(store.prune(at(100), 100).await.unwrap(), 2);
    keyed.id = request().id;
    assert_eq!(store.accept(keyed).await.unwrap(), Accepted::New);
}
