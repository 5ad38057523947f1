//! Requests, settlements and times for the tests. Time is an argument: `at(0)` is some moment, `at(n)` n seconds on.

use async_trait::async_trait;
use docket_store::{
    Accepted, AssessmentState, AssessmentStep, Attempt, Claim, ComparisonRow, CompatKey, Created, Fenced,
    IdempotencyKey, Leased, LeasedAssessment, LogEntry, NewAssessment, NewDelivery, NewRequest,
    NewTopicEvent, Settlement, SharedStore, Sink, Transition,
};
use docket_types::{AssessmentId, MicroUsd, ProviderName, QueueMode, RequestId, RequestState, Timestamp};
use std::time::Duration;
use uuid::Uuid;

/// Where a store keeps its content: opening it again gives the same content.
#[async_trait]
pub trait Place: Send + Sync {
    /// Opens the store here.
    async fn open(&self) -> SharedStore;
    /// Another place of the same kind, fresh and empty.
    fn another(&self) -> Box<dyn Place>;
}

/// `seconds` after the beginning of the test's time.
pub fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000) + Duration::from_secs(seconds)
}

/// A request of provider `mock`, accepted at `at(0)`, that expires at `at(1000)`.
pub fn request() -> NewRequest {
    NewRequest {
        id: RequestId(Uuid::now_v7()),
        tenant: "default".into(),
        idempotency: None,
        provider: ProviderName::from("mock"),
        compat: CompatKey(1),
        priority: 5,
        payload: b"payload".to_vec(),
        accepted_at: at(0),
        expires_at: at(1_000),
    }
}

/// A key for a body.
pub fn key(key: &str, body: u8) -> Option<IdempotencyKey> {
    Some(IdempotencyKey { key: key.into(), body_hash: [body; 32] })
}

/// Accepts a request that must be new.
pub async fn accepted(store: &SharedStore, request: NewRequest) -> RequestId {
    let id = request.id;
    assert_eq!(store.accept(request).await.unwrap(), Accepted::New);
    id
}

/// Accepts `count` requests, one after the other.
pub async fn accepted_many(store: &SharedStore, count: usize) -> Vec<RequestId> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(accepted(store, request()).await);
    }
    ids
}

/// A claim by `mock` at `at(now)` with a lease of 60 seconds.
pub fn claim(now: u64, limit: u32) -> Claim {
    Claim {
        provider: ProviderName::from("mock"),
        compat: None,
        limit,
        worker: "worker-1".into(),
        now: at(now),
        lease_until: at(now + 60),
    }
}

/// Claims one request that must be there.
pub async fn claimed(store: &SharedStore, now: u64) -> Leased {
    let mut all = store.claim(claim(now, 1)).await.unwrap();
    assert_eq!(all.len(), 1, "one request is ready");
    all.remove(0)
}

/// An attempt that cost `cost`.
pub fn attempt(number: u32, cost: i64) -> Attempt {
    Attempt {
        number,
        mode: QueueMode::PerRequest,
        batch_id: None,
        started_at: at(1),
        ended_at: at(2),
        provider_request_id: Some("resp_1".into()),
        failure_class: None,
        usage: Some(b"usage".to_vec()),
        cost: MicroUsd(cost),
    }
}

/// A delivery of `body` to topic `results`.
pub fn to_topic(id: &str, body: &str) -> NewDelivery {
    NewDelivery { id: id.into(), sink: Sink::Topic("results".into()), body: body.into() }
}

/// A delivery of `body` to a webhook.
pub fn to_webhook(id: &str, body: &str) -> NewDelivery {
    NewDelivery { id: id.into(), sink: Sink::Webhook("https://example.org/hook".into()), body: body.into() }
}

/// Ends a request as succeeded at `at(now)`.
pub fn finish(id: RequestId, epoch: i64, now: u64, deliveries: Vec<NewDelivery>) -> Settlement {
    let outcome = b"outcome".to_vec();
    let transition = Transition::Finish { state: RequestState::Succeeded, outcome, deliveries };
    Settlement { id, epoch, at: at(now), attempt: Some(attempt(1, 10)), transition }
}

/// Puts a request back.
pub fn back(id: RequestId, epoch: i64, now: u64, transition: Transition) -> Settlement {
    Settlement { id, epoch, at: at(now), attempt: None, transition }
}

/// Settles one.
pub async fn settled(store: &SharedStore, settlement: Settlement) -> Fenced {
    let answers = store.settle(vec![settlement]).await.unwrap();
    assert_eq!(answers.len(), 1);
    answers[0]
}

/// Accepts, claims and finishes one request with these deliveries.
pub async fn finished(store: &SharedStore, now: u64, deliveries: Vec<NewDelivery>) -> RequestId {
    let id = accepted(store, request()).await;
    let leased = claimed(store, now).await;
    assert_eq!(leased.id, id, "nothing else was ready");
    assert_eq!(settled(store, finish(id, leased.epoch, now, deliveries)).await, Fenced::Done);
    id
}

/// The state that a request is in.
pub async fn state(store: &SharedStore, id: RequestId) -> RequestState {
    store.get(id).await.unwrap().expect("the request is stored").state
}

/// Bytes of a text.
pub fn body(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

/// An assessment with this name, due at `at(0)`.
pub fn new_assessment(name: &str) -> NewAssessment {
    NewAssessment {
        id: AssessmentId(Uuid::now_v7()),
        tenant: "default".into(),
        name: name.into(),
        hash: [1; 32],
        spec: body("spec"),
        session: body("session"),
        view: body("view"),
        now: at(0),
    }
}

/// Creates an assessment that must be new.
pub async fn created(store: &SharedStore, name: &str) -> AssessmentId {
    let new = new_assessment(name);
    let id = new.id;
    assert_eq!(store.create_assessment(new).await.unwrap(), Created::New);
    id
}

/// Claims one assessment that must be due, with a lease of 60 seconds.
pub async fn held(store: &SharedStore, now: u64) -> LeasedAssessment {
    let mut all = store.claim_assessments(at(now), at(now + 60), 1).await.unwrap();
    assert_eq!(all.len(), 1, "one assessment is due");
    all.remove(0)
}

/// A step at `at(now)` that changes nothing, is due at once and keeps the lease.
pub fn next_step(leased: &LeasedAssessment, now: u64) -> AssessmentStep {
    AssessmentStep {
        id: leased.id,
        epoch: leased.epoch,
        now: at(now),
        state: AssessmentState::Running,
        session: leased.session.clone(),
        view: body("view"),
        comparisons: vec![],
        log: vec![],
        events: vec![],
        next_at: at(now),
        release: false,
    }
}

/// A comparison.
pub fn comparison(number: u32, text: &str) -> ComparisonRow {
    ComparisonRow { number, body: body(text) }
}

/// A decision.
pub fn entry(number: u32, seconds: u64, text: &str) -> LogEntry {
    LogEntry { number, at: at(seconds), body: body(text) }
}

/// An event.
pub fn event(topic: &str, id: &str, text: &str) -> NewTopicEvent {
    NewTopicEvent { topic: topic.into(), id: id.into(), body: body(text) }
}
