//! A file of an older schema goes on with all that it has.

use super::super::check::{Found, look};
use super::super::schema::{migrate_to, newest};
use super::super::{SqliteOptions, migrate, open, status};
use super::{accept, at, attempt, claim, raw};
use crate::{Fenced, NewDelivery, Settlement, SharedStore, Sink, Transition};
use docket_types::RequestState;
use sqlx::{Connection, Row};
use std::path::Path;

/// What schema 1 has of two ended requests, one open one, and five events of which the last ones are gone.
const CONTENT: &str = "
    INSERT INTO requests (n, id, tenant, provider, compat, priority, state, bytes, accepted_at, ready_at,
        expires_at, updated_at)
    VALUES (1, x'00000000000070008000000000000001', 't', 'mock', 1, 5, 'succeeded', 1, 10, 10, 99, 20),
        (2, x'00000000000070008000000000000002', 't', 'mock', 1, 5, 'failed', 1, 10, 10, 99, 1800000005000000),
        (3, x'00000000000070008000000000000003', 't', 'mock', 1, 5, 'queued', 1, 10, 10, 1900000000000000, 10);
    INSERT INTO payloads (n, body) VALUES (1, x'01'), (2, x'02'), (3, x'03');
    INSERT INTO outcomes (n, body) VALUES (1, x'11'), (2, x'12');
    INSERT INTO idempotency (tenant, key, body_hash, n) VALUES ('t', 'k', x'00', 3);
    UPDATE counters SET open = 1, queued = 1, bytes = 1;
    INSERT INTO events (seq, topic, id, n, body) VALUES (3, 'results', 'e3', 1, x'0a'), (4, 'other', 'e4', 1, x''),
        (7, 'results', 'e7', 2, x'0b'), (8, 'results', 'e8', 2, x'0c'), (9, 'results', 'e9', 2, x'0d');
    DELETE FROM events WHERE seq > 7;";

/// A file of schema 1 with this content.
async fn first(path: &Path, content: &'static str) {
    let mut conn = SqliteOptions::new(path).writer().await.unwrap();
    migrate_to(&mut conn, 1).await.unwrap();
    sqlx::raw_sql(content).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    assert_eq!(look(path).await.unwrap(), Found::Version(1));
}

/// A topic's events: cursor, id and body.
async fn events(store: &SharedStore, topic: &str, after: i64) -> Vec<(i64, String, Vec<u8>)> {
    let events = store.read(topic, after, 100).await.unwrap();
    events.into_iter().map(|event| (event.seq, event.id, event.body)).collect()
}

/// Ends the request that is ready next with one event.
async fn ended(store: &SharedStore, id: &str) {
    let leased = claim(store, None, 1).await.remove(0);
    let delivery = NewDelivery { id: id.into(), sink: Sink::Topic("results".into()), body: b"new".to_vec() };
    let transition =
        Transition::Finish { state: RequestState::Succeeded, outcome: vec![], deliveries: vec![delivery] };
    let end =
        Settlement { id: leased.id, epoch: leased.epoch, at: at(2), attempt: Some(attempt()), transition };
    assert_eq!(store.settle(vec![end]).await.unwrap(), [Fenced::Done]);
}

#[tokio::test]
async fn a_store_of_schema_1_keeps_its_requests_its_events_and_its_cursors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docket.db");
    first(&path, CONTENT).await;
    let known = status(&path).await.unwrap();
    let applied: Vec<_> = known.iter().map(|m| (m.version, m.applied_at.is_some())).collect();
    assert_eq!(applied, [(1, true), (2, false)]);
    let done: Vec<_> = migrate(&path).await.unwrap().into_iter().map(|a| (a.version, a.name)).collect();
    assert_eq!(done, [(2, "assessments".to_owned())]);
    assert_eq!(look(&path).await.unwrap(), Found::Version(newest()), "it is as if it had been made so");
    assert!(status(&path).await.unwrap().iter().all(|m| m.applied_at.is_some()));
    let store = open(SqliteOptions::new(&path)).await.unwrap();
    assert_eq!((store.load().open, store.load().queued), (1, 1));
    let results = [(3, "e3".to_owned(), vec![10]), (7, "e7".to_owned(), vec![11])];
    assert_eq!(events(&store, "results", 0).await, results);
    assert_eq!(events(&store, "results", 3).await, results[1..], "a reader goes on from its cursor");
    assert_eq!(events(&store, "other", 0).await, [(4, "e4".to_owned(), vec![])]);
    // 8 and 9 were given out before: a reader may stand there.
    ended(&store, "new").await;
    assert_eq!(events(&store, "results", 9).await, [(10, "new".to_owned(), b"new".to_vec())]);
    // An event still goes with its request, and only then.
    assert_eq!(store.prune(at(0), 10).await.unwrap(), 1);
    assert_eq!(events(&store, "results", 0).await.len(), 2);
    assert!(events(&store, "other", 0).await.is_empty());
    store.close().await;
    let mut conn = raw(&path).await;
    for (sql, want) in [("PRAGMA integrity_check", Some("ok")), ("PRAGMA foreign_key_check", None)] {
        let row = sqlx::query(sql).fetch_optional(&mut conn).await.unwrap();
        assert_eq!(row.map(|row| row.get::<String, _>(0)).as_deref(), want, "{sql}");
    }
}

#[tokio::test]
async fn a_counter_without_events_survives() {
    let folder = tempfile::tempdir().unwrap();
    let (used, never) = (folder.path().join("used.db"), folder.path().join("never.db"));
    first(&used, CONTENT).await;
    let mut conn = raw(&used).await;
    sqlx::query("DELETE FROM events").execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    first(&never, "").await;
    for (path, seq) in [(&used, 10), (&never, 1)] {
        let store = open(SqliteOptions::new(path)).await.unwrap();
        accept(&store).await;
        ended(&store, "new").await;
        assert_eq!(events(&store, "results", 0).await[0].0, seq, "{}", path.display());
    }
}

#[tokio::test]
async fn a_migration_without_room_leaves_schema_1_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docket.db");
    first(&path, CONTENT).await;
    let mut conn = raw(&path).await;
    let more = "INSERT INTO events (topic, id, n, body) VALUES ('large', 'large', 1, zeroblob(400000))";
    sqlx::raw_sql(more).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    let small = SqliteOptions { max_pages: Some(150), ..SqliteOptions::new(&path) };
    let error = open(small).await.map(drop).expect_err("there is no room for a copy of the events");
    assert!(matches!(error, crate::Error::Full(_)), "{error:?}");
    assert_eq!(look(&path).await.unwrap(), Found::Version(1));
    let store = open(SqliteOptions::new(&path)).await.unwrap();
    assert_eq!(events(&store, "large", 0).await[0].0, 10);
}
