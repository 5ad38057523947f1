//! Random operations against the store and against a model in memory that is too simple to be wrong.

use crate::support::{Place, at, attempt, back, claim, key, request};
use docket_store::{Accepted, Claim, CompatKey, Fenced, Load, NewBatch, NewRequest, SharedStore, Transition};
use docket_types::{BatchId, ProviderName, RequestId, RequestState};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use std::cmp::Reverse;
use tokio::runtime::Handle;
use uuid::Uuid;

const LEASE: u64 = 60;

#[derive(Debug, Clone)]
enum Step {
    Accept { priority: u8, compat: i64, size: usize, expires: u64, key: Option<u8> },
    Claim { limit: u32, compat: Option<i64> },
    Finish { lease: usize },
    Retry { lease: usize, after: u64 },
    Release { lease: usize },
    Renew { lease: usize },
    Take { row: usize },
    Expire { limit: u32 },
    Plan { leases: Vec<usize> },
    Wake,
    Pass { seconds: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    let lease = || 0..40_usize;
    prop_oneof![
        6 => (0..=10_u8, 0..3_i64, 0..50_usize, 1..400_u64, proptest::option::weighted(0.3, 0..4_u8))
            .prop_map(|(priority, compat, size, expires, key)| Step::Accept { priority, compat, size, expires, key }),
        6 => (1..5_u32, proptest::option::of(0..3_i64)).prop_map(|(limit, compat)| Step::Claim { limit, compat }),
        4 => lease().prop_map(|lease| Step::Finish { lease }),
        3 => (lease(), 0..100_u64).prop_map(|(lease, after)| Step::Retry { lease, after }),
        2 => lease().prop_map(|lease| Step::Release { lease }),
        2 => lease().prop_map(|lease| Step::Renew { lease }),
        2 => lease().prop_map(|row| Step::Take { row }),
        1 => (1..4_u32).prop_map(|limit| Step::Expire { limit }),
        2 => vec(lease(), 1..4).prop_map(|leases| Step::Plan { leases }),
        3 => Just(Step::Wake),
        4 => (1..80_u64).prop_map(|seconds| Step::Pass { seconds }),
    ]
}

#[derive(Debug, Clone)]
struct Row {
    new: NewRequest,
    expires: u64,
    state: RequestState,
    epoch: i64,
    attempts: u32,
    lost: u32,
    counted: bool,
    job: Option<BatchId>,
    from_job: bool,
    ready: u64,
    lease_until: u64,
    cost: i64,
}

impl Row {
    fn is_open(&self) -> bool {
        !self.state.is_terminal()
    }

    fn lease(&mut self, until: u64, counted: bool) {
        self.from_job = !counted
            && (self.state == RequestState::Batched
                || (self.state == RequestState::Running && self.from_job));
        self.state = RequestState::Running;
        self.epoch += 1;
        self.attempts += u32::from(counted);
        self.counted = counted;
        self.lease_until = until;
    }

    fn go_home(&mut self) {
        self.state = if self.from_job { RequestState::Batched } else { RequestState::Queued };
        self.counted = true;
        self.from_job = false;
    }
}

#[derive(Default)]
struct Model {
    now: u64,
    rows: Vec<Row>,
    /// Every lease that was ever given.
    leases: Vec<(usize, i64)>,
}

impl Model {
    fn lease(&self, pick: usize) -> Option<(usize, RequestId, i64)> {
        let (row, epoch) =
            *self.leases.get(self.leases.len().checked_sub(1)?.checked_sub(pick % self.leases.len())?)?;
        Some((row, self.rows[row].new.id, epoch))
    }

    fn holds(&self, row: usize, epoch: i64) -> bool {
        let row = &self.rows[row];
        row.epoch == epoch && matches!(row.state, RequestState::Running | RequestState::Batched)
    }

    fn load(&self) -> Load {
        let open = self.rows.iter().filter(|row| row.is_open());
        let queued = |row: &&Row| matches!(row.state, RequestState::Queued | RequestState::Waiting);
        Load {
            open: open.clone().count() as u64,
            queued: open.clone().filter(queued).count() as u64,
            bytes: open.map(|row| row.new.payload.len() as u64).sum(),
        }
    }

    async fn apply(&mut self, store: &SharedStore, step: Step) {
        match step {
            Step::Accept { priority, compat, size, expires, key: name } => {
                let mut new = request();
                (new.priority, new.compat, new.payload) = (priority, CompatKey(compat), vec![1; size]);
                (new.accepted_at, new.expires_at) = (at(self.now), at(self.now + expires));
                new.idempotency = name.and_then(|name| key(&name.to_string(), 1));
                self.accept(store, new, self.now + expires).await;
            }
            Step::Claim { limit, compat } => self.claim(store, limit, compat).await,
            Step::Finish { lease } => self.settle(store, lease, None).await,
            Step::Retry { lease, after } => self.settle(store, lease, Some(Some(after))).await,
            Step::Release { lease } => self.settle(store, lease, Some(None)).await,
            Step::Renew { lease } => self.renew(store, lease).await,
            Step::Take { row } => self.take(store, row).await,
            Step::Expire { limit } => self.expire(store, limit).await,
            Step::Plan { leases } => self.plan(store, &leases).await,
            Step::Wake => self.wake(store).await,
            Step::Pass { seconds } => self.now += seconds,
        }
        assert_eq!(store.load(), self.load());
    }

    async fn accept(&mut self, store: &SharedStore, new: NewRequest, expires: u64) {
        let earlier =
            self.rows.iter().find(|row| new.idempotency.is_some() && row.new.idempotency == new.idempotency);
        let want = earlier.map_or(Accepted::New, |row| Accepted::Replayed {
            id: row.new.id,
            accepted_at: row.new.accepted_at,
        });
        assert_eq!(store.accept(new.clone()).await.unwrap(), want);
        if want == Accepted::New {
            self.rows.push(Row {
                new,
                expires,
                state: RequestState::Queued,
                epoch: 0,
                attempts: 0,
                lost: 0,
                counted: true,
                job: None,
                from_job: false,
                ready: self.now,
                lease_until: 0,
                cost: 0,
            });
        }
    }

    async fn claim(&mut self, store: &SharedStore, limit: u32, compat: Option<i64>) {
        let mut ready: Vec<usize> = (0..self.rows.len())
            .filter(|n| {
                let row = &self.rows[*n];
                let fits = compat.is_none_or(|compat| row.new.compat == CompatKey(compat));
                row.state == RequestState::Queued && fits && row.expires > self.now
            })
            .collect();
        ready.sort_by_key(|n| (Reverse(self.rows[*n].new.priority), *n));
        ready.truncate(limit as usize);
        let ask = Claim { compat: compat.map(CompatKey), ..claim(self.now, limit) };
        let got = store.claim(ask).await.unwrap();
        assert_eq!(got.len(), ready.len(), "how many are claimed");
        for (n, leased) in ready.into_iter().zip(got) {
            let row = &mut self.rows[n];
            row.lease(self.now + LEASE, true);
            assert_eq!((leased.id, leased.epoch, leased.attempt), (row.new.id, row.epoch, row.attempts));
            assert_eq!((leased.lost_leases, leased.ready_at), (row.lost, at(row.ready)));
            self.leases.push((n, row.epoch));
        }
    }

    /// `back`: none finishes, some(none) releases, some(some) retries.
    async fn settle(&mut self, store: &SharedStore, pick: usize, to: Option<Option<u64>>) {
        let Some((n, id, epoch)) = self.lease(pick) else { return };
        let transition = match to {
            None => Transition::Finish {
                state: RequestState::Succeeded,
                outcome: b"o".to_vec(),
                deliveries: vec![],
            },
            Some(None) => Transition::Release,
            Some(Some(after)) => Transition::RetryAt(at(self.now + after)),
        };
        let mut settlement = back(id, epoch, self.now, transition);
        settlement.attempt = (to != Some(None)).then(|| attempt(1, 7));
        let holds = self.holds(n, epoch);
        let want = if holds { Fenced::Done } else { Fenced::Stale };
        assert_eq!(store.settle(vec![settlement]).await.unwrap(), [want]);
        if !holds {
            return;
        }
        let row = &mut self.rows[n];
        match to {
            None => row.state = RequestState::Succeeded,
            Some(None) => {
                row.attempts -= u32::from(row.counted);
                row.go_home();
            }
            Some(Some(after)) => {
                row.state = if after == 0 { RequestState::Queued } else { RequestState::Waiting };
                row.ready = self.now + after;
                (row.counted, row.from_job) = (true, false);
            }
        }
        row.cost += if to == Some(None) { 0 } else { 7 };
    }

    async fn renew(&mut self, store: &SharedStore, pick: usize) {
        let Some((n, id, epoch)) = self.lease(pick) else { return };
        let holds = self.holds(n, epoch) && self.rows[n].state == RequestState::Running;
        let lost = store.renew(vec![(id, epoch)], at(self.now + 2 * LEASE)).await.unwrap();
        assert_eq!(lost.is_empty(), holds);
        if holds {
            self.rows[n].lease_until = self.now + 2 * LEASE;
        }
    }

    async fn take(&mut self, store: &SharedStore, pick: usize) {
        if self.rows.is_empty() {
            return;
        }
        let n = pick % self.rows.len();
        let row = &mut self.rows[n];
        let taken = store.take(row.new.id, at(self.now), at(self.now + LEASE)).await.unwrap();
        assert_eq!(taken.is_some(), row.is_open());
        if let Some(taken) = taken {
            row.lease(self.now + LEASE, false);
            assert_eq!((taken.epoch, taken.attempt), (row.epoch, row.attempts));
            self.leases.push((n, row.epoch));
        }
    }

    async fn expire(&mut self, store: &SharedStore, limit: u32) {
        let over = |row: &Row| row.is_open() && row.state != RequestState::Running && row.expires <= self.now;
        let over = self.rows.iter().filter(|row| over(row)).count();
        let got = store.claim_expired(at(self.now), at(self.now + LEASE), limit).await.unwrap();
        assert_eq!(got.len(), over.min(limit as usize));
        for leased in got {
            let n = self.rows.iter().position(|row| row.new.id == leased.id).unwrap();
            let row = &mut self.rows[n];
            assert!(row.expires <= self.now && row.is_open() && row.state != RequestState::Running);
            row.lease(self.now + LEASE, false);
            assert_eq!((leased.epoch, leased.attempt), (row.epoch, row.attempts));
            self.leases.push((n, row.epoch));
        }
    }

    async fn plan(&mut self, store: &SharedStore, picks: &[usize]) {
        let mut picked: Vec<_> = picks.iter().filter_map(|pick| self.lease(*pick)).collect();
        picked.sort_by_key(|(n, ..)| *n);
        picked.dedup_by_key(|(n, ..)| *n);
        let id = BatchId(Uuid::now_v7());
        let members = picked.iter().map(|(_, id, epoch)| (*id, *epoch)).collect();
        let (provider, now) = (ProviderName::from("mock"), at(self.now));
        let batch = NewBatch { id, provider, model: "m".into(), adapter: "a".into(), members, now };
        let lost = store.plan(batch).await.unwrap();
        for (n, request, epoch) in picked {
            let row = &self.rows[n];
            let moves = self.holds(n, epoch) && row.state == RequestState::Running && row.counted;
            assert_eq!(lost.contains(&request), !moves);
            if moves {
                (self.rows[n].state, self.rows[n].job) = (RequestState::Batched, Some(id));
            }
        }
    }

    async fn wake(&mut self, store: &SharedStore) {
        let woken = store.wake_due(at(self.now)).await.unwrap();
        let (mut retried, mut reclaimed) = (0, 0);
        for row in &mut self.rows {
            if row.state == RequestState::Waiting && row.ready <= self.now {
                row.state = RequestState::Queued;
                retried += 1;
            } else if row.state == RequestState::Running && row.lease_until <= self.now {
                if !row.from_job {
                    row.ready = self.now;
                }
                row.go_home();
                row.epoch += 1;
                row.lost += 1;
                reclaimed += 1;
            }
        }
        let times = self.rows.iter().filter_map(|row| match row.state {
            RequestState::Waiting => Some(row.ready),
            RequestState::Running => Some(row.lease_until),
            _ => None,
        });
        assert_eq!(
            (woken.retried, woken.reclaimed, woken.next_at),
            (retried, reclaimed, times.min().map(at))
        );
    }

    async fn compare(&self, store: &SharedStore) {
        for row in &self.rows {
            let view = store.get(row.new.id).await.unwrap().unwrap();
            assert_eq!((view.state, view.attempts, view.cost.0), (row.state, row.attempts, row.cost));
            assert_eq!((view.batch_id, view.outcome.is_some()), (row.job, !row.is_open()));
        }
        assert_eq!(store.load(), self.load());
    }
}

pub async fn random_operations_agree_with_a_model(place: &dyn Place) {
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

pub async fn counters_agree_after_reopening(place: &dyn Place) {
    let store = place.open().await;
    let mut model = Model::default();
    for n in 0..30 {
        let (size, expires) = (n * 3, 40 + n as u64);
        model.apply(&store, Step::Accept { priority: 5, compat: 0, size, expires, key: None }).await;
    }
    for step in [
        Step::Claim { limit: 4, compat: None },
        Step::Claim { limit: 4, compat: None },
        Step::Finish { lease: 0 },
        Step::Finish { lease: 1 },
        Step::Retry { lease: 2, after: 90 },
        Step::Plan { leases: vec![3, 4] },
        Step::Take { row: 20 },
        Step::Pass { seconds: 45 },
        Step::Expire { limit: 3 },
    ] {
        model.apply(&store, step).await;
    }
    assert_eq!(model.load().open, 28);
    store.close().await;
    let store = place.open().await;
    model.compare(&store).await;
}
