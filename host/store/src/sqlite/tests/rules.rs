//! What the file itself forbids, whoever asks; and what another process sees.

use super::super::{SqliteOptions, open};
use super::plan_assessments::{assessment, over};
use super::{accept, at, attempt, claim, raw, store};
use crate::{Error, Fenced, Settlement, Transition};
use docket_types::RequestState;
use sqlx::Row;

fn end(leased: &crate::Leased) -> Settlement {
    let transition =
        Transition::Finish { state: RequestState::Succeeded, outcome: b"o".to_vec(), deliveries: vec![] };
    Settlement { id: leased.id, epoch: leased.epoch, at: at(2), attempt: Some(attempt()), transition }
}

#[tokio::test]
async fn no_statement_changes_what_is_final() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docket.db");
    let store = store(&path).await;
    accept(&store).await;
    let leased = claim(&store, None, 1).await.remove(0);
    let open = accept(&store).await;
    assert_eq!(store.settle(vec![end(&leased)]).await.unwrap(), [Fenced::Done]);
    over(&store, "over").await;
    store.create_assessment(assessment("running")).await.unwrap();
    let mut conn = raw(&path).await;
    for (sql, word) in [
        ("UPDATE requests SET state = 'queued' WHERE state = 'succeeded'", "terminal request never changes"),
        ("UPDATE requests SET updated_at = 1 WHERE state = 'succeeded'", "terminal request never changes"),
        ("UPDATE outcomes SET body = x'00'", "outcome never changes"),
        ("DELETE FROM requests WHERE state = 'queued'", "never deleted"),
        ("INSERT INTO outcomes SELECT n, x'00' FROM outcomes", "UNIQUE"),
        ("INSERT INTO attempts SELECT * FROM attempts", "UNIQUE"),
        ("UPDATE counters SET open = -1", "CHECK"),
        ("UPDATE requests SET state = 'lost' WHERE state = 'queued'", "CHECK"),
        ("UPDATE assessments SET state = 'running' WHERE name = 'over'", "ended assessment never changes"),
        ("UPDATE assessments SET next_at = 1 WHERE name = 'over'", "ended assessment never changes"),
        ("UPDATE assessments SET state = 'failed' WHERE name = 'running'", "CHECK"),
        ("UPDATE assessments SET state = 'lost' WHERE name = 'running'", "CHECK"),
        ("UPDATE assessments SET name = 'over' WHERE name = 'running'", "UNIQUE"),
        ("DELETE FROM assessments WHERE name = 'running'", "never deleted"),
        ("UPDATE assessment_specs SET body = x'00'", "asked for never changes"),
        ("UPDATE assessment_log SET body = x'00'", "decision never changes"),
        ("UPDATE events SET a = NULL", "CHECK"),
        ("UPDATE events SET n = 1, a = 1", "CHECK"),
    ] {
        let error = sqlx::query(sql).execute(&mut conn).await.expect_err(sql);
        assert!(error.to_string().contains(word), "{sql}: {error}");
    }
    assert_eq!(store.get(open).await.unwrap().unwrap().state, RequestState::Queued);
}

#[tokio::test]
async fn every_commit_is_synced() {
    let folder = tempfile::tempdir().unwrap();
    let mut conn = SqliteOptions::new(folder.path().join("docket.db")).writer().await.unwrap();
    for (pragma, want) in
        [("PRAGMA synchronous", "2"), ("PRAGMA journal_mode", "wal"), ("PRAGMA foreign_keys", "1")]
    {
        let row = sqlx::query(pragma).fetch_one(&mut conn).await.unwrap();
        let value = row.try_get::<String, _>(0).or_else(|_| row.try_get::<i64, _>(0).map(|n| n.to_string()));
        assert_eq!(value.unwrap(), want, "{pragma}");
    }
}

#[tokio::test]
async fn two_processes_share_one_queue() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docket.db");
    let (here, there) = (store(&path).await, store(&path).await);
    accept(&here).await;
    let leased = claim(&there, None, 1).await.remove(0);
    assert!(claim(&here, None, 1).await.is_empty());
    assert_eq!(here.wake_due(at(61)).await.unwrap().reclaimed, 1, "this one finds the other's orphan");
    assert_eq!(there.settle(vec![end(&leased)]).await.unwrap(), [Fenced::Stale]);
    let again = claim(&here, None, 1).await.remove(0);
    assert_eq!(here.settle(vec![end(&again)]).await.unwrap(), [Fenced::Done]);
    assert_ne!(there.load().open, 0, "not told yet");
    there.wake_due(at(62)).await.unwrap();
    assert_eq!(there.load(), here.load());
}

#[tokio::test]
async fn a_file_that_somebody_locks_is_unavailable_and_then_well() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docket.db");
    let store = store(&path).await;
    let mut other = raw(&path).await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let answer = store.accept(super::request(1)).await;
    assert!(matches!(answer, Err(Error::Unavailable(_))), "{answer:?}");
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    accept(&store).await;
    assert_eq!(store.load().open, 1, "the refused one was not stored later");
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docket.db");
    let store = open(SqliteOptions::new(&path)).await.unwrap();
    let id = accept(&store).await;
    store.close().await;
    assert!(!folder.path().join("docket.db-wal").exists(), "one file is left");
    assert!(matches!(store.accept(super::request(1)).await, Err(Error::Unavailable(_))));
    assert!(matches!(store.get(id).await, Err(Error::Unavailable(_))));
    store.close().await;
}
