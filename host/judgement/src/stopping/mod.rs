//! x
mod reliability;
pub use reliability::separation_reliability;
