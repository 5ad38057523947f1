//! The files that come with docket, and finding profiles.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may stop at what it did not expect")]

use docket_config::{Settings, Sources, find_profile, list_profiles, load};
use docket_types::{ProviderName, QueueMode};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn profile(name: &str) -> Settings {
    let sources = Sources {
        profile: Some(name.to_owned()),
        profiles_dir: Some(root().join("profiles")),
        ..Sources::default()
    };
    load(&sources).unwrap_or_else(|e| panic!("{}", e.report()))
}

#[test]
fn every_profile_puts_its_plugin_behind_every_provider() {
    let expected = [
        ("chaos", "chaos", "chaos", QueueMode::PerRequest),
        ("cj_generic_batch", "cj-generic-batch", "cj_generic_batch", QueueMode::SerialBundle),
        ("cj_generic_batch_api", "cj-generic-batch", "cj_generic_batch", QueueMode::BatchApi),
        ("default", "mock-default", "default", QueueMode::PerRequest),
        ("eng5_anchor_gpt51_low", "eng5-anchor-gpt51-low", "eng5_anchor_gpt51_low", QueueMode::SerialBundle),
        ("eng5_lower5_gpt51_low", "eng5-lower5-gpt51-low", "eng5_lower5_gpt51_low", QueueMode::SerialBundle),
    ];
    let listed = list_profiles(&root().join("profiles")).expect("all can be read");
    let names: Vec<&str> = listed.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, expected.map(|(name, ..)| name));
    for ((name, plugin, mode, queue), info) in expected.into_iter().zip(&listed) {
        let settings = profile(name);
        let own = settings.profile.as_ref().expect("its own words");
        assert_eq!((own.name.as_str(), &own.description), (name, &info.description));
        assert!(info.description.ends_with('.'), "{name}");
        let providers: Vec<&str> = settings.providers.keys().map(ProviderName::as_str).collect();
        assert_eq!(providers, ["anthropic", "google", "mock", "openai", "openrouter"], "{name}");
        assert!(settings.providers.values().all(|p| p.adapter == plugin), "{name}");
        assert_eq!((settings.mock.use_mock, settings.mock.mode.as_str()), (true, mode), "{name}");
        assert_eq!(settings.queue.mode, queue, "{name}");
        assert!(settings.warnings().is_empty(), "{name}: {:?}", settings.warnings());
    }
}

#[test]
fn the_seeds_environment_fits_its_profile() {
    let vars = [
        ("LLM_PROVIDER_SERVICE_USE_MOCK_LLM", "true"),
        ("LLM_PROVIDER_SERVICE_MOCK_MODE", "cj_generic_batch"),
        ("LLM_PROVIDER_SERVICE_QUEUE_PROCESSING_MODE", "batch_api"),
        ("CJ_ASSESSMENT_SERVICE_LLM_BATCHING_MODE", "serial_bundle"),
    ];
    let vars: BTreeMap<String, String> =
        vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let mut sources = Sources { vars, profiles_dir: Some(root().join("profiles")), ..Sources::default() };
    let bare = load(&sources).unwrap_or_else(|e| panic!("{}", e.report()));
    assert_eq!(bare.queue.mode, QueueMode::BatchApi);
    assert!(bare.providers.values().all(|p| p.adapter == "cj-generic-batch") && bare.providers.len() == 5);
    sources.profile = Some("cj_generic_batch_api".into());
    assert!(load(&sources).is_ok());
    sources.profile = Some("cj_generic_batch".into());
    let error = load(&sources).expect_err("the profile says serial_bundle").to_string();
    assert!(error.contains("QUEUE_PROCESSING_MODE contradicts `queue.mode`"), "{error}");
}

#[test]
fn the_example_is_valid_and_shows_what_it_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = std::fs::read_to_string(root().join("docs/examples/docket.toml")).expect("the example");
    let key = folder.path().join("openai_key");
    std::fs::write(&key, "sk-1\n").expect("written");
    let path = folder.path().join("docket.toml");
    let text = text.replace("/run/secrets/openai_key", &key.display().to_string());
    std::fs::write(&path, text).expect("written");
    let vars = [
        ("ADMIN_TOKEN", "t"),
        ("LOCAL_LLM_KEY", "k"),
        ("WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    ];
    let vars = vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let settings = load(&Sources { config: Some(path), vars, ..Sources::default() });
    let settings = settings.unwrap_or_else(|e| panic!("{}", e.report()));
    assert_eq!(settings.server.listen.to_string(), "0.0.0.0:8490");
    assert_eq!(settings.default_provider.as_str(), "openai");
    assert!(settings.plugins.options["example-python"].grant_content);
    assert_eq!(settings.plugins.options["example-python"].memory_bytes, Some(256 << 20));
    assert!(settings.warnings().is_empty(), "{:?}", settings.warnings());
}

#[test]
fn profiles_are_found_by_name_or_path_and_missing_ones_named() {
    let dir = root().join("profiles");
    assert_eq!(find_profile(&dir, "chaos").expect("there"), dir.join("chaos.toml"));
    assert_eq!(find_profile(&dir, "./other.toml").expect("a path"), Path::new("./other.toml"));
    let error = find_profile(&dir, "cj_generic").expect_err("no such profile").to_string();
    assert!(error.contains("`cj_generic`") && error.contains("eng5_anchor_gpt51_low"), "{error}");
    let error = find_profile(Path::new("/no/such/folder"), "x").expect_err("no such folder").to_string();
    assert!(error.contains("/no/such/folder"), "{error}");
    let missing = Sources { config: Some("/no/such/docket.toml".into()), ..Sources::default() };
    assert!(load(&missing).expect_err("no such file").to_string().contains("/no/such/docket.toml"));
    let by_variable = Sources {
        vars: BTreeMap::from([
            ("DOCKET_PROFILE".to_owned(), "chaos".to_owned()),
            ("DOCKET_PROFILES_DIR".to_owned(), dir.display().to_string()),
        ]),
        ..Sources::default()
    };
    assert_eq!(load(&by_variable).expect("valid").profile.expect("one").name, "chaos");
}

#[test]
fn the_process_environment_is_read_as_it_is() {
    let sources = Sources::from_process_env();
    assert_eq!(sources.vars.get("CARGO_PKG_NAME").map(String::as_str), Some("docket-config"));
    assert!(sources.config.is_none() && sources.profile.is_none() && sources.overrides.is_empty());
}
