//! Leases: claiming, renewing, taking away, expiring, waking. Every statement carries its fence.

use super::packed::{hex, json};
use super::rows::{get, leased, leased_columns, provider, request_id, state, time};
use super::tx::{AT_ONCE, Tx, statement};
use crate::{Claim, Leased, Result, Woken};
use docket_types::{RequestId, RequestState, Timestamp};
use sqlx::sqlite::SqliteRow;
use std::cmp::Reverse;
use std::collections::HashSet;

/// Leases ready requests, by priority and then age.
pub(super) async fn claim(tx: &mut Tx<'_>, claim: &Claim) -> Result<Vec<Leased>> {
    let sql = match claim.compat {
        None => statement(concat!(
            "UPDATE requests SET state = 'running', epoch = epoch + 1, attempts = attempts + 1, \
                 taken_from = NULL, worker = ?2, lease_until = ?3, updated_at = ?4 \
             WHERE n IN (SELECT n FROM requests WHERE state = 'queued' AND provider = ?1 AND expires_at > ?4 \
                 ORDER BY priority DESC, n LIMIT ?5) RETURNING ",
            leased_columns!()
        )),
        Some(_) => statement(concat!(
            "UPDATE requests SET state = 'running', epoch = epoch + 1, attempts = attempts + 1, \
                 taken_from = NULL, worker = ?2, lease_until = ?3, updated_at = ?4 \
             WHERE n IN (SELECT n FROM requests WHERE state = 'queued' AND provider = ?1 AND compat = ?6 \
                 AND expires_at > ?4 ORDER BY priority DESC, n LIMIT ?5) RETURNING ",
            leased_columns!()
        )),
    };
    let sql = sql
        .bind(claim.provider.as_str().to_owned())
        .bind(claim.worker.clone())
        .bind(claim.lease_until.as_micros())
        .bind(claim.now.as_micros())
        .bind(claim.limit.min(AT_ONCE));
    let sql = match claim.compat {
        Some(key) => sql.bind(key.0),
        None => sql,
    };
    let rows = tx.rows(sql).await?;
    let mut taken = in_hand(tx, &rows)?;
    tx.delta.queued -= i64::try_from(taken.len()).unwrap_or(i64::MAX);
    taken.sort_by_key(|(n, leased)| (Reverse(leased.priority), *n));
    Ok(taken.into_iter().map(|(_, leased)| leased).collect())
}

/// Reads rows that were just set to running, with their `n`.
fn in_hand(tx: &mut Tx<'_>, rows: &[SqliteRow]) -> Result<Vec<(i64, Leased)>> {
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let leased = leased(row)?;
        tx.moved(leased.id, RequestState::Running);
        all.push((get(row, 11)?, leased));
    }
    Ok(all)
}

/// Extends leases; returns those that were lost.
pub(super) async fn renew(
    tx: &mut Tx<'_>,
    leases: &[(RequestId, i64)],
    lease_until: Timestamp,
) -> Result<Vec<RequestId>> {
    let asked: Vec<(String, i64)> = leases.iter().map(|(id, epoch)| (hex(id.0), *epoch)).collect();
    let sql = statement(
        "UPDATE requests SET lease_until = ?2 \
         FROM (SELECT unhex(value ->> 0) AS id, value ->> 1 AS epoch FROM json_each(?1)) AS j \
         WHERE requests.id = j.id AND requests.epoch = j.epoch AND state = 'running' RETURNING requests.id, requests.epoch",
    );
    let mut kept = HashSet::new();
    for row in tx.rows(sql.bind(json(&asked)?).bind(lease_until.as_micros())).await? {
        kept.insert((request_id(&row, 0)?, get::<i64, _>(&row, 1)?));
    }
    Ok(leases.iter().filter(|lease| !kept.contains(lease)).map(|(id, _)| *id).collect())
}

/// Takes one request out of whoever's hands.
pub(super) async fn take(
    tx: &mut Tx<'_>,
    id: RequestId,
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Option<Leased>> {
    let sql = statement(concat!(
        "UPDATE requests SET state = 'running', epoch = epoch + 1, worker = NULL, lease_until = ?3, \
             updated_at = ?2, taken_from = CASE \
                 WHEN state = 'batched' OR (state = 'running' AND taken_from = 'job') THEN 'job' \
                 WHEN state = 'running' THEN 'worker' ELSE 'queue' END \
         WHERE id = ?1 AND state IN ('queued', 'waiting', 'running', 'batched') RETURNING ",
        leased_columns!()
    ));
    let sql = sql.bind(id.0.as_bytes().to_vec()).bind(now.as_micros()).bind(lease_until.as_micros());
    let rows = tx.rows(sql).await?;
    taken(tx, &rows).map(|mut all| all.pop())
}

/// Leases requests whose time ran out.
pub(super) async fn expire(
    tx: &mut Tx<'_>,
    now: Timestamp,
    lease_until: Timestamp,
    limit: u32,
) -> Result<Vec<Leased>> {
    let sql = statement(concat!(
        "UPDATE requests SET state = 'running', epoch = epoch + 1, worker = NULL, lease_until = ?2, \
             updated_at = ?1, taken_from = CASE state WHEN 'batched' THEN 'job' ELSE 'queue' END \
         WHERE n IN (SELECT n FROM requests WHERE state IN ('queued', 'waiting', 'batched') \
             AND expires_at <= ?1 ORDER BY expires_at LIMIT ?3) RETURNING ",
        leased_columns!()
    ));
    let sql = sql.bind(now.as_micros()).bind(lease_until.as_micros()).bind(limit.min(AT_ONCE));
    let rows = tx.rows(sql).await?;
    let mut all = taken(tx, &rows)?;
    all.sort_by_key(|leased| (leased.expires_at, leased.id));
    Ok(all)
}

/// Reads rows that were just taken away; those from the queue are no longer in it.
fn taken(tx: &mut Tx<'_>, rows: &[SqliteRow]) -> Result<Vec<Leased>> {
    for row in rows {
        if get::<Option<&str>, _>(row, 12)? == Some("queue") {
            tx.delta.queued -= 1;
        }
    }
    Ok(in_hand(tx, rows)?.into_iter().map(|(_, leased)| leased).collect())
}

/// Makes waiting requests ready and takes back what was lost. A lost lease's epoch is used up, so that its
/// holder cannot touch the row any more; what a canceller had out of a job goes back into the job.
pub(super) async fn wake(tx: &mut Tx<'_>, now: Timestamp) -> Result<Woken> {
    tx.refresh = true;
    let due = statement(
        "UPDATE requests SET state = 'queued', updated_at = ?1 \
         WHERE n IN (SELECT n FROM requests WHERE state = 'waiting' AND ready_at <= ?1 ORDER BY ready_at LIMIT ?2) \
         RETURNING id, provider, state",
    );
    let rows = tx.rows(due.bind(now.as_micros()).bind(AT_ONCE)).await?;
    let retried = rows.len() as u64;
    for row in &rows {
        back(tx, row)?;
    }
    let lost = statement(
        "UPDATE requests SET epoch = epoch + 1, lost_leases = lost_leases + 1, worker = NULL, lease_until = NULL, \
             taken_from = NULL, updated_at = ?1, \
             ready_at = CASE WHEN taken_from = 'job' THEN ready_at ELSE ?1 END, \
             state = CASE WHEN taken_from = 'job' AND EXISTS (SELECT 1 FROM batches \
                 WHERE batches.id = batch_id AND batches.state = 'open') THEN 'batched' ELSE 'queued' END \
         WHERE n IN (SELECT n FROM requests WHERE state = 'running' AND lease_until <= ?1 \
             ORDER BY lease_until LIMIT ?2) \
         RETURNING id, provider, state",
    );
    let rows = tx.rows(lost.bind(now.as_micros()).bind(AT_ONCE)).await?;
    let reclaimed = rows.len() as u64;
    for row in &rows {
        if back(tx, row)? == RequestState::Queued {
            tx.delta.queued += 1;
        }
    }
    let next = statement(
        "SELECT min(at) FROM (SELECT min(ready_at) AS at FROM requests WHERE state = 'waiting' \
         UNION ALL SELECT min(lease_until) FROM requests WHERE state = 'running')",
    );
    let rows = tx.rows(next).await?;
    let next_at = match rows.first() {
        Some(row) if get::<Option<i64>, _>(row, 0)?.is_some() => Some(time(row, 0)?),
        _ => None,
    };
    Ok(Woken { retried, reclaimed, next_at })
}

/// Tells of a row (id, provider, state) that came back; returns its state.
pub(super) fn back(tx: &mut Tx<'_>, row: &SqliteRow) -> Result<RequestState> {
    let now = state(row, 2)?;
    if now == RequestState::Queued {
        tx.ready(&provider(row, 1)?);
    }
    tx.moved(request_id(row, 0)?, now);
    Ok(now)
}
