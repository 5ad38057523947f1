//! The SQLite store keeps every promise.
#![allow(clippy::expect_used, reason = "a test says what went wrong by panicking")]

use async_trait::async_trait;
use docket_store::SharedStore;
use docket_store::sqlite::{SqliteOptions, open};
use docket_tests_store::Place;
use tempfile::TempDir;

/// A file in a folder of its own.
struct File(TempDir);

impl File {
    fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder"))
    }
}

#[async_trait]
impl Place for File {
    async fn open(&self) -> SharedStore {
        open(SqliteOptions::new(self.0.path().join("docket.db"))).await.expect("it opens")
    }

    fn another(&self) -> Box<dyn Place> {
        Box::new(Self::new())
    }
}

docket_tests_store::contract!(File::new());
