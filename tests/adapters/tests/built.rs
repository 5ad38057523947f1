//! Every built component imports nothing, describes itself, and answers its fixtures as its native crate does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use docket_adapter::{Adapter, Engine, EngineOptions, Grants, Limits};
use docket_tests_adapters::*;
use docket_types::chat::Texts;
use serde_json::Value;
use std::sync::{Arc, OnceLock};

/// Loaded once for all tests.
fn all() -> Vec<Arc<Adapter>> {
    static ALL: OnceLock<Vec<Arc<Adapter>>> = OnceLock::new();
    ALL.get_or_init(load_all).clone()
}

fn load_all() -> Vec<Arc<Adapter>> {
    let engine = Engine::new(EngineOptions::default()).expect("an engine");
    let load = |(name, path): &(String, std::path::PathBuf)| {
        let bytes = std::fs::read(path).expect("it reads");
        let loaded = engine.load(name, &bytes, Grants::default(), Limits::default());
        loaded.unwrap_or_else(|e| panic!("{name}: {e}"))
    };
    components().iter().map(load).collect()
}

fn expect(place: &str, expected: &Value, found: &Value) {
    assert!(fits(expected, found), "{place}\n expected {expected}\n found    {found}");
}

#[test]
fn they_import_nothing_and_are_who_they_say() {
    let adapters = all();
    for adapter in &adapters {
        let foreign: Vec<_> =
            adapter.imports().iter().filter(|i| !i.starts_with("docket:provider/types@")).collect();
        assert!(foreign.is_empty(), "{} imports {foreign:?}", adapter.name());
        assert_eq!(adapter.manifest().id, adapter.name());
        assert!(!adapter.manifest().description.is_empty(), "{} has no description", adapter.name());
    }
    let names: Vec<_> = adapters.iter().map(|a| a.name()).collect();
    for expected in
        ["chaos", "cj-generic-batch", "eng5-anchor-gpt51-low", "eng5-lower5-gpt51-low", "mock-default"]
    {
        assert!(
            names.contains(&expected),
            "{expected} is not among {names:?}: run `cargo xtask plugins` again"
        );
    }
}

#[tokio::test]
async fn exchanges_are_the_fixtures() {
    let mut steps = 0;
    for adapter in all() {
        for (place, fixture) in fixtures(adapter.name()) {
            let Some(exchange) = fixture["exchange"].as_array() else { continue };
            let context = context(&fixture["context"]);
            let (request, texts) = request(&fixture["request"], &context.model);
            let mut state = Vec::new();
            for (n, step) in exchange.iter().enumerate() {
                let next = adapter.step(&context, &state, event(&step["event"], &request), &texts).await;
                let next = next.unwrap_or_else(|e| panic!("{place} step {n}: {e}"));
                expect(&format!("{place} step {n}"), &step["effect"], &effect(&next.effect, &texts));
                state = next.state;
                steps += 1;
            }
        }
    }
    assert!(steps >= 4, "only {steps} steps of fixtures were found");
}

#[tokio::test]
async fn jobs_are_the_fixtures() {
    let mut events = 0;
    for adapter in all().into_iter().filter(|adapter| adapter.has_batch()) {
        for (place, fixture) in fixtures(adapter.name()) {
            let context = context(&fixture["context"]);
            items(&adapter, &place, &fixture).await;
            let mut state = Vec::new();
            for (n, step) in fixture["job"].as_array().into_iter().flatten().enumerate() {
                let next = adapter.job_step(&context, &state, job_event(&step["event"])).await;
                let next = next.unwrap_or_else(|e| panic!("{place} job step {n}: {e}"));
                expect(&format!("{place} job step {n}"), &step["effect"], &job_effect(&next.effect));
                if !step["progress"].is_null() {
                    expect(&format!("{place} progress {n}"), &step["progress"], &progress(&next.progress));
                }
                state = next.state;
                events += 1;
            }
        }
        let limits = adapter.batch_limits(&context(&Value::Null)).await.unwrap();
        assert!(limits.max_items > 0 && limits.max_bytes >= limits.max_item_bytes, "{limits:?}");
    }
    assert!(events >= 4, "only {events} events of jobs were found");
}

/// Items as lines, and what the adapter makes of such a line when it comes back.
async fn items(adapter: &Adapter, place: &str, fixture: &Value) {
    let context = context(&fixture["context"]);
    for it in fixture["items"].as_array().into_iter().flatten() {
        let (request, texts) = request(&it["request"], &context.model);
        let id = it["custom_id"].as_str().expect("an id");
        let line = adapter.encode_item(&context, id, &request, &texts).await.unwrap().expect("it encodes");
        let line = body(&line, &texts);
        expect(&format!("{place} item {id}"), &it["line"], &line);
        let decoded = adapter.decode_line(&context, &line.to_string()).await.unwrap();
        if let Ok(Some(decoded)) = &decoded {
            assert_eq!(decoded.custom_id, id, "{place}");
        }
    }
    for (n, it) in fixture["lines"].as_array().into_iter().flatten().enumerate() {
        let line = it["line"].as_str().map_or_else(|| it["line"].to_string(), str::to_owned);
        let decoded = adapter.decode_line(&context, &line).await.unwrap();
        let decoded = match decoded {
            Ok(decoded) => decoded.map_or(Value::Null, |decoded| item(&decoded)),
            Err(it) => serde_json::json!({"fail": failure(&it)}),
        };
        expect(&format!("{place} line {n}"), &it["result"], &decoded);
    }
}

/// The same request gives the same bytes, in this process and in the next, whoever asks.
#[tokio::test]
async fn answers_are_the_same_each_time() {
    let (one, two) = (all(), load_all());
    for (one, two) in one.iter().zip(&two) {
        for (place, fixture) in fixtures(one.name()).into_iter().filter(|(_, f)| f["exchange"].is_array()) {
            let context = context(&fixture["context"]);
            let (request, texts) = request(&fixture["request"], &context.model);
            let start = || event(&Value::from("start"), &request);
            let first = one.step(&context, &[], start(), &texts).await.unwrap();
            assert_eq!(first, one.step(&context, &[], start(), &texts).await.unwrap(), "{place}");
            let without_texts = two.step(&context, &[], start(), &Texts::default()).await.unwrap();
            assert_eq!(first, without_texts, "{place}: it cannot depend on what a text says");
        }
    }
}
