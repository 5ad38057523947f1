//! What only SQLite promises: query plans, refused files, a full disk, final rows.

mod files;
mod full;
mod migrations;
mod plan_assessments;
mod plans;
mod rules;

pub(super) use plans::seen;

use super::{SqliteOptions, open};
use crate::{Accepted, Attempt, Claim, CompatKey, IdempotencyKey, Leased, NewRequest, SharedStore};
use docket_types::{MicroUsd, ProviderName, QueueMode, RequestId, Timestamp};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use std::path::Path;
use uuid::Uuid;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + seconds * 1_000)
}

fn request(bytes: usize) -> NewRequest {
    NewRequest {
        id: RequestId(Uuid::now_v7()),
        tenant: "default".into(),
        idempotency: Some(IdempotencyKey { key: Uuid::now_v7().to_string(), body_hash: [0; 32] }),
        provider: ProviderName::from("mock"),
        compat: CompatKey(1),
        priority: 5,
        payload: vec![b'x'; bytes],
        accepted_at: at(0),
        expires_at: at(1_000),
    }
}

async fn store(path: &Path) -> SharedStore {
    open(SqliteOptions::new(path)).await.unwrap()
}

async fn accept(store: &SharedStore) -> RequestId {
    let new = request(10);
    let id = new.id;
    assert_eq!(store.accept(new).await.unwrap(), Accepted::New);
    id
}

async fn claim(store: &SharedStore, compat: Option<CompatKey>, limit: u32) -> Vec<Leased> {
    let (provider, worker) = (ProviderName::from("mock"), "w".to_owned());
    store.claim(Claim { provider, compat, limit, worker, now: at(1), lease_until: at(61) }).await.unwrap()
}

fn attempt() -> Attempt {
    Attempt {
        number: 1,
        mode: QueueMode::PerRequest,
        batch_id: None,
        started_at: at(1),
        ended_at: at(2),
        provider_request_id: None,
        failure_class: Some("server".into()),
        usage: None,
        cost: MicroUsd(1),
    }
}

/// A connection of a test's own, past the store.
async fn raw(path: &Path) -> SqliteConnection {
    let options =
        SqliteConnectOptions::new().filename(path).create_if_missing(true).disable_statement_logging();
    SqliteConnection::connect_with(&options).await.unwrap()
}
