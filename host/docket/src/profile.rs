//! `docket profile`: what a host can be started with.

use crate::cli::{HostArgs, ProfileCommand};
use crate::exit::{CommandResult, Exit};
use crate::output::{print, table};
use crate::settings;
use std::path::PathBuf;

/// Runs `docket profile ...`.
pub(crate) fn main(command: ProfileCommand) -> CommandResult {
    match command {
        ProfileCommand::List { profiles_dir } => list(profiles_dir),
        ProfileCommand::Show { name, profiles_dir } => show(&name, profiles_dir),
    }
}

fn host(profiles_dir: Option<PathBuf>) -> HostArgs {
    HostArgs { profiles_dir, ..HostArgs::default() }
}

fn list(profiles_dir: Option<PathBuf>) -> CommandResult {
    let dir = settings::sources(&host(profiles_dir), None).profiles_dir();
    let mut rows = table(&["profile", "file", "what it is for"]);
    for profile in docket_config::list_profiles(&dir).map_err(|e| settings::unusable(&e))? {
        rows.add_row([profile.name, profile.path.display().to_string(), profile.description]);
    }
    print(&rows);
    Ok(Exit::Ok)
}

/// What the profile sets, as a host would read it: checked, and without secrets.
fn show(name: &str, profiles_dir: Option<PathBuf>) -> CommandResult {
    let loaded = settings::from(&settings::sources(&host(profiles_dir), Some(name)))?;
    if let Some(profile) = &loaded.profile {
        println!("{}: {}\n", profile.name, profile.description);
    }
    let mut rows = table(&["key", "value", "from", "meaning"]);
    for line in loaded.explain().iter().filter(|line| line.origin.starts_with("profile ")) {
        rows.add_row([line.key.as_str(), &line.value, &line.origin, line.meaning]);
    }
    print(&rows);
    Ok(Exit::Ok)
}
