//! Rows as the ports' types.

use super::error::store_error;
use crate::{CompatKey, Error, Leased, Load, Result};
use docket_types::{BatchId, ProviderName, RequestId, RequestState, Timestamp};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{ColumnIndex, Decode, Row, Type};
use uuid::Uuid;

/// The columns that [`leased`] reads, for a RETURNING or SELECT list over `requests`.
macro_rules! leased_columns {
    () => {
        "id, epoch, attempts, lost_leases, provider, compat, priority, accepted_at, ready_at, expires_at, \
         (SELECT body FROM payloads WHERE payloads.n = requests.n), n, taken_from"
    };
}
pub(super) use leased_columns;

/// A column's value.
pub(super) fn get<'r, T, I>(row: &'r SqliteRow, column: I) -> Result<T>
where
    T: Decode<'r, Sqlite> + Type<Sqlite>,
    I: ColumnIndex<SqliteRow>,
{
    row.try_get(column).map_err(store_error)
}

pub(super) fn time(row: &SqliteRow, column: usize) -> Result<Timestamp> {
    get::<i64, _>(row, column).map(Timestamp::from_micros)
}

pub(super) fn small(row: &SqliteRow, column: usize) -> Result<u32> {
    let number: i64 = get(row, column)?;
    u32::try_from(number).map_err(|_| Error::Corrupt(format!("column {column} holds {number}")))
}

pub(super) fn uuid(row: &SqliteRow, column: usize) -> Result<Uuid> {
    let bytes: &[u8] = get(row, column)?;
    Uuid::from_slice(bytes).map_err(|e| Error::Corrupt(format!("an id in column {column}: {e}")))
}

pub(super) fn request_id(row: &SqliteRow, column: usize) -> Result<RequestId> {
    uuid(row, column).map(RequestId)
}

pub(super) fn batch_id(row: &SqliteRow, column: usize) -> Result<BatchId> {
    uuid(row, column).map(BatchId)
}

pub(super) fn provider(row: &SqliteRow, column: usize) -> Result<ProviderName> {
    get::<String, _>(row, column).map(ProviderName)
}

pub(super) fn state(row: &SqliteRow, column: usize) -> Result<RequestState> {
    let name: &str = get(row, column)?;
    RequestState::ALL
        .into_iter()
        .find(|state| state.as_str() == name)
        .ok_or_else(|| Error::Corrupt(format!("a request's state is `{name}`")))
}

/// A row of [`leased_columns`].
pub(super) fn leased(row: &SqliteRow) -> Result<Leased> {
    let priority = small(row, 6)?;
    Ok(Leased {
        id: request_id(row, 0)?,
        epoch: get(row, 1)?,
        attempt: small(row, 2)?,
        lost_leases: small(row, 3)?,
        provider: provider(row, 4)?,
        compat: CompatKey(get(row, 5)?),
        priority: u8::try_from(priority).map_err(|_| Error::Corrupt(format!("a priority of {priority}")))?,
        accepted_at: time(row, 7)?,
        ready_at: time(row, 8)?,
        expires_at: time(row, 9)?,
        payload: get(row, 10)?,
    })
}

/// The one row of the counters.
pub(super) fn load(row: &SqliteRow) -> Result<Load> {
    let count =
        |column: usize| -> Result<u64> { Ok(u64::try_from(get::<i64, _>(row, column)?).unwrap_or(0)) };
    Ok(Load { open: count(0)?, queued: count(1)?, bytes: count(2)? })
}
