use super::*;
use docket_sdk::{Adapter, ChatRequest, Completion, Context, Effect, Event, fixtures};
use serde_json::Value;
use sha2::{Digest, Sha256};

fn context(prompt: &str, settings: &str) -> Context {
    Context {
        submission_id: "s-1".into(),
        attempt: 1,
        now_ms: 0,
        seed: 7,
        model: "mock-model-v1".into(),
        settings: settings.into(),
        prompt_sha256: hex::encode(Sha256::digest(prompt)),
    }
}

fn request(prompt: &str) -> ChatRequest {
    let words = prompt.split_whitespace().count();
    let text = format!(r#"{{"$text":0,"bytes":{},"words":{words}}}"#, prompt.len());
    let content = format!(r#"[{{"type":"text","text":{text}}}]"#);
    serde_json::from_str(&format!(r#"{{"messages":[{{"role":"user","content":{content}}}]}}"#)).unwrap()
}

/// The answer after whatever wait, and the wait.
fn answer(prompt: &str, settings: &str) -> (Completion, u64) {
    let context = context(prompt, settings);
    let step = Eng5Anchor::start(&context, request(prompt));
    let (step, waited) = match step.effect {
        Effect::Wait(ms) => (Eng5Anchor::resume(&context, &step.state, Event::Elapsed), ms),
        _ => (step, 0),
    };
    let Effect::Finish(completion) = step.effect else { panic!("{:?}", step.effect) };
    (completion, waited)
}

fn judgement(completion: &Completion) -> Value {
    let json: Value = serde_json::from_str(&completion.json).unwrap();
    serde_json::from_str(json["content"][0]["text"].as_str().unwrap()).unwrap()
}

#[test]
fn fixtures_hold() {
    fixtures::check_batch_dir::<Eng5Anchor>(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures")).unwrap();
}

#[test]
fn it_never_fails_whatever_the_settings_say() {
    let (completion, _) = answer("p", r#"{"error_rate":1,"error_burst_rate":1,"error_burst_length":9}"#);
    assert!(judgement(&completion)["winner"].is_string());
}

#[test]
fn the_66_anchor_prompts_split_evenly() {
    let mut a = 0;
    for x in 1..=12 {
        for y in x + 1..=12 {
            let prompt = format!(
                "ENG5 anchor alignment comparison between eng5-anchor-{x:02} and eng5-anchor-{y:02}. \
                 Judge which essay better matches the ENG5 rubric."
            );
            let (completion, waited) = answer(&prompt, "{}");
            a += u32::from(judgement(&completion)["winner"] == "Essay A");
            assert!((1200..=2000).contains(&waited), "{waited}");
            assert_eq!(
                (completion.usage.input_tokens, completion.usage.output_tokens),
                (Some(1100), Some(40))
            );
        }
    }
    assert_eq!(a, 33);
}

#[test]
fn a_set_latency_replaces_its_own() {
    assert_eq!(answer("p", r#"{"latency_ms":5}"#).1, 5);
    assert!(answer("p", r#"{"latency_jitter_ms":5}"#).1 <= 5);
}
