//! From files, variables and the command line to [`Settings`].

use crate::error::Error;
use crate::file::{self, Doc};
use crate::layers::{Layer, Layers, Origin};
use crate::settings::Settings;
use crate::{aliases, build, environment, explain, mock, profiles};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file that is read when none is named.
pub const DEFAULT_FILE: &str = "docket.toml";
/// The folder that profiles are looked for in when none is named.
pub const DEFAULT_PROFILES_DIR: &str = "profiles";

/// Where the configuration comes from. Later ones win: the file, the profile, the variables, the overrides.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The configuration file, which must exist. None: `$DOCKET_CONFIG`, or [`DEFAULT_FILE`] if there is one.
    pub config: Option<PathBuf>,
    /// A profile's name or path. None: `$DOCKET_PROFILE`, or none.
    pub profile: Option<String>,
    /// The folder with the profiles. None: `$DOCKET_PROFILES_DIR`, or [`DEFAULT_PROFILES_DIR`].
    pub profiles_dir: Option<PathBuf>,
    /// `section.key=value`.
    pub overrides: Vec<String>,
    /// The environment.
    pub vars: BTreeMap<String, String>,
}

impl Sources {
    /// The variables of this process and nothing else. The only place in docket that reads the environment.
    pub fn from_process_env() -> Self {
        // A variable that is not UTF-8 is none of ours.
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self { vars: std::env::vars_os().filter_map(text).collect(), ..Self::default() }
    }

    /// The folder with the profiles.
    pub fn profiles_dir(&self) -> PathBuf {
        let named = self.profiles_dir.clone().or_else(|| self.var("DOCKET_PROFILES_DIR").map(PathBuf::from));
        named.unwrap_or_else(|| DEFAULT_PROFILES_DIR.into())
    }

    fn var(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Reads, layers and checks everything. The error names everything that is wrong, not only the first.
pub fn load(sources: &Sources) -> Result<Settings, Error> {
    let mut docs = Vec::new();
    let named = sources.config.clone().or_else(|| sources.var("DOCKET_CONFIG").map(PathBuf::from));
    match named {
        Some(path) => docs.push(profiles::read(&path, Layer::File)?),
        None if Path::new(DEFAULT_FILE).exists() => {
            docs.push(profiles::read(Path::new(DEFAULT_FILE), Layer::File)?)
        }
        None => {}
    }
    if let Some(wanted) = sources.profile.as_deref().or_else(|| sources.var("DOCKET_PROFILE")) {
        let path = profiles::find_profile(&sources.profiles_dir(), wanted)?;
        docs.push(profiles::read(&path, Layer::Profile)?);
    }
    settle(docs, &sources.vars, &sources.overrides)
}

/// As [`load`], from texts in place of files: `(name for messages, text)`. Reads no file but those that
/// `${file:...}` names, relative to the working directory.
pub fn load_texts(
    config: Option<(&str, &str)>,
    profile: Option<(&str, &str)>,
    vars: &BTreeMap<String, String>,
    overrides: &[String],
) -> Result<Settings, Error> {
    let doc = |(name, text): (&str, &str), layer| Doc::new(name.into(), text.into(), PathBuf::new(), layer);
    let docs = config.map(|c| doc(c, Layer::File)).into_iter().chain(profile.map(|p| doc(p, Layer::Profile)));
    settle(docs.collect(), vars, overrides)
}

fn settle(docs: Vec<Doc>, vars: &BTreeMap<String, String>, overrides: &[String]) -> Result<Settings, Error> {
    let mut layers = Layers::new(docs, vars);
    read_docs(&mut layers);
    environment::apply(&mut layers);
    environment::apply_overrides(&mut layers, overrides);
    let mut unused = aliases::apply(&mut layers);
    mock::apply(&mut layers);
    aliases::apply_to_providers(&mut layers, &mut unused);
    build::defaults(&mut layers);
    let settings = build::settings(&mut layers);
    let explained = explain::lines(&layers, &unused);
    let warnings = explain::warnings(&layers, &unused);
    match settings {
        Some(settings) if layers.problems.is_empty() => Ok(Settings { explained, warnings, ..settings }),
        _ if layers.problems.is_empty() => {
            Err(crate::error::Problem::new("the configuration is incomplete, and docket cannot say where")
                .into())
        }
        _ => Err(std::mem::take(&mut layers.problems).into()),
    }
}

fn read_docs(layers: &mut Layers<'_>) {
    for index in 0..layers.docs.len() {
        let doc = layers.docs[index].clone();
        let entries = match file::parse(&doc) {
            Ok(entries) => entries,
            Err(problems) => {
                layers.problems.extend(problems);
                continue;
            }
        };
        for entry in entries {
            if doc.layer != Layer::Profile && entry.path.first().is_some_and(|first| first == "profile") {
                let message = "[profile] names a profile, and this file is none";
                let span = entry.keys.first().cloned().unwrap_or_default();
                layers.complain(doc.problem(message, span, "only in a profile's file"));
                continue;
            }
            let origin = Origin::File { doc: index, keys: entry.keys, value: entry.span };
            layers.set(entry.path, entry.value, doc.layer, origin);
        }
    }
}
