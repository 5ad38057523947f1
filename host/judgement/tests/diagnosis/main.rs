//! Diagnostics against published data and against simulated judges.

mod misfit;
mod order;
mod sets;
mod support;
