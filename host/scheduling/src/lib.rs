//! Decisions of the queue: what happens next, given what is known now.
//!
//! Pure: no clock, no random numbers, no I/O. Moments and seeds are arguments, so every decision can be
//! repeated and tested in microseconds.

pub mod admission;
pub mod breaker;
pub mod budget;
pub mod bundle;
pub mod compat;
pub mod cost;
pub mod jitter;
pub mod lane;
pub mod lease;
pub mod lifecycle;
pub mod retry;
pub mod webhook;
