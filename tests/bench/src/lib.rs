//! Measuring a running host from outside: a small HTTP client, a host process, and the statistics of a run.
//!
//! The client is kept cheap on purpose: on two cores it shares the machine with what it measures.

pub mod client;
pub mod host;
pub mod stats;
