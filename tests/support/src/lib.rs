//! What tests of the whole product share: a host as a child process, requests to send, and a receiver of webhooks.
//!
//! Everything is on loopback, on free ports, in temporary folders. Waits have deadlines, and a host that a failing
//! test leaves behind shows the end of its log.

mod built;
mod host;
mod metrics;
mod process;
mod request;
mod webhook;

pub use built::{binary, plugins, root};
pub use host::{Event, Refused, Setup, TestHost};
pub use metrics::Metrics;
pub use process::{Ran, docket, ended, spawn_docket};
pub use request::Comparison;
pub use webhook::{Received, Receiver};
