//! Each kind of misbehaviour.

use crate::{Fault, Settings};
use docket_sdk::{Completion, Failure, FailureClass, FinishReason, RetryAdvice};
use std::hint::black_box;

/// One byte more than the contract allows.
const TOO_MUCH_STATE: usize = 64 * 1024 + 1;

pub(crate) fn failure(fault: Fault, settings: &Settings) -> Failure {
    let (class, retry, status) = match fault {
        Fault::RateLimit => (FailureClass::RateLimited, RetryAdvice::AfterMs(settings.retry_after_ms), 429),
        Fault::Overload => (FailureClass::Overloaded, RetryAdvice::Backoff, 503),
        _ => (FailureClass::Server, RetryAdvice::Backoff, 500),
    };
    Failure::new(class, "chaos").retry(retry).status(status).code("simulated_error")
}

/// The answer with a text that is not JSON.
pub(crate) fn bad_json(answer: Completion) -> Result<Completion, Failure> {
    with_text(answer, "Both essays have their merits, and I would say that")
}

/// The answer with JSON that ends in the middle of a string, as when the tokens run out.
pub(crate) fn truncated(answer: Completion) -> Result<Completion, Failure> {
    Ok(with_text(answer, r#"{"winner":"Essay A","justification":"Essay A is"#)?
        .with_finish(FinishReason::Length))
}

fn with_text(answer: Completion, text: &str) -> Result<Completion, Failure> {
    let mut changed = Completion::text(text)?.with_usage(answer.usage);
    changed.served_model = answer.served_model;
    Ok(changed)
}

/// Works on and on.
pub(crate) fn forever() -> ! {
    let mut n = 0_u64;
    loop {
        n = black_box(n.wrapping_add(1));
    }
}

/// Takes a mebibyte, uses it, and takes the next, until there is none and the allocator gives up.
pub(crate) fn grow() -> ! {
    let mut taken: Vec<Vec<u8>> = Vec::new();
    loop {
        taken.push(black_box(vec![1; 1 << 20]));
    }
}

pub(crate) fn oversized_state() -> Vec<u8> {
    vec![b'x'; TOO_MUCH_STATE]
}
