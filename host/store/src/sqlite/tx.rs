//! One transaction of the writer: its connection, and what is to be told when it is committed.

use super::error::store_error;
use crate::{Change, Load, Result};
use docket_types::{AssessmentId, ProviderName, RequestId, RequestState};
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection, SqliteRow};
use std::collections::HashSet;

/// Rows that one call moves at most, so that no call holds the writer for long.
pub(super) const AT_ONCE: u32 = 1_000;

/// By how much the counters change.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Delta {
    pub(super) open: i64,
    pub(super) queued: i64,
    pub(super) bytes: i64,
}

/// An open transaction.
pub(super) struct Tx<'c> {
    conn: &'c mut SqliteConnection,
    pub(super) delta: Delta,
    changes: Vec<Change>,
    /// Hints that say the same for many rows.
    told: HashSet<Told>,
    /// Read the counters even if this transaction does not change them: another process may have.
    pub(super) refresh: bool,
}

#[derive(PartialEq, Eq, Hash)]
enum Told {
    Ready(ProviderName),
    Topic(String),
    Delivery,
    Job,
    Assessment,
}

/// A statement and its arguments so far.
pub(super) type Sql<'q> = Query<'q, Sqlite, SqliteArguments>;

/// A statement that runs while docket works: what a test of query plans must see.
pub(super) fn statement(text: &'static str) -> Sql<'static> {
    #[cfg(test)]
    super::tests::seen(text);
    sqlx::query(text)
}

impl<'c> Tx<'c> {
    /// Takes the write lock, waiting for it at most the busy time.
    pub(super) async fn begin(conn: &'c mut SqliteConnection) -> Result<Self> {
        sqlx::query("BEGIN IMMEDIATE").persistent(true).execute(&mut *conn).await.map_err(store_error)?;
        Ok(Self { conn, delta: Delta::default(), changes: Vec::new(), told: HashSet::new(), refresh: false })
    }

    /// Runs a statement, or several in one text; returns the rows of all.
    pub(super) async fn rows(&mut self, sql: Sql<'_>) -> Result<Vec<SqliteRow>> {
        sql.fetch_all(&mut *self.conn).await.map_err(store_error)
    }

    /// Runs a statement for its effect; returns how many rows it changed.
    pub(super) async fn run(&mut self, sql: Sql<'_>) -> Result<u64> {
        sql.execute(&mut *self.conn).await.map(|done| done.rows_affected()).map_err(store_error)
    }

    /// A request changed its state.
    pub(super) fn moved(&mut self, id: RequestId, state: RequestState) {
        self.changes.push(Change::Request(id, state));
    }

    /// Work for this provider is ready.
    pub(super) fn ready(&mut self, provider: &ProviderName) {
        if !self.told.contains(&Told::Ready(provider.clone())) {
            self.told.insert(Told::Ready(provider.clone()));
            self.changes.push(Change::Ready(provider.clone()));
        }
    }

    /// A topic has a new event.
    pub(super) fn topic(&mut self, topic: &str) {
        if self.told.insert(Told::Topic(topic.to_owned())) {
            self.changes.push(Change::Topic(topic.to_owned()));
        }
    }

    /// A webhook is to be delivered.
    pub(super) fn delivery(&mut self) {
        if self.told.insert(Told::Delivery) {
            self.changes.push(Change::Delivery);
        }
    }

    /// A job is due.
    pub(super) fn job(&mut self) {
        if self.told.insert(Told::Job) {
            self.changes.push(Change::Job);
        }
    }

    /// An assessment is due.
    pub(super) fn assessment(&mut self) {
        if self.told.insert(Told::Assessment) {
            self.changes.push(Change::Assessment);
        }
    }

    /// An assessment took a step.
    pub(super) fn stepped(&mut self, id: AssessmentId) {
        self.changes.push(Change::Stepped(id));
    }

    /// Writes the counters and makes everything durable. What is to be told, and how full the queue is now,
    /// if that may have changed.
    pub(super) async fn commit(mut self) -> Result<(Vec<Change>, Option<Load>)> {
        let load = if self.delta == Delta::default() && !self.refresh {
            sqlx::query("COMMIT").persistent(true).execute(&mut *self.conn).await.map_err(store_error)?;
            None
        } else {
            let Delta { open, queued, bytes } = self.delta;
            let sql = statement(
                "UPDATE counters SET open = open + ?1, queued = queued + ?2, bytes = bytes + ?3 \
                 WHERE ?1 <> 0 OR ?2 <> 0 OR ?3 <> 0; \
                 SELECT open, queued, bytes FROM counters; COMMIT",
            );
            let rows = self.rows(sql.bind(open).bind(queued).bind(bytes)).await?;
            rows.first().map(super::rows::load).transpose()?
        };
        Ok((self.changes, load))
    }
}
