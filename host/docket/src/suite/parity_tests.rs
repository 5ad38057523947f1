//! Each rule of a case, met and broken.

use super::*;
use crate::suite::scenario::{Library, Scenario};

struct Played {
    scenario: Scenario,
    recorded: Option<TraceSummary>,
    sent: Vec<Sent>,
    received: Vec<Envelope>,
}

/// Plays the last case of a suite with this winner for each (pair index, wave), without a host.
fn played(suite: &str, winner: impl Fn(usize, u32) -> &'static str) -> Played {
    let library = Library::new(None);
    let scenario = library.scenario(suite).unwrap();
    let case = scenario.cases.last().unwrap().clone();
    let recorded = case.recorded.as_deref().map(|name| library.recorded(name).unwrap());
    let (mut sent, mut received) = (Vec::new(), Vec::new());
    for batch in 0..case.batches {
        for (index, comparison) in case.prompts.comparisons().into_iter().enumerate() {
            let mut data = ComparisonResult::example(winner(index, batch), 1500);
            data.request_id = Uuid::now_v7();
            data.token_usage.prompt_tokens = 1000;
            data.token_usage.completion_tokens = 30;
            data.token_usage.total_tokens = 1030;
            let (request_id, correlation_id) = (data.request_id, data.correlation_id);
            sent.push(Sent {
                request_id,
                correlation_id,
                batch,
                pair: comparison.pair,
                metadata: Default::default(),
            });
            received.push(Envelope {
                event_type: "LLMComparisonResultV1".to_owned(),
                correlation_id,
                data,
                raw: Default::default(),
            });
        }
    }
    Played { scenario, recorded, sent, received }
}

impl Played {
    fn failed(&self) -> Vec<String> {
        let case = self.scenario.cases.last().unwrap();
        let run = Run { case, sent: &self.sent, received: &self.received, recorded: self.recorded.as_ref() };
        run.rows().into_iter().filter(|r| r.verdict == Verdict::Failed).map(|r| r.quantity).collect()
    }
}

fn three_of_ten(index: usize, _: u32) -> &'static str {
    if index < 3 { "Essay A" } else { "Essay B" }
}

#[test]
fn a_run_like_the_recording_has_no_failed_row() {
    assert_eq!(played("eng5-lower5", three_of_ten).failed(), Vec::<String>::new());
    assert_eq!(played("eng5-lower5-diagnostics", three_of_ten).failed(), Vec::<String>::new());
}

#[test]
fn other_winners_fail() {
    let failed = played("eng5-lower5", |_, _| "Essay A").failed();
    assert_eq!(failed, ["share of Essay A", "share of Essay B"]);
    let failed = played("eng5-lower5-diagnostics", |_, _| "Essay A").failed();
    assert!(failed.contains(&"wave 2: Essay B ahead".to_owned()), "{failed:?}");
}

#[test]
fn a_pair_that_changes_its_winner_fails() {
    let swap = |index: usize, wave| {
        if wave == 2 && index < 2 { three_of_ten(index + 2, wave) } else { three_of_ten(index, wave) }
    };
    let failed = played("eng5-lower5-diagnostics", swap).failed();
    assert!(failed.contains(&"pairs with one winner over all waves".to_owned()), "{failed:?}");
}

#[test]
fn a_lost_callback_and_a_double_one_fail() {
    let mut run = played("eng5-lower5-diagnostics", three_of_ten);
    let lost = run.received.pop().unwrap();
    assert!(run.failed().contains(&"callbacks".to_owned()));
    assert!(run.failed().contains(&"pairs answered once in each wave".to_owned()));
    run.received.push(lost.clone());
    run.received.push(lost);
    assert!(run.failed().contains(&"each callback".to_owned()));
}

#[test]
fn slow_answers_and_other_tokens_fail() {
    let mut run = played("eng5-lower5", three_of_ten);
    for envelope in &mut run.received {
        envelope.data.response_time_ms = 1689;
        envelope.data.token_usage.completion_tokens = 60;
    }
    assert_eq!(run.failed(), ["completion tokens, mean", "response time, mean ms"]);
    run.received[0].data.response_time_ms = 20_000;
    assert!(run.failed().contains(&"response time, p95 ms".to_owned()));
}

#[test]
fn token_means_that_differ_between_waves_fail() {
    let mut run = played("cj-generic", |_, _| "Essay A");
    for envelope in &mut run.received {
        envelope.data.token_usage =
            crate::suite::callback::Tokens { prompt_tokens: 5, completion_tokens: 17, total_tokens: 22 };
        envelope.data.response_time_ms = 0;
    }
    assert_eq!(run.failed(), Vec::<String>::new());
    run.received[20].data.token_usage.prompt_tokens = 6;
    assert_eq!(run.failed(), ["prompt token means over waves, range"]);
    run.received[20].data.winner = Some("Essay B".to_owned());
    assert!(run.failed().contains(&"wave 2: share of Essay A".to_owned()));
}
