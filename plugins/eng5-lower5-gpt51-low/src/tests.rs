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
    let step = Eng5Lower5::start(&context, request(prompt));
    let (step, waited) = match step.effect {
        Effect::Wait(ms) => (Eng5Lower5::resume(&context, &step.state, Event::Elapsed), ms),
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
    fixtures::check_batch_dir::<Eng5Lower5>(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures")).unwrap();
}

#[test]
fn it_never_fails_whatever_the_settings_say() {
    let (completion, _) = answer("p", r#"{"error_rate":1,"error_burst_rate":1,"error_burst_length":9}"#);
    assert!(judgement(&completion)["winner"].is_string());
}

#[test]
fn the_10_lower5_prompts_give_three_a() {
    let mut a = Vec::new();
    for x in 1..=5 {
        for y in x + 1..=5 {
            let prompt = format!(
                "ENG5 LOWER5 anchor alignment comparison between eng5-lower5-anchor-{x:02} and eng5-lower5-anchor-{y:02}. \
                 Judge which essay better matches the ENG5 LOWER5 rubric."
            );
            let (completion, waited) = answer(&prompt, "{}");
            if judgement(&completion)["winner"] == "Essay A" {
                a.push((x, y));
            }
            assert!((1000..=2000).contains(&waited), "{waited}");
            assert_eq!(
                (completion.usage.input_tokens, completion.usage.output_tokens),
                (Some(1000), Some(30))
            );
        }
    }
    assert_eq!(a, [(1, 4), (1, 5), (3, 4)]);
}
