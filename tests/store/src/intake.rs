//! Accepting.

use crate::support::{Place, accepted, at, claimed, finish, key, request, settled, state};
use docket_store::{Accepted, Error, Fenced, Load};
use docket_types::RequestState;

pub async fn accepted_is_there_after_reopening(place: &dyn Place) {
    let store = place.open().await;
    let new = request();
    let id = accepted(&store, new.clone()).await;
    // Without a close: as after a crash, only with the memory intact.
    drop(store);
    let store = place.open().await;
    let view = store.get(id).await.unwrap().expect("it was accepted");
    assert_eq!((view.state, view.attempts), (RequestState::Queued, 0));
    assert_eq!((view.payload, view.provider), (new.payload, new.provider));
    assert_eq!((view.accepted_at, view.expires_at), (at(0), at(1_000)));
    assert_eq!((view.outcome, view.batch_id, view.cost.0), (None, None, 0));
    assert_eq!(store.load(), Load { open: 1, queued: 1, bytes: 7 });
}

pub async fn empty_and_large_payloads_come_back_as_they_were(place: &dyn Place) {
    let store = place.open().await;
    let sizes = [0_usize, 1, 100_000, 3_000_000, 0, 9_000_000];
    let mut tasks = Vec::new();
    for (n, size) in sizes.into_iter().enumerate() {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let mut new = request();
            new.payload = vec![u8::try_from(n).unwrap(); size];
            (accepted(&store, new.clone()).await, new.payload)
        }));
    }
    for task in tasks {
        let (id, payload) = task.await.unwrap();
        assert!(store.get(id).await.unwrap().unwrap().payload == payload, "{} bytes", payload.len());
    }
    assert_eq!(store.load().bytes, sizes.iter().sum::<usize>() as u64);
}

pub async fn one_id_is_accepted_once(place: &dyn Place) {
    let store = place.open().await;
    let first = request();
    accepted(&store, first.clone()).await;
    // Together with good ones, which it must not harm.
    let mut tasks = Vec::new();
    for n in 0..40 {
        let (store, new) = (store.clone(), if n % 8 == 0 { first.clone() } else { request() });
        tasks.push(tokio::spawn(async move { (n, store.accept(new).await) }));
    }
    for task in tasks {
        match task.await.unwrap() {
            (n, Err(Error::Internal(_))) if n % 8 == 0 => {}
            (n, Ok(Accepted::New)) if n % 8 != 0 => {}
            (n, answer) => panic!("request {n}: {answer:?}"),
        }
    }
    assert_eq!(store.load().open, 36);
}

pub async fn one_key_is_one_request(place: &dyn Place) {
    let store = place.open().await;
    let mut first = request();
    first.idempotency = key("k", 1);
    let id = accepted(&store, first).await;
    let mut second = request();
    second.idempotency = key("k", 1);
    second.accepted_at = at(5);
    assert_eq!(store.accept(second.clone()).await.unwrap(), Accepted::Replayed { id, accepted_at: at(0) });
    second.idempotency = key("k", 2);
    assert_eq!(store.accept(second.clone()).await.unwrap(), Accepted::KeyConflict);
    assert!(store.get(second.id).await.unwrap().is_none());
    assert_eq!(store.load().open, 1);
}

pub async fn one_key_at_the_same_time_is_one_request(place: &dyn Place) {
    let store = place.open().await;
    let mut tasks = Vec::new();
    for n in 0..48 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let mut new = request();
            new.idempotency = key(&format!("key {}", n % 4), u8::from(n % 4 == 0 && n >= 44));
            (new.id, n, store.accept(new).await.unwrap())
        }));
    }
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    for group in 0..4 {
        let of_key: Vec<_> = answers.iter().filter(|(_, n, _)| n % 4 == group).collect();
        let new: Vec<_> = of_key.iter().filter(|(_, _, answer)| *answer == Accepted::New).collect();
        assert_eq!(new.len(), 1, "key {group}");
        for (id, n, answer) in &of_key {
            match answer {
                Accepted::New => assert_eq!(*id, new[0].0),
                Accepted::Replayed { id, .. } => assert_eq!(*id, new[0].0),
                Accepted::KeyConflict => assert_eq!(group, 0, "request {n} had the same body"),
            }
        }
        let conflicts = of_key.iter().filter(|(_, _, answer)| *answer == Accepted::KeyConflict).count();
        assert_eq!(conflicts > 0, group == 0, "only key 0 was used with two bodies");
    }
    assert_eq!(store.load().open, 4);
}

pub async fn a_key_replays_after_the_end(place: &dyn Place) {
    let store = place.open().await;
    let mut new = request();
    new.idempotency = key("k", 1);
    let id = accepted(&store, new.clone()).await;
    let leased = claimed(&store, 1).await;
    assert_eq!(settled(&store, finish(id, leased.epoch, 2, vec![])).await, Fenced::Done);
    drop(store);
    let store = place.open().await;
    let mut again = request();
    again.idempotency = key("k", 1);
    assert_eq!(store.accept(again).await.unwrap(), Accepted::Replayed { id, accepted_at: at(0) });
    assert_eq!(state(&store, id).await, RequestState::Succeeded);
}

pub async fn keys_of_tenants_are_apart(place: &dyn Place) {
    let store = place.open().await;
    for tenant in ["a", "b"] {
        let mut new = request();
        new.tenant = tenant.into();
        new.idempotency = key("k", 1);
        accepted(&store, new).await;
    }
    assert_eq!(store.load().open, 2);
}
