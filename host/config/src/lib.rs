//! Configuration: `docket.toml`, profiles, variables and command-line overrides; parsed, layered, checked, explained.
//!
//! [`load`] gives [`Settings`], plain data that the other crates read. Every key is one entry of `schema.rs`; the
//! variables of the seed's service are entries of `alias_table.rs`. This is the only crate that reads the environment.

mod alias_table;
mod aliases;
mod build;
mod environment;
mod error;
mod explain;
mod file;
mod layers;
mod load;
mod mock;
mod profiles;
mod reference;
mod schema;
mod settings;
mod units;
mod value;

pub use error::{Error, Problem};
pub use load::{DEFAULT_FILE, DEFAULT_PROFILES_DIR, Sources, load, load_texts};
pub use profiles::{ProfileInfo, find_profile, list_profiles};
pub use settings::{
    Defaults, Explained, Judging, Log, LogFormat, Mock, PluginOptions, Plugins, Profile, Provider, Queue,
    Server, Settings, Store, Webhooks,
};
