//! What is no adapter is refused with a reason of its own, and the registry goes on with the rest.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use docket_adapter::{Grants, LoadError, PluginOptions, Registry};
use docket_tests_hostile::*;
use docket_types::exchange::Effect;
use std::collections::BTreeMap;

fn refused(component: &[u8]) -> LoadError {
    load(&engine(), component).expect_err("it is refused")
}

#[test]
fn files_that_are_no_components() {
    assert_eq!(refused(b"").kind(), "empty");
    assert_eq!(refused(b"MZ\x90\0").kind(), "not_wasm");
    assert_eq!(refused(Guest::new(wait(1)).text().as_bytes()).kind(), "not_wasm");
    assert_eq!(refused(&wat::parse_str("(module)").unwrap()).kind(), "core_module");
    let good = Guest::new(wait(1)).build();
    assert_eq!(refused(&good[..good.len() / 2]).kind(), "malformed");
    let elf = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    assert_eq!(refused(&elf[..4096]).kind(), "precompiled");
}

/// Every prefix and many flipped bytes of a good component: an error or an adapter, never a panic.
#[test]
fn damaged_components_do_not_panic() {
    let engine = engine();
    let good = Guest::new(wait(1)).build();
    for cut in (0..good.len()).step_by(97) {
        assert!(load(&engine, &good[..cut]).is_err(), "cut at {cut}");
    }
    let mut refusals = 0;
    for at in (0..good.len()).step_by(23) {
        let mut damaged = good.clone();
        damaged[at] ^= 0x55;
        refusals += usize::from(load(&engine, &damaged).is_err());
    }
    assert!(refusals > 20, "{refusals} refusals");
}

#[test]
fn components_of_another_world_or_version() {
    let other = refused(&wat::parse_str("(component)").unwrap());
    assert!(
        matches!(&other, LoadError::WrongWorld { missing, .. } if missing.contains("manifest@0.1.0")),
        "{other}"
    );
    let old = refused(&Guest { version: "9.9.9".into(), ..Guest::new(wait(1)) }.build());
    assert!(matches!(old, LoadError::UnsupportedVersion { .. }), "{old}");
    let said = old.to_string();
    assert!(said.contains("@9.9.9") && said.contains("supports docket:provider@0.1.x"), "{said}");
}

#[tokio::test]
async fn a_later_patch_of_the_contract_is_spoken() {
    let adapter = load(&engine(), &Guest { version: "0.1.7".into(), ..Guest::new(wait(4)) }.build()).unwrap();
    assert_eq!(step(&adapter).await.unwrap().effect, Effect::Wait(4));
}

#[test]
fn exports_of_the_right_name_and_the_wrong_type() {
    let error = refused(&component(""));
    assert!(matches!(error, LoadError::Interface(_)), "{error}");
}

fn importer(package: &str, interface: &str) -> Vec<u8> {
    let (name, version) = package.split_once('@').unwrap();
    let wit = format!(
        "package docket:hostile;
         world hostile {{ import {name}/{interface}@{version}; include docket:provider/adapter@0.1.0; }}
         package {name}@{version} {{ interface {interface} {{ now: func() -> u64; }} }}"
    );
    let imports = format!("(import \"{name}/{interface}@{version}\" \"now\" (func $now (result i64)))");
    let guest = Guest { wit: Some(wit), imports, ..Guest::new(format!("(drop (call $now)) {}", wait(1))) };
    guest.build()
}

#[test]
fn imports_are_refused_by_name() {
    for (package, interface) in [("wasi:clocks@0.2.6", "monotonic-clock"), ("evil:corp@1.0.0", "exfiltrate")]
    {
        let error = refused(&importer(package, interface));
        let LoadError::UnknownImport(name) = &error else { panic!("{error}") };
        assert!(name.contains(interface), "{name}");
        assert!(error.to_string().contains("no files, clock, randomness or network"), "{error}");
    }
    let all = Grants { content: true };
    let error = engine().load("p", &importer("wasi:clocks@0.2.6", "wall-clock"), all, tight()).unwrap_err();
    assert_eq!(error.kind(), "unknown_import", "no grant covers it");
}

#[test]
fn canaries_that_fail() {
    let start = |body: &str| Guest::new(wait(1)).with(format!("(start $s) (func $s {body})")).build();
    let error = refused(&start("(loop $l (br $l))")).to_string();
    assert!(error.contains("longer than 500 ms"), "{error}");
    let error = refused(&start("unreachable")).to_string();
    assert!(error.contains("canary failed") && error.contains("trapped"), "{error}");
    let error =
        refused(&Guest { describe: "(loop $l (br $l))".into(), ..Guest::new(wait(1)) }.build()).to_string();
    assert!(error.contains("longer than 500 ms"), "{error}");
    let error = refused(&Guest { pages: 200, ..Guest::new(wait(1)) }.build()).to_string();
    assert!(error.contains("the limit is 8388608"), "{error}");
}

#[test]
fn manifests_that_lie() {
    for (manifest, said) in [
        ("not json", "manifest is not valid"),
        (r#"{"schema":"docket.manifest/9","id":"a","version":"1.0.0"}"#, "docket.manifest/9"),
        (r#"{"schema":"docket.manifest/1","id":"A b","version":"1.0.0"}"#, "id `A b`"),
        (r#"{"schema":"docket.manifest/1","id":"a","version":"one"}"#, "semantic version"),
        (r#"{"schema":"docket.manifest/1","id":"a","version":"1.0.0","settings":[]}"#, "settings"),
    ] {
        let error = refused(&Guest { manifest: manifest.into(), ..Guest::new(wait(1)) }.build());
        assert!(matches!(&error, LoadError::Manifest(_)) && error.to_string().contains(said), "{error}");
    }
}

/// Two memories that fit one by one, and not together.
#[test]
fn memories_count_together() {
    let memory =
        |n: u32| format!("(core module $m{n} (memory 80)) (core instance $m{n} (instantiate $m{n}))");
    let error = refused(&component(&(memory(1) + &memory(2))));
    assert!(
        error.to_string().contains("it wanted 10485760 bytes of memory, the limit is 8388608"),
        "{error}"
    );
    let one = refused(&component(&memory(1)));
    assert!(matches!(one, LoadError::Interface(_)), "one of them fits: {one}");
}

#[test]
fn more_than_an_instance_holds() {
    let many = |items: &str, n: usize| -> String {
        (0..n)
            .map(|i| format!("(core module $x{i} {items}) (core instance $x{i} (instantiate $x{i}))"))
            .collect()
    };
    for items in [
        many("(memory 1)", 5),
        many("(table 1 funcref) (table 1 funcref)", 11),
        many("", 60),
        many("(table 60000 funcref)", 1),
        many("(memory 5000)", 1),
    ] {
        let error = refused(&component(&items));
        assert!(matches!(error, LoadError::TooBig(_)), "{error}");
    }
}

#[test]
fn compile_bombs_are_screened_before_they_are_compiled() {
    let nest = |n: usize, locals: usize| {
        let body = "(loop ".repeat(n) + &")".repeat(n);
        Guest::new(wait(1)).with(format!("(func (local {}) {body})", "i64 ".repeat(locals))).build()
    };
    let body = "(drop (i32.const 1))".repeat(400_000);
    let large = Guest::new(wait(1)).with(format!("(func {body})")).build();
    let many = Guest::new(wait(1)).with("(func)".repeat(40_001)).build();
    let deep = wat::parse_str("(component ".repeat(10) + &")".repeat(10)).unwrap();
    for (bomb, what) in [
        (nest(4000, 1500), "locals times control flow"),
        (nest(5000, 1), "nesting of blocks"),
        (nest(1, 3000), "locals of a function"),
        (large, "size of a function"),
        (many, "number of functions"),
        (deep, "nesting of components"),
    ] {
        let error = refused(&bomb);
        assert!(matches!(&error, LoadError::Screened { what: w, .. } if w.contains(what)), "{what}: {error}");
    }
}

#[tokio::test]
async fn a_bad_file_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
    let registry = Registry::new(engine());
    write("b-good.wasm", &Guest::new(wait(1)).build());
    write("a-bad.wasm", b"garbage");
    write("Bad Name.wasm", &Guest::new(wait(1)).build());
    write("notes.txt", b"not looked at");
    let options =
        BTreeMap::from([("b-good".to_owned(), PluginOptions { limits: tight(), ..Default::default() })]);
    let statuses = registry.load_dir(dir.path(), &options);
    let names: Vec<_> = statuses.iter().map(|s| (s.name.as_str(), s.result.is_ok())).collect();
    assert_eq!(names, [("Bad Name", false), ("a-bad", false), ("b-good", true)]);
    assert_eq!(registry.list().len(), 1);
    let before = registry.get("b-good").expect("it is there");
    assert_eq!(before.version_key(), format!("hostile@1.0.0+{}", &before.digest()[..12]));

    registry.load_dir(dir.path(), &options);
    assert!(std::sync::Arc::ptr_eq(&before, &registry.get("b-good").unwrap()), "not loaded again");

    write("b-good.wasm", b"broken by an upload");
    let statuses = registry.load_dir(dir.path(), &options);
    assert!(statuses[2].result.is_err() && registry.statuses() == statuses);
    let kept = registry.get("b-good").expect("the old version stays");
    assert_eq!(step(&kept).await.unwrap().effect, Effect::Wait(1));

    write("b-good.wasm", &Guest::new(wait(2)).build());
    registry.load_dir(dir.path(), &options);
    assert_eq!(step(&registry.get("b-good").unwrap()).await.unwrap().effect, Effect::Wait(2));
    assert_eq!(step(&before).await.unwrap().effect, Effect::Wait(1), "who holds the old version keeps it");

    let missing = registry.load_dir(&dir.path().join("nowhere"), &options);
    assert!(matches!(missing[0].result, Err(LoadError::Io(_))) && registry.get("b-good").is_some());
}
