//! What an adapter may use: its limits, and the capabilities that an operator grants by name.

use std::time::Duration;

/// Limits of one plugin. Memory, state and results are per step, because each step has a fresh instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Linear memories of an instance together, in bytes. At most [`Limits::MAX_MEMORY`].
    pub memory_bytes: usize,
    /// How long a step may run.
    pub step_time: Duration,
    /// The state that a step may return, in bytes. At most [`docket_types::exchange::MAX_STATE`].
    pub state_bytes: usize,
    /// Everything that crosses from the guest in one step, results and imports' arguments together, in bytes
    /// as the host holds them. Texts that a guest reads count against it too.
    pub result_bytes: usize,
    /// Steps of this plugin at the same time.
    pub concurrent_steps: usize,
}

impl Limits {
    /// The most memory that an instance can have: a slot of the pool.
    pub const MAX_MEMORY: usize = 256 << 20;

    /// The same limits within what the engine can hold.
    pub(crate) fn clamped(self) -> Self {
        Self {
            memory_bytes: self.memory_bytes.min(Self::MAX_MEMORY),
            state_bytes: self.state_bytes.min(docket_types::exchange::MAX_STATE),
            concurrent_steps: self.concurrent_steps.clamp(1, 4096),
            ..self
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 64 << 20,
            step_time: Duration::from_secs(1),
            state_bytes: docket_types::exchange::MAX_STATE,
            result_bytes: 8 << 20,
            concurrent_steps: 64,
        }
    }
}

/// Capabilities. The default grants nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Grants {
    /// It may read the texts of the requests that it handles.
    pub content: bool,
}

/// Table elements of an instance together. Larger than any guest's toolchain needs.
pub(crate) const TABLE_ELEMENTS: usize = 50_000;
/// Core instances, memories and tables of one instance: what Python and JavaScript components need, and a bit.
pub(crate) const CORE_INSTANCES: usize = 50;
/// See [`CORE_INSTANCES`].
pub(crate) const MEMORIES: usize = 4;
/// See [`CORE_INSTANCES`].
pub(crate) const TABLES: usize = 20;
/// Handles of resources that are alive in one store.
pub(crate) const HANDLES: usize = 1_000;
/// The guest's stack, in bytes.
pub(crate) const STACK: usize = 512 << 10;
