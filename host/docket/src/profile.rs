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
    let sources = settings::sources(&host(profiles_dir), Some(name));
    let file =
        docket_config::find_profile(&sources.profiles_dir(), name).map_err(|e| settings::unusable(&e))?;
    let loaded = settings::from(&sources)?;
    if let Some(profile) = &loaded.profile {
        println!("{}: {}\n{}\n", profile.name, profile.description, file.display());
    }
    let place = format!("{}:", file.display());
    let mut rows = table(&["line", "key", "value", "meaning"]);
    for line in loaded.explain().iter().filter(|line| !line.key.starts_with("profile.")) {
        if let Some(number) = line.origin.strip_prefix(&place) {
            rows.add_row([number, &line.key, &line.value, line.meaning]);
        }
    }
    print(&rows);
    Ok(Exit::Ok)
}
