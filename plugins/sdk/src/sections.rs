//! The encoded worlds that `build.rs` made; [`export_adapter!`](crate::export_adapter) places them.

/// Manifest and realtime.
pub const ADAPTER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/adapter.section"));
/// Batch.
pub const BATCH: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/batch-adapter.section"));
/// Streaming.
pub const STREAMING: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/streaming-adapter.section"));

/// A section as the array that a `static` needs.
pub const fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    let mut i = 0;
    while i < N {
        array[i] = bytes[i];
        i += 1;
    }
    array
}
