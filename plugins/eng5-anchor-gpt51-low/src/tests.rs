use super::*;
use docket_sdk::{Completion, fixtures};
use serde_json::Value;

fn answer(prompt: &str, settings: &str) -> (Completion, u64) {
    fixtures::answer::<Eng5Anchor>(prompt, settings).unwrap()
}

fn judgement(completion: &Completion) -> Value {
    fixtures::answered_json(completion).unwrap()
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
