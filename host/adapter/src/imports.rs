//! What a component may import and must export, decided by name before anything is compiled.

use crate::contract::{PACKAGE, SUPPORTED, speaks};
use crate::screen::Shape;
use crate::{Grants, LoadError};

/// `docket:provider/realtime@0.1.0` as (`realtime`, `0.1.0`); none for names of other packages.
fn ours(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix(PACKAGE)?.split_once('@')
}

/// Every import is one that this plugin was granted; every interface is of a version that docket speaks.
pub(crate) fn check(plugin: &str, shape: &Shape, grants: Grants) -> Result<(), LoadError> {
    let foreign =
        shape.exports.iter().chain(&shape.imports).find(|name| ours(name).is_some_and(|(_, v)| !speaks(v)));
    if let Some(name) = foreign {
        return Err(LoadError::UnsupportedVersion { found: name.clone(), supported: SUPPORTED });
    }
    for interface in ["manifest", "realtime"] {
        if !shape.exports.iter().any(|name| ours(name).is_some_and(|(i, _)| i == interface)) {
            return Err(LoadError::WrongWorld {
                missing: format!("{PACKAGE}{interface}@0.1.0"),
                exports: exports(shape),
            });
        }
    }
    for import in &shape.imports {
        match ours(import) {
            Some(("types", _)) => {}
            Some(("content", _)) if grants.content => {}
            Some(("content", _)) => {
                return Err(LoadError::NotGranted { import: import.clone(), plugin: plugin.to_owned() });
            }
            _ => return Err(LoadError::UnknownImport(import.clone())),
        }
    }
    Ok(())
}

/// What it exports instead, for a message.
fn exports(shape: &Shape) -> String {
    const SHOWN: usize = 5;
    match shape.exports.len() {
        0 => "; it exports nothing".to_owned(),
        n => {
            let names: Vec<String> =
                shape.exports.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
            let more = if n > SHOWN { format!(" and {} more", n - SHOWN) } else { String::new() };
            format!("; it exports {}{more}", names.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(imports: &[&str], exports: &[&str]) -> Shape {
        let all = |names: &[&str]| names.iter().map(|&n| n.to_owned()).collect();
        Shape { imports: all(imports), exports: all(exports) }
    }

    const MINIMAL: [&str; 2] = ["docket:provider/manifest@0.1.0", "docket:provider/realtime@0.1.2"];
    const NOTHING: Grants = Grants { content: false };

    #[test]
    fn nothing_types_and_granted_content_pass() {
        check("p", &shape(&[], &MINIMAL), NOTHING).unwrap();
        check("p", &shape(&["docket:provider/types@0.1.0"], &MINIMAL), NOTHING).unwrap();
        let reader = shape(&["docket:provider/content@0.1.0"], &MINIMAL);
        check("p", &reader, Grants { content: true }).unwrap();
        let refused = check("p", &reader, NOTHING).unwrap_err();
        assert!(refused.to_string().contains("plugins.options.p.grants.content = true"), "{refused}");
    }

    #[test]
    fn the_rest_is_refused_by_name() {
        for import in
            ["wasi:clocks/wall-clock@0.2.6", "docket:provider/secrets@0.1.0", "env", "docket:provider/types"]
        {
            let refused = check("p", &shape(&[import], &MINIMAL), Grants { content: true }).unwrap_err();
            assert_eq!(refused, LoadError::UnknownImport(import.into()));
        }
        let old = shape(&[], &["docket:provider/realtime@9.9.9", "docket:provider/manifest@9.9.9"]);
        let refused = check("p", &old, NOTHING).unwrap_err().to_string();
        assert!(refused.contains("@9.9.9") && refused.contains("docket:provider@0.1.x"), "{refused}");
        let other = check("p", &shape(&[], &["wasi:cli/run@0.2.0"]), NOTHING).unwrap_err().to_string();
        assert!(
            other.contains("docket:provider/manifest@0.1.0") && other.contains("wasi:cli/run"),
            "{other}"
        );
    }
}
