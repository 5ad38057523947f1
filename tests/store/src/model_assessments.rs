//! Random operations on assessments, against the store and against a model in memory that is too simple to be wrong.

use crate::support::{Place, at, body, comparison, entry, event, new_assessment, next_step};
use docket_store::{
    AssessmentState, AssessmentStep, Created, Fenced, LeasedAssessment, NewAssessment, SharedStore,
};
use docket_types::AssessmentId;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::collections::BTreeMap;
use tokio::runtime::Handle;
use uuid::Uuid;

const LEASE: u64 = 60;
const TOPICS: u8 = 2;

#[derive(Debug, Clone)]
enum Step {
    Create { name: u8, hash: u8 },
    Claim { limit: u32 },
    Renew { lease: usize },
    Go(Go),
    Tell { row: usize, event: u8 },
    Prune { age: u64 },
    Pass { seconds: u64 },
}

#[derive(Debug, Clone)]
struct Go {
    lease: usize,
    state: AssessmentState,
    comparisons: Vec<u32>,
    log: Vec<u32>,
    events: Vec<u8>,
    after: u64,
    release: bool,
}

fn state() -> impl Strategy<Value = AssessmentState> {
    use AssessmentState::{Cancelled, Completed, Failed, Running};
    prop_oneof![6 => Just(Running), 1 => Just(Completed), 1 => Just(Failed), 1 => Just(Cancelled)]
}

fn step() -> impl Strategy<Value = Step> {
    let lease = || 0..12_usize;
    let go = (
        lease(),
        state(),
        vec(0..6_u32, 0..4),
        vec(0..6_u32, 0..3),
        vec(0..30_u8, 0..3),
        0..100_u64,
        proptest::bool::ANY,
    );
    prop_oneof![
        4 => (0..8_u8, 0..2_u8).prop_map(|(name, hash)| Step::Create { name, hash }),
        5 => (1..4_u32).prop_map(|limit| Step::Claim { limit }),
        2 => lease().prop_map(|lease| Step::Renew { lease }),
        7 => go.prop_map(|(lease, state, comparisons, log, events, after, release)| {
            Step::Go(Go { lease, state, comparisons, log, events, after, release })
        }),
        3 => (0..10_usize, 0..30_u8).prop_map(|(row, event)| Step::Tell { row, event }),
        1 => (0..100_u64).prop_map(|age| Step::Prune { age }),
        4 => (1..50_u64).prop_map(|seconds| Step::Pass { seconds }),
    ]
}

#[derive(Debug, Clone)]
struct Row {
    new: NewAssessment,
    state: AssessmentState,
    epoch: i64,
    lease_until: Option<u64>,
    next: u64,
    told: Option<u64>,
    updated: u64,
    view: Vec<u8>,
    session: Vec<u8>,
    comparisons: BTreeMap<u32, String>,
    log: BTreeMap<u32, (u64, String)>,
}

impl Row {
    fn runs(&self) -> bool {
        self.state == AssessmentState::Running
    }

    fn is_due(&self, now: u64) -> bool {
        self.runs() && self.next <= now && self.lease_until.is_none_or(|until| until <= now)
    }
}

#[derive(Default)]
struct Model {
    now: u64,
    /// Counts operations, so that no two write the same bytes.
    count: u64,
    rows: Vec<Row>,
    /// Every lease that was ever given.
    leases: Vec<LeasedAssessment>,
    /// In order: owner, id and body. The topic follows from the id.
    events: Vec<(AssessmentId, u8, String)>,
}

fn topic(event: u8) -> String {
    format!("topic {}", event % TOPICS)
}

impl Model {
    async fn apply(&mut self, store: &SharedStore, step: Step) {
        self.count += 1;
        match step {
            Step::Create { name, hash } => self.create(store, name, hash).await,
            Step::Claim { limit } => self.claim(store, limit).await,
            Step::Renew { lease } => self.renew(store, lease).await,
            Step::Go(go) => self.go(store, go).await,
            Step::Tell { row, event } => self.tell(store, row, event).await,
            Step::Prune { age } => {
                let before = self.now.saturating_sub(age);
                assert_eq!(store.prune(at(before), 100).await.unwrap(), 0, "there are no requests");
                let gone = |row: &Row| !row.runs() && row.updated < before;
                let ids: Vec<_> = self.rows.iter().filter(|row| gone(row)).map(|row| row.new.id).collect();
                self.rows.retain(|row| !gone(row));
                self.events.retain(|(owner, ..)| !ids.contains(owner));
            }
            Step::Pass { seconds } => self.now += seconds,
        }
    }

    async fn create(&mut self, store: &SharedStore, name: u8, hash: u8) {
        let mut new = new_assessment(&name.to_string());
        (new.hash, new.now) = ([hash; 32], at(self.now));
        let want = match self.rows.iter().find(|row| row.new.name == new.name) {
            None => Created::New,
            Some(row) if row.new.hash == new.hash => Created::Replayed(row.new.id),
            Some(row) => Created::NameConflict(row.new.id),
        };
        assert_eq!(store.create_assessment(new.clone()).await.unwrap(), want);
        if want == Created::New {
            self.rows.push(Row {
                state: AssessmentState::Running,
                epoch: 0,
                lease_until: None,
                next: self.now,
                told: None,
                updated: self.now,
                view: new.view.clone(),
                session: new.session.clone(),
                comparisons: BTreeMap::new(),
                log: BTreeMap::new(),
                new,
            });
        }
    }

    async fn claim(&mut self, store: &SharedStore, limit: u32) {
        let mut due: Vec<u64> =
            self.rows.iter().filter(|row| row.is_due(self.now)).map(|row| row.next).collect();
        due.sort_unstable();
        due.truncate(limit as usize);
        let got = store.claim_assessments(at(self.now), at(self.now + LEASE), limit).await.unwrap();
        let mut times = Vec::new();
        for leased in got {
            let row = self.rows.iter_mut().find(|row| row.new.id == leased.id).unwrap();
            assert!(row.is_due(self.now), "{row:?}");
            times.push(row.next);
            assert!(leased.epoch > row.epoch, "the epoch grows");
            assert_eq!((&leased.spec, &leased.session), (&row.new.spec, &row.session));
            (row.epoch, row.lease_until, row.told) = (leased.epoch, Some(self.now + LEASE), None);
            self.leases.push(leased);
        }
        assert_eq!(times, due, "the longest due first");
    }

    /// A lease of those that were given last, and the row if it is still held under it.
    fn lease(&mut self, pick: usize) -> Option<(LeasedAssessment, Option<&mut Row>)> {
        let n = self.leases.len().checked_sub(1)?.checked_sub(pick % self.leases.len())?;
        let leased = self.leases.get(n)?.clone();
        let row = self.rows.iter_mut().find(|row| {
            row.new.id == leased.id && row.epoch == leased.epoch && row.runs() && row.lease_until.is_some()
        });
        Some((leased, row))
    }

    async fn renew(&mut self, store: &SharedStore, pick: usize) {
        let now = self.now;
        let Some((leased, row)) = self.lease(pick) else { return };
        let answer = store.renew_assessment(leased.id, leased.epoch, at(now + 2 * LEASE)).await.unwrap();
        assert_eq!(answer == Fenced::Done, row.is_some());
        if let Some(row) = row {
            row.lease_until = Some(now + 2 * LEASE);
        }
    }

    async fn go(&mut self, store: &SharedStore, go: Go) {
        let (now, text) = (self.now, self.count.to_string());
        let Some((leased, row)) = self.lease(go.lease) else { return };
        let step = AssessmentStep {
            state: go.state,
            session: body(&text),
            view: body(&text),
            comparisons: go.comparisons.iter().map(|n| comparison(*n, &text)).collect(),
            log: go.log.iter().map(|n| entry(*n, now, &text)).collect(),
            events: go.events.iter().map(|n| event(&topic(*n), &n.to_string(), &text)).collect(),
            next_at: at(now + go.after),
            release: go.release,
            ..next_step(&leased, now)
        };
        let answer = store.step_assessment(step).await.unwrap();
        assert_eq!(answer == Fenced::Done, row.is_some());
        let Some(row) = row else { return };
        (row.state, row.updated, row.view, row.session) = (go.state, now, body(&text), body(&text));
        row.next = row.told.unwrap_or(u64::MAX).min(now + go.after);
        if go.release || !row.runs() {
            row.lease_until = None;
        }
        row.comparisons.extend(go.comparisons.into_iter().map(|n| (n, text.clone())));
        for n in go.log {
            row.log.entry(n).or_insert((now, text.clone()));
        }
        go.events.into_iter().for_each(|n| self.publish(leased.id, n, &text));
    }

    fn publish(&mut self, owner: AssessmentId, id: u8, text: &str) {
        if self.events.iter().all(|(_, known, _)| *known != id) {
            self.events.push((owner, id, text.to_owned()));
        }
    }

    async fn tell(&mut self, store: &SharedStore, pick: usize, id: u8) {
        let (now, text) = (self.now, self.count.to_string());
        let row = self.rows.get_mut(pick);
        let to = row.as_ref().map_or_else(|| AssessmentId(Uuid::now_v7()), |row| row.new.id);
        let told = store.tell_assessment(to, event(&topic(id), &id.to_string(), &text), at(now)).await;
        assert_eq!(told.unwrap(), row.is_some());
        let Some(row) = row else { return };
        if row.runs() {
            (row.next, row.told) = (row.next.min(now), Some(now));
        }
        self.publish(to, id, &text);
    }

    async fn compare(&self, store: &SharedStore) {
        let mut listed = store.list_assessments(None, 1_000).await.unwrap();
        listed.reverse();
        assert_eq!(listed.len(), self.rows.len());
        for (row, view) in self.rows.iter().zip(listed) {
            let id = row.new.id;
            assert_eq!((view.id, &view.name, view.state), (id, &row.new.name, row.state));
            assert_eq!((&view.view, view.updated_at), (&row.view, at(row.updated)));
            assert_eq!(view.ended_at, (!row.runs()).then(|| at(row.updated)));
            let want: Vec<_> = row.comparisons.iter().map(|(n, text)| comparison(*n, text)).collect();
            assert_eq!(store.comparisons(id, 0, 100).await.unwrap(), want);
            let want: Vec<_> = row.log.iter().map(|(n, (at, text))| entry(*n, *at, text)).collect();
            assert_eq!(store.assessment_log(id, 0, 100).await.unwrap(), want);
        }
        for n in 0..TOPICS {
            let events = store.read(&topic(n), 0, 1_000).await.unwrap();
            let got: Vec<_> = events.into_iter().map(|event| (event.id, event.body)).collect();
            let own = self.events.iter().filter(|(_, id, _)| id % TOPICS == n);
            let want: Vec<_> = own.map(|(_, id, text)| (id.to_string(), body(text))).collect();
            assert_eq!(got, want);
        }
    }
}

pub async fn random_steps_agree_with_a_model(place: &dyn Place) {
    let config = Config { cases: 40, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let outcome = TestRunner::new(config).run(&vec(step(), 1..80), |steps| {
        let place = place.another();
        tokio::task::block_in_place(|| {
            Handle::current().block_on(async {
                let store = place.open().await;
                let mut model = Model::default();
                for step in steps {
                    model.apply(&store, step).await;
                }
                model.compare(&store).await;
                store.close().await;
            });
        });
        Ok::<_, TestCaseError>(())
    });
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
}
