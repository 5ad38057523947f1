//! The allocator of every adapter: a static arena that may grow.
//!
//! A step runs in a fresh instance. The standard allocator grows the memory at its first allocation, which costs
//! the host two `mprotect` calls an instance and stops two threads from running side by side. The arena lies
//! in the memory that the component starts with, untouched pages of it cost nothing, and an ordinary request never
//! leaves it. A larger one grows the memory, by as much as it asks for.
#![expect(unsafe_code, reason = "an allocator hands out raw memory")]

use core::alloc::Layout;
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use talc::base::{Talc, binning::Binning};
use talc::cell::TalcSyncCell;
use talc::source::Source;
use talc::wasm::WasmBinning;

/// Enough for a request and a reply of about 256 KiB.
const ARENA_BYTES: usize = 768 * 1024;
const PAGE_BYTES: usize = 64 * 1024;
/// What talc needs for itself around one allocation.
const OVERHEAD_BYTES: usize = 256;

static mut ARENA: [MaybeUninit<u8>; ARENA_BYTES] = [MaybeUninit::uninit(); ARENA_BYTES];

/// First the arena, then pages of linear memory.
#[derive(Debug)]
struct ArenaThenGrow {
    arena_taken: bool,
    /// Where the last grown heap ends.
    end: Option<NonNull<u8>>,
}

// SAFETY: `acquire` allocates nothing, and gives talc only memory that nobody else uses: the arena, once, and
// pages that this call has just obtained.
unsafe impl Source for ArenaThenGrow {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        if !talc.source.arena_taken {
            talc.source.arena_taken = true;
            // SAFETY: this happens once, and nothing else touches ARENA.
            return unsafe { talc.claim((&raw mut ARENA).cast(), ARENA_BYTES) }.map(drop).ok_or(());
        }
        let bytes =
            layout.size().checked_add(layout.align()).and_then(|n| n.checked_add(OVERHEAD_BYTES)).ok_or(())?;
        let pages = bytes.div_ceil(PAGE_BYTES);
        let before = core::arch::wasm32::memory_grow::<0>(pages);
        if before == usize::MAX {
            return Err(());
        }
        let base = (before * PAGE_BYTES) as *mut u8;
        let size = pages * PAGE_BYTES;
        // SAFETY: the pages from `base` on are new, and the last heap, if it ends there, is talc's own.
        talc.source.end = match talc.source.end.take() {
            Some(end) if end.as_ptr() == base => Some(unsafe { talc.extend(end, base.wrapping_add(size)) }),
            // SAFETY: as above.
            _ => unsafe { talc.claim(base, size) },
        };
        talc.source.end.map(drop).ok_or(())
    }
}

#[global_allocator]
static ALLOCATOR: TalcSyncCell<ArenaThenGrow, WasmBinning> =
    TalcSyncCell::new_wasm(ArenaThenGrow { arena_taken: false, end: None });
