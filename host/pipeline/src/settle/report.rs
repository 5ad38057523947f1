//! What is counted about a settlement, once it took place.

use super::{Verdict, Work};
use crate::core::Core;
use crate::provider::DEFAULT_MODEL;
use docket_store::{Attempt, Error};
use docket_telemetry::{host, llm};
use docket_types::submission::Prompt;
use docket_types::{Failure, Outcome, RequestId, RequestState, Timestamp, Usage};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The numbers of one settlement, taken before the request is let go.
pub(super) struct Report {
    id: RequestId,
    epoch: i64,
    provider: String,
    /// As asked for; `default` when the request named none. The same in every metric, so that they can be joined.
    model: String,
    mode: &'static str,
    wait: Duration,
    processing: Duration,
    age: Duration,
    scope: &'static str,
    ended: How,
    attempted: bool,
    cost_usd: f64,
    usage: Option<Usage>,
}

enum How {
    Released,
    Retry(Failure),
    Terminal { state: RequestState, response_ms: Option<u64>, failure: Option<Failure> },
}

impl Report {
    pub(super) fn new(
        work: &Work,
        verdict: &Verdict,
        attempt: Option<&Attempt>,
        usage: Option<Usage>,
        now: Timestamp,
    ) -> Self {
        let leased = &work.leased;
        let ended = match verdict {
            Verdict::Released => How::Released,
            Verdict::Retry { failure, .. } => How::Retry(failure.clone()),
            Verdict::Terminal { outcome, .. } => How::Terminal {
                state: outcome.state(),
                response_ms: match outcome {
                    Outcome::Succeeded(success) => Some(success.response_time_ms),
                    _ => None,
                },
                failure: match outcome {
                    Outcome::Failed { failure } => Some(failure.clone()),
                    _ => None,
                },
            },
        };
        Self {
            id: leased.id,
            epoch: leased.epoch,
            provider: leased.provider.to_string(),
            model: model_label(&work.submission),
            mode: work.mode.as_str(),
            wait: work.claimed_at.since(leased.ready_at),
            processing: now.since(work.claimed_at),
            age: now.since(leased.accepted_at),
            scope: scope(&work.submission.metadata),
            ended,
            attempted: attempt.is_some(),
            cost_usd: attempt.map_or(0.0, |a| a.cost.as_usd()),
            usage,
        }
    }

    /// Whether the request now waits for a retry time.
    pub(super) fn waits(&self) -> bool {
        matches!(self.ended, How::Retry(_))
    }

    /// Somebody else has the request, or it has its outcome: what was done is lost, and nothing is counted twice.
    pub(super) fn stale(&self) {
        host::lease_losses_total("request", 1);
        tracing::info!(request = %self.id, epoch = self.epoch, provider = %self.provider, "a late outcome was dropped");
    }

    pub(super) fn emit(self, core: &Core) {
        let (provider, model) = (self.provider.as_str(), self.model.as_str());
        if self.attempted {
            self.emit_attempt();
        }
        match &self.ended {
            How::Released => {}
            How::Retry(failure) => {
                emit_failure(provider, model, failure);
                host::retries_total(provider, failure.class.as_str(), 1);
            }
            How::Terminal { state, response_ms, failure } => {
                core.outcomes.fetch_add(1, Ordering::Relaxed);
                if let Some(ms) = response_ms {
                    self.emit_answer(*ms);
                }
                if let Some(failure) = failure {
                    emit_failure(provider, model, failure);
                }
                self.emit_terminal(*state);
            }
        }
    }

    fn emit_terminal(&self, state: RequestState) {
        let provider = self.provider.as_str();
        let success = state == RequestState::Succeeded;
        let result = if success { "success" } else { "failure" };
        host::outcomes_total(provider, state.as_str(), 1);
        llm::comparison_callbacks_total(self.mode, result, 1);
        let wait_result = if state == RequestState::Expired { "expired" } else { result };
        llm::queue_wait_time_seconds(self.mode, wait_result, self.wait.as_secs_f64());
        llm::request_lifecycle_duration_seconds(provider, "queued", self.wait.as_secs_f64());
        llm::request_lifecycle_duration_seconds(provider, "processing", self.processing.as_secs_f64());
        llm::request_lifecycle_duration_seconds(provider, "total", self.age.as_secs_f64());
        if state == RequestState::Expired {
            llm::queue_expiry_total(provider, self.mode, "ttl", 1);
            llm::queue_expiry_age_seconds(provider, self.mode, self.age.as_secs_f64());
        }
    }

    fn emit_attempt(&self) {
        let provider = self.provider.as_str();
        let (status, result) = match &self.ended {
            How::Terminal { state: RequestState::Succeeded, .. } => ("success", "success"),
            How::Terminal { state: RequestState::Expired, .. } => ("failure", "expired"),
            How::Retry(failure) | How::Terminal { failure: Some(failure), .. } => {
                ("failure", failure.class.as_str())
            }
            _ => ("failure", "other"),
        };
        llm::queue_processing_time_seconds(provider, status, self.processing.as_secs_f64());
        host::attempts_total(provider, self.mode, result, 1);
        llm::cost_dollars_total(provider, &self.model, self.cost_usd);
        let Some(usage) = &self.usage else { return };
        for (kind, tokens) in [("prompt", usage.input_tokens), ("completion", usage.output_tokens)] {
            if let Some(tokens) = tokens {
                llm::tokens_used_total(provider, &self.model, kind, tokens);
            }
        }
    }

    fn emit_answer(&self, response_ms: u64) {
        let (provider, model) = (self.provider.as_str(), self.model.as_str());
        let seconds = response_ms as f64 / 1e3;
        llm::response_duration_seconds(provider, model, seconds);
        llm::response_time_percentiles(provider, model, "comparison", seconds);
        let Some(usage) = &self.usage else { return };
        let (read, write) = (usage.cached_input_tokens, usage.cache_write_tokens);
        let result = match (read.unwrap_or(0), write.unwrap_or(0)) {
            (0, 0) => "bypass",
            (0, _) => "miss",
            _ => "hit",
        };
        llm::cache_scope_total(provider, model, self.scope, result, 1);
        if read.is_some() || write.is_some() {
            llm::prompt_cache_events_total(provider, model, result, 1);
            llm::prompt_cache_tokens_total(provider, model, "read", read.unwrap_or(0));
            llm::prompt_cache_tokens_total(provider, model, "write", write.unwrap_or(0));
        }
    }
}

fn emit_failure(provider: &str, model: &str, failure: &Failure) {
    let status = failure.status.unwrap_or(0).to_string();
    llm::errors_total(provider, model, failure.class.as_str(), 1);
    llm::api_errors_total(provider, failure.class.as_str(), &status, 1);
}

/// The model as the metrics name it.
pub(crate) fn model_label(submission: &docket_types::Submission) -> String {
    submission.overrides.model.clone().unwrap_or_else(|| DEFAULT_MODEL.to_owned())
}

/// Whether a request belongs to an assignment, by the keys that the CJ service uses.
fn scope(metadata: &serde_json::Map<String, serde_json::Value>) -> &'static str {
    let keys = ["assignment_id", "assignmentId", "bos_batch_id", "cj_batch_id"];
    if keys.iter().any(|key| metadata.contains_key(*key)) {
        "assignment"
    } else if metadata.is_empty() {
        "unknown"
    } else {
        "adhoc"
    }
}

/// The parts of a prompt, counted when it is taken from the queue.
pub(crate) fn prompt(provider: &str, model: &str, prompt: &Prompt) {
    let words = |text: &str| text.split_whitespace().count() as f64;
    if prompt.blocks.is_empty() {
        llm::prompt_blocks_total(provider, model, "legacy_user_prompt", "false", "none", 1);
        llm::prompt_tokens_histogram(provider, model, "legacy", words(&prompt.user_prompt));
    }
    for block in &prompt.blocks {
        let (cacheable, ttl, section) = match (block.cacheable, block.ttl) {
            (false, _) => ("false", "none", "dynamic"),
            (true, docket_types::chat::CacheTtl::FiveMinutes) => ("true", "5m", "static"),
            (true, docket_types::chat::CacheTtl::OneHour) => ("true", "1h", "static"),
        };
        llm::prompt_blocks_total(provider, model, block.target.as_str(), cacheable, ttl, 1);
        llm::prompt_tokens_histogram(provider, model, section, words(&block.content));
    }
}

/// A store's failure as a metric label.
pub(crate) fn store_error(error: &Error) -> &'static str {
    match error {
        Error::Full(_) => "full",
        Error::Unavailable(_) => "unavailable",
        Error::Corrupt(_) => "corrupt",
        _ => "internal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_scope_follows_the_callers_keys() {
        let of = |value: serde_json::Value| scope(value.as_object().unwrap());
        assert_eq!(of(json!({})), "unknown");
        assert_eq!(of(json!({"x": 1})), "adhoc");
        assert_eq!(of(json!({"x": 1, "bos_batch_id": null})), "assignment");
    }
}
