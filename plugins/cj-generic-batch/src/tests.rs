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
    let step = CjGenericBatch::start(&context, request(prompt));
    let (step, waited) = match step.effect {
        Effect::Wait(ms) => (CjGenericBatch::resume(&context, &step.state, Event::Elapsed), ms),
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
    fixtures::check_batch_dir::<CjGenericBatch>(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures")).unwrap();
}

#[test]
fn it_never_fails_whatever_the_settings_say() {
    let (completion, _) = answer("p", r#"{"error_rate":1,"error_burst_rate":1,"error_burst_length":9}"#);
    assert!(judgement(&completion)["winner"].is_string());
}

#[test]
fn the_generic_prompt_gives_the_recorded_numbers() {
    let prompt = "Compare these two essays for quality";
    let hash = context(prompt, "{}").prompt_sha256;
    assert!(hash.starts_with("3d02535e") && hash.ends_with("1a2a6"), "{hash}");
    let (completion, waited) = answer(prompt, "{}");
    assert_eq!((completion.usage.input_tokens, completion.usage.output_tokens), (Some(5), Some(17)));
    assert_eq!(waited, 0);
    let judgement = judgement(&completion);
    assert_eq!(judgement["winner"], "Essay A");
    assert_eq!(
        judgement["justification"], "Essay A demonstrates stronger command of language and structure.",
        "index 4"
    );
}

#[test]
fn essay_a_always_wins() {
    for n in 0..100 {
        let (completion, _) = answer(&format!("prompt number {n}"), "{}");
        assert_eq!(judgement(&completion)["winner"], "Essay A");
        assert!(completion.usage.input_tokens >= Some(5) && completion.usage.output_tokens >= Some(17));
    }
}

#[test]
fn long_prompts_count_their_words() {
    let (completion, _) = answer(&"word ".repeat(1000), "{}");
    assert_eq!(completion.usage.input_tokens, Some(750));
    let (completion, _) = answer(&"word ".repeat(1000), r#"{"tokens_per_word":1.301}"#);
    assert_eq!(completion.usage.input_tokens, Some(1301));
}
