use super::*;
use docket_types::comparison::{Judgement, Winner};
use docket_types::exchange::{Completion, FinishReason};
use docket_types::submission::{Callback, Overrides, Prompt};
use docket_types::{MicroUsd, RetryAdvice};

fn submission(metadata: Value) -> Submission {
    Submission {
        provider: "openai".into(),
        overrides: Overrides { model: Some("gpt-5.1".into()), ..Overrides::default() },
        prompt: Prompt { user_prompt: "hello".into(), blocks: vec![] },
        correlation_id: Uuid::max(),
        callback: Callback { topic: Some("t".into()), url: None },
        metadata: metadata.as_object().unwrap().clone(),
        deadline: None,
    }
}

fn success() -> Outcome {
    Outcome::Succeeded(Box::new(Success {
        judgement: Judgement { winner: Winner::B, justification: "clear".into(), confidence: 4.5 },
        completion: Completion {
            json: r#"{"schema":"docket.completion/1","content":[],"metadata":{"streaming_simulated":true,"usage":0}}"#.into(),
            finish: FinishReason::Stop,
            usage: Usage {
                input_tokens: Some(10),
                output_tokens: Some(3),
                cached_input_tokens: Some(4),
                ..Usage::default()
            },
            provider_id: None,
            served_model: None,
        },
        model: "gpt-5.1-2025".into(),
        response_time_ms: 1200,
        cost: MicroUsd(1_500),
    }))
}

fn callback(submission: &Submission, outcome: &Outcome) -> Value {
    let bytes = build(&Facts {
        id: RequestId(Uuid::nil()),
        submission,
        outcome,
        mode: "serial_bundle",
        attempts: 2,
        model: "gpt-5.1",
        gave_up: None,
        accepted_at: Timestamp::from_millis(1_700_000_000_000),
        now: Timestamp::from_millis(1_700_000_002_000),
        source_service: "llm_provider_service",
    })
    .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn a_success_has_every_field_of_the_contract() {
    let event = callback(&submission(json!({"essay_a_id": "a"})), &success());
    let id = event["event_id"].as_str().unwrap();
    assert_eq!(Uuid::parse_str(id).unwrap().get_version_num(), 4);
    let hash = "a394e64c6046bdde10507774fef1634ed1c0faff4c399f9ceff579958c512cdd";
    let expected = json!({
        "event_id": id, "event_type": "LLMComparisonResultV1", "event_timestamp": "2023-11-14T22:13:22.000000Z",
        "source_service": "llm_provider_service", "schema_version": 1,
        "correlation_id": "ffffffff-ffff-ffff-ffff-ffffffffffff", "data_schema_uri": null, "metadata": null,
        "data": {
            "request_id": "00000000-0000-0000-0000-000000000000",
            "correlation_id": "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "winner": "Essay B", "justification": "clear", "confidence": 4.5, "error_detail": null,
            "provider": "openai", "model": "gpt-5.1-2025", "response_time_ms": 1200,
            "token_usage": {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13},
            "cost_estimate": 0.0015,
            "requested_at": "2023-11-14T22:13:20.000000Z", "completed_at": "2023-11-14T22:13:22.000000Z",
            "trace_id": null,
            "request_metadata": {
                "essay_a_id": "a", "resolved_provider": "openai", "queue_processing_mode": "serial_bundle",
                "resolved_model": "gpt-5.1", "prompt_sha256": hash, "cache_read_input_tokens": 4,
                "usage": {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13, "cache_read_input_tokens": 4},
                "streaming_simulated": true,
            },
        },
    });
    assert_eq!(event, expected);
}

#[test]
fn the_callers_own_keys_are_never_overwritten() {
    let own = json!({"resolved_provider": 1, "queue_processing_mode": 2, "resolved_model": 3, "prompt_sha256": 4,
        "usage": 5, "cache_read_input_tokens": 6, "streaming_simulated": 7});
    let event = callback(&submission(own.clone()), &success());
    assert_eq!(event["data"]["request_metadata"], own);
}

#[test]
fn an_error_names_the_requested_provider_and_has_no_stack_trace() {
    let mut failure = Failure::new(FailureClass::RateLimited, RetryAdvice::AfterMs(5), "slow down");
    failure.status = Some(429);
    failure.code = Some("rate_limit_exceeded".into());
    let data = callback(&submission(json!({})), &Outcome::Failed { failure })["data"].clone();
    assert_eq!(data["winner"], Value::Null);
    assert_eq!(data["provider"], "openai");
    assert_eq!(data["model"], "unknown");
    assert_eq!(data["token_usage"], json!({"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}));
    let expected = json!({
        "error_code": "RATE_LIMIT", "message": "slow down", "correlation_id": "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "timestamp": "2023-11-14T22:13:22.000000Z", "service": "llm_provider_service",
        "operation": "process_comparison", "stack_trace": null, "trace_id": null, "span_id": null,
        "details": {"provider": "openai", "model": "gpt-5.1", "attempts": 2, "reason": "failed",
            "error_type": "rate_limited", "retryable": true, "status_code": 429,
            "provider_error_code": "rate_limit_exceeded"},
    });
    assert_eq!(data["error_detail"], expected);
    assert_eq!(data["request_metadata"]["prompt_sha256"].as_str().unwrap().len(), 64);
}

#[test]
fn expired_and_cancelled_say_so() {
    for (outcome, code, reason) in
        [(Outcome::Expired, "TIMEOUT", "expired"), (Outcome::Cancelled, "PROCESSING_ERROR", "cancelled")]
    {
        let detail = callback(&submission(json!({})), &outcome)["data"]["error_detail"].clone();
        assert_eq!(detail["error_code"], code);
        assert_eq!(detail["details"]["reason"], reason);
    }
}

#[test]
fn the_event_id_belongs_to_the_outcome() {
    let (submission, outcome) = (submission(json!({})), success());
    assert_eq!(callback(&submission, &outcome), callback(&submission, &outcome));
}
