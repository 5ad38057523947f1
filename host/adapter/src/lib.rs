//! The component host: adapters are WebAssembly components, and this crate is the only one that knows it.
//!
//! An [`Engine`] makes an [`Adapter`] of a file's bytes. Each [`step`](Adapter::step) runs in a fresh instance
//! under limits, and gives an effect or a [`StepError`] of its own kind; a plugin that loops, allocates,
//! recurses, traps or lies costs its own requests and nobody else's. A [`Registry`] holds the adapters of a
//! folder by name. Compiled code is kept on disk and believed only when this host wrote it (ADR 0006).

mod adapter;
mod cache;
mod compile;
mod contract;
mod decoder;
mod engine;
mod error;
mod imports;
mod lane;
mod limits;
mod manifest;
mod registry;
mod results;
mod runner;
mod screen;
mod settings;
mod store;
mod ticker;

pub use adapter::{Adapter, LoadReport};
pub use cache::CacheOutcome;
pub use compile::{Compiler, compile_child_main};
pub use decoder::Decoder;
pub use engine::{Engine, EngineOptions};
pub use error::{Error, LoadError, StepError, StepErrorKind};
pub use limits::{Grants, Limits};
pub use registry::{PluginOptions, PluginStatus, Registry};
