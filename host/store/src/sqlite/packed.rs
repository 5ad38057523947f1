//! Many rows as two arguments: their small values as a JSON array of arrays, their bytes one after another.
//!
//! So one statement with a fixed text, prepared once, takes any number of rows: with sqlx a statement costs
//! far more than a row.

use crate::{Error, Result};
use serde::Serialize;
use uuid::Uuid;

/// The bytes of many rows, one after another. Never empty: SQLite's `substr` makes NULL of nothing.
pub(super) struct Bytes(pub(super) Vec<u8>);

impl Default for Bytes {
    fn default() -> Self {
        Self(vec![0])
    }
}

impl Bytes {
    /// Appends; returns the place, counted from 1, and the length, as `substr` wants them.
    pub(super) fn push(&mut self, bytes: &[u8]) -> (usize, usize) {
        let at = self.0.len() + 1;
        self.0.extend_from_slice(bytes);
        (at, bytes.len())
    }
}

/// Rows, each a tuple, as the JSON that `json_each` takes apart.
pub(super) fn json<T: Serialize>(rows: &[T]) -> Result<String> {
    serde_json::to_string(rows).map_err(|e| Error::Internal(format!("rows as JSON: {e}")))
}

/// An id as `unhex` wants it.
pub(super) fn hex(id: Uuid) -> String {
    id.simple().to_string()
}
