//! `docket migrate`: the store's schema, brought to this version.

use crate::cli::{HostArgs, ProfiledArgs};
use crate::exit::{CommandResult, Exit, OrExit};
use crate::settings;
use anyhow::Context;

/// Applies what is missing, and says what it was.
pub(crate) async fn main(host: HostArgs) -> CommandResult {
    let url = settings::load(&ProfiledArgs { host, profile: None }, None)?.store.url;
    let about = || format!("cannot migrate the store {url}");
    let applied = docket_store::migrate(&url).await.with_context(about).or_exit(Exit::Store)?;
    for migration in &applied {
        println!("applied {} {}", migration.version, migration.name);
    }
    if applied.is_empty() {
        println!("{url} is up to date");
    }
    Ok(Exit::Ok)
}
