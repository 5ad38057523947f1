//! The durable topic logs.

use super::error::store_error;
use super::rows::get;
use super::tx::statement;
use crate::{Result, TopicEvent};
use sqlx::sqlite::SqlitePool;

/// Events after a cursor, in order.
pub(super) async fn read(pool: &SqlitePool, topic: &str, after: i64, limit: u32) -> Result<Vec<TopicEvent>> {
    let sql =
        statement("SELECT seq, id, body FROM events WHERE topic = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3");
    let rows =
        sql.bind(topic.to_owned()).bind(after).bind(limit).fetch_all(pool).await.map_err(store_error)?;
    rows.iter()
        .map(|row| Ok(TopicEvent { seq: get(row, 0)?, id: get(row, 1)?, body: get(row, 2)? }))
        .collect()
}
