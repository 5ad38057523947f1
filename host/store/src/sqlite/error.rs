//! What SQLite says, in the words of the ports.

use crate::Error;

/// The shared memory of the WAL could not grow: there is no room.
const IOERR_SHMSIZE: i32 = 4874;

/// Which of the ports' errors this is.
pub(super) fn store_error(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::Database(db) => {
            let code = db.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(1);
            by_code(code, error.to_string())
        }
        sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Io(_)
        | sqlx::Error::BeginFailed => Error::Unavailable(error.to_string()),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Error::Corrupt(error.to_string()),
        _ => Error::Internal(error.to_string()),
    }
}

/// By SQLite's extended result code; the low byte is the primary one.
fn by_code(code: i32, message: String) -> Error {
    match (code & 0xff, code) {
        (13, _) | (_, IOERR_SHMSIZE) => Error::Full(message),
        // busy, locked, out of memory, read-only, interrupted, I/O, cannot open, locking protocol
        (5 | 6 | 7 | 8 | 9 | 10 | 14 | 15, _) => Error::Unavailable(message),
        // corrupt, not a database
        (11 | 26, _) => Error::Corrupt(message),
        _ => Error::Internal(message),
    }
}

/// Whether the other members of a group may fare better alone: not when the store itself is at fault.
pub(super) fn is_personal(error: &Error) -> bool {
    matches!(error, Error::Internal(_) | Error::Full(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_codes_have_their_meaning() {
        for (code, want) in [(13, "Full"), (4874, "Full"), (5, "Unavailable"), (517, "Unavailable")] {
            assert!(format!("{:?}", by_code(code, String::new())).starts_with(want), "{code}");
        }
        for (code, want) in
            [(778, "Unavailable"), (11, "Corrupt"), (267, "Corrupt"), (26, "Corrupt"), (2067, "Internal")]
        {
            assert!(format!("{:?}", by_code(code, String::new())).starts_with(want), "{code}");
        }
    }
}
