//! The schema: its migrations, forward only, and how a file tells which of them it has.

use super::error::store_error;
use crate::{Applied, Error, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};

/// `DOCK`, in the file's header.
pub(super) const APPLICATION_ID: i64 = 0x444f_434b;

/// A step from one schema to the next.
pub(super) struct Migration {
    pub(super) version: u32,
    pub(super) name: &'static str,
    sql: &'static str,
}

/// All of them, in order, numbered from 1.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, name: "first", sql: include_str!("migrations/0001_first.sql") },
    Migration { version: 2, name: "assessments", sql: include_str!("migrations/0002_assessments.sql") },
];

/// The schema that this docket works with.
pub(super) fn newest() -> u32 {
    MIGRATIONS.last().map_or(0, |migration| migration.version)
}

/// A pragma's number.
pub(super) async fn pragma(conn: &mut SqliteConnection, name: &'static str) -> Result<i64> {
    let row = sqlx::query(name).fetch_one(conn).await.map_err(store_error)?;
    row.try_get(0).map_err(store_error)
}

/// The file's schema version.
pub(super) async fn version(conn: &mut SqliteConnection) -> Result<u32> {
    let version = pragma(conn, "PRAGMA user_version").await?;
    u32::try_from(version).map_err(|_| Error::Corrupt(format!("a schema version of {version}")))
}

/// Brings the file to the newest schema. Each step is one transaction; two processes take turns.
pub(super) async fn migrate(conn: &mut SqliteConnection) -> Result<Vec<Applied>> {
    migrate_to(conn, newest()).await
}

/// Brings the file to this schema, if it has an older one.
pub(super) async fn migrate_to(conn: &mut SqliteConnection, last: u32) -> Result<Vec<Applied>> {
    let mut applied = Vec::new();
    for migration in MIGRATIONS.iter().filter(|migration| migration.version <= last) {
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *conn).await.map_err(store_error)?;
        match step(conn, migration).await {
            Ok(done) => {
                sqlx::query("COMMIT").execute(&mut *conn).await.map_err(store_error)?;
                applied.extend(done);
            }
            Err(error) => {
                sqlx::query("ROLLBACK").execute(&mut *conn).await.ok();
                return Err(error);
            }
        }
    }
    Ok(applied)
}

async fn step(conn: &mut SqliteConnection, migration: &Migration) -> Result<Option<Applied>> {
    // Read under the lock: another process may have done it.
    if version(conn).await? >= migration.version {
        return Ok(None);
    }
    sqlx::raw_sql(migration.sql).execute(&mut *conn).await.map_err(store_error)?;
    sqlx::query("INSERT INTO migrations (version, name, applied_at) VALUES (?1, ?2, unixepoch() * 1000000)")
        .bind(migration.version)
        .bind(migration.name)
        .execute(&mut *conn)
        .await
        .map_err(store_error)?;
    // A pragma takes no arguments; both are numbers of ours.
    let marks =
        format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {}", migration.version);
    sqlx::raw_sql(AssertSqlSafe(marks)).execute(&mut *conn).await.map_err(store_error)?;
    Ok(Some(Applied { version: migration.version, name: migration.name.to_owned() }))
}

/// Every table, index and trigger as it was made, sorted.
pub(super) async fn objects(conn: &mut SqliteConnection) -> Result<Vec<(String, String)>> {
    let rows = sqlx::query(
        "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema \
         WHERE name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\' ORDER BY 1",
    );
    let rows: Vec<SqliteRow> = rows.fetch_all(conn).await.map_err(store_error)?;
    rows.iter()
        .map(|row| Ok((row.try_get(0).map_err(store_error)?, row.try_get(1).map_err(store_error)?)))
        .collect()
}

/// What [`objects`] gives for a sound file of this version: made in memory and looked at.
pub(super) async fn expected(version: u32) -> Result<Vec<(String, String)>> {
    let options = SqliteConnectOptions::new().in_memory(true).disable_statement_logging();
    let mut conn = SqliteConnection::connect_with(&options).await.map_err(store_error)?;
    migrate_to(&mut conn, version).await?;
    let objects = objects(&mut conn).await?;
    conn.close().await.map_err(store_error)?;
    Ok(objects)
}
