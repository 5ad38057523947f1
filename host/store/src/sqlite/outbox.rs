//! The outbox of webhooks. A try is a lease in time: `next_at` moves to the lease's end while someone tries.

use super::error::store_error;
use super::rows::{get, request_id, small, time};
use super::tx::{Tx, statement};
use crate::{DeliveryState, DeliveryView, Error, LeasedDelivery, Result};
use docket_types::{RequestId, Timestamp};
use sqlx::sqlite::{SqlitePool, SqliteRow};

/// Leases deliveries whose time has come, the longest due first.
pub(super) async fn claim(
    tx: &mut Tx<'_>,
    now: Timestamp,
    lease_until: Timestamp,
    limit: u32,
) -> Result<Vec<LeasedDelivery>> {
    let sql = statement(
        "UPDATE outbox SET next_at = ?2 WHERE d IN (SELECT d FROM outbox INDEXED BY outbox_due WHERE state = 'pending' AND next_at <= ?1 \
             ORDER BY next_at, d LIMIT ?3) \
         RETURNING id, (SELECT requests.id FROM requests WHERE requests.n = outbox.n), url, \
             (SELECT body FROM outbox_bodies WHERE outbox_bodies.d = outbox.d), tries, created_at, d",
    );
    let rows = tx.rows(sql.bind(now.as_micros()).bind(lease_until.as_micros()).bind(limit)).await?;
    let mut all = rows.iter().map(leased).collect::<Result<Vec<_>>>()?;
    all.sort_by_key(|(d, _)| *d);
    Ok(all.into_iter().map(|(_, delivery)| delivery).collect())
}

fn leased(row: &SqliteRow) -> Result<(i64, LeasedDelivery)> {
    let delivery = LeasedDelivery {
        id: get(row, 0)?,
        request_id: request_id(row, 1)?,
        url: get(row, 2)?,
        body: get(row, 3)?,
        tries: small(row, 4)?,
        created_at: time(row, 5)?,
    };
    Ok((get(row, 6)?, delivery))
}

/// The receiver has it; counts the try. A second report changes nothing.
pub(super) async fn delivered(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<()> {
    let sql = statement(
        "UPDATE outbox SET state = 'delivered', tries = tries + 1, next_at = ?2, last_error = NULL \
         WHERE id = ?1 AND state <> 'delivered'",
    );
    tx.run(sql.bind(id.to_owned()).bind(now.as_micros())).await.map(drop)
}

/// The try failed. What was delivered or given up meanwhile stays so.
pub(super) async fn undelivered(
    tx: &mut Tx<'_>,
    id: &str,
    next_at: Option<Timestamp>,
    error: &str,
) -> Result<()> {
    let sql = statement(
        "UPDATE outbox SET tries = tries + 1, last_error = ?3, next_at = coalesce(?2, next_at), \
             state = CASE WHEN ?2 IS NULL THEN 'dead' ELSE 'pending' END \
         WHERE id = ?1 AND state = 'pending'",
    );
    let sql = sql.bind(id.to_owned()).bind(next_at.map(Timestamp::as_micros)).bind(error.to_owned());
    tx.run(sql).await.map(drop)
}

/// Nobody tried: due again at this moment.
pub(super) async fn postpone(tx: &mut Tx<'_>, id: &str, at: Timestamp) -> Result<()> {
    let sql = statement("UPDATE outbox SET next_at = ?2 WHERE id = ?1 AND state = 'pending'");
    tx.run(sql.bind(id.to_owned()).bind(at.as_micros())).await.map(drop)
}

/// Pending again, from the first try.
pub(super) async fn redeliver(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<bool> {
    let sql = statement("UPDATE outbox SET state = 'pending', tries = 0, next_at = ?2 WHERE id = ?1");
    let found = tx.run(sql.bind(id.to_owned()).bind(now.as_micros())).await? == 1;
    if found {
        tx.delivery();
    }
    Ok(found)
}

macro_rules! view_columns {
    () => {
        "SELECT outbox.id, requests.id, outbox.state, url, tries, last_error, next_at \
         FROM outbox CROSS JOIN requests ON requests.n = outbox.n "
    };
}

/// Deliveries of one state, newest first.
pub(super) async fn list(pool: &SqlitePool, state: DeliveryState, limit: u32) -> Result<Vec<DeliveryView>> {
    let sql = statement(concat!(view_columns!(), "WHERE outbox.state = ?1 ORDER BY d DESC LIMIT ?2"));
    let rows = sql.bind(name(state)).bind(limit).fetch_all(pool).await.map_err(store_error)?;
    rows.iter().map(view).collect()
}

/// Deliveries of one request, oldest first.
pub(super) async fn of(pool: &SqlitePool, id: RequestId) -> Result<Vec<DeliveryView>> {
    let sql = statement(concat!(
        view_columns!(),
        "WHERE outbox.n = (SELECT n FROM requests WHERE id = ?1) ORDER BY d"
    ));
    let rows = sql.bind(id.0.as_bytes().to_vec()).fetch_all(pool).await.map_err(store_error)?;
    rows.iter().map(view).collect()
}

fn view(row: &SqliteRow) -> Result<DeliveryView> {
    let state_name: &str = get(row, 2)?;
    let state = [DeliveryState::Pending, DeliveryState::Delivered, DeliveryState::Dead]
        .into_iter()
        .find(|state| name(*state) == state_name)
        .ok_or_else(|| Error::Corrupt(format!("a delivery's state is `{state_name}`")))?;
    Ok(DeliveryView {
        id: get(row, 0)?,
        request_id: request_id(row, 1)?,
        state,
        url: get(row, 3)?,
        tries: small(row, 4)?,
        last_error: get(row, 5)?,
        next_at: time(row, 6)?,
    })
}

const fn name(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Pending => "pending",
        DeliveryState::Delivered => "delivered",
        DeliveryState::Dead => "dead",
    }
}
