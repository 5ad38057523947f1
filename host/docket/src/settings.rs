//! From the command line to settings.

use crate::cli::{HostArgs, ProfiledArgs};
use crate::exit::{Exit, Failure};
use docket_config::{Settings, Sources};

/// Where the configuration comes from.
pub(crate) fn sources(host: &HostArgs, profile: Option<&str>) -> Sources {
    let mut overrides = host.set.clone();
    overrides.extend(host.plugins.as_ref().map(|dir| format!("plugins.dir={}", dir.display())));
    Sources {
        config: host.config.clone(),
        profile: profile.map(str::to_owned),
        profiles_dir: host.profiles_dir.clone(),
        overrides,
        ..Sources::from_process_env()
    }
}

/// Reads everything, or says all that is wrong with it.
pub(crate) fn load(args: &ProfiledArgs, listen: Option<&str>) -> Result<Settings, Failure> {
    let mut sources = sources(&args.host, args.profile.as_deref());
    sources.overrides.extend(listen.map(|address| format!("server.listen={address}")));
    from(&sources)
}

/// As [`load`], from sources.
pub(crate) fn from(sources: &Sources) -> Result<Settings, Failure> {
    docket_config::load(sources).map_err(|e| unusable(&e))
}

/// A configuration that cannot be used.
pub(crate) fn unusable(error: &docket_config::Error) -> Failure {
    Failure::new(Exit::Config, format!("the configuration cannot be used:\n{}", error.report().trim_end()))
}
