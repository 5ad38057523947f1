//! The one place where bytes become machine code. ADR 0006 says why it exists and what it rests on.

use wasmtime::Engine;
use wasmtime::component::Component;

/// Compiled code that this host made: by its own compiler just now, or by it earlier and proven by a MAC.
pub(crate) struct Verified {
    bytes: Vec<u8>,
    start: usize,
}

impl Verified {
    /// What the cache verified: the code begins at `start`. Only the cache may say so.
    pub(super) fn from_cache(bytes: Vec<u8>, start: usize) -> Self {
        Self { bytes, start }
    }

    /// What our own compiler, in this process or as its child, has just written.
    pub(crate) fn from_compiler(bytes: Vec<u8>) -> Self {
        Self { bytes, start: 0 }
    }

    /// The code.
    pub(crate) fn code(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

/// Loads it. Code of another wasmtime, other settings or another machine is an error.
pub(crate) fn load(engine: &Engine, code: &Verified) -> wasmtime::Result<Component> {
    // SAFETY: `deserialize` runs whatever machine code it is given, so the bytes have to be an unmodified
    // output of wasmtime's compiler. `Verified` is made in two places only: from our compiler's output,
    // held in memory since, and from a cache file whose HMAC under this host's private key covers exactly
    // these bytes, which were read once and are not on disk any more when they are loaded.
    #[expect(unsafe_code, reason = "wasmtime offers no safe way to load compiled code; see ADR 0006")]
    unsafe {
        Component::deserialize(engine, code.code())
    }
}
