//! SQLite: one file, one writer, a few readers.
//!
//! WAL with `synchronous = FULL`: what was committed survives a power cut.

mod accept;
mod assessment_views;
mod assessments;
mod batches;
mod check;
mod claim;
mod error;
mod op;
mod outbox;
mod packed;
mod ports;
mod requests;
mod resources;
mod rows;
mod schema;
mod settle;
#[cfg(test)]
mod tests;
mod topics;
mod tx;
mod writer;

use crate::{Applied, Error, MigrationStatus, Result, SharedStore};
use check::Found;
use docket_types::Timestamp;
use error::store_error;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Row};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use writer::{Shared, Writer};

/// How long to wait for another process that writes.
const BUSY: Duration = Duration::from_secs(5);
/// Rows on their way from SQLite's thread: enough that a page of them does not make it wait.
const ROWS: usize = 512;

/// How to open a file.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// The file.
    pub path: PathBuf,
    /// Whether to make it when there is none.
    pub create: bool,
    /// Connections for reading, at least 1.
    pub readers: u32,
    /// The largest size, in pages of 4 KiB: beyond it the store is full. None: as large as the disk.
    pub max_pages: Option<u32>,
}

impl SqliteOptions {
    /// This file, made when there is none.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), create: true, readers: 3, max_pages: None }
    }

    fn connect(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .busy_timeout(BUSY)
            .row_buffer_size(ROWS)
            .foreign_keys(true)
            .disable_statement_logging()
    }

    async fn writer(&self) -> Result<SqliteConnection> {
        let mut options = self
            .connect()
            .create_if_missing(self.create)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // Folding the log in less often makes each page's copy serve more commits; 16 MiB of log.
            .pragma("wal_autocheckpoint", "4000")
            .pragma("journal_size_limit", "67108864")
            .pragma("cache_size", "-16384")
            .pragma("temp_store", "MEMORY");
        if let Some(pages) = self.max_pages {
            options = options.pragma("max_page_count", pages.to_string());
        }
        SqliteConnection::connect_with(&options).await.map_err(store_error)
    }

    async fn readers(&self) -> Result<SqlitePool> {
        SqlitePoolOptions::new()
            .max_connections(self.readers.max(1))
            .acquire_timeout(BUSY)
            .test_before_acquire(false)
            .connect_with(self.connect().read_only(true))
            .await
            .map_err(store_error)
    }
}

/// A SQLite file as a store.
struct SqliteStore {
    writer: Writer,
    readers: SqlitePool,
    shared: Arc<Shared>,
}

/// Opens the file, and brings it to the newest schema. A file that is damaged, foreign or of a newer schema
/// is refused with [`Error::Corrupt`] and stays as it is.
pub async fn open(options: SqliteOptions) -> Result<SharedStore> {
    let mut conn = checked(&options).await?;
    for applied in schema::migrate(&mut conn).await? {
        tracing::info!(version = applied.version, name = applied.name, "migrated the store");
    }
    let row = sqlx::query("SELECT open, queued, bytes FROM counters").fetch_one(&mut conn).await;
    let load = rows::load(&row.map_err(store_error)?)?;
    let readers = options.readers().await?;
    let shared = Arc::new(Shared::new(load));
    let writer = Writer::start(conn, Arc::clone(&shared));
    Ok(Arc::new(SqliteStore { writer, readers, shared }))
}

/// A connection that may write, to a file that was looked at.
async fn checked(options: &SqliteOptions) -> Result<SqliteConnection> {
    if check::look(&options.path).await? == Found::Nothing && !options.create {
        return Err(Error::Unavailable(format!("{} does not exist", options.path.display())));
    }
    options.writer().await
}

/// Brings the file to the newest schema, making it when there is none.
pub(crate) async fn migrate(path: &Path) -> Result<Vec<Applied>> {
    let mut conn = checked(&SqliteOptions::new(path)).await?;
    let applied = schema::migrate(&mut conn).await?;
    conn.close().await.map_err(store_error)?;
    Ok(applied)
}

/// Which migrations the file has. Changes nothing.
pub(crate) async fn status(path: &Path) -> Result<Vec<MigrationStatus>> {
    let mut applied = Vec::new();
    if check::look(path).await? != Found::Nothing {
        let options = SqliteOptions::new(path).connect().read_only(true);
        let mut conn = SqliteConnection::connect_with(&options).await.map_err(store_error)?;
        let rows = sqlx::query("SELECT version, applied_at FROM migrations").fetch_all(&mut conn).await;
        for row in rows.map_err(store_error)? {
            let version: u32 = row.try_get(0).map_err(store_error)?;
            let at: i64 = row.try_get(1).map_err(store_error)?;
            applied.push((version, Timestamp::from_micros(at)));
        }
        conn.close().await.map_err(store_error)?;
    }
    let status = schema::MIGRATIONS.iter().map(|migration| MigrationStatus {
        version: migration.version,
        name: migration.name.to_owned(),
        applied_at: applied.iter().find(|(version, _)| *version == migration.version).map(|(_, at)| *at),
    });
    Ok(status.collect())
}
