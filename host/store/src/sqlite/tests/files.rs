//! Files that must be refused, byte for byte as they were; and those that must not.

use super::super::{SqliteOptions, migrate, open, status};
use super::{accept, raw, store};
use crate::Error;
use sqlx::Connection;
use std::fs;
use std::path::Path;

/// A store's file with some requests, closed.
async fn sound(path: &Path) {
    let store = store(path).await;
    for _ in 0..50 {
        accept(&store).await;
    }
    store.close().await;
}

async fn execute(path: &Path, sql: &'static str) {
    let mut conn = raw(path).await;
    sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

/// Opening fails with a message that has this word, and leaves the folder as it was.
async fn refused(path: &Path, word: &str) {
    let before = fs::read(path).unwrap();
    for attempt in [
        open(SqliteOptions::new(path)).await.map(drop),
        migrate(path).await.map(drop),
        status(path).await.map(drop),
    ] {
        let error = attempt.expect_err("it is refused");
        assert!(matches!(error, Error::Corrupt(_)), "{error:?}");
        assert!(error.to_string().contains(word), "`{word}` in {error}");
    }
    assert!(fs::read(path).unwrap() == before, "the file was changed");
    let names: Vec<_> =
        fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["docket.db"], "files were left beside it");
}

#[tokio::test]
async fn a_foreign_file_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docket.db");
    fs::write(&path, b"These are the notes of someone else, and no database.").unwrap();
    refused(&path, "not a SQLite database").await;
    fs::write(&path, b"short").unwrap();
    refused(&path, "cut short").await;
    fs::remove_file(&path).unwrap();
    execute(&path, "CREATE TABLE songs (title TEXT); INSERT INTO songs VALUES ('a')").await;
    refused(&path, "another program").await;
}

#[tokio::test]
async fn a_newer_schema_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docket.db");
    sound(&path).await;
    execute(&path, "PRAGMA user_version = 999").await;
    refused(&path, "newer docket").await;
}

#[tokio::test]
async fn a_changed_schema_is_refused_untouched() {
    for (sql, word) in [
        ("DROP TRIGGER requests_terminal", "trigger requests_terminal"),
        ("DROP INDEX requests_ready", "index requests_ready"),
        ("DROP TRIGGER assessments_terminal", "trigger assessments_terminal"),
        ("DROP INDEX events_assessment", "index events_assessment"),
        ("ALTER TABLE payloads ADD COLUMN more TEXT", "table payloads"),
        ("CREATE TABLE extra (a TEXT)", "table extra"),
        ("DELETE FROM counters", "counters"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docket.db");
        sound(&path).await;
        execute(&path, sql).await;
        refused(&path, word).await;
    }
}

#[tokio::test]
async fn a_damaged_file_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.db");
    sound(&whole).await;
    let bytes = fs::read(&whole).unwrap();
    // Cut in the middle; the schema's page overwritten; some other pages overwritten.
    let cut = bytes[..bytes.len() / 2].to_vec();
    let mut schema = bytes.clone();
    schema[100..4_096].fill(0xa5);
    let mut pages = bytes.clone();
    let middle = bytes.len() / 4_096 / 2 * 4_096;
    pages[middle..middle + 8_192].fill(0xff);
    for (what, damaged) in [("cut", cut), ("schema", schema), ("pages", pages)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docket.db");
        fs::write(&path, damaged).unwrap();
        println!("{what}");
        refused(&path, "damaged").await;
    }
}

#[tokio::test]
async fn what_is_empty_or_missing_is_made_if_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docket.db");
    let options = SqliteOptions { create: false, ..SqliteOptions::new(&path) };
    let error = open(options.clone()).await.map(drop).expect_err("there is none");
    assert!(matches!(&error, Error::Unavailable(message) if message.contains("does not exist")), "{error:?}");
    let pending = status(&path).await.unwrap();
    assert!(pending.iter().all(|migration| migration.applied_at.is_none()) && !pending.is_empty());
    assert!(!path.exists(), "a look makes nothing");
    fs::write(&path, b"").unwrap();
    let applied = migrate(&path).await.unwrap();
    assert_eq!(applied.len(), pending.len());
    assert!(migrate(&path).await.unwrap().is_empty(), "once is enough");
    assert!(status(&path).await.unwrap().iter().all(|migration| migration.applied_at.is_some()));
    accept(&open(options).await.unwrap()).await;
}

#[tokio::test]
async fn a_log_that_a_crash_left_is_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docket.db");
    let crashed = folder.path().join("crashed.db");
    let first = store(&path).await;
    let id = accept(&first).await;
    // What a power cut would leave: both files as they are now, nothing folded in.
    fs::copy(&path, &crashed).unwrap();
    fs::copy(folder.path().join("docket.db-wal"), folder.path().join("crashed.db-wal")).unwrap();
    let second = store(&crashed).await;
    assert!(second.get(id).await.unwrap().is_some());
    assert_eq!(second.load().open, 1);
}

#[tokio::test]
async fn two_processes_may_start_on_one_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docket.db");
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let path = path.clone();
            tokio::spawn(async move { open(SqliteOptions::new(path)).await })
        })
        .collect();
    let mut stores = Vec::new();
    for task in tasks {
        stores.push(task.await.unwrap().unwrap());
    }
    let id = accept(&stores[0]).await;
    assert!(stores[3].get(id).await.unwrap().is_some());
}

#[tokio::test]
async fn a_path_with_odd_characters_is_a_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a b%41?c#d.db");
    let first = store(&path).await;
    let id = accept(&first).await;
    first.close().await;
    assert!(path.exists());
    assert!(store(&path).await.get(id).await.unwrap().is_some());
}
