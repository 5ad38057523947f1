//! The invariants of `docs/architecture.md`, read from the sources and from `cargo metadata`.
#![expect(clippy::expect_used, reason = "a test that cannot read the repository fails")]

use docket_tests_arch::{Breach, Word, dead_links, files, misplaced, root, too_long};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// The longest source file.
const MAX_LINES: usize = 450;

/// Which of our crates each crate may use. A crate that is not listed may not exist.
const ARROWS: &[(&str, &[&str])] = &[
    ("docket-types", &[]),
    ("docket-judgement", &["docket-types"]),
    ("docket-scheduling", &["docket-types"]),
    ("docket-config", &["docket-types", "docket-scheduling"]),
    ("docket-telemetry", &[]),
    ("docket-store", &["docket-types"]),
    ("docket-adapter", &["docket-types", "docket-telemetry"]),
    ("docket-provider", &["docket-types"]),
    (
        "docket-pipeline",
        &[
            "docket-types",
            "docket-judgement",
            "docket-scheduling",
            "docket-store",
            "docket-adapter",
            "docket-provider",
            "docket-telemetry",
        ],
    ),
    ("docket-report", &["docket-types"]),
    ("docket-api", &["docket-types", "docket-pipeline", "docket-store", "docket-telemetry", "docket-report"]),
    (
        "docket",
        &[
            "docket-types",
            "docket-judgement",
            "docket-scheduling",
            "docket-config",
            "docket-telemetry",
            "docket-store",
            "docket-adapter",
            "docket-provider",
            "docket-pipeline",
            "docket-api",
            "docket-report",
        ],
    ),
    ("docket-sdk", &[]),
    ("docket-mock-engine", &["docket-sdk"]),
];

/// What a pure crate may use besides ours: nothing that knows a clock, a socket or a thread.
const PURE: &[(&str, &[&str])] = &[
    ("docket-types", &["serde", "serde_json", "thiserror", "uuid", "jiff"]),
    ("docket-scheduling", &["serde", "thiserror", "rand", "rand_chacha", "sha2", "uuid"]),
    ("docket-judgement", &["serde", "serde_json", "thiserror", "rand", "rand_chacha", "nalgebra", "libm"]),
    ("docket-report", &["maud", "plotters"]),
];

/// Words with a home.
const WORDS: &[Word] = &[
    Word {
        word: "sqlx::",
        allowed: &["host/store/", "tests/store/"],
        reason: "only `store` knows SQL: add a method to a port",
    },
    Word {
        word: "wasmtime::",
        allowed: &["host/adapter/", "tests/hostile/"],
        reason: "only `adapter` knows Wasm: use its types",
    },
    Word {
        word: "wit_bindgen::",
        allowed: &["plugins/sdk/"],
        reason: "the bindings live in the SDK: use `export_adapter!`",
    },
    Word {
        word: "reqwest::",
        allowed: &["host/provider/", "host/docket/", "tests/", "xtask/"],
        reason: "only `provider` opens sockets (and the command line, as a client of docket itself)",
    },
    Word {
        word: "StatusCode",
        allowed: &["host/api/", "host/provider/", "host/docket/", "tests/"],
        reason: "only `api` maps outcomes to HTTP status codes",
    },
    Word {
        word: "env::var",
        allowed: &["host/config/", "plugins/sdk/build.rs", "plugins/sdk/src/fixtures/", "tests/", "xtask/"],
        reason: "only `config` reads the environment",
    },
    Word {
        word: "unsafe {",
        allowed: &["plugins/sdk/src/alloc", "plugins/sdk/src/bindings", "host/adapter/src/cache/trusted.rs"],
        reason: "unsafe is allowed in generated bindings and the places that ADR 0006 names",
    },
    Word {
        word: "SystemTime::now",
        allowed: &[
            "host/pipeline/src/clock.rs",
            "host/api/src/error.rs",
            "host/provider/src/webhook.rs",
            "host/store/examples/",
            "host/docket/",
            "tests/",
            "xtask/",
        ],
        reason: "time is an argument: ask the pipeline's `Clock` (an error's time and a Retry-After date are read at the edge)",
    },
    Word { word: "Uuid::new_v4", allowed: &["tests/"], reason: "ids are minted in order of time: version 7" },
    Word {
        word: "process::exit",
        allowed: &["host/docket/src/main.rs"],
        reason: "return an exit code from main",
    },
];

/// Words without a home. Split, so that this file does not contain them.
const FORBIDDEN: &[(&str, &str)] = &[
    (concat!("todo", "!("), "finish it, or leave it out and say so"),
    (concat!("unimplemented", "!("), "finish it, or leave it out and say so"),
    (concat!("FIX", "ME"), "fix it, or open an issue"),
    (concat!("#[ig", "nore"), "a test that does not run is no test"),
    (concat!("thread::sl", "eep("), "wait for a condition with a deadline"),
    (concat!("dbg", "!("), "use tracing"),
];

fn sources() -> Vec<(String, String)> {
    files(&["host", "plugins", "tests", "xtask"], "rs")
}

fn none(breaches: Vec<Breach>) {
    let list: Vec<String> = breaches.iter().map(|b| format!("{}\n    {}", b.place, b.rule)).collect();
    assert!(list.is_empty(), "{} breaches of the house's rules:\n{}", list.len(), list.join("\n"));
}

fn metadata() -> Value {
    let out = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).expect("cargo metadata prints JSON")
}

/// Name and normal dependencies of each package of the workspace.
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| {
            let uses = package["dependencies"].as_array().expect("dependencies").iter();
            let uses = uses
                .filter(|d| d["kind"].is_null())
                .map(|d| d["name"].as_str().expect("a name").to_owned())
                .collect();
            (package["name"].as_str().expect("a name").to_owned(), uses)
        })
        .collect()
}

#[test]
fn arrows_point_where_the_design_says() {
    let packages = packages();
    let ours: BTreeSet<&String> = packages.keys().collect();
    let mut breaches = Vec::new();
    for (name, uses) in &packages {
        let allowed: Vec<&str> = match ARROWS.iter().find(|(crate_name, _)| crate_name == name) {
            Some((_, allowed)) => allowed.to_vec(),
            None if name.starts_with("docket-plugin-") => vec!["docket-sdk", "docket-mock-engine"],
            None if name.starts_with("docket-test") || name == "docket-bench" || name == "xtask" => continue,
            None => {
                breaches.push(Breach { place: name.clone(), rule: "is not in the table of arrows".into() });
                continue;
            }
        };
        for used in uses.iter().filter(|used| ours.contains(used) && !allowed.contains(&used.as_str())) {
            breaches.push(Breach { place: name.clone(), rule: format!("may not use {used}") });
        }
    }
    none(breaches);
}

#[test]
fn pure_crates_use_only_pure_crates() {
    let packages = packages();
    let mut breaches = Vec::new();
    for (name, allowed) in PURE {
        for used in packages.get(*name).into_iter().flatten() {
            if !allowed.contains(&used.as_str()) && !used.starts_with("docket-") {
                breaches
                    .push(Breach { place: (*name).into(), rule: format!("is pure and may not use {used}") });
            }
        }
    }
    none(breaches);
    assert!(packages.contains_key("docket-types") && packages.contains_key("docket-scheduling"));
}

#[test]
fn words_stay_at_home() {
    let sources = sources();
    assert!(sources.len() > 20, "the sources were found");
    // This suite names the words itself.
    let sources: Vec<_> =
        sources.into_iter().filter(|(place, _)| !place.starts_with("tests/arch/")).collect();
    let rules = WORDS.iter();
    none(
        rules
            .flat_map(|rule| sources.iter().flat_map(|(place, text)| misplaced(rule, place, text)))
            .collect(),
    );
}

#[test]
fn forbidden_words_stand_nowhere() {
    let mut breaches = Vec::new();
    for (place, text) in sources() {
        for (word, reason) in FORBIDDEN {
            for (n, line) in text.lines().enumerate() {
                if line.contains(word) {
                    breaches.push(Breach {
                        place: format!("{place}:{}", n + 1),
                        rule: format!("`{word}`: {reason}"),
                    });
                }
            }
        }
    }
    none(breaches);
}

#[test]
fn files_do_one_thing() {
    none(sources().iter().filter_map(|(place, text)| too_long(place, text, MAX_LINES)).collect());
}

#[test]
fn every_source_file_says_what_it_is() {
    // A file of tests belongs to the file beside it.
    let is_tests = |place: &str| place.ends_with("/tests.rs") || place.ends_with("_tests.rs");
    let silent = sources()
        .into_iter()
        .filter(|(place, text)| !is_tests(place) && !text.trim_start().starts_with("//!"));
    none(
        silent
            .map(|(place, _)| Breach {
                place,
                rule: "starts with a `//!` line that says what it owns".into(),
            })
            .collect(),
    );
}

#[test]
fn links_of_the_documents_lead_somewhere() {
    let mut documents = files(&["docs", "wit"], "md");
    for name in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        documents.push((name.into(), std::fs::read_to_string(root().join(name)).expect("it exists")));
    }
    none(documents.iter().flat_map(|(place, text)| dead_links(place, text)).collect());
}

#[test]
fn the_readme_and_ci_use_the_same_two_commands() {
    let read = |name: &str| std::fs::read_to_string(root().join(name)).expect("it exists");
    let readme = read("README.md");
    assert!(readme.contains("cargo xtask demo") && readme.contains("cargo xtask test"));
    assert!(read(".ci/run").contains("cargo xtask test"));
}
