//! The road of a request, one file per step, in the order in which a request meets them.
//!
//! The only crate that composes the others. Everything it holds in memory can be lost: the store knows what
//! was accepted, who has it in hand, and what is still to be delivered.

// The road.
mod batch;
mod bundle;
mod claim;
mod deliver;
mod exchange;
mod intake;
mod judge;
mod lane;
mod settle;

// What the steps share.
mod admission;
mod answer;
pub mod callback;
mod chat;
mod clock;
mod core;
mod handle;
mod hands;
mod options;
mod provider;
mod stats;
mod ticks;
mod topics;
mod view;

pub use clock::{Clock, SystemClock};
pub use core::Parts;
pub use handle::{Handle, Pipeline};
pub use judge::{AssessError, AssessmentCancel, AssessmentReceipt, DecisionView, StoredAssessments, scales};
pub use options::{JudgingOptions, Options, ProviderOptions, WebhookOptions};
pub use view::*;
