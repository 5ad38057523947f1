//! The HTTP surface over real sockets: the router, the pipeline, SQLite and mock components, in one process.
#![allow(missing_docs, reason = "tests")]

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
