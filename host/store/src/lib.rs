//! Where requests live until they have an outcome, and outcomes until they are delivered.
//!
//! Small ports (traits) and their implementations. Only this crate knows SQL. Every write of a leased
//! row compares (id, state, epoch): a late worker changes nothing and is told so.

mod ports;

pub use ports::*;
