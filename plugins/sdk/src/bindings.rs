//! What `wit-bindgen` makes of the contract: the vocabulary, and the traits behind the exports.
//!
//! The only generated code of the whole guest side. Its types are re-exported by the crate's root; nothing
//! outside the SDK names this module, except through [`export_adapter!`](crate::export_adapter).
#![allow(unsafe_code, reason = "generated: lifting and lowering values at the component boundary")]
#![allow(missing_docs, unreachable_pub, reason = "generated; the docs come from the WIT")]
#![allow(clippy::all, reason = "generated")]

wit_bindgen::generate!({
    path: "../../wit/0.1.0",
    inline: "
        package docket:sdk;
        world everything {
            export docket:provider/types@0.1.0;
            export docket:provider/manifest@0.1.0;
            export docket:provider/realtime@0.1.0;
            export docket:provider/streaming@0.1.0;
            export docket:provider/batch@0.1.0;
        }
    ",
    world: "docket:sdk/everything",
    pub_export_macro: true,
    export_macro_name: "__export_everything",
    default_bindings_module: "docket_sdk::bindings",
    runtime_path: "docket_sdk::__rt",
    additional_derives: [PartialEq],
});

/// Reading texts, a capability.
#[cfg(feature = "content")]
pub mod reader {
    wit_bindgen::generate!({
        path: "../../wit/0.1.0",
        world: "docket:provider/content-reader",
        runtime_path: "docket_sdk::__rt",
    });
}
