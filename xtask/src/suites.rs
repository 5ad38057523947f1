//! Which crates' tests make up which suite of `cargo xtask test`. A crate that is in none of them is in the last one,
//! so that no test can be forgotten.

use crate::cargo::Executable;
use std::path::Path;

/// A suite's name and its crates' folders; a folder with a final `/` stands for all below it.
const SUITES: &[(&str, &[&str])] = &[
    ("pure crates", &["host/types", "host/scheduling", "host/judgement"]),
    ("configuration and telemetry", &["host/config", "host/telemetry"]),
    ("store", &["host/store", "tests/store"]),
    ("plugins and SDK", &["plugins/"]),
    ("adapters", &["host/adapter", "tests/adapters"]),
    ("hostile plugins", &["tests/hostile"]),
    ("provider calls", &["host/provider"]),
    ("pipeline", &["host/pipeline", "tests/pipeline"]),
    ("HTTP and OpenAPI", &["host/api", "tests/api"]),
    ("the binary and its tools", &["host/docket", "tests/support", "tests/bench", "xtask"]),
    ("scenarios", &["tests/suites"]),
    ("crashes", &["tests/crash"]),
    ("architecture", &["tests/arch"]),
    ("everything else", &[""]),
];

/// A suite with the test programs to run.
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    pub(crate) programs: Vec<Executable>,
}

/// Sorts test programs into suites; suites without programs are left out.
pub(crate) fn sort(root: &Path, built: &[Executable]) -> Vec<Suite> {
    let mut suites: Vec<Suite> =
        SUITES.iter().map(|(name, _)| Suite { name, programs: Vec::new() }).collect();
    for program in built.iter().filter(|e| e.is_test) {
        let folder = program.folder.strip_prefix(root).unwrap_or(&program.folder).to_string_lossy();
        let place = SUITES.iter().position(|(_, folders)| folders.iter().any(|f| is_in(&folder, f)));
        if let Some(suite) = place.and_then(|place| suites.get_mut(place)) {
            suite.programs.push(program.clone());
        }
    }
    suites.retain(|suite| !suite.programs.is_empty());
    suites
}

fn is_in(folder: &str, entry: &str) -> bool {
    folder == entry || entry.is_empty() || entry.ends_with('/') && folder.starts_with(entry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn program(folder: &str, is_test: bool) -> Executable {
        Executable {
            name: "x".to_owned(),
            package: "x".to_owned(),
            folder: Path::new("/r").join(folder),
            path: PathBuf::new(),
            is_test,
        }
    }

    #[test]
    fn every_test_program_has_one_suite() {
        let built = ["host/types", "plugins/chaos", "tests/new", "host/store"].map(|f| program(f, true));
        let sorted = sort(Path::new("/r"), &built);
        let names: Vec<_> = sorted.iter().map(|s| (s.name, s.programs.len())).collect();
        assert_eq!(names, [("pure crates", 1), ("store", 1), ("plugins and SDK", 1), ("everything else", 1)]);
        assert!(sort(Path::new("/r"), &[program("host/docket", false)]).is_empty());
    }
}
