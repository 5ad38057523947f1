//! A process that is killed at every place where the store commits loses nothing that it acknowledged.
#![cfg(debug_assertions)]
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

use docket_store::crash::POINTS;
use docket_store::sqlite::{SqliteOptions, open};
use docket_tests_store::crash::{check, finish_all};
use docket_tests_store::crash_assessments::end_all;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

const SIGKILL: i32 = 9;

#[tokio::test]
async fn a_kill_at_any_point_loses_nothing_and_doubles_nothing() {
    for point in POINTS {
        for nth in [1, 2] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("docket.db");
            let run = Command::new(env!("CARGO_BIN_EXE_crasher"))
                .args([path.as_os_str(), point.as_ref(), nth.to_string().as_ref()])
                .output()
                .unwrap();
            let said = String::from_utf8(run.stdout).unwrap();
            assert_eq!(run.status.signal(), Some(SIGKILL), "{point} was not passed {nth} times: {said}");
            let acknowledged: Vec<(String, String)> = said
                .lines()
                .filter_map(|line| line.split_once(' '))
                .map(|(word, id)| (word.to_owned(), id.to_owned()))
                .collect();
            println!("{point} {nth}: {} acknowledgements", acknowledged.len());
            let store = open(SqliteOptions::new(&path)).await.unwrap();
            check(&store, &acknowledged).await;
            finish_all(&store).await;
            end_all(&store).await;
            store.close().await;
        }
    }
}
