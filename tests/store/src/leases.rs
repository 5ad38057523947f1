//! Claiming, renewing, losing, taking and expiring.

use crate::support::{
    Place, accepted, accepted_many, at, back, claim, claimed, finish, request, settled, state,
};
use docket_store::{CompatKey, Fenced, Transition};
use docket_types::{ProviderName, RequestState};
use std::collections::HashSet;

pub async fn eight_claimers_get_each_request_once(place: &dyn Place) {
    let store = place.open().await;
    let ids: HashSet<_> = accepted_many(&store, 200).await.into_iter().collect();
    let mut tasks = Vec::new();
    for worker in 0..8 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let mut ask = claim(1, 3);
                ask.worker = format!("worker-{worker}");
                let got = store.claim(ask).await.unwrap();
                if got.is_empty() {
                    return mine;
                }
                mine.extend(got);
            }
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    assert_eq!(all.len(), 200, "none twice");
    assert_eq!(all.iter().map(|leased| leased.id).collect::<HashSet<_>>(), ids, "none left");
    assert!(all.iter().all(|leased| leased.attempt == 1 && leased.payload == b"payload"));
    assert_eq!((store.load().open, store.load().queued), (200, 0));
}

pub async fn priority_comes_first_and_then_age(place: &dyn Place) {
    let store = place.open().await;
    let mut ids = Vec::new();
    for (age, priority) in [5, 8, 0, 8, 10, 5].into_iter().enumerate() {
        let mut new = request();
        new.priority = priority;
        new.accepted_at = at(age as u64);
        ids.push(accepted(&store, new).await);
    }
    let mut got = Vec::new();
    got.extend(store.claim(claim(10, 4)).await.unwrap());
    got.extend(store.claim(claim(10, 4)).await.unwrap());
    let order: Vec<_> = got.iter().map(|leased| leased.id).collect();
    assert_eq!(order, [4, 1, 3, 0, 5, 2].map(|n| ids[n]));
    assert_eq!(got[0].priority, 10);
}

pub async fn a_claim_stays_with_its_provider(place: &dyn Place) {
    let store = place.open().await;
    let mut other = request();
    other.provider = ProviderName::from("openai");
    other.priority = 10;
    let other = accepted(&store, other).await;
    let mine = accepted(&store, request()).await;
    let got = store.claim(claim(1, 10)).await.unwrap();
    assert_eq!(got.iter().map(|leased| leased.id).collect::<Vec<_>>(), [mine]);
    assert_eq!(state(&store, other).await, RequestState::Queued);
}

pub async fn compatible_requests_are_claimed_up_to_64(place: &dyn Place) {
    let store = place.open().await;
    // Every third is of another kind, and better: a scan of the first few would miss most of the rest.
    for n in 0..150 {
        let mut new = request();
        new.compat = CompatKey(if n % 3 == 0 { -7 } else { i64::MAX });
        new.priority = if n % 3 == 0 { 9 } else { 1 };
        accepted(&store, new).await;
    }
    let mut ask = claim(1, 64);
    ask.compat = Some(CompatKey(i64::MAX));
    let got = store.claim(ask.clone()).await.unwrap();
    assert_eq!(got.len(), 64);
    assert!(got.iter().all(|leased| leased.compat == CompatKey(i64::MAX)));
    assert_eq!(store.claim(ask.clone()).await.unwrap().len(), 36);
    assert!(store.claim(ask).await.unwrap().is_empty());
    assert_eq!(store.load().queued, 50);
}

pub async fn retries_wait_for_their_time(place: &dyn Place) {
    let store = place.open().await;
    let id = accepted(&store, request()).await;
    let first = claimed(&store, 1).await;
    let retry = back(id, first.epoch, 2, Transition::RetryAt(at(30)));
    assert_eq!(settled(&store, retry).await, Fenced::Done);
    assert_eq!(state(&store, id).await, RequestState::Waiting);
    assert_eq!(store.load().queued, 1);
    assert!(store.claim(claim(29, 1)).await.unwrap().is_empty());
    let woken = store.wake_due(at(29)).await.unwrap();
    assert_eq!((woken.retried, woken.next_at), (0, Some(at(30))));
    let woken = store.wake_due(at(30)).await.unwrap();
    assert_eq!((woken.retried, woken.reclaimed, woken.next_at), (1, 0, None));
    let second = claimed(&store, 31).await;
    assert_eq!((second.attempt, second.ready_at, second.lost_leases), (2, at(30), 0));
    assert!(second.epoch > first.epoch);
    // A retry time that has passed needs no waking.
    let now = back(id, second.epoch, 40, Transition::RetryAt(at(40)));
    assert_eq!(settled(&store, now).await, Fenced::Done);
    assert_eq!(claimed(&store, 40).await.attempt, 3);
}

pub async fn a_release_gives_the_attempt_back(place: &dyn Place) {
    let store = place.open().await;
    let id = accepted(&store, request()).await;
    let first = claimed(&store, 1).await;
    assert_eq!(settled(&store, back(id, first.epoch, 2, Transition::Release)).await, Fenced::Done);
    assert_eq!(store.get(id).await.unwrap().unwrap().attempts, 0);
    let second = claimed(&store, 3).await;
    assert_eq!((second.attempt, second.ready_at), (1, first.ready_at));
    assert!(second.epoch > first.epoch);
    // One that was taken away had no attempt to give back.
    let taken = store.take(id, at(4), at(64)).await.unwrap().unwrap();
    assert_eq!(settled(&store, back(id, taken.epoch, 5, Transition::Release)).await, Fenced::Done);
    assert_eq!(store.get(id).await.unwrap().unwrap().attempts, 1);
}

pub async fn renewed_leases_hold_and_lost_ones_are_named(place: &dyn Place) {
    let store = place.open().await;
    accepted_many(&store, 3).await;
    let mine = store.claim(claim(0, 3)).await.unwrap();
    let leases: Vec<_> = mine.iter().map(|leased| (leased.id, leased.epoch)).collect();
    assert!(store.renew(leases.clone(), at(100)).await.unwrap().is_empty());
    assert_eq!(
        store.wake_due(at(70)).await.unwrap().reclaimed,
        0,
        "the old end has passed, the new one has not"
    );
    store.take(leases[0].0, at(71), at(200)).await.unwrap().unwrap();
    assert_eq!(settled(&store, finish(leases[1].0, leases[1].1, 72, vec![])).await, Fenced::Done);
    assert_eq!(store.renew(leases.clone(), at(300)).await.unwrap(), [leases[0].0, leases[1].0]);
    assert_eq!(
        store.wake_due(at(200)).await.unwrap().reclaimed,
        1,
        "a late heartbeat does not extend the canceller's"
    );
    assert_eq!(state(&store, leases[2].0).await, RequestState::Running);
}

pub async fn a_lost_lease_is_counted_and_its_holder_is_late(place: &dyn Place) {
    let store = place.open().await;
    let id = accepted(&store, request()).await;
    let first = claimed(&store, 0).await;
    assert_eq!(store.wake_due(at(59)).await.unwrap().next_at, Some(at(60)));
    let woken = store.wake_due(at(60)).await.unwrap();
    assert_eq!((woken.reclaimed, woken.retried), (1, 0));
    assert_eq!(
        settled(&store, finish(id, first.epoch, 61, vec![])).await,
        Fenced::Stale,
        "before the next claim"
    );
    let second = claimed(&store, 62).await;
    assert_eq!((second.attempt, second.lost_leases, second.ready_at), (2, 1, at(60)));
    assert_eq!(settled(&store, finish(id, first.epoch, 63, vec![])).await, Fenced::Stale, "and after it");
    assert_eq!(settled(&store, back(id, first.epoch, 63, Transition::Release)).await, Fenced::Stale);
    assert_eq!(store.renew(vec![(id, first.epoch)], at(900)).await.unwrap(), [id]);
    let view = store.get(id).await.unwrap().unwrap();
    assert_eq!((view.state, view.attempts, view.outcome), (RequestState::Running, 2, None));
    assert_eq!(settled(&store, finish(id, second.epoch, 64, vec![])).await, Fenced::Done);
}

pub async fn expired_requests_are_leased_for_expiring(place: &dyn Place) {
    let store = place.open().await;
    let mut ids = Vec::new();
    for expires in [10, 20, 30] {
        let mut new = request();
        new.expires_at = at(expires);
        ids.push(accepted(&store, new).await);
    }
    // The first runs, the second waits for a retry far away.
    let running = claimed(&store, 1).await;
    let second = claimed(&store, 1).await;
    assert_eq!((running.id, second.id), (ids[0], ids[1]));
    settled(&store, back(second.id, second.epoch, 2, Transition::RetryAt(at(500)))).await;
    assert!(store.claim_expired(at(19), at(80), 10).await.unwrap().is_empty(), "what runs is not expired");
    assert!(store.claim(claim(30, 10)).await.unwrap().is_empty(), "what is over is not handed out");
    let got = store.claim_expired(at(30), at(90), 1).await.unwrap();
    assert_eq!(got.iter().map(|leased| leased.id).collect::<Vec<_>>(), [ids[1]]);
    assert_eq!(got[0].attempt, 1, "expiring is no attempt");
    let rest = store.claim_expired(at(30), at(90), 10).await.unwrap();
    assert_eq!(rest.iter().map(|leased| leased.id).collect::<Vec<_>>(), [ids[2]]);
    assert_eq!((store.load().open, store.load().queued), (3, 0));
    let expire = |epoch| {
        let outcome = b"expired".to_vec();
        let transition = Transition::Finish { state: RequestState::Expired, outcome, deliveries: vec![] };
        back(ids[1], epoch, 31, transition)
    };
    assert_eq!(settled(&store, expire(second.epoch)).await, Fenced::Stale);
    assert_eq!(settled(&store, expire(got[0].epoch)).await, Fenced::Done);
    assert_eq!(state(&store, ids[1]).await, RequestState::Expired);
}

pub async fn taking_wins_from_every_open_state(place: &dyn Place) {
    let store = place.open().await;
    let ids = accepted_many(&store, 3).await;
    let running = claimed(&store, 1).await;
    let waiting = claimed(&store, 1).await;
    settled(&store, back(waiting.id, waiting.epoch, 2, Transition::RetryAt(at(500)))).await;
    for id in &ids {
        let taken = store.take(*id, at(3), at(63)).await.unwrap().expect("it is open");
        assert_eq!((taken.id, state(&store, *id).await), (*id, RequestState::Running));
        let again = store.take(*id, at(4), at(64)).await.unwrap().expect("still open");
        assert!(again.epoch > taken.epoch);
        assert_eq!(settled(&store, finish(*id, taken.epoch, 5, vec![])).await, Fenced::Stale);
        assert_eq!(settled(&store, finish(*id, again.epoch, 5, vec![])).await, Fenced::Done);
        assert!(store.take(*id, at(6), at(66)).await.unwrap().is_none(), "it is over");
    }
    assert_eq!(settled(&store, finish(running.id, running.epoch, 7, vec![])).await, Fenced::Stale);
    assert!(store.take(request().id, at(6), at(66)).await.unwrap().is_none(), "unknown");
    assert_eq!((store.load().open, store.load().queued, store.load().bytes), (0, 0, 0));
}

pub async fn a_cancel_and_a_result_race_for_one_outcome(place: &dyn Place) {
    let store = place.open().await;
    for round in 0..20 {
        let id = accepted(&store, request()).await;
        let leased = claimed(&store, 1).await;
        let (canceller, worker) = (store.clone(), store.clone());
        let cancel = tokio::spawn(async move {
            let taken = canceller.take(id, at(2), at(62)).await.unwrap()?;
            let outcome = b"cancelled".to_vec();
            let transition =
                Transition::Finish { state: RequestState::Cancelled, outcome, deliveries: vec![] };
            Some(settled(&canceller, back(id, taken.epoch, 3, transition)).await)
        });
        let work = tokio::spawn(async move { settled(&worker, finish(id, leased.epoch, 2, vec![])).await });
        let (cancelled, worked) = (cancel.await.unwrap(), work.await.unwrap());
        let view = store.get(id).await.unwrap().unwrap();
        match worked {
            Fenced::Done => {
                assert_eq!((cancelled, view.state), (None, RequestState::Succeeded), "round {round}");
                assert_eq!(view.outcome.unwrap(), b"outcome");
            }
            Fenced::Stale => {
                assert_eq!(
                    (cancelled, view.state),
                    (Some(Fenced::Done), RequestState::Cancelled),
                    "round {round}"
                );
                assert_eq!(view.outcome.unwrap(), b"cancelled");
            }
        }
    }
    assert_eq!(store.load().open, 0);
}
