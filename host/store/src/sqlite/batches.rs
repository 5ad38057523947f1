//! Jobs: planning them out of leased requests, their leases, their steps.

use super::error::store_error;
use super::packed::{hex, json};
use super::rows::{batch_id, get, leased, leased_columns, provider, request_id, small, time};
use super::tx::{Tx, statement};
use crate::{BatchView, Error, Fenced, JobState, JobStep, Leased, LeasedBatch, NewBatch, Result};
use docket_types::{BatchId, RequestId, RequestState, Timestamp};
use sqlx::sqlite::{SqlitePool, SqliteRow};
use std::collections::HashSet;

/// Stores the job with those members whose lease still holds. A job without any is not stored.
pub(super) async fn plan(tx: &mut Tx<'_>, batch: &NewBatch) -> Result<Vec<RequestId>> {
    let members: Vec<(String, i64)> = batch.members.iter().map(|(id, epoch)| (hex(id.0), *epoch)).collect();
    let sql = statement(
        "UPDATE requests SET state = 'batched', batch_id = ?2, updated_at = ?3, worker = NULL, lease_until = NULL \
         FROM (SELECT unhex(value ->> 0) AS id, value ->> 1 AS epoch FROM json_each(?1)) AS j \
         WHERE requests.id = j.id AND requests.epoch = j.epoch AND state = 'running' AND taken_from IS NULL \
         RETURNING requests.id",
    );
    let sql = sql.bind(json(&members)?).bind(batch.id.0.as_bytes().to_vec()).bind(batch.now.as_micros());
    let mut moved = HashSet::new();
    for row in tx.rows(sql).await? {
        let id = request_id(&row, 0)?;
        tx.moved(id, RequestState::Batched);
        moved.insert(id);
    }
    if !moved.is_empty() {
        let sql = statement(
            "INSERT INTO batches (id, provider, model, adapter, items, state, created_at, step_state, next_at, progress) \
             VALUES (?1, ?2, ?3, ?4, ?5, 'open', ?6, x'', ?6, x'')",
        );
        let sql = sql
            .bind(batch.id.0.as_bytes().to_vec())
            .bind(batch.provider.0.clone())
            .bind(batch.model.clone())
            .bind(batch.adapter.clone())
            .bind(i64::try_from(moved.len()).unwrap_or(i64::MAX))
            .bind(batch.now.as_micros());
        tx.run(sql).await?;
        tx.job();
    }
    Ok(batch.members.iter().map(|(id, _)| *id).filter(|id| !moved.contains(id)).collect())
}

/// Leases open jobs whose time has come and that nobody holds, the longest due first.
pub(super) async fn claim_jobs(
    tx: &mut Tx<'_>,
    now: Timestamp,
    lease_until: Timestamp,
    limit: u32,
) -> Result<Vec<LeasedBatch>> {
    let sql = statement(
        "UPDATE batches SET epoch = epoch + 1, lease_until = ?2 \
         WHERE id IN (SELECT id FROM batches WHERE state = 'open' AND next_at <= ?1 \
             AND (lease_until IS NULL OR lease_until <= ?1) ORDER BY next_at LIMIT ?3) \
         RETURNING id, epoch, provider, model, adapter, items, created_at, seq, step_state, effect, in_doubt, \
             next_at, progress",
    );
    let rows = tx.rows(sql.bind(now.as_micros()).bind(lease_until.as_micros()).bind(limit)).await?;
    let mut jobs = rows.iter().map(leased_job).collect::<Result<Vec<_>>>()?;
    jobs.sort_by_key(|job| (job.step.next_at, job.id));
    Ok(jobs)
}

fn leased_job(row: &SqliteRow) -> Result<LeasedBatch> {
    Ok(LeasedBatch {
        id: batch_id(row, 0)?,
        epoch: get(row, 1)?,
        provider: provider(row, 2)?,
        model: get(row, 3)?,
        adapter: get(row, 4)?,
        items: small(row, 5)?,
        created_at: time(row, 6)?,
        step: JobStep {
            seq: small(row, 7)?,
            state: get(row, 8)?,
            effect: get(row, 9)?,
            in_doubt: get(row, 10)?,
            next_at: time(row, 11)?,
            progress: get(row, 12)?,
        },
    })
}

/// Extends the lease of a job that somebody holds.
pub(super) async fn renew_job(
    tx: &mut Tx<'_>,
    id: BatchId,
    epoch: i64,
    lease_until: Timestamp,
) -> Result<Fenced> {
    let sql = statement(
        "UPDATE batches SET lease_until = ?3 \
         WHERE id = ?1 AND epoch = ?2 AND state = 'open' AND lease_until IS NOT NULL",
    );
    let sql = sql.bind(id.0.as_bytes().to_vec()).bind(epoch).bind(lease_until.as_micros());
    tx.run(sql).await.map(fenced)
}

/// Stores where the job stands.
pub(super) async fn save_step(
    tx: &mut Tx<'_>,
    id: BatchId,
    epoch: i64,
    step: &JobStep,
    release: bool,
) -> Result<Fenced> {
    let sql = statement(
        "UPDATE batches SET seq = ?3, step_state = ?4, effect = ?5, in_doubt = ?6, next_at = ?7, progress = ?8, \
             lease_until = CASE WHEN ?9 THEN NULL ELSE lease_until END \
         WHERE id = ?1 AND epoch = ?2 AND state = 'open' AND lease_until IS NOT NULL",
    );
    let sql = sql
        .bind(id.0.as_bytes().to_vec())
        .bind(epoch)
        .bind(step.seq)
        .bind(step.state.clone())
        .bind(step.effect.clone())
        .bind(step.in_doubt)
        .bind(step.next_at.as_micros())
        .bind(step.progress.clone())
        .bind(release);
    let answer = fenced(tx.run(sql).await?);
    if release && answer == Fenced::Done {
        tx.job();
    }
    Ok(answer)
}

/// Ends the job. With members that have no outcome yet this is an error, and the job stays open: nothing
/// would come back to them.
pub(super) async fn finish_job(
    tx: &mut Tx<'_>,
    id: BatchId,
    epoch: i64,
    state: JobState,
    now: Timestamp,
) -> Result<Fenced> {
    if state == JobState::Open {
        return Err(Error::Internal("`open` does not end a job".into()));
    }
    let key = id.0.as_bytes().to_vec();
    let members = statement(
        "SELECT EXISTS (SELECT 1 FROM requests WHERE state = 'batched' AND batch_id = ?1) \
             AND EXISTS (SELECT 1 FROM batches WHERE id = ?1 AND epoch = ?2 AND state = 'open')",
    );
    let rows = tx.rows(members.bind(key.clone()).bind(epoch)).await?;
    if rows.first().map(|row| get::<i64, _>(row, 0)).transpose()? != Some(0) {
        return Err(Error::Internal(format!("job {id} has members without an outcome")));
    }
    let sql = statement(
        "UPDATE batches SET state = ?3, ended_at = ?4, lease_until = NULL, effect = NULL, in_doubt = 0 \
         WHERE id = ?1 AND epoch = ?2 AND state = 'open' AND lease_until IS NOT NULL",
    );
    tx.run(sql.bind(key).bind(epoch).bind(state.as_str()).bind(now.as_micros())).await.map(fenced)
}

const fn fenced(changed: u64) -> Fenced {
    if changed == 1 { Fenced::Done } else { Fenced::Stale }
}

/// Members without an outcome, by id.
pub(super) async fn members(
    pool: &SqlitePool,
    id: BatchId,
    after: Option<RequestId>,
    limit: u32,
) -> Result<Vec<Leased>> {
    let sql = statement(concat!(
        "SELECT ",
        leased_columns!(),
        " FROM requests WHERE state = 'batched' AND batch_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
    ));
    let after = after.map(|id| id.0.as_bytes().to_vec()).unwrap_or_default();
    let sql = sql.bind(id.0.as_bytes().to_vec()).bind(after).bind(limit);
    sql.fetch_all(pool).await.map_err(store_error)?.iter().map(leased).collect()
}

macro_rules! view_columns {
    () => {
        "SELECT id, state, provider, model, adapter, items, created_at, ended_at, progress FROM batches "
    };
}

/// One job.
pub(super) async fn get_job(pool: &SqlitePool, id: BatchId) -> Result<Option<BatchView>> {
    let sql = statement(concat!(view_columns!(), "WHERE id = ?1")).bind(id.0.as_bytes().to_vec());
    sql.fetch_optional(pool).await.map_err(store_error)?.as_ref().map(view).transpose()
}

/// Jobs, newest first: their ids are ordered by time.
pub(super) async fn list_jobs(pool: &SqlitePool, limit: u32) -> Result<Vec<BatchView>> {
    let sql = statement(concat!(view_columns!(), "ORDER BY id DESC LIMIT ?1")).bind(limit);
    sql.fetch_all(pool).await.map_err(store_error)?.iter().map(view).collect()
}

fn view(row: &SqliteRow) -> Result<BatchView> {
    let name: &str = get(row, 1)?;
    let state = [JobState::Open, JobState::Completed, JobState::Failed, JobState::Cancelled]
        .into_iter()
        .find(|state| state.as_str() == name)
        .ok_or_else(|| Error::Corrupt(format!("a job's state is `{name}`")))?;
    Ok(BatchView {
        id: batch_id(row, 0)?,
        state,
        provider: provider(row, 2)?,
        model: get(row, 3)?,
        adapter: get(row, 4)?,
        items: small(row, 5)?,
        created_at: time(row, 6)?,
        ended_at: get::<Option<i64>, _>(row, 7)?.map(Timestamp::from_micros),
        progress: get(row, 8)?,
    })
}
