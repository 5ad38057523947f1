//! Requests as callers see them, and their end: retention.

use super::assessments;
use super::error::store_error;
use super::rows::{batch_id, get, provider, request_id, small, state, time};
use super::tx::{AT_ONCE, Tx, statement};
use crate::{RequestView, Result};
use docket_types::{MicroUsd, RequestId, Timestamp};
use sqlx::sqlite::{SqlitePool, SqliteRow};

/// One request.
pub(super) async fn find(pool: &SqlitePool, id: RequestId) -> Result<Option<RequestView>> {
    let sql = statement(
        "SELECT r.id, r.state, r.attempts, r.provider, r.accepted_at, r.expires_at, r.updated_at, r.batch_id, \
             p.body, o.body, (SELECT coalesce(sum(cost), 0) FROM attempts WHERE attempts.n = r.n) \
         FROM requests AS r CROSS JOIN payloads AS p ON p.n = r.n LEFT JOIN outcomes AS o ON o.n = r.n \
         WHERE r.id = ?1",
    );
    let row = sql.bind(id.0.as_bytes().to_vec()).fetch_optional(pool).await.map_err(store_error)?;
    row.as_ref().map(view).transpose()
}

fn view(row: &SqliteRow) -> Result<RequestView> {
    Ok(RequestView {
        id: request_id(row, 0)?,
        state: state(row, 1)?,
        attempts: small(row, 2)?,
        provider: provider(row, 3)?,
        accepted_at: time(row, 4)?,
        expires_at: time(row, 5)?,
        updated_at: time(row, 6)?,
        batch_id: get::<Option<&[u8]>, _>(row, 7)?.map(|_| batch_id(row, 7)).transpose()?,
        payload: get(row, 8)?,
        outcome: get(row, 9)?,
        cost: MicroUsd(get(row, 10)?),
    })
}

/// Deletes old terminal requests with everything that hangs on them, and old ended jobs and assessments.
pub(super) async fn prune(tx: &mut Tx<'_>, before: Timestamp, limit: u32) -> Result<u64> {
    let sql = statement(
        "DELETE FROM requests WHERE n IN (SELECT n FROM requests \
             WHERE state IN ('succeeded', 'failed', 'expired', 'cancelled') AND updated_at < ?1 \
             AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.n = requests.n AND outbox.state <> 'delivered') \
             ORDER BY updated_at LIMIT ?2)",
    );
    let deleted = tx.run(sql.bind(before.as_micros()).bind(limit.min(AT_ONCE))).await?;
    let jobs = statement("DELETE FROM batches WHERE state <> 'open' AND ended_at < ?1");
    tx.run(jobs.bind(before.as_micros())).await?;
    assessments::prune(tx, before, limit).await?;
    Ok(deleted)
}
