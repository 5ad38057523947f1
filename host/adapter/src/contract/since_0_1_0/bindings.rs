//! What `wasmtime` generates from `wit/0.1.0`: the world with everything, so that there is one set of types.

#![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code")]

wasmtime::component::bindgen!({
    path: "../../wit/0.1.0",
    world: "host",
    imports: { default: trappable },
});
