//! Diagnostics against published data and against simulated judges.

#![expect(clippy::unwrap_used, reason = "a test may unwrap, and so may its helpers")]

mod misfit;
mod order;
mod sets;
mod support;
