//! From a completion to a judgement: whether an answer is one.

use docket_telemetry::llm;
use docket_types::comparison::Judgement;
use docket_types::exchange::{Completion, FinishReason};
use docket_types::{Failure, FailureClass, ProviderName, RetryAdvice};
use serde::Deserialize;
use std::time::Instant;

#[derive(Deserialize)]
struct Parts {
    #[serde(default)]
    content: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    text: Option<String>,
}

/// Reads the judgement out of a finished completion.
pub(crate) fn judge(provider: &ProviderName, completion: &Completion) -> Result<Judgement, Failure> {
    let began = Instant::now();
    let result = read(completion);
    let kind = match &result {
        Ok(_) => "success",
        Err(failure) if failure.message.contains("not JSON") => "json_parse",
        Err(_) => "validation_error",
    };
    llm::validation_duration_seconds(provider.as_str(), kind, began.elapsed().as_secs_f64());
    result
}

fn read(completion: &Completion) -> Result<Judgement, Failure> {
    let cut = |class, code: &str, message: &str| {
        let mut failure = Failure::new(class, RetryAdvice::Never, message);
        failure.code = Some(code.to_owned());
        Err(failure)
    };
    match &completion.finish {
        // The same limit cuts the same answer again, and each costs money.
        FinishReason::Length => {
            return cut(FailureClass::BadResponse, "length", "the answer was cut at the token limit");
        }
        FinishReason::ContentFilter => {
            return cut(
                FailureClass::ContentPolicy,
                "content_filter",
                "the provider's filter cut the answer",
            );
        }
        FinishReason::Refusal => {
            return cut(FailureClass::ContentPolicy, "refusal", "the model declined to answer");
        }
        FinishReason::ToolCalls => {
            return cut(
                FailureClass::BadResponse,
                "tool_calls",
                "the model called a tool instead of answering",
            );
        }
        FinishReason::Stop | FinishReason::Other(_) => {}
    }
    let parts: Parts = serde_json::from_str(&completion.json)
        .map_err(|e| Failure::adapter(format!("the completion does not satisfy docket.completion/1: {e}")))?;
    let text: String = parts.content.into_iter().filter_map(|part| part.text).collect();
    Judgement::parse(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_types::Usage;

    fn completion(json: &str, finish: FinishReason) -> Completion {
        Completion {
            json: json.into(),
            finish,
            usage: Usage::default(),
            provider_id: None,
            served_model: None,
        }
    }

    fn text(text: &str) -> String {
        serde_json::json!({"content": [{"type": "text", "text": text}]}).to_string()
    }

    #[test]
    fn reads_the_texts_one_after_the_other() {
        let json = serde_json::json!({"content": [
            {"type": "text", "text": "{\"winner\":\"Essay B\",\"justification\":\"j\","}, {"type": "image"},
            {"type": "text", "text": "\"confidence\":2}"}]});
        let judgement = judge(&"p".into(), &completion(&json.to_string(), FinishReason::Stop)).unwrap();
        assert_eq!(judgement.confidence, 2.0);
    }

    #[test]
    fn an_answer_that_was_cut_or_refused_is_a_failure() {
        let good = text(r#"{"winner":"Essay A","justification":"j","confidence":2}"#);
        for (finish, class) in [
            (FinishReason::Length, FailureClass::BadResponse),
            (FinishReason::ContentFilter, FailureClass::ContentPolicy),
            (FinishReason::Refusal, FailureClass::ContentPolicy),
            (FinishReason::ToolCalls, FailureClass::BadResponse),
        ] {
            let failure = judge(&"p".into(), &completion(&good, finish)).unwrap_err();
            assert_eq!((failure.class, failure.retry), (class, RetryAdvice::Never));
        }
        assert!(judge(&"p".into(), &completion(&good, FinishReason::Other("end_turn".into()))).is_ok());
    }

    #[test]
    fn an_adapters_nonsense_is_the_adapters_fault_and_a_models_is_not() {
        let of = |json: &str| judge(&"p".into(), &completion(json, FinishReason::Stop)).unwrap_err().class;
        assert_eq!(of("7"), FailureClass::Adapter);
        assert_eq!(of(&text("I prefer B")), FailureClass::BadResponse);
        assert_eq!(of("{}"), FailureClass::BadResponse);
    }
}
