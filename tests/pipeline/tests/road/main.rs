//! Requests from submission to callback, with the real store and the real plugins.

mod capacity;
mod endings;
mod faults;
mod metrics;
mod modes;
mod restart;
mod retries;
