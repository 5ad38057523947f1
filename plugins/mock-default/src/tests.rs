use super::*;
use docket_sdk::{
    Adapter, BatchAdapter, Context, Effect, Event, FailureClass, RetryAdvice, Segment, Step, fixtures,
};
use serde_json::Value;
use std::collections::BTreeSet;

fn context(prompt: &str, seed: u64, attempt: u32, settings: &str) -> Context {
    Context { seed, attempt, ..fixtures::prompt_context(prompt, settings) }
}

fn request(prompt: &str) -> docket_sdk::ChatRequest {
    let words = prompt.split_whitespace().count();
    let text = format!(r#"{{"$text":1,"bytes":{},"words":{words}}}"#, prompt.len());
    serde_json::from_str(&format!(
        r#"{{"messages":[{{"role":"system","content":[{{"type":"text","text":{{"$text":0,"bytes":9,"words":500}}}}]}},
            {{"role":"user","content":[{{"type":"text","text":{text}}}]}}]}}"#
    ))
    .unwrap()
}

fn start(prompt: &str, seed: u64, attempt: u32, settings: &str) -> Step {
    MockDefault::start(&context(prompt, seed, attempt, settings), request(prompt))
}

fn status(seed: u64, attempt: u32, settings: &str) -> Option<u16> {
    match start("p", seed, attempt, settings).effect {
        Effect::Fail(failure) => failure.status,
        _ => None,
    }
}

#[test]
fn fixtures_hold() {
    fixtures::check_batch_dir::<MockDefault>(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures")).unwrap();
}

#[test]
fn prompt_hashes_are_the_known_ones() {
    assert_eq!(
        context("hello", 1, 1, "{}").prompt_sha256,
        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    );
    assert_eq!(
        context("åäö\n\nb", 1, 1, "{}").prompt_sha256,
        "e61ed475e5efece76e4ead88ed01ee67c6d931c9a2fae850fe8b3779697dc0d6"
    );
}

#[test]
fn confidence_stays_on_its_scale_with_three_decimals() {
    let mut seen = BTreeSet::new();
    for seed in 0..500 {
        let Effect::Finish(completion) = start("p", seed, 1, "{}").effect else { panic!() };
        let answer = fixtures::answered_json(&completion).unwrap();
        let confidence = answer["confidence"].as_f64().unwrap();
        assert!((4.2..=4.8).contains(&confidence), "{confidence}");
        let thousandths = (confidence * 1000.0).round();
        assert_eq!(confidence, thousandths / 1000.0);
        seen.insert(thousandths as u64);
    }
    assert!(seen.len() > 200, "only {} values", seen.len());
}

#[test]
fn a_retry_gives_the_same_answer() {
    assert_eq!(start("p", 3, 1, "{}").effect, start("p", 3, 2, "{}").effect);
    assert_ne!(start("p", 3, 1, "{}").effect, start("p", 4, 1, "{}").effect);
    assert_ne!(start("p", 3, 1, "{}").effect, start("p", 3, 1, r#"{"seed":43}"#).effect);
}

#[test]
fn latency_is_waited_for_before_the_answer() {
    let settings = r#"{"latency_ms":100,"latency_jitter_ms":50}"#;
    let mut waits = BTreeSet::new();
    for seed in 0..200 {
        let step = start("one two three", seed, 1, settings);
        let Effect::Wait(ms) = step.effect else { panic!() };
        waits.insert(ms);
        let answer =
            MockDefault::resume(&context("one two three", seed, 1, settings), &step.state, Event::Elapsed);
        assert_eq!(answer.effect, start("one two three", seed, 1, "{}").effect);
    }
    assert!(waits.iter().all(|ms| (100..=150).contains(ms)), "{waits:?}");
    assert!(waits.contains(&100) && waits.contains(&150) && waits.len() > 40, "{waits:?}");
}

#[test]
fn errors_come_at_their_rate_with_their_class() {
    let settings = r#"{"error_rate":0.3,"error_codes":[429,503,500],"error_retry_after_ms":70}"#;
    let mut failed = 0;
    for seed in 0..3000 {
        let Effect::Fail(failure) = start("p", seed, 1, settings).effect else { continue };
        failed += 1;
        let expected = match failure.status {
            Some(429) => (FailureClass::RateLimited, RetryAdvice::AfterMs(70)),
            Some(503) => (FailureClass::Overloaded, RetryAdvice::Backoff),
            Some(500) => (FailureClass::Server, RetryAdvice::Backoff),
            other => panic!("{other:?}"),
        };
        assert_eq!((failure.class, failure.retry), expected);
    }
    assert!((800..1000).contains(&failed), "{failed}");
    assert_eq!(status(1, 1, r#"{"error_rate":1,"error_codes":[]}"#), Some(500));
}

#[test]
fn a_burst_is_a_run_of_failing_attempts() {
    let settings = r#"{"error_burst_rate":0.05,"error_burst_length":4}"#;
    let mut bursts = 0;
    for seed in 0..400 {
        let run: Vec<_> = (1..=40).map(|attempt| status(seed, attempt, settings)).collect();
        for (n, pair) in run.windows(2).enumerate() {
            if pair[0].is_none() && pair[1].is_some() && n + 5 < run.len() {
                bursts += 1;
                assert!(
                    run[n + 1..n + 5].iter().all(Option::is_some),
                    "seed {seed}, attempt {}: {run:?}",
                    n + 2
                );
            }
        }
    }
    assert!(bursts > 200, "{bursts}");
    assert_eq!(status(1, 1, r#"{"error_burst_rate":1,"error_burst_length":0}"#), None, "no length, no burst");
}

#[test]
fn the_cache_is_told_of() {
    let usage = |settings: &str| {
        let Effect::Finish(completion) = start("one two three four", 1, 1, settings).effect else { panic!() };
        (completion.usage.cached_input_tokens, completion.usage.cache_write_tokens)
    };
    assert_eq!(usage("{}"), (Some(0), Some(3)));
    assert_eq!(usage(r#"{"cache_hit_rate":1}"#), (Some(3), Some(0)));
    assert_eq!(usage(r#"{"cache_enabled":false}"#), (None, None));
}

#[test]
fn streaming_is_told_of_when_asked() {
    let json = |settings: &str| {
        let Effect::Finish(completion) = start("p", 1, 1, settings).effect else { panic!() };
        serde_json::from_str::<Value>(&completion.json).unwrap()
    };
    assert_eq!(json(r#"{"streaming_metadata":true}"#)["metadata"]["streaming_simulated"], true);
    assert!(json("{}").get("metadata").is_none());
}

#[test]
fn a_batch_item_is_the_realtime_answer() {
    for (seed, settings) in
        [(1, "{}"), (2, r#"{"error_rate":1}"#), (3, r#"{"latency_ms":9,"cache_hit_rate":1}"#)]
    {
        let context = context("p q", seed, 1, settings);
        let body = MockDefault::encode_item(&context, "item-1", request("p q")).unwrap();
        let [Segment::Literal(line)] = body.segments() else { panic!("a line of one literal") };
        assert!(!line.contains('\n'));
        let item = MockDefault::decode_line(&context, line).unwrap().unwrap();
        assert_eq!(item.custom_id, "item-1");
        let realtime = MockDefault::start(
            &super::tests::context("p q", seed, 1, &settings.replace("latency_ms", "x")),
            request("p q"),
        );
        match (item.outcome, realtime.effect) {
            (docket_sdk::ItemOutcome::Completed(item), Effect::Finish(live)) => assert_eq!(item, live),
            (docket_sdk::ItemOutcome::Failed(item), Effect::Fail(live)) => assert_eq!(item, live),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_manifest_takes_any_model() {
    let manifest = fixtures::manifest::<MockDefault>().unwrap();
    assert_eq!(manifest["id"], "mock-default");
    assert_eq!(manifest["default_model"], "mock-model-v1");
    assert_eq!(manifest["models"], Value::Array(vec![]));
    assert_eq!(manifest["settings"]["properties"]["latency_ms"]["default"], 0);
    assert_eq!(manifest["endpoints"], serde_json::json!({}));
}

#[test]
fn without_a_hash_there_is_no_answer() {
    let mut context = context("p", 1, 1, "{}");
    for hash in ["", "2cf24d", "zz24dba5fb0a30e2"] {
        context.prompt_sha256 = hash.into();
        let Effect::Fail(failure) = MockDefault::start(&context, request("p")).effect else {
            panic!("{hash}")
        };
        assert_eq!(failure.class, FailureClass::InvalidRequest);
    }
}
