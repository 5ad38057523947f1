//! Assessments as callers see them.

use super::assessments::key;
use super::error::store_error;
use super::rows::{get, small, time, uuid};
use super::tx::{Sql, statement};
use crate::{AssessmentRow, AssessmentState, ComparisonRow, Error, LogEntry, Result};
use docket_types::{AssessmentId, Timestamp};
use sqlx::sqlite::{SqlitePool, SqliteRow};

macro_rules! view_columns {
    () => {
        "SELECT r.id, r.name, r.state, b.view, r.created_at, r.updated_at, r.ended_at \
         FROM assessments AS r CROSS JOIN assessment_bodies AS b ON b.a = r.a "
    };
}

/// Larger than every id.
const NEWEST: [u8; 17] = [0xff; 17];

async fn one(pool: &SqlitePool, sql: Sql<'_>) -> Result<Option<AssessmentRow>> {
    sql.fetch_optional(pool).await.map_err(store_error)?.as_ref().map(view).transpose()
}

async fn all(pool: &SqlitePool, sql: Sql<'_>) -> Result<Vec<SqliteRow>> {
    sql.fetch_all(pool).await.map_err(store_error)
}

/// One assessment.
pub(super) async fn find(pool: &SqlitePool, id: AssessmentId) -> Result<Option<AssessmentRow>> {
    one(pool, statement(concat!(view_columns!(), "WHERE r.id = ?1")).bind(key(id))).await
}

/// The assessment with this name: there is at most one.
pub(super) async fn named(pool: &SqlitePool, tenant: &str, name: &str) -> Result<Option<AssessmentRow>> {
    let sql = statement(concat!(view_columns!(), "WHERE r.tenant = ?1 AND r.name = ?2"));
    one(pool, sql.bind(tenant.to_owned()).bind(name.to_owned())).await
}

/// Assessments, newest first: their ids are ordered by time.
pub(super) async fn list(
    pool: &SqlitePool,
    before: Option<AssessmentId>,
    limit: u32,
) -> Result<Vec<AssessmentRow>> {
    let before = before.map_or_else(|| NEWEST.to_vec(), key);
    let sql = statement(concat!(view_columns!(), "WHERE r.id < ?1 ORDER BY r.id DESC LIMIT ?2"));
    all(pool, sql.bind(before).bind(limit)).await?.iter().map(view).collect()
}

/// What was asked for.
pub(super) async fn spec(pool: &SqlitePool, id: AssessmentId) -> Result<Option<Vec<u8>>> {
    let sql =
        statement("SELECT body FROM assessment_specs WHERE a = (SELECT a FROM assessments WHERE id = ?1)");
    let row = sql.bind(key(id)).fetch_optional(pool).await.map_err(store_error)?;
    row.as_ref().map(|row| get(row, 0)).transpose()
}

/// Comparisons from a number on, in order.
pub(super) async fn comparisons(
    pool: &SqlitePool,
    id: AssessmentId,
    from: u32,
    limit: u32,
) -> Result<Vec<ComparisonRow>> {
    let sql = statement(
        "SELECT number, body FROM assessment_comparisons \
         WHERE a = (SELECT a FROM assessments WHERE id = ?1) AND number >= ?2 ORDER BY number LIMIT ?3",
    );
    let rows = all(pool, sql.bind(key(id)).bind(from).bind(limit)).await?;
    rows.iter().map(|row| Ok(ComparisonRow { number: small(row, 0)?, body: get(row, 1)? })).collect()
}

/// Decisions from a number on, in order.
pub(super) async fn log(pool: &SqlitePool, id: AssessmentId, from: u32, limit: u32) -> Result<Vec<LogEntry>> {
    let sql = statement(
        "SELECT number, at, body FROM assessment_log \
         WHERE a = (SELECT a FROM assessments WHERE id = ?1) AND number >= ?2 ORDER BY number LIMIT ?3",
    );
    let rows = all(pool, sql.bind(key(id)).bind(from).bind(limit)).await?;
    rows.iter()
        .map(|row| Ok(LogEntry { number: small(row, 0)?, at: time(row, 1)?, body: get(row, 2)? }))
        .collect()
}

fn view(row: &SqliteRow) -> Result<AssessmentRow> {
    use AssessmentState::{Cancelled, Completed, Failed, Running};
    let name: &str = get(row, 2)?;
    let state = [Running, Completed, Failed, Cancelled]
        .into_iter()
        .find(|state| state.as_str() == name)
        .ok_or_else(|| Error::Corrupt(format!("an assessment's state is `{name}`")))?;
    Ok(AssessmentRow {
        id: AssessmentId(uuid(row, 0)?),
        name: get(row, 1)?,
        state,
        view: get(row, 3)?,
        created_at: time(row, 4)?,
        updated_at: time(row, 5)?,
        ended_at: get::<Option<i64>, _>(row, 6)?.map(Timestamp::from_micros),
    })
}
