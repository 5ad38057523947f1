//! Killing the host at any moment loses and doubles nothing: the load that is under way, and what is checked afterwards.

mod ledger;
mod load;

pub use ledger::Ledger;
pub use load::{BLOCKED, TOPIC, press, setup};
