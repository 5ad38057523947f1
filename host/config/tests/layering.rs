//! Which value counts, where it came from, and which combinations are refused.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may stop at what it did not expect")]

use docket_config::{Error, Settings, load_texts};
use docket_types::assessment::BatchingMode;
use docket_types::{ProviderName, QueueMode};
use proptest::prelude::*;
use secrecy::ExposeSecret;
use std::collections::BTreeMap;
use std::time::Duration;

fn vars(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn load(config: &str, profile: &str, env: &[(&str, &str)], set: &[&str]) -> Result<Settings, Error> {
    let config = format!("version = 1\n{config}");
    let profile = format!("version = 1\n{profile}");
    let set: Vec<String> = set.iter().map(|s| (*s).to_owned()).collect();
    load_texts(Some(("docket.toml", &config)), Some(("profile.toml", &profile)), &vars(env), &set)
}

fn good(config: &str, profile: &str, env: &[(&str, &str)], set: &[&str]) -> Settings {
    load(config, profile, env, set).unwrap_or_else(|e| panic!("{}", e.report()))
}

fn error(config: &str, profile: &str, env: &[(&str, &str)]) -> String {
    load(config, profile, env, &[]).expect_err("this must be refused").to_string()
}

fn origin(settings: &Settings, key: &str) -> String {
    settings.explain().iter().find(|e| e.key == key).map(|e| e.origin.clone()).expect("explained")
}

fn value(settings: &Settings, key: &str) -> String {
    settings.explain().iter().find(|e| e.key == key).map(|e| e.value.clone()).expect("explained")
}

fn provider<'a>(settings: &'a Settings, name: &str) -> &'a docket_config::Provider {
    settings.providers.get(&ProviderName::from(name)).expect("configured")
}

#[test]
fn without_anything_there_is_a_mock_and_every_default() {
    let s = load_texts(None, None, &vars(&[]), &[]).expect("defaults are valid");
    assert_eq!(s.queue.mode, QueueMode::PerRequest);
    assert_eq!((s.queue.bundle_cap, s.queue.max_requests, s.queue.max_bytes), (64, 100_000, 1 << 30));
    assert_eq!((s.queue.high_watermark, s.queue.low_watermark), (0.8, 0.6));
    assert_eq!((s.queue.ttl, s.queue.lease), (Duration::from_secs(4 * 3600), Duration::from_secs(30)));
    assert_eq!(s.queue.poll_interval, Duration::from_millis(500));
    assert_eq!((s.queue.max_attempts, s.queue.max_lost_leases), (4, 3));
    assert_eq!(
        (s.queue.backoff_initial, s.queue.backoff_max),
        (Duration::from_secs(1), Duration::from_secs(60))
    );
    assert_eq!((s.queue.drain, s.queue.virtual_waits), (Duration::from_secs(15), false));
    assert_eq!(s.server.listen.to_string(), "127.0.0.1:8490");
    assert!(s.server.admin_enabled && s.server.admin_token.is_none());
    assert_eq!(s.default_provider.as_str(), "mock");
    assert_eq!(provider(&s, "mock").adapter, "mock-default");
    assert_eq!(provider(&s, "mock").settings, serde_json::json!({}));
    assert_eq!((s.mock.use_mock, s.mock.mode.as_str()), (false, "default"));
    let judging = &s.judging;
    assert_eq!(judging.batching_mode, BatchingMode::SerialBundle);
    assert!(judging.batch_api_providers.is_empty() && !judging.metadata_hints && !judging.long_cache);
    assert_eq!((judging.comparisons_per_essay, judging.max_comparisons), (12, 20_000));
    assert_eq!((judging.attempts, judging.comparison_ttl), (3, Duration::from_secs(26 * 3600)));
    assert_eq!((judging.least_success_rate, judging.reliability, judging.anchor_priority), (0.8, 0.9, 2.0));
    assert_eq!((judging.seed, judging.max_driven), (None, 64));
    assert_eq!(
        (judging.system_prompt.as_deref(), judging.source_service.as_str()),
        (None, "cj_assessment_service")
    );
    assert!(s.warnings().is_empty(), "{:?}", s.warnings());
}

#[test]
fn later_layers_win_and_say_so() {
    let file = "[queue]\nbundle_cap = 1\nlease = \"1s\"\nmax_attempts = 1\nttl = \"1h\"\n";
    let s = good(
        file,
        "[queue]\nlease = \"2s\"\nmax_attempts = 2\nttl = \"2h\"",
        &[("DOCKET__QUEUE__MAX_ATTEMPTS", "3"), ("DOCKET__QUEUE__TTL", "3h")],
        &["queue.ttl=4h"],
    );
    assert_eq!(s.queue.bundle_cap, 1);
    assert_eq!(s.queue.lease, Duration::from_secs(2));
    assert_eq!(s.queue.max_attempts, 3);
    assert_eq!(s.queue.ttl, Duration::from_secs(4 * 3600));
    assert_eq!(origin(&s, "queue.drain"), "default");
    assert_eq!(origin(&s, "queue.bundle_cap"), "docket.toml:3");
    assert_eq!(origin(&s, "queue.lease"), "profile.toml:3");
    assert_eq!(origin(&s, "queue.max_attempts"), "DOCKET__QUEUE__MAX_ATTEMPTS");
    assert_eq!(origin(&s, "queue.ttl"), "--set");
    assert_eq!(
        good("", "", &[], &["queue.bundle_cap=3", "queue.bundle_cap=4"]).queue.bundle_cap,
        4,
        "the last one"
    );
}

#[test]
fn settings_of_a_provider_are_merged_key_by_key() {
    let s = good(
        "[providers.p]\nadapter = \"x\"\nsettings = { a = 1, deep = { b = 2, c = [1, 2] } }\n",
        "[providers.p.settings]\na = \"two\"\ndeep.b = 3\n",
        &[("DOCKET__PROVIDERS__P__SETTINGS__NEW", "[true]")],
        &["providers.p.settings.deep.d=word"],
    );
    let expected = serde_json::json!({"a": "two", "deep": {"b": 3, "c": [1, 2], "d": "word"}, "new": [true]});
    assert_eq!(provider(&s, "p").settings, expected);
    let s = good(
        "[providers.p]\nadapter = \"x\"\nsettings.deep.b = 1",
        "[providers.p]\nsettings.deep = 5",
        &[],
        &[],
    );
    assert_eq!(
        provider(&s, "p").settings,
        serde_json::json!({"deep": 5}),
        "a higher layer hides what is below"
    );
}

#[test]
fn a_variable_finds_a_name_with_a_dash() {
    let s =
        good("[providers.My-One]\nadapter = \"x\"\n", "", &[("DOCKET__PROVIDERS__MY_ONE__MODEL", "m")], &[]);
    assert_eq!(provider(&s, "My-One").model.as_deref(), Some("m"));
    assert_eq!(s.providers.len(), 1);
}

#[test]
fn references_are_looked_up_only_where_they_count() {
    let file = "[server]\nadmin_token = \"${env:TOKEN}\"\n[queue]\nbundle_cap = \"${env:CAP}\"\n";
    let s = good(file, "", &[("TOKEN", "t0ken"), ("CAP", "7")], &[]);
    assert_eq!(s.server.admin_token.as_ref().map(|t| t.expose_secret().to_owned()).as_deref(), Some("t0ken"));
    assert_eq!(s.queue.bundle_cap, 7);
    assert_eq!(value(&s, "queue.bundle_cap"), "${env:CAP}");
    let s = good(file, "", &[("TOKEN", "t")], &["queue.bundle_cap=8"]);
    assert_eq!(s.queue.bundle_cap, 8, "CAP is unset, and nobody asks for it");
    let error = error(file, "", &[("CAP", "hunter2")]);
    assert!(error.contains("`server.admin_token`: the variable `TOKEN` is not set"), "{error}");
    assert!(error.contains("`queue.bundle_cap` must be a whole number"), "{error}");
    assert!(!error.contains("hunter2"), "what a reference gives is never shown: {error}");
}

#[test]
fn every_alias_reaches_its_key() {
    let p = |name: &str| format!("LLM_PROVIDER_SERVICE_{name}");
    let cases = [
        ("MOCK_MODE", "cj_generic_batch", "mock.mode", "cj_generic_batch"),
        ("MOCK_PROVIDER_SEED", "7", "mock.seed", "7"),
        ("MOCK_LATENCY_MS", "10", "mock.latency_ms", "10"),
        ("MOCK_LATENCY_JITTER_MS", "5", "mock.latency_jitter_ms", "5"),
        ("MOCK_ERROR_RATE", "0.25", "mock.error_rate", "0.25"),
        ("MOCK_ERROR_CODES", "[429, 503]", "mock.error_codes", "[429,503]"),
        ("MOCK_ERROR_CODES", "429,503", "mock.error_codes", "[429,503]"),
        ("MOCK_ERROR_BURST_RATE", "0.1", "mock.error_burst_rate", "0.1"),
        ("MOCK_ERROR_BURST_LENGTH", "3", "mock.error_burst_length", "3"),
        ("MOCK_CACHE_ENABLED", "False", "mock.cache_enabled", "false"),
        ("MOCK_CACHE_HIT_RATE", "0.5", "mock.cache_hit_rate", "0.5"),
        ("MOCK_TOKENS_PER_WORD", "1.5", "mock.tokens_per_word", "1.5"),
        ("MOCK_CONFIDENCE_BASE", "4", "mock.confidence_base", "4"),
        ("MOCK_CONFIDENCE_JITTER", "0", "mock.confidence_jitter", "0"),
        ("MOCK_STREAMING_METADATA", "1", "mock.streaming_metadata", "true"),
        ("QUEUE_PROCESSING_MODE", "batch_api", "queue.mode", "batch_api"),
        ("QUEUE_MAX_SIZE", "1000", "queue.max_requests", "1000"),
        ("QUEUE_MAX_MEMORY_MB", "100", "queue.max_bytes", "100MiB"),
        ("QUEUE_HIGH_WATERMARK", "0.9", "queue.high_watermark", "0.9"),
        ("QUEUE_LOW_WATERMARK", "0.1", "queue.low_watermark", "0.1"),
        ("QUEUE_REQUEST_TTL_HOURS", "2", "queue.ttl", "2h"),
        ("QUEUE_POLL_INTERVAL_SECONDS", "0.25", "queue.poll_interval", "250ms"),
        ("QUEUE_MAX_RETRIES", "3", "queue.max_attempts", "4"),
        ("SERIAL_BUNDLE_MAX_REQUESTS_PER_CALL", "8", "queue.bundle_cap", "8"),
        ("DEFAULT_LLM_PROVIDER", "mock", "default_provider", "mock"),
        ("LLM_DEFAULT_TEMPERATURE", "0.7", "defaults.temperature", "0.7"),
        ("LLM_DEFAULT_MAX_TOKENS", "4096", "defaults.max_tokens", "4096"),
        ("PORT", "9000", "server.listen", "127.0.0.1:9000"),
        ("HOST", "127.0.0.2", "server.listen", "127.0.0.2:8490"),
        ("LOG_LEVEL", "WARNING", "log.filter", "warn"),
        ("ADMIN_API_ENABLED", "false", "server.admin_enabled", "false"),
        ("ADMIN_API_KEY", "hunter2", "server.admin_token", "(secret, set)"),
    ];
    for (name, text, key, expected) in cases {
        let name = p(name);
        let s = good("", "", &[(&name, text)], &[]);
        assert_eq!((value(&s, key).as_str(), origin(&s, key)), (expected, name.clone()), "{name}={text}");
    }
    let s = good(
        "",
        "",
        &[
            ("CJ_ASSESSMENT_SERVICE_LLM_BATCHING_MODE", "provider_batch_api"),
            ("CJ_ASSESSMENT_SERVICE_ENABLE_LLM_BATCHING_METADATA_HINTS", "true"),
            ("CJ_ASSESSMENT_SERVICE_LLM_BATCH_API_ALLOWED_PROVIDERS", "[\"openai\", \"anthropic\"]"),
            ("CJ_ASSESSMENT_SERVICE_MAX_PAIRWISE_COMPARISONS", "288"),
            ("CJ_ASSESSMENT_SERVICE_PAIR_GENERATION_SEED", "42"),
            ("CJ_ASSESSMENT_SERVICE_MIN_SUCCESS_RATE_THRESHOLD", "0.75"),
        ],
        &[],
    );
    let allowed: Vec<&str> = s.judging.batch_api_providers.iter().map(ProviderName::as_str).collect();
    assert_eq!(allowed, ["openai", "anthropic"]);
    assert_eq!(
        (s.judging.max_comparisons, s.judging.seed, s.judging.least_success_rate),
        (288, Some(42), 0.75)
    );
    let same = good("[judging]\nbatch_api_providers = [\"a-b\"]\n", "", &[], &[]);
    let loose = good("", "", &[("DOCKET__JUDGING__BATCH_API_PROVIDERS", "a-b")], &[]);
    assert_eq!(same.judging.batch_api_providers, loose.judging.batch_api_providers);
    assert!(error("[judging]\nbatch_api_providers = [\"no name\"]\n", "", &[]).contains("a list of names"));
    assert_eq!((s.judging.batching_mode, s.judging.metadata_hints), (BatchingMode::ProviderBatchApi, true));
}

#[test]
fn the_mock_switch_serves_every_name_and_replaces_what_was_there() {
    let real = "[providers.openai]\nadapter = \"openai\"\nmodel = \"gpt-5.1\"\nmax_concurrent = 5\n\
                credentials = { key = \"${env:UNSET}\" }\nsettings = { x = 1 }\n";
    let switch = [
        ("LLM_PROVIDER_SERVICE_USE_MOCK_LLM", "true"),
        ("LLM_PROVIDER_SERVICE_MOCK_MODE", "eng5_anchor_gpt51_low"),
    ];
    let s = good(real, "", &switch, &[]);
    let names: Vec<_> = s.providers.keys().map(ProviderName::as_str).collect();
    assert_eq!(names, ["anthropic", "google", "mock", "openai", "openrouter"]);
    assert!(s.providers.values().all(|p| p.adapter == "eng5-anchor-gpt51-low"));
    let openai = provider(&s, "openai");
    assert!(
        openai.credentials.is_empty() && openai.settings == serde_json::json!({}),
        "meant for another plugin"
    );
    assert!(origin(&s, "providers.openai.adapter").contains("replacing openai of docket.toml:3"));
    assert_eq!((s.mock.use_mock, s.mock.mode.as_str()), (true, "eng5_anchor_gpt51_low"));

    let off = [("LLM_PROVIDER_SERVICE_USE_MOCK_LLM", "false"), ("UNSET", "now set")];
    let s = good(real, "", &off, &[]);
    assert_eq!(s.providers.len(), 1, "false unregisters nothing and registers nothing");
    assert_eq!(provider(&s, "openai").adapter, "openai");

    let error = error("", "[mock]\nuse_mock = true\n[providers.mock]\nadapter = \"chaos\"", &[]);
    assert!(error.contains("`providers.mock.adapter` says chaos (profile.toml:5)"), "{error}");
}

#[test]
fn mock_settings_reach_the_mocks_and_nobody_else() {
    let file = "[providers.openai]\nadapter = \"openai\"\n[providers.mock]\nadapter = \"chaos\"\n\
                [providers.other]\nadapter = \"mock-default\"\nsettings = { latency_ms = 9 }\n[mock]\nlatency_ms = 3\n";
    let s = good(file, "", &[("LLM_PROVIDER_SERVICE_MOCK_PROVIDER_SEED", "7")], &[]);
    assert_eq!(provider(&s, "openai").settings, serde_json::json!({}));
    assert_eq!(provider(&s, "mock").settings, serde_json::json!({"latency_ms": 3, "seed": 7}));
    assert_eq!(
        provider(&s, "other").settings,
        serde_json::json!({"latency_ms": 9, "seed": 7}),
        "its own is kept"
    );
    let file = "[providers.other]\nadapter = \"mock-default\"\nsettings = { latency_ms = 9 }\n";
    let text = error(file, "", &[("LLM_PROVIDER_SERVICE_MOCK_LATENCY_MS", "3")]);
    assert!(
        text.contains("MOCK_LATENCY_MS contradicts `providers.other.settings.latency_ms` (docket.toml:4)"),
        "{text}"
    );
    assert!(load(file, "", &[("LLM_PROVIDER_SERVICE_MOCK_LATENCY_MS", "9")], &[]).is_ok());
}

#[test]
fn an_alias_that_contradicts_is_refused_and_names_both() {
    let file = "[queue]\nmode = \"serial_bundle\"\n";
    let alias = "LLM_PROVIDER_SERVICE_QUEUE_PROCESSING_MODE";
    let text = error(file, "", &[(alias, "batch_api")]);
    let expected = "docket.toml:3: LLM_PROVIDER_SERVICE_QUEUE_PROCESSING_MODE contradicts `queue.mode`: the variable \
                    says batch_api, docket.toml:3 says serial_bundle (remove one of the two)";
    assert_eq!(text, expected);
    assert!(load(file, "", &[(alias, "serial_bundle")], &[]).is_ok(), "the same is no contradiction");
    assert!(load("", "", &[(alias, "batch_api")], &[]).is_ok(), "nor is a default");
    let s = good(file, "", &[(alias, "batch_api")], &["queue.mode=per_request"]);
    assert_eq!(s.queue.mode, QueueMode::PerRequest, "the command line is above both");
    let text = error("", "", &[(alias, "batch_api"), ("DOCKET__QUEUE__MODE", "per_request")]);
    assert!(text.contains("DOCKET__QUEUE__MODE says per_request"), "{text}");
    let text = error("[server]\nlisten = \"127.0.0.1:1\"", "", &[("LLM_PROVIDER_SERVICE_PORT", "2")]);
    assert!(text.contains("127.0.0.1:2") && text.contains("127.0.0.1:1"), "{text}");
    let text = error("[server]\nadmin_token = \"aaa\"", "", &[("LLM_PROVIDER_SERVICE_ADMIN_API_KEY", "bbb")]);
    assert!(
        text.contains("ADMIN_API_KEY contradicts") && !text.contains("aaa") && !text.contains("bbb"),
        "{text}"
    );
}

#[test]
fn keys_and_addresses_go_to_real_providers_only() {
    let file = "[providers.google]\nadapter = \"google\"\n[providers.openai]\nadapter = \"openai\"\n\
                [providers.anthropic]\nadapter = \"mock-default\"\n";
    let env = [
        ("GEMINI_API_KEY", "gemini"),
        ("GOOGLE_API_KEY", "google"),
        ("OPENAI_API_KEY", "plain"),
        ("LLM_PROVIDER_SERVICE_OPENAI_API_KEY", "prefixed"),
        ("OPENAI_BASE_URL", "http://127.0.0.1:1/v1"),
        ("ANTHROPIC_API_KEY", "unused"),
        ("OPENROUTER_API_KEY", "unused"),
    ];
    let s = good(file, "", &env, &[]);
    let key = |name: &str| provider(&s, name).credentials.get("key").map(|k| k.expose_secret().to_owned());
    assert_eq!(key("google").as_deref(), Some("google"));
    assert_eq!(key("openai").as_deref(), Some("prefixed"));
    assert_eq!(key("anthropic"), None, "a mock gets no key");
    assert_eq!(provider(&s, "openai").endpoints["api"], "http://127.0.0.1:1/v1");
    assert_eq!(origin(&s, "OPENROUTER_API_KEY"), "no provider `openrouter` is configured");
    let s = good(
        &format!("{file}[providers.openai.credentials]\nkey = \"own\"\n"),
        "",
        &[("OPENAI_API_KEY", "x")],
        &[],
    );
    assert_eq!(provider(&s, "openai").credentials["key"].expose_secret(), "own", "a shared variable yields");
}

#[test]
fn empty_variables_are_unset_and_dead_ones_say_so() {
    let empty = ["USE_MOCK_LLM", "MOCK_MODE", "MOCK_ERROR_CODES", "PORT", "NO_SUCH_THING"]
        .map(|n| format!("LLM_PROVIDER_SERVICE_{n}"));
    let env: Vec<(&str, &str)> =
        empty.iter().map(|n| (n.as_str(), "")).chain([("DOCKET__QUEUE__MODE", "")]).collect();
    let s = good("", "", &env, &[]);
    assert_eq!((s.mock.mode.as_str(), s.queue.mode), ("default", QueueMode::PerRequest));
    let s = good(
        "",
        "",
        &[
            ("LLM_PROVIDER_SERVICE_BATCH_API_MODE", "nightly"),
            ("CJ_ASSESSMENT_SERVICE_MAX_CONCURRENT_COMPARISONS", "100"),
        ],
        &[],
    );
    assert_eq!(value(&s, "LLM_PROVIDER_SERVICE_BATCH_API_MODE"), "(no effect)");
    assert_eq!(s.warnings().len(), 2);
    assert!(s.warnings()[0].starts_with("CJ_ASSESSMENT_SERVICE_MAX_CONCURRENT_COMPARISONS has no effect"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever subset of layers sets a key, the highest one counts.
    #[test]
    fn the_highest_layer_that_speaks_counts(caps in proptest::array::uniform4(proptest::option::of(1u32..=64))) {
        let text = |cap: Option<u32>| cap.map_or(String::new(), |n| format!("[queue]\nbundle_cap = {n}"));
        let env: Vec<(String, String)> =
            caps[2].map(|n| ("DOCKET__QUEUE__BUNDLE_CAP".to_owned(), n.to_string())).into_iter().collect();
        let env: Vec<(&str, &str)> = env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let set: Vec<String> = caps[3].map(|n| format!("queue.bundle_cap={n}")).into_iter().collect();
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        let settings = good(&text(caps[0]), &text(caps[1]), &env, &set);
        let expected = caps.iter().rev().find_map(|cap| *cap).unwrap_or(64);
        prop_assert_eq!(settings.queue.bundle_cap, expected);
    }

    /// No text makes loading panic, and what it refuses it explains.
    #[test]
    fn any_text_loads_or_is_explained(text in "(\\[?[a-z]{1,9}(\\.[a-z]{1,8})?\\]?( ?= ?[\"0-9a-z$\\{\\}:-]{0,9})?\n){0,5}") {
        if let Err(error) = load(&text, "", &[], &[]) {
            prop_assert!(!error.problems().is_empty());
            prop_assert!(!error.report().is_empty());
        }
    }
}
