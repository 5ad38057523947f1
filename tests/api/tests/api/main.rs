//! The HTTP surface over real sockets: the router, the pipeline, SQLite and mock components, in one process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::too_many_lines, reason = "tests")]

mod admin;
mod harness;
mod openapi;
mod operations;
mod overload;
mod receiver;
mod requests;
mod submit;
mod topics;
mod webhooks;
