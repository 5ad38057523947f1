//! The one writer. What arrives together shares a transaction; everybody is answered after its commit.
//!
//! All members of a group were asked for at the same time, so any order among them is right: accepts first,
//! as one statement, then settlements, as one, then the rest one by one. If the group fails, each member is
//! tried alone, so that one bad member costs the others only time.

use super::error::{is_personal, store_error};
use super::op::{Answer, Op};
use super::tx::Tx;
use super::{accept, assessments, batches, claim, outbox, requests, resources, settle};
use crate::{Change, Error, Load, Result};
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::timeout;

/// What waits for the writer at most; then callers wait, up to [`ANSWER_WITHIN`].
const QUEUE: usize = 1_024;
/// What shares a transaction at most.
const GROUP: usize = 256;
/// Longer than the busy time, so that a locked file is reported as such.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What is told after a commit.
pub(super) struct Shared {
    pub(super) changes: broadcast::Sender<Change>,
    open: AtomicU64,
    queued: AtomicU64,
    bytes: AtomicU64,
}

impl Shared {
    pub(super) fn new(load: Load) -> Self {
        let shared = Self {
            changes: broadcast::channel(4_096).0,
            open: AtomicU64::new(0),
            queued: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        };
        shared.publish(load);
        shared
    }

    fn publish(&self, load: Load) {
        self.open.store(load.open, Ordering::Relaxed);
        self.queued.store(load.queued, Ordering::Relaxed);
        self.bytes.store(load.bytes, Ordering::Relaxed);
    }

    pub(super) fn load(&self) -> Load {
        Load {
            open: self.open.load(Ordering::Relaxed),
            queued: self.queued.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }
}

enum Message {
    Write(Ticket),
    Close(oneshot::Sender<()>),
}

struct Ticket {
    op: Op,
    reply: oneshot::Sender<Result<Answer>>,
}

/// The way to the writer.
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
}

impl Writer {
    /// Starts the writer on its connection. It ends when it is closed or when the last handle is gone.
    pub(super) fn start(conn: SqliteConnection, shared: Arc<Shared>) -> Self {
        let (queue, incoming) = mpsc::channel(QUEUE);
        tokio::spawn(run(conn, incoming, shared));
        Self { queue }
    }

    /// Performs a write; it is durable when this returns. After a time-out it may still be performed.
    pub(super) async fn call<T: TryFrom<Answer, Error = Error>>(&self, op: Op) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let exchange = async {
            self.queue.send(Message::Write(Ticket { op, reply })).await.map_err(|_| closed())?;
            answer.await.map_err(|_| closed())?
        };
        match timeout(ANSWER_WITHIN, exchange).await {
            Ok(answer) => T::try_from(answer?),
            Err(_) => Err(Error::Unavailable(format!("no answer within {} s", ANSWER_WITHIN.as_secs()))),
        }
    }

    /// Waits until everything before is written and the file is closed.
    pub(super) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        let ending = async {
            if self.queue.send(Message::Close(reply)).await.is_ok() {
                closed.await.ok();
            }
        };
        if timeout(ANSWER_WITHIN, ending).await.is_err() {
            tracing::warn!("the store's writer did not end in time");
        }
    }
}

fn closed() -> Error {
    Error::Unavailable("the store is closed".into())
}

async fn run(mut conn: SqliteConnection, mut incoming: mpsc::Receiver<Message>, shared: Arc<Shared>) {
    let mut arrived = Vec::with_capacity(GROUP);
    let mut closing = Vec::new();
    while incoming.recv_many(&mut arrived, GROUP).await > 0 {
        let mut tickets = Vec::with_capacity(arrived.len());
        for message in arrived.drain(..) {
            match message {
                Message::Write(ticket) => tickets.push(ticket),
                Message::Close(reply) => {
                    incoming.close();
                    closing.push(reply);
                }
            }
        }
        if !tickets.is_empty() {
            serve(&mut conn, tickets, &shared).await;
        }
    }
    // Leaves one file behind, without a log beside it. Not needed for durability.
    if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await {
        tracing::warn!(%error, "the store's log was not folded in at close");
    }
    if let Err(error) = conn.close().await {
        tracing::warn!(%error, "the store's file was not closed cleanly");
    }
    for reply in closing {
        reply.send(()).ok();
    }
}

/// Performs a group and answers it; if it fails, each member alone.
async fn serve(conn: &mut SqliteConnection, tickets: Vec<Ticket>, shared: &Shared) {
    let ops: Vec<&Op> = tickets.iter().map(|ticket| &ticket.op).collect();
    let answers = match group(conn, &ops, shared).await {
        Ok(answers) => answers.into_iter().map(Ok).collect(),
        Err(error) if ops.len() > 1 && is_personal(&error) => {
            let mut answers = Vec::with_capacity(ops.len());
            for op in &ops {
                let alone = group(conn, &[op], shared).await;
                answers.push(alone.and_then(|mut one| one.pop().ok_or_else(lost_answer)));
            }
            answers
        }
        Err(error) => ops.iter().map(|_| Err(error.clone())).collect(),
    };
    for (ticket, answer) in tickets.into_iter().zip::<Vec<Result<Answer>>>(answers) {
        // A caller that gave up does not take back what it asked for.
        ticket.reply.send(answer).ok();
    }
}

fn lost_answer() -> Error {
    Error::Internal("a write has no answer".into())
}

/// One transaction with all of these, or none.
async fn group(conn: &mut SqliteConnection, ops: &[&Op], shared: &Shared) -> Result<Vec<Answer>> {
    match attempt(conn, ops).await {
        Ok((answers, changes, load)) => {
            crash_points(ops, "after_commit");
            if let Some(load) = load {
                shared.publish(load);
            }
            for change in changes {
                // Nobody listens: fine.
                shared.changes.send(change).ok();
            }
            Ok(answers)
        }
        Err(error) => {
            // SQLite may have rolled back already; then this fails, as it should.
            if let Err(rollback) = sqlx::query("ROLLBACK").persistent(true).execute(&mut *conn).await {
                tracing::debug!(error = %store_error(rollback), "nothing to roll back");
            }
            Err(error)
        }
    }
}

type Committed = (Vec<Answer>, Vec<Change>, Option<Load>);

async fn attempt(conn: &mut SqliteConnection, ops: &[&Op]) -> Result<Committed> {
    let mut tx = Tx::begin(conn).await?;
    let mut answers: Vec<Option<Answer>> = ops.iter().map(|_| None).collect();
    accepts(&mut tx, ops, &mut answers).await?;
    settlements(&mut tx, ops, &mut answers).await?;
    for (op, answer) in ops.iter().zip(&mut answers) {
        if answer.is_none() {
            *answer = Some(one(&mut tx, op).await?);
        }
    }
    crash_points(ops, "before_commit");
    let (changes, load) = tx.commit().await?;
    let answers = answers.into_iter().collect::<Option<Vec<_>>>().ok_or_else(lost_answer)?;
    Ok((answers, changes, load))
}

async fn accepts(tx: &mut Tx<'_>, ops: &[&Op], answers: &mut [Option<Answer>]) -> Result<()> {
    let mut places = Vec::new();
    let mut all = Vec::new();
    for (place, op) in ops.iter().enumerate() {
        if let Op::Accept(request) = op {
            places.push(place);
            all.push(request);
        }
    }
    if all.is_empty() {
        return Ok(());
    }
    for (place, accepted) in places.into_iter().zip(accept::accept(tx, &all).await?) {
        answers[place] = Some(accepted.into());
    }
    Ok(())
}

async fn settlements(tx: &mut Tx<'_>, ops: &[&Op], answers: &mut [Option<Answer>]) -> Result<()> {
    let mut places = Vec::new();
    let mut all = Vec::new();
    for (place, op) in ops.iter().enumerate() {
        if let Op::Settle(settlements) = op {
            places.push((place, settlements.len()));
            all.extend(settlements);
        }
    }
    if places.is_empty() {
        return Ok(());
    }
    let mut fenced = settle::settle(tx, &all).await?.into_iter();
    for (place, len) in places {
        answers[place] = Some(fenced.by_ref().take(len).collect::<Vec<_>>().into());
    }
    Ok(())
}

/// Any write that is not taken together with others of its kind.
async fn one(tx: &mut Tx<'_>, op: &Op) -> Result<Answer> {
    Ok(match op {
        Op::Accept(_) | Op::Settle(_) => return Err(lost_answer()),
        Op::Claim(claim) => claim::claim(tx, claim).await?.into(),
        Op::Renew { leases, lease_until } => claim::renew(tx, leases, *lease_until).await?.into(),
        Op::Take { id, now, lease_until } => claim::take(tx, *id, *now, *lease_until).await?.into(),
        Op::Expire { now, lease_until, limit } => claim::expire(tx, *now, *lease_until, *limit).await?.into(),
        Op::Wake { now } => claim::wake(tx, *now).await?.into(),
        Op::Prune { before, limit } => requests::prune(tx, *before, *limit).await?.into(),
        Op::Plan(batch) => batches::plan(tx, batch).await?.into(),
        Op::ClaimJobs { now, lease_until, limit } => {
            batches::claim_jobs(tx, *now, *lease_until, *limit).await?.into()
        }
        Op::RenewJob { id, epoch, lease_until } => {
            batches::renew_job(tx, *id, *epoch, *lease_until).await?.into()
        }
        Op::SaveStep { id, epoch, step, release } => {
            batches::save_step(tx, *id, *epoch, step, *release).await?.into()
        }
        Op::FinishJob { id, epoch, state, now } => {
            batches::finish_job(tx, *id, *epoch, *state, *now).await?.into()
        }
        Op::ClaimDeliveries { now, lease_until, limit } => {
            outbox::claim(tx, *now, *lease_until, *limit).await?.into()
        }
        Op::Delivered { id, now } => outbox::delivered(tx, id, *now).await?.into(),
        Op::Undelivered { id, next_at, error } => outbox::undelivered(tx, id, *next_at, error).await?.into(),
        Op::Postpone { id, at } => outbox::postpone(tx, id, *at).await?.into(),
        Op::Redeliver { id, now } => outbox::redeliver(tx, id, *now).await?.into(),
        Op::CreateAssessment(new) => assessments::create(tx, new).await?.into(),
        Op::ClaimAssessments { now, lease_until, limit } => {
            assessments::claim(tx, *now, *lease_until, *limit).await?.into()
        }
        Op::RenewAssessment { id, epoch, lease_until } => {
            assessments::renew(tx, *id, *epoch, *lease_until).await?.into()
        }
        Op::StepAssessment(step) => assessments::step(tx, step).await?.into(),
        Op::TellAssessment { id, event, now } => assessments::tell(tx, *id, event, *now).await?.into(),
        Op::PutResource(resource) => resources::put(tx, resource).await?.into(),
        Op::DeleteResource { kind, scope, key } => resources::delete(tx, kind, scope, key).await?.into(),
    })
}

/// Passes the crash points of the kinds in this group, once each.
#[cfg(debug_assertions)]
fn crash_points(ops: &[&Op], moment: &str) {
    let kinds: std::collections::BTreeSet<&str> = ops.iter().map(|op| op.kind()).collect();
    for kind in kinds {
        crate::crash::hit(&format!("{kind}.{moment}"));
    }
}

#[cfg(not(debug_assertions))]
const fn crash_points(_: &[&Op], _: &str) {}
