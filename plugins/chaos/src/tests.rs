use super::*;
use docket_sdk::{Effect, FinishReason, RetryAdvice, fixtures};
use sha2::{Digest, Sha256};

const ALL: [(&str, Fault); 10] = [
    ("rate_limit_rate", Fault::RateLimit),
    ("overload_rate", Fault::Overload),
    ("server_error_rate", Fault::ServerError),
    ("bad_json_rate", Fault::BadJson),
    ("truncate_rate", Fault::Truncate),
    ("slow_rate", Fault::Slow),
    ("trap_rate", Fault::Trap),
    ("loop_rate", Fault::Loop),
    ("grow_rate", Fault::Grow),
    ("oversized_state_rate", Fault::OversizedState),
];

fn context(settings: &str, seed: u64, attempt: u32) -> Context {
    Context {
        submission_id: "s".into(),
        attempt,
        now_ms: 0,
        seed,
        model: "m".into(),
        settings: settings.into(),
        prompt_sha256: hex::encode(Sha256::digest("prompt")),
    }
}

fn start(settings: &str, attempt: u32) -> Step {
    let request = r#"{"messages":[{"role":"user","content":[{"type":"text","text":{"$text":0,"bytes":6,"words":1}}]}]}"#;
    Chaos::start(&context(settings, 1, attempt), serde_json::from_str(request).unwrap())
}

#[test]
fn each_rate_of_one_leads_to_its_fault() {
    for (name, fault) in ALL {
        let settings: Settings = serde_json::from_str(&format!(r#"{{"{name}":1}}"#)).unwrap();
        for seed in 0..20 {
            assert_eq!(choose(&settings, seed, 1), Some(fault), "{name}");
        }
        let limited = Settings { attempts: 2, ..settings };
        assert_eq!(choose(&limited, 7, 2), Some(fault));
        assert_eq!(choose(&limited, 7, 3), None, "the third attempt succeeds");
    }
    assert_eq!(choose(&Settings::default(), 1, 1), None);
}

#[test]
fn rates_are_shares_and_do_not_overlap() {
    let settings = Settings { rate_limit_rate: 0.2, trap_rate: 0.3, ..Settings::default() };
    let faults: Vec<_> = (0..10_000).map(|seed| choose(&settings, seed, 1)).collect();
    let count = |fault| faults.iter().filter(|chosen| **chosen == fault).count();
    assert!((1_850..2_150).contains(&count(Some(Fault::RateLimit))));
    assert!((2_800..3_200).contains(&count(Some(Fault::Trap))));
    assert_eq!(count(None) + count(Some(Fault::RateLimit)) + count(Some(Fault::Trap)), 10_000);
    let again: Vec<_> = (0..10_000).map(|seed| choose(&settings, seed, 1)).collect();
    assert_eq!(faults, again);
    let next_attempt: Vec<_> = (0..10_000).map(|seed| choose(&settings, seed, 2)).collect();
    assert_ne!(faults, next_attempt);
}

#[test]
fn provider_faults_are_what_a_provider_would_say() {
    let Effect::Fail(failure) = start(r#"{"rate_limit_rate":1,"retry_after_ms":70}"#, 1).effect else {
        panic!()
    };
    assert_eq!((failure.status, failure.retry), (Some(429), RetryAdvice::AfterMs(70)));
    let Effect::Fail(failure) = start(r#"{"overload_rate":1}"#, 1).effect else { panic!() };
    assert_eq!((failure.status, failure.retry), (Some(503), RetryAdvice::Backoff));
    let Effect::Wait(30_000) = start(r#"{"slow_rate":1}"#, 1).effect else { panic!() };
    let slow = start(r#"{"slow_rate":1}"#, 1);
    let Effect::Finish(late) = Chaos::resume(&context("{}", 1, 1), &slow.state, Event::Elapsed).effect else {
        panic!()
    };
    let Effect::Finish(usual) = start("{}", 1).effect else { panic!() };
    assert_eq!(late, usual);
}

#[test]
fn damaged_answers_do_not_parse() {
    for (settings, finish) in
        [(r#"{"bad_json_rate":1}"#, FinishReason::Stop), (r#"{"truncate_rate":1}"#, FinishReason::Length)]
    {
        let Effect::Finish(completion) = start(settings, 1).effect else { panic!("{settings}") };
        let json: serde_json::Value = serde_json::from_str(&completion.json).unwrap();
        let text = json["content"][0]["text"].as_str().unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(text).is_err(), "{text}");
        assert_eq!(completion.finish, finish);
        assert!(completion.usage.output_tokens.is_some());
    }
}

#[test]
fn the_state_is_too_large_by_one_byte() {
    assert_eq!(start(r#"{"oversized_state_rate":1}"#, 1).state.len(), 65_537);
    assert!(start(r#"{"oversized_state_rate":1,"attempts":1}"#, 2).state.is_empty());
}

#[test]
fn the_manifest_knows_every_setting() {
    let manifest = fixtures::manifest::<Chaos>().unwrap();
    let known = manifest["settings"]["properties"].as_object().unwrap();
    for (name, _) in ALL {
        assert!(known.contains_key(name), "{name}");
    }
    for name in ["attempts", "retry_after_ms", "slow_ms", "seed", "latency_ms"] {
        assert!(known.contains_key(name), "{name}");
    }
    assert_eq!(manifest["id"], "chaos");
    assert_eq!(manifest["mock"], true);
}

#[test]
fn batch_items_fail_one_by_one() {
    let line = |settings: &str| {
        let request = r#"{"messages":[{"role":"user","content":[{"type":"text","text":{"$text":0,"bytes":6,"words":1}}]}]}"#;
        Chaos::encode_item(&context(settings, 1, 1), "i", serde_json::from_str(request).unwrap()).unwrap()
    };
    let overloaded = line(r#"{"overload_rate":1}"#);
    let docket_sdk::Segment::Literal(text) = &overloaded.segments()[0] else { panic!() };
    let item = Chaos::decode_line(&context("{}", 1, 1), text).unwrap().unwrap();
    let docket_sdk::ItemOutcome::Failed(failure) = item.outcome else { panic!() };
    assert_eq!((failure.status, failure.retry), (Some(503), RetryAdvice::Backoff));
    assert_eq!(line(r#"{"slow_rate":1}"#), line("{}"));
}
