//! Admit: from a submission to a receipt. The receipt exists only after the request is durable.

use crate::core::Core;
use crate::provider::DEFAULT_MODEL;
use crate::view::{Receipt, SubmitError};
use docket_scheduling::compat;
use docket_store::{Accepted, CompatKey, IdempotencyKey, NewRequest};
use docket_telemetry::{host, llm};
use docket_types::chat::CacheTtl;
use docket_types::manifest::Manifest;
use docket_types::submission::Overrides;
use docket_types::{RequestId, Submission, Timestamp};
use uuid::Uuid;

/// What the seed's service gave to every request.
const PRIORITY: u8 = 5;
/// There is one caller so far.
const TENANT: &str = "default";
const REQUEST_TYPE: &str = "comparison";

/// Accepts a submission, or says why not.
pub(crate) async fn submit(
    core: &Core,
    submission: Submission,
    idempotency: Option<IdempotencyKey>,
) -> Result<Receipt, SubmitError> {
    let provider = submission.provider.to_string();
    let model = submission.overrides.model.clone();
    let model = model.as_deref().unwrap_or(DEFAULT_MODEL);
    let result = accept(core, submission, idempotency).await;
    // The names of unknown providers and models are the caller's: they would fill the labels.
    match &result {
        Ok(receipt) if receipt.replayed => host::idempotent_replays_total(1),
        Ok(_) => llm::requests_total(&provider, model, REQUEST_TYPE, "queued", 1),
        Err(SubmitError::UnknownProvider { .. }) => {
            llm::requests_total("unknown", "unknown", REQUEST_TYPE, "failed", 1);
        }
        Err(SubmitError::UnknownModel { .. }) => {
            llm::requests_total(&provider, "unknown", REQUEST_TYPE, "failed", 1);
        }
        Err(_) => llm::requests_total(&provider, model, REQUEST_TYPE, "failed", 1),
    }
    result
}

async fn accept(
    core: &Core,
    submission: Submission,
    idempotency: Option<IdempotencyKey>,
) -> Result<Receipt, SubmitError> {
    if core.closing.is_cancelled() {
        host::capacity_refusals_total("draining", 1);
        return Err(SubmitError::Draining);
    }
    let now = core.now();
    let expires_at = check(core, &submission, now)?;
    let payload = serde_json::to_vec(&submission).map_err(|e| invalid("metadata", e.to_string()))?;
    let place =
        core.admission.enter(core.store.load(), payload.len() as u64).map_err(|(full, retry_after)| {
            llm::queue_overflow_total("total", 1);
            host::capacity_refusals_total(full.as_str(), 1);
            SubmitError::Full { retry_after, reason: full.as_str().to_owned() }
        })?;
    let request = NewRequest {
        id: RequestId(Uuid::now_v7()),
        tenant: TENANT.to_owned(),
        idempotency,
        compat: CompatKey(compat::key(&submission)),
        provider: submission.provider,
        priority: PRIORITY,
        payload,
        accepted_at: now,
        expires_at,
    };
    let id = request.id;
    let accepted = core.store.accept(request).await;
    drop(place);
    let estimated_wait = core.admission.estimate(core.store.load().open);
    match accepted? {
        Accepted::New => Ok(Receipt { id, accepted_at: now, replayed: false, estimated_wait }),
        Accepted::Replayed { id, accepted_at } => {
            Ok(Receipt { id, accepted_at, replayed: true, estimated_wait })
        }
        Accepted::KeyConflict => Err(SubmitError::KeyConflict),
    }
}

fn invalid(field: impl Into<String>, message: impl Into<String>) -> SubmitError {
    SubmitError::Invalid { field: field.into(), message: message.into() }
}

/// Everything that can be said without asking the store. Returns when the request is worthless.
fn check(core: &Core, submission: &Submission, now: Timestamp) -> Result<Timestamp, SubmitError> {
    let Some(provider) = core.providers.get(&submission.provider) else {
        return Err(SubmitError::UnknownProvider {
            name: submission.provider.to_string(),
            known: core.provider_names(),
        });
    };
    let adapter = provider
        .adapter(&core.registry)
        .map_err(|reason| SubmitError::Unavailable { provider: provider.name.to_string(), reason })?;
    check_model(submission, adapter.manifest())?;
    check_overrides(&submission.overrides)?;
    check_texts(submission)?;
    check_callback(core, submission)?;
    match submission.deadline {
        Some(deadline) if deadline <= now => Err(invalid("deadline", "is in the past")),
        Some(deadline) => Ok(deadline),
        None => Ok(now + core.options.ttl),
    }
}

fn check_model(submission: &Submission, manifest: &Manifest) -> Result<(), SubmitError> {
    let Some(model) = &submission.overrides.model else { return Ok(()) };
    if model.is_empty() {
        return Err(invalid("llm_config_overrides.model_override", "is empty"));
    }
    // A mock stands in for any model, whatever it lists.
    if manifest.mock || manifest.models.is_empty() || manifest.models.iter().any(|m| m.id == *model) {
        return Ok(());
    }
    Err(SubmitError::UnknownModel {
        provider: submission.provider.to_string(),
        model: model.clone(),
        known: manifest.models.iter().map(|m| m.id.clone()).collect(),
    })
}

pub(crate) fn check_overrides(overrides: &Overrides) -> Result<(), SubmitError> {
    let field = |name: &str| format!("llm_config_overrides.{name}");
    if overrides.temperature.is_some_and(|t| !(0.0..=2.0).contains(&t)) {
        return Err(invalid(field("temperature_override"), "must be from 0 to 2"));
    }
    if overrides.max_tokens == Some(0) {
        return Err(invalid(field("max_tokens_override"), "must be at least 1"));
    }
    let one_of = |name: &str, value: &Option<String>, known: &[&str]| match value {
        Some(value) if !known.contains(&value.as_str()) => {
            Err(invalid(field(name), format!("must be one of: {}", known.join(", "))))
        }
        _ => Ok(()),
    };
    one_of("reasoning_effort", &overrides.reasoning_effort, &["none", "low", "medium", "high"])?;
    one_of("output_verbosity", &overrides.output_verbosity, &["low", "medium", "high"])
}

fn check_texts(submission: &Submission) -> Result<(), SubmitError> {
    let prompt = &submission.prompt;
    if prompt.blocks.is_empty() && prompt.user_prompt.trim().is_empty() {
        return Err(invalid("user_prompt", "is empty"));
    }
    if let Some(at) = prompt.blocks.iter().position(|block| block.content.trim().is_empty()) {
        return Err(invalid(format!("prompt_blocks[{at}].content"), "is empty"));
    }
    let cached = || prompt.blocks.iter().enumerate().filter(|(_, block)| block.cacheable);
    let first_short = cached().find(|(_, block)| block.ttl == CacheTtl::FiveMinutes).map(|(at, _)| at);
    let last_long =
        cached().filter(|(_, block)| block.ttl == CacheTtl::OneHour).map(|(at, _)| at).next_back();
    if let (Some(short), Some(long)) = (first_short, last_long)
        && short < long
    {
        let model = submission.overrides.model.as_deref().unwrap_or(DEFAULT_MODEL);
        llm::prompt_ttl_violations_total(submission.provider.as_str(), model, "incoming_blocks", 1);
        let message = "cacheable blocks of one hour must come before those of five minutes";
        return Err(invalid(format!("prompt_blocks[{long}].ttl"), message));
    }
    Ok(())
}

fn check_callback(core: &Core, submission: &Submission) -> Result<(), SubmitError> {
    let callback = &submission.callback;
    if callback.topic.is_none() && callback.url.is_none() {
        return Err(invalid("callback_topic", "a callback_topic or a callback_url is required"));
    }
    if let Some(topic) = &callback.topic {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if topic.is_empty() || topic.len() > 249 || !topic.chars().all(legal) {
            return Err(invalid(
                "callback_topic",
                "must be 1 to 249 letters, digits, dots, dashes or underscores",
            ));
        }
    }
    if let Some(url) = &callback.url {
        if core.options.webhooks.secret.is_none() {
            return Err(invalid(
                "callback_url",
                "this docket has no webhook secret, so it sends no webhooks",
            ));
        }
        core.outbound.check_webhook_url(url).map_err(|message| invalid("callback_url", message))?;
    }
    Ok(())
}
