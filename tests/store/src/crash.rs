//! Work that passes every crash point, and what must be true of the store wherever it was cut off.

use crate::crash_assessments::assess;
use crate::support::{at, back, claim, finish, request, to_topic, to_webhook};
use docket_store::{
    DeliveryState, Fenced, JobState, Leased, NewBatch, Requests, Result, Settlement, SharedStore, Transition,
};
use docket_types::{BatchId, ProviderName, RequestId, RequestState};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Rounds of everything that can be asked of a store. Acknowledgements go to standard output.
pub async fn work(store: &SharedStore) -> Result<()> {
    for round in 0..3_u64 {
        let now = 10 * round;
        for _ in 0..6 {
            let mut new = request();
            new.expires_at = at(100_000);
            let id = new.id;
            store.accept(new).await?;
            println!("accepted {id}");
        }
        let leased = store.claim(claim(now, 6)).await?;
        store.renew(leases(&leased), at(now + 60)).await?;
        settle(store, done(&leased[0], now, true)).await?;
        settle(store, back(leased[1].id, leased[1].epoch, now, Transition::RetryAt(at(now + 1)))).await?;
        if let Some(taken) = store.take(leased[2].id, at(now), at(now + 60)).await? {
            settle(store, done(&taken, now, false)).await?;
        }
        job(store, &leased[3..], now).await?;
        deliver(store, now).await?;
        store.wake_due(at(now + 2)).await?;
        store.claim_expired(at(now + 2), at(now + 60), 5).await?;
        assess(store, now).await?;
        let pruned = store.prune(at(0), 1).await?;
        println!("pruned {pruned}");
    }
    Ok(())
}

fn leases(leased: &[Leased]) -> Vec<(RequestId, i64)> {
    leased.iter().map(|leased| (leased.id, leased.epoch)).collect()
}

/// A successful end with one event and perhaps one webhook, whose ids are the request's.
fn done(leased: &Leased, now: u64, hook: bool) -> Settlement {
    let id = leased.id.to_string();
    let mut deliveries = vec![to_topic(&id, &id)];
    if hook {
        deliveries.push(to_webhook(&id, &id));
    }
    finish(leased.id, leased.epoch, now, deliveries)
}

async fn settle(store: &SharedStore, settlement: Settlement) -> Result<()> {
    let (id, ends) = (settlement.id, matches!(settlement.transition, Transition::Finish { .. }));
    if store.settle(vec![settlement]).await? == [Fenced::Done] && ends {
        println!("ended {id}");
    }
    Ok(())
}

async fn job(store: &SharedStore, members: &[Leased], now: u64) -> Result<()> {
    let id = BatchId(Uuid::now_v7());
    let batch = NewBatch {
        id,
        provider: ProviderName::from("mock"),
        model: "m".into(),
        adapter: "a".into(),
        members: leases(members),
        now: at(now),
    };
    store.plan(batch).await?;
    println!("planned {id}");
    for job in store.claim_jobs(at(now), at(now + 60), 10).await? {
        store.renew_job(job.id, job.epoch, at(now + 61)).await?;
        let mut step = job.step.clone();
        (step.seq, step.in_doubt, step.effect) = (1, true, Some(b"create".to_vec()));
        store.save_step(job.id, job.epoch, step, false).await?;
        println!("intended {}", job.id);
        for member in store.members(job.id, None, 100).await? {
            settle(store, done(&member, now, false)).await?;
        }
        store.finish_job(job.id, job.epoch, JobState::Completed, at(now)).await?;
        println!("finished {}", job.id);
    }
    Ok(())
}

async fn deliver(store: &SharedStore, now: u64) -> Result<()> {
    for delivery in store.claim_deliveries(at(now), at(now + 60), 1).await? {
        store.postpone(&delivery.id, at(now)).await?;
        store.undelivered(&delivery.id, Some(at(now)), "503").await?;
        store.delivered(&delivery.id, at(now)).await?;
        println!("delivered {}", delivery.id);
        store.redeliver(&delivery.id, at(now)).await?;
        store.delivered(&delivery.id, at(now)).await?;
    }
    Ok(())
}

/// Everything that was acknowledged is there, and nothing is half there.
pub async fn check(store: &SharedStore, acknowledged: &[(String, String)]) {
    crate::crash_assessments::check(store, acknowledged).await;
    let events = store.read("results", 0, 10_000).await.unwrap();
    let event_of: HashMap<String, usize> =
        events.iter().map(|event| (event.id.clone(), event.body.len())).collect();
    assert_eq!(event_of.len(), events.len(), "an event twice");
    let mut open = 0;
    let ended: HashSet<&str> = named(acknowledged, "ended").collect();
    for id in named(acknowledged, "accepted") {
        let view = store.get(id.parse().unwrap()).await.unwrap().expect("it was accepted");
        let over = view.state == RequestState::Succeeded;
        assert!(over || !ended.contains(id), "{id} had ended and is {}", view.state);
        assert_eq!(view.outcome.is_some(), over, "{id}: its outcome comes with its state");
        assert_eq!(view.cost.0, if over { 10 } else { 0 }, "{id}: its cost comes once, with its outcome");
        assert_eq!(event_of.contains_key(id), over, "{id}: its event comes with its outcome");
        open += u64::from(!over);
    }
    // One more may have been stored and not acknowledged.
    assert!(
        (open..=open + 1).contains(&store.load().open),
        "{} open, the counter says {}",
        open,
        store.load().open
    );
    for job in named(acknowledged, "planned") {
        assert!(store.get_job(job.parse().unwrap()).await.unwrap().is_some(), "job {job}");
    }
    for job in named(acknowledged, "finished") {
        let view = store.get_job(job.parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(view.state, JobState::Completed);
    }
    let open_jobs = store.claim_jobs(at(5_000), at(5_060), 100).await.unwrap();
    for job in named(acknowledged, "intended") {
        if let Some(open) = open_jobs.iter().find(|open| open.id.to_string() == job) {
            assert!(open.step.in_doubt && open.step.effect.is_some(), "job {job}: its intent was stored");
        }
    }
    let known: HashSet<String> = store
        .list_deliveries(DeliveryState::Delivered, 100)
        .await
        .unwrap()
        .into_iter()
        .map(|d| d.id)
        .collect();
    let pending: HashSet<String> =
        store.list_deliveries(DeliveryState::Pending, 100).await.unwrap().into_iter().map(|d| d.id).collect();
    for delivery in named(acknowledged, "delivered") {
        // A redelivery may have been asked for since.
        assert!(known.contains(delivery) || pending.contains(delivery), "delivery {delivery}");
    }
}

pub(crate) fn named<'a>(
    acknowledged: &'a [(String, String)],
    what: &'a str,
) -> impl Iterator<Item = &'a str> {
    acknowledged.iter().filter(move |(word, _)| word == what).map(|(_, id)| id.as_str())
}

/// After a restart, everything that is open can still be brought to its end.
pub async fn finish_all(store: &SharedStore) {
    let late = 50_000;
    for job in store.claim_jobs(at(late), at(late + 60), 100).await.unwrap() {
        for member in store.members(job.id, None, 100).await.unwrap() {
            settle(store, done(&member, late, false)).await.unwrap();
        }
        store.finish_job(job.id, job.epoch, JobState::Completed, at(late)).await.unwrap();
    }
    store.wake_due(at(late)).await.unwrap();
    for leased in Requests::claim(store.as_ref(), claim(late, 1_000)).await.unwrap() {
        settle(store, done(&leased, late, false)).await.unwrap();
    }
    assert_eq!(store.load(), docket_store::Load::default(), "nothing is stuck");
}
