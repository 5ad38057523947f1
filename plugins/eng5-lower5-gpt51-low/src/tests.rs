use super::*;
use docket_sdk::{Completion, fixtures};
use serde_json::Value;

fn answer(prompt: &str, settings: &str) -> (Completion, u64) {
    fixtures::answer::<Eng5Lower5>(prompt, settings).unwrap()
}

fn judgement(completion: &Completion) -> Value {
    fixtures::answered_json(completion).unwrap()
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
