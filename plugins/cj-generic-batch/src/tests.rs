use super::*;
use docket_sdk::{Completion, fixtures};
use serde_json::Value;

fn answer(prompt: &str, settings: &str) -> (Completion, u64) {
    fixtures::answer::<CjGenericBatch>(prompt, settings).unwrap()
}

fn judgement(completion: &Completion) -> Value {
    fixtures::answered_json(completion).unwrap()
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
    let hash = fixtures::prompt_context(prompt, "{}").prompt_sha256;
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
