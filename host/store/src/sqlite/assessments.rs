//! Assessments: storing them, their leases, their steps. Every statement carries its fence.
//!
//! Who is told while somebody holds the assessment is not forgotten: `told_at` stays until the next claim, and the
//! step that gives the lease back cannot put the next look off beyond it. So a holder that read the topic before
//! the event was written is followed by one that reads it after.

use super::packed::{Bytes, json};
use super::rows::{get, time, uuid};
use super::tx::{AT_ONCE, Tx, statement};
use crate::{
    AssessmentState, AssessmentStep, Created, Fenced, LeasedAssessment, NewAssessment, NewTopicEvent, Result,
};
use docket_types::{AssessmentId, Timestamp};
use sqlx::sqlite::SqliteRow;

/// Assessments that one call deletes at most: each may have thousands of rows and megabytes.
const PRUNED_AT_ONCE: u32 = 16;

pub(super) fn key(id: AssessmentId) -> Vec<u8> {
    id.0.as_bytes().to_vec()
}

/// Stores an assessment unless its name is taken.
pub(super) async fn create(tx: &mut Tx<'_>, new: &NewAssessment) -> Result<Created> {
    let named = statement("SELECT id, hash FROM assessments WHERE tenant = ?1 AND name = ?2");
    let rows = tx.rows(named.bind(new.tenant.clone()).bind(new.name.clone())).await?;
    if let Some(row) = rows.first() {
        let (id, hash) = (AssessmentId(uuid(row, 0)?), get::<&[u8], _>(row, 1)?);
        return Ok(if hash == new.hash { Created::Replayed(id) } else { Created::NameConflict(id) });
    }
    let sql = statement(
        "INSERT INTO assessments (id, tenant, name, hash, state, next_at, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, 'running', $5, $5, $5); \
         INSERT INTO assessment_specs (a, body) SELECT a, $6 FROM assessments WHERE id = $1; \
         INSERT INTO assessment_bodies (a, view, session) SELECT a, $7, $8 FROM assessments WHERE id = $1",
    );
    let sql = sql
        .bind(key(new.id))
        .bind(new.tenant.clone())
        .bind(new.name.clone())
        .bind(new.hash.to_vec())
        .bind(new.now.as_micros())
        .bind(new.spec.clone())
        .bind(new.view.clone())
        .bind(new.session.clone());
    tx.run(sql).await?;
    tx.assessment();
    Ok(Created::New)
}

/// Leases running assessments whose time has come and that nobody holds, the longest due first.
pub(super) async fn claim(
    tx: &mut Tx<'_>,
    now: Timestamp,
    lease_until: Timestamp,
    limit: u32,
) -> Result<Vec<LeasedAssessment>> {
    let sql = statement(
        "UPDATE assessments SET epoch = epoch + 1, lease_until = ?2, told_at = NULL \
         WHERE a IN (SELECT a FROM assessments WHERE state = 'running' AND next_at <= ?1 \
             AND (lease_until IS NULL OR lease_until <= ?1) ORDER BY next_at, a LIMIT ?3) \
         RETURNING id, epoch, (SELECT body FROM assessment_specs WHERE assessment_specs.a = assessments.a), \
             (SELECT session FROM assessment_bodies WHERE assessment_bodies.a = assessments.a), created_at, \
             next_at, a",
    );
    let sql = sql.bind(now.as_micros()).bind(lease_until.as_micros()).bind(limit.min(AT_ONCE));
    let mut leased = Vec::new();
    for row in &tx.rows(sql).await? {
        let due: (i64, i64) = (get(row, 5)?, get(row, 6)?);
        leased.push((due, read(row)?));
    }
    leased.sort_by_key(|(due, _)| *due);
    Ok(leased.into_iter().map(|(_, leased)| leased).collect())
}

fn read(row: &SqliteRow) -> Result<LeasedAssessment> {
    Ok(LeasedAssessment {
        id: AssessmentId(uuid(row, 0)?),
        epoch: get(row, 1)?,
        spec: get(row, 2)?,
        session: get(row, 3)?,
        created_at: time(row, 4)?,
    })
}

/// Extends the lease of an assessment that somebody holds.
pub(super) async fn renew(
    tx: &mut Tx<'_>,
    id: AssessmentId,
    epoch: i64,
    lease_until: Timestamp,
) -> Result<Fenced> {
    let sql = statement(
        "UPDATE assessments SET lease_until = ?3 \
         WHERE id = ?1 AND epoch = ?2 AND state = 'running' AND lease_until IS NOT NULL",
    );
    let changed = tx.run(sql.bind(key(id)).bind(epoch).bind(lease_until.as_micros())).await?;
    Ok(if changed == 1 { Fenced::Done } else { Fenced::Stale })
}

/// Stores a step: the fenced row first, then everything that hangs on it.
pub(super) async fn step(tx: &mut Tx<'_>, step: &AssessmentStep) -> Result<Fenced> {
    let sql = statement(
        "UPDATE assessments SET state = ?3, updated_at = ?4, next_at = min(?5, coalesce(told_at, ?5)), \
             ended_at = CASE WHEN ?3 <> 'running' THEN ?4 END, \
             lease_until = CASE WHEN ?6 OR ?3 <> 'running' THEN NULL ELSE lease_until END \
         WHERE id = ?1 AND epoch = ?2 AND state = 'running' AND lease_until IS NOT NULL RETURNING a, next_at",
    );
    let sql = sql
        .bind(key(step.id))
        .bind(step.epoch)
        .bind(step.state.as_str())
        .bind(step.now.as_micros())
        .bind(step.next_at.as_micros())
        .bind(step.release);
    let rows = tx.rows(sql).await?;
    let Some(row) = rows.first() else { return Ok(Fenced::Stale) };
    write(tx, get(row, 0)?, step).await?;
    tx.stepped(step.id);
    if step.release && step.state == AssessmentState::Running && time(row, 1)? <= step.now {
        tx.assessment();
    }
    Ok(Fenced::Done)
}

/// What hangs on the row, in one text: see [`super::settle`].
async fn write(tx: &mut Tx<'_>, a: i64, step: &AssessmentStep) -> Result<()> {
    let mut bytes = Bytes::default();
    let comparisons: Vec<_> =
        step.comparisons.iter().map(|row| (row.number, bytes.push(&row.body))).collect();
    let log: Vec<_> =
        step.log.iter().map(|entry| (entry.number, entry.at.as_micros(), bytes.push(&entry.body))).collect();
    let events: Vec<_> =
        step.events.iter().map(|event| (&event.topic, &event.id, bytes.push(&event.body))).collect();
    let sql = statement(
        "UPDATE assessment_bodies SET view = $2, session = $3 WHERE a = $1; \
         INSERT INTO assessment_comparisons (a, number, body) \
             SELECT $1, value ->> 0, substr($4, value ->> '$[1][0]', value ->> '$[1][1]') \
             FROM json_each($5) WHERE true ON CONFLICT (a, number) DO UPDATE SET body = excluded.body; \
         INSERT INTO assessment_log (a, number, at, body) \
             SELECT $1, value ->> 0, value ->> 1, substr($4, value ->> '$[2][0]', value ->> '$[2][1]') \
             FROM json_each($6) WHERE true ON CONFLICT (a, number) DO NOTHING; \
         INSERT INTO events (topic, id, a, body) \
             SELECT value ->> 0, value ->> 1, $1, substr($4, value ->> '$[2][0]', value ->> '$[2][1]') \
             FROM json_each($7) WHERE true ON CONFLICT (id) DO NOTHING",
    );
    let sql = sql
        .bind(a)
        .bind(step.view.clone())
        .bind(step.session.clone())
        .bind(bytes.0)
        .bind(json(&comparisons)?)
        .bind(json(&log)?)
        .bind(json(&events)?);
    tx.run(sql).await?;
    step.events.iter().for_each(|event| tx.topic(&event.topic));
    Ok(())
}

/// Publishes an event of an assessment, and makes it due if it runs.
pub(super) async fn tell(
    tx: &mut Tx<'_>,
    id: AssessmentId,
    event: &NewTopicEvent,
    now: Timestamp,
) -> Result<bool> {
    let sql = statement(
        "INSERT INTO events (topic, id, a, body) SELECT $2, $3, a, $4 FROM assessments WHERE id = $1 \
             ON CONFLICT (id) DO NOTHING; \
         UPDATE assessments SET next_at = min(next_at, $5), told_at = $5 WHERE id = $1 AND state = 'running'; \
         SELECT state FROM assessments WHERE id = $1",
    );
    let sql = sql
        .bind(key(id))
        .bind(event.topic.clone())
        .bind(event.id.clone())
        .bind(event.body.clone())
        .bind(now.as_micros());
    let rows = tx.rows(sql).await?;
    let Some(row) = rows.first() else { return Ok(false) };
    tx.topic(&event.topic);
    if get::<&str, _>(row, 0)? == AssessmentState::Running.as_str() {
        tx.assessment();
    }
    Ok(true)
}

/// Deletes some old ended assessments, the oldest first, with everything that hangs on them.
pub(super) async fn prune(tx: &mut Tx<'_>, before: Timestamp, limit: u32) -> Result<()> {
    let sql = statement(
        "DELETE FROM assessments WHERE a IN (SELECT a FROM assessments \
             WHERE state <> 'running' AND ended_at < ?1 ORDER BY ended_at LIMIT ?2)",
    );
    tx.run(sql.bind(before.as_micros()).bind(limit.min(PRUNED_AT_ONCE))).await?;
    Ok(())
}
