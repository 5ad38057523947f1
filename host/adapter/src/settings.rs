//! The settings of wasmtime: what code is compiled with, and how instances are kept.
//!
//! Both processes, the host and the compiler child, start from [`compiling`], so that what one compiles the
//! other accepts. The pool only exists where instances do.

use crate::limits::{CORE_INSTANCES, Limits, MEMORIES, STACK, TABLE_ELEMENTS, TABLES};
use std::num::NonZeroUsize;
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

/// Memory that a slot keeps between two instances, in bytes. With the page map's scan only pages that the last
/// guest wrote are reset, and no page has to be mapped again: three times cheaper than giving them back.
const KEEP_RESIDENT: usize = 2 << 20;

/// Slots that keep memory after use: enough for the threads that step, so that an idle host stays small.
const WARM_SLOTS: u32 = 8;

/// What determines the compiled code. No import of entropy, no floating point that differs between machines,
/// nothing of WebAssembly that no adapter needs.
pub(crate) fn compiling(level: OptLevel) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(false)
        .memory_init_cow(true)
        .max_wasm_stack(STACK)
        .wasm_simd(false)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .cranelift_nan_canonicalization(true)
        .cranelift_opt_level(level)
        .generate_address_map(false)
        .wasm_backtrace_max_frames(NonZeroUsize::new(16));
    config
}

/// [`compiling`], and a pool of `instances` slots.
///
/// A slot of memory reserves 4 GiB of address space, which lets the code do without bounds checks; it costs no
/// memory until it is used.
pub(crate) fn running(instances: u32) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(4))
        .total_memories(instances.saturating_mul(2))
        .total_tables(instances.saturating_mul(4))
        .max_memory_size(Limits::MAX_MEMORY)
        .table_elements(TABLE_ELEMENTS)
        .max_core_instances_per_component(CORE_INSTANCES as u32)
        .max_memories_per_component(MEMORIES as u32)
        .max_tables_per_component(TABLES as u32)
        .max_component_instance_size(1 << 20)
        .max_core_instance_size(1 << 20)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto)
        .max_unused_warm_slots(WARM_SLOTS)
        .decommit_batch_size(1);
    let mut config = compiling(OptLevel::Speed);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}
