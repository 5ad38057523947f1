//! Jobs at batch APIs.

use crate::support::{Place, accepted_many, at, back, claim, claimed, finish, settled, state};
use docket_store::{Error, Fenced, JobState, JobStep, Leased, NewBatch, SharedStore, Transition};
use docket_types::{BatchId, ProviderName, RequestState};
use uuid::Uuid;

fn batch(members: &[Leased], now: u64) -> NewBatch {
    NewBatch {
        id: BatchId(Uuid::now_v7()),
        provider: ProviderName::from("mock"),
        model: "model-1".into(),
        adapter: "mock@0.1.0".into(),
        members: members.iter().map(|leased| (leased.id, leased.epoch)).collect(),
        now: at(now),
    }
}

/// Accepts, claims and plans `count` requests.
async fn planned(store: &SharedStore, count: u32) -> (BatchId, Vec<Leased>) {
    accepted_many(store, count as usize).await;
    let members = store.claim(claim(1, count)).await.unwrap();
    let batch = batch(&members, 2);
    let id = batch.id;
    assert!(store.plan(batch).await.unwrap().is_empty());
    (id, members)
}

pub async fn a_plan_takes_its_members_along(place: &dyn Place) {
    let store = place.open().await;
    accepted_many(&store, 4).await;
    let members = store.claim(claim(1, 4)).await.unwrap();
    store.take(members[1].id, at(2), at(62)).await.unwrap().unwrap();
    let job = batch(&members, 3);
    assert_eq!(store.plan(job.clone()).await.unwrap(), [members[1].id], "its lease was lost");
    for (n, member) in members.iter().enumerate() {
        let view = store.get(member.id).await.unwrap().unwrap();
        let want = if n == 1 { (RequestState::Running, None) } else { (RequestState::Batched, Some(job.id)) };
        assert_eq!((view.state, view.batch_id), want);
    }
    assert_eq!(
        store.wake_due(at(9_000)).await.unwrap().reclaimed,
        1,
        "members need no lease, the canceller does"
    );
    let view = store.get_job(job.id).await.unwrap().unwrap();
    assert_eq!((view.state, view.items, view.model.as_str()), (JobState::Open, 3, "model-1"));
    assert_eq!((view.adapter.as_str(), view.created_at, view.ended_at), ("mock@0.1.0", at(3), None));
    let again = batch(&members, 4);
    assert_eq!(store.plan(again).await.unwrap().len(), 4, "they are in a job already");
}

pub async fn a_plan_without_members_is_no_job(place: &dyn Place) {
    let store = place.open().await;
    accepted_many(&store, 1).await;
    let mut members = store.claim(claim(1, 1)).await.unwrap();
    members[0].epoch += 1;
    let job = batch(&members, 2);
    assert_eq!(store.plan(job.clone()).await.unwrap(), [members[0].id]);
    assert!(store.get_job(job.id).await.unwrap().is_none());
}

pub async fn a_step_in_doubt_is_there_after_reopening(place: &dyn Place) {
    let store = place.open().await;
    let (id, members) = planned(&store, 2).await;
    let job = store.claim_jobs(at(2), at(62), 10).await.unwrap().remove(0);
    assert_eq!((job.id, job.items, job.created_at), (id, 2, at(2)));
    let fresh =
        JobStep { seq: 0, state: vec![], effect: None, in_doubt: false, next_at: at(2), progress: vec![] };
    assert_eq!(job.step, fresh);
    let intent = JobStep {
        seq: 1,
        state: b"uploading".to_vec(),
        effect: Some(b"upload".to_vec()),
        in_doubt: true,
        next_at: at(2),
        progress: b"0 of 2".to_vec(),
    };
    assert_eq!(store.save_step(id, job.epoch, intent.clone(), false).await.unwrap(), Fenced::Done);
    drop(store);
    let store = place.open().await;
    assert!(
        store.claim_jobs(at(61), at(121), 10).await.unwrap().is_empty(),
        "its lease outlives the process"
    );
    let again = store.claim_jobs(at(62), at(122), 10).await.unwrap().remove(0);
    assert_eq!((again.id, &again.step), (id, &intent));
    assert!(again.epoch > job.epoch);
    let late = JobStep { in_doubt: false, ..intent };
    assert_eq!(store.save_step(id, job.epoch, late.clone(), true).await.unwrap(), Fenced::Stale);
    assert_eq!(store.renew_job(id, job.epoch, at(900)).await.unwrap(), Fenced::Stale);
    assert_eq!(store.finish_job(id, job.epoch, JobState::Failed, at(70)).await.unwrap(), Fenced::Stale);
    assert_eq!(store.members(id, None, 10).await.unwrap().len(), members.len());
}

pub async fn a_job_is_in_one_hand(place: &dyn Place) {
    let store = place.open().await;
    let (id, _) = planned(&store, 1).await;
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move { store.claim_jobs(at(2), at(62), 10).await.unwrap() }));
    }
    let mut got = Vec::new();
    for task in tasks {
        got.extend(task.await.unwrap());
    }
    assert_eq!(got.len(), 1);
    let job = got.remove(0);
    assert_eq!(store.renew_job(id, job.epoch, at(100)).await.unwrap(), Fenced::Done);
    assert!(store.claim_jobs(at(99), at(159), 10).await.unwrap().is_empty());
    let wait = JobStep { next_at: at(300), ..job.step.clone() };
    assert_eq!(store.save_step(id, job.epoch, wait, true).await.unwrap(), Fenced::Done);
    assert_eq!(store.renew_job(id, job.epoch, at(900)).await.unwrap(), Fenced::Stale, "it was let go");
    assert!(store.claim_jobs(at(299), at(359), 10).await.unwrap().is_empty(), "not due");
    assert_eq!(store.claim_jobs(at(300), at(360), 10).await.unwrap().len(), 1);
}

pub async fn members_are_settled_and_paged(place: &dyn Place) {
    let store = place.open().await;
    let (id, mut members) = planned(&store, 5).await;
    members.sort_by_key(|leased| leased.id);
    let first = store.members(id, None, 2).await.unwrap();
    let second = store.members(id, Some(first[1].id), 10).await.unwrap();
    let ids: Vec<_> = first.iter().chain(&second).map(|leased| leased.id).collect();
    assert_eq!(ids, members.iter().map(|leased| leased.id).collect::<Vec<_>>());
    assert!(first.iter().all(|leased| leased.attempt == 1 && leased.payload == b"payload"));
    let (done, retried, released) = (&first[0], &first[1], &second[0]);
    let group = vec![
        finish(done.id, done.epoch, 5, vec![]),
        back(retried.id, retried.epoch, 5, Transition::RetryAt(at(50))),
        back(released.id, released.epoch, 5, Transition::Release),
        finish(second[1].id, second[1].epoch + 1, 5, vec![]),
    ];
    assert_eq!(store.settle(group).await.unwrap(), [Fenced::Done, Fenced::Done, Fenced::Done, Fenced::Stale]);
    assert_eq!(store.members(id, None, 10).await.unwrap().len(), 2);
    let view = store.get(retried.id).await.unwrap().unwrap();
    assert_eq!((view.state, view.batch_id), (RequestState::Waiting, Some(id)), "where it was is kept");
    assert_eq!(claimed(&store, 6).await.id, released.id);
    assert_eq!(
        store.get(released.id).await.unwrap().unwrap().attempts,
        1,
        "the released attempt did not count"
    );
}

pub async fn a_job_with_open_members_does_not_end(place: &dyn Place) {
    let store = place.open().await;
    let (id, members) = planned(&store, 1).await;
    let job = store.claim_jobs(at(2), at(62), 1).await.unwrap().remove(0);
    let answer = store.finish_job(id, job.epoch, JobState::Completed, at(3)).await;
    assert!(matches!(answer, Err(Error::Internal(_))), "{answer:?}");
    assert_eq!(store.get_job(id).await.unwrap().unwrap().state, JobState::Open);
    assert_eq!(settled(&store, finish(members[0].id, members[0].epoch, 4, vec![])).await, Fenced::Done);
    assert_eq!(store.finish_job(id, job.epoch, JobState::Completed, at(5)).await.unwrap(), Fenced::Done);
    let view = store.get_job(id).await.unwrap().unwrap();
    assert_eq!((view.state, view.ended_at), (JobState::Completed, Some(at(5))));
    assert_eq!(store.finish_job(id, job.epoch, JobState::Failed, at(6)).await.unwrap(), Fenced::Stale);
    assert_eq!(store.save_step(id, job.epoch, job.step.clone(), false).await.unwrap(), Fenced::Stale);
    assert!(store.claim_jobs(at(900), at(960), 10).await.unwrap().is_empty());
    assert_eq!(store.prune(at(100), 10).await.unwrap(), 1);
    assert!(store.get_job(id).await.unwrap().is_none(), "ended jobs are pruned too");
}

pub async fn a_member_that_a_canceller_lost_goes_back_to_its_job(place: &dyn Place) {
    let store = place.open().await;
    let (id, members) = planned(&store, 2).await;
    let taken = store.take(members[0].id, at(3), at(63)).await.unwrap().unwrap();
    assert_eq!(store.members(id, None, 10).await.unwrap().len(), 1);
    assert_eq!(store.wake_due(at(63)).await.unwrap().reclaimed, 1);
    assert_eq!(state(&store, members[0].id).await, RequestState::Batched, "it is not executed a second time");
    assert_eq!(store.load().queued, 0);
    assert_eq!(settled(&store, finish(taken.id, taken.epoch, 64, vec![])).await, Fenced::Stale);
    assert_eq!(settled(&store, finish(taken.id, members[0].epoch, 64, vec![])).await, Fenced::Stale);
    let expired = store.claim_expired(at(1_000), at(1_060), 10).await.unwrap();
    assert_eq!(expired.len(), 2, "members expire too");
    assert_eq!(
        settled(&store, back(taken.id, expired[0].epoch, 1_001, Transition::Release)).await,
        Fenced::Done
    );
    assert_eq!(state(&store, taken.id).await, RequestState::Batched);
    // Its job over, it would be lost there.
    let again = store.take(taken.id, at(1_002), at(1_062)).await.unwrap().unwrap();
    let job = store.claim_jobs(at(1_002), at(1_062), 1).await.unwrap().remove(0);
    assert_eq!(store.finish_job(id, job.epoch, JobState::Failed, at(1_003)).await.unwrap(), Fenced::Done);
    assert_eq!(settled(&store, back(again.id, again.epoch, 1_004, Transition::Release)).await, Fenced::Done);
    assert_eq!(state(&store, again.id).await, RequestState::Queued);
}

pub async fn jobs_are_listed_newest_first(place: &dyn Place) {
    let store = place.open().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(planned(&store, 1).await.0);
    }
    ids.reverse();
    let listed = store.list_jobs(10).await.unwrap();
    assert_eq!(listed.iter().map(|job| job.id).collect::<Vec<_>>(), ids);
    assert_eq!(store.list_jobs(1).await.unwrap().len(), 1);
    assert!(store.get_job(BatchId(Uuid::now_v7())).await.unwrap().is_none());
}
