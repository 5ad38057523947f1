//! Outbound HTTP: the only crate that opens a connection to a provider or to a webhook's receiver.
//!
//! An adapter names an endpoint, a path, headers and an auth slot; this crate turns that into a request.
//! It owns the rules (which hosts, paths, headers and addresses are allowed), the credentials (added last,
//! taken out of every reply), the limits (time, sizes) and the writing of texts into bodies.

mod address;
mod auth;
mod body;
mod client;
mod error;
mod headers;
mod lines;
mod outbound;
mod path;
mod redact;
mod request;
mod target;
mod upload;
mod webhook;

pub use address::is_public;
pub use body::{BodyError, MAX_BODY, escape_json, write_body, write_body_within};
pub use lines::{Download, LineStream};
pub use outbound::{Outbound, OutboundError, OutboundOptions};
pub use target::{Target, TargetError};
pub use webhook::WebhookReply;
