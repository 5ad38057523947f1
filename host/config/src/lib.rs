//! Configuration: parse, layer, check, explain.

mod settings;

pub use settings::{
    BatchingMode, Defaults, Explained, Judging, Log, LogFormat, Mock, PluginOptions, Plugins, Profile,
    Provider, Queue, Server, Settings, Store, Webhooks,
};
