//! A store by its URL.

use crate::sqlite::{self, SqliteOptions};
use crate::{Error, Result, SharedStore};
use docket_types::Timestamp;
use std::path::PathBuf;

/// A migration that was just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Its number, from 1.
    pub version: u32,
    /// Its name.
    pub name: String,
}

/// A migration that this docket knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Its number, from 1.
    pub version: u32,
    /// Its name.
    pub name: String,
    /// When the store was brought to it; none: it was not.
    pub applied_at: Option<Timestamp>,
}

/// Opens a store, making it when there is none, and brings it to the newest schema.
///
/// `sqlite://relative/path.db`, `sqlite:///absolute/path.db`; the two slashes may be left out.
pub async fn open_url(url: &str) -> Result<SharedStore> {
    sqlite::open(SqliteOptions::new(path(url)?)).await
}

/// Brings a store to the newest schema without opening it for work. Returns what was done.
pub async fn migrate(url: &str) -> Result<Vec<Applied>> {
    sqlite::migrate(&path(url)?).await
}

/// Which migrations a store has. Changes nothing, and does not make the store.
pub async fn status(url: &str) -> Result<Vec<MigrationStatus>> {
    sqlite::status(&path(url)?).await
}

/// The path of a SQLite URL. Other stores, and parameters, are refused by name.
fn path(url: &str) -> Result<PathBuf> {
    let Some((scheme, rest)) = url.split_once(':') else {
        return Err(Error::Unavailable(format!("`{}` is not a store's URL: sqlite://PATH", shown(url))));
    };
    if scheme != "sqlite" {
        return Err(Error::Unavailable(format!("no store of the kind `{scheme}`: sqlite://PATH")));
    }
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() || path.contains(['?', '#']) || path == ":memory:" {
        return Err(Error::Unavailable(format!("`{url}` names no file: sqlite://PATH")));
    }
    Ok(PathBuf::from(path))
}

/// Without what may be a password.
fn shown(url: &str) -> &str {
    url.split('@').next_back().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_a_file_or_say_what_is_wrong() {
        assert_eq!(path("sqlite://data/docket.db").unwrap(), PathBuf::from("data/docket.db"));
        assert_eq!(path("sqlite:///var/lib/docket.db").unwrap(), PathBuf::from("/var/lib/docket.db"));
        assert_eq!(path("sqlite:docket.db").unwrap(), PathBuf::from("docket.db"));
        for (url, word) in [
            ("postgres://u:secret@h/db", "postgres"),
            ("docket.db", "sqlite://PATH"),
            ("sqlite://", "no file"),
            ("sqlite::memory:", "no file"),
            ("sqlite://a.db?mode=ro", "no file"),
        ] {
            let message = path(url).unwrap_err().to_string();
            assert!(message.contains(word) && !message.contains("secret"), "{message}");
        }
    }
}
