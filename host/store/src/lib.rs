//! Where requests live until they have an outcome, and outcomes until they are delivered.
//!
//! Small ports (traits) and their implementations. Only this crate knows SQL. Every write of a leased
//! row compares (id, state, epoch): a late worker changes nothing and is told so.

#[cfg(debug_assertions)]
pub mod crash;
mod ports;
pub mod sqlite;
mod url;

pub use ports::*;
pub use url::{Applied, MigrationStatus, migrate, open_url, status};
