//! The HTTP surface over real sockets: the router, the pipeline, SQLite and mock components, in one process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::too_many_lines, reason = "tests")]

mod admin;
mod assessment_input;
mod assessments;
mod harness;
mod intake;
mod openapi;
mod operations;
mod overload;
mod receiver;
mod requests;
mod resources;
mod submit;
mod topics;
mod webhooks;
