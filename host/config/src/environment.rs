//! Docket's own variables: `DOCKET__SECTION__KEY`, and the few that the command line reads.

use crate::error::{Problem, suggestion};
use crate::layers::{KeyPath, Layer, Layers, Origin};
use crate::schema;

const NESTED: &str = "DOCKET__";
const PREFIX: &str = "DOCKET_";

/// Variables with docket's prefix that stand for no key.
pub(crate) const OTHERS: [&str; 5] =
    ["DOCKET_CONFIG", "DOCKET_PROFILE", "DOCKET_PROFILES_DIR", "DOCKET_URL", "DOCKET_ADMIN_TOKEN"];

/// Lays the variables on top. Empty ones count as unset.
pub(crate) fn apply(layers: &mut Layers<'_>) {
    let vars = layers.vars;
    for (name, value) in vars.range(PREFIX.to_owned()..).take_while(|(name, _)| name.starts_with(PREFIX)) {
        if value.is_empty() {
            continue;
        }
        if let Some(rest) = name.strip_prefix(NESTED) {
            let path = path(layers, rest);
            layers.set(path, value.as_str().into(), Layer::Environment, Origin::Variable(name.clone()));
        } else if !OTHERS.contains(&name.as_str()) {
            let help = format!("{}; settings are DOCKET__SECTION__KEY", suggestion(name, &OTHERS));
            layers.complain(Problem::new(format!("unknown variable `{name}`")).help(help));
        }
    }
}

/// `PROVIDERS__MY_NAME__MODEL` as a path. Variables know neither lower case nor `-`, so a chosen name is matched with
/// those that the files have.
fn path(layers: &Layers<'_>, rest: &str) -> KeyPath {
    let mut path: KeyPath = rest.split("__").map(str::to_lowercase).collect();
    for i in 0..path.len() {
        if schema::is_name(&path, i) {
            let prefix: Vec<&str> = path[..i].iter().map(String::as_str).collect();
            let same =
                layers.names(&prefix).into_iter().find(|n| n.to_lowercase().replace('-', "_") == path[i]);
            if let Some(same) = same {
                path[i] = same;
            }
        }
    }
    path
}

/// Lays `section.key=value` on top.
pub(crate) fn apply_overrides(layers: &mut Layers<'_>, overrides: &[String]) {
    for text in overrides {
        match text.split_once('=') {
            Some((key, value)) => {
                let path = key.trim().split('.').map(str::to_owned).collect();
                layers.set(path, value.into(), Layer::CommandLine, Origin::CommandLine);
            }
            None => {
                // Not the text itself: it may be a secret put in the wrong place.
                let problem = Problem::new("--set: an override has no `=`").help("write section.key=value");
                layers.complain(problem);
            }
        }
    }
}
