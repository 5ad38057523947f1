//! Looks at a file before anything may write to it. A file that is damaged, foreign or newer than this docket
//! is refused, and stays as it is.

use super::error::store_error;
use super::schema;
use crate::{Error, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Row};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use tokio::io::AsyncReadExt;

const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Larger files are not read whole at every start: their header, schema and counters are.
const READ_WHOLE: u64 = 256 << 20;

/// What a file is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// There is none, or an empty one.
    Nothing,
    /// A sound one with this schema.
    Version(u32),
}

/// Looks at the file without changing it.
pub(super) async fn look(path: &Path) -> Result<Found> {
    let size = match tokio::fs::metadata(path).await {
        Ok(meta) if meta.is_file() => meta.len(),
        Ok(_) => return Err(Error::Unavailable(format!("{} is not a file", path.display()))),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(unreadable(path, &error)),
    };
    if size == 0 {
        return Ok(Found::Nothing);
    }
    magic(path).await?;
    let log = beside(path, "-wal");
    // Without a log nobody has the file open, and reading it needs no lock and no file beside it.
    let immutable = !tokio::fs::try_exists(&log).await.map_err(|e| unreadable(&log, &e))?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .immutable(immutable)
        .disable_statement_logging();
    let mut conn = SqliteConnection::connect_with(&options).await.map_err(store_error)?;
    let found = inspect(&mut conn, path, size).await;
    conn.close().await.map_err(store_error)?;
    found
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::Unavailable(format!("{}: {error}", path.display()))
}

/// The file's name with more behind it.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

async fn magic(path: &Path) -> Result<()> {
    let mut head = [0; 16];
    let mut file = tokio::fs::File::open(path).await.map_err(|e| unreadable(path, &e))?;
    match file.read_exact(&mut head).await {
        Ok(_) if &head == MAGIC => Ok(()),
        Ok(_) => Err(Error::Corrupt(format!("{} is not a SQLite database", path.display()))),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            Err(Error::Corrupt(format!("{} is cut short", path.display())))
        }
        Err(error) => Err(unreadable(path, &error)),
    }
}

async fn inspect(conn: &mut SqliteConnection, path: &Path, size: u64) -> Result<Found> {
    let name = path.display();
    let application = schema::pragma(conn, "PRAGMA application_id").await?;
    let version = schema::version(conn).await?;
    let objects = schema::objects(conn).await?;
    if application == 0 && version == 0 && objects.is_empty() {
        // Made by us or by hand, and never used: a crash can leave it so.
        return Ok(Found::Nothing);
    }
    if application != schema::APPLICATION_ID {
        return Err(Error::Corrupt(format!("{name} is the database of another program")));
    }
    let newest = schema::newest();
    if version > newest {
        return Err(Error::Corrupt(format!(
            "{name} has schema {version}; this docket knows schemas up to {newest}: use a newer docket"
        )));
    }
    let expected = schema::expected(version).await?;
    if let Some(what) = difference(&expected, &objects) {
        return Err(Error::Corrupt(format!("{name} is not as schema {version} made it: {what}")));
    }
    if size <= READ_WHOLE {
        let row = sqlx::query("PRAGMA quick_check(1)").fetch_one(&mut *conn).await.map_err(store_error)?;
        let verdict: String = row.try_get(0).map_err(store_error)?;
        if verdict != "ok" {
            return Err(Error::Corrupt(format!("{name}: {verdict}")));
        }
    }
    let counters = schema::pragma(conn, "SELECT count(*) FROM counters").await?;
    if counters != 1 {
        return Err(Error::Corrupt(format!("{name} has {counters} rows of counters in place of one")));
    }
    Ok(Found::Version(version))
}

/// The first object that is missing, unknown or different.
fn difference(expected: &[(String, String)], found: &[(String, String)]) -> Option<String> {
    let missing = expected.iter().find(|object| !found.contains(object));
    let extra = found.iter().find(|object| !expected.contains(object));
    missing.or(extra).map(|(name, _)| name.clone())
}
