//! Asking for comparisons: submissions like everybody's, idempotent by what they are about.

use super::spec::Spec;
use super::standing::correlation;
use super::{prompt, topic};
use crate::core::Core;
use crate::view::SubmitError;
use crate::{callback, intake};
use docket_judgement::session::{Asked, Session};
use docket_store::IdempotencyKey;
use docket_telemetry::cj;
use docket_types::assessment::BatchingMode;
use docket_types::submission::{Callback, Overrides, hint};
use docket_types::{AssessmentId, Submission, Timestamp};
use futures_util::stream::{self, StreamExt as _};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Submissions under way at the same time: they share commits.
const AT_ONCE: usize = 32;
/// The pause before what was refused for want of room is asked again.
const PAUSE: Duration = Duration::from_millis(500);
/// The largest bundle that a hint asks for.
const LARGEST_HINT: usize = 64;

/// An attempt that could not be submitted, and never can.
pub(super) struct Refused {
    pub(super) number: u32,
    pub(super) attempt: u32,
    pub(super) code: &'static str,
}

/// Submits every attempt that is waited for and not in `submitted` yet. Returns what was refused for good; stops early
/// when `stop` is cancelled.
pub(super) async fn ask(
    core: &Core,
    spec: &Spec,
    id: AssessmentId,
    session: &Session,
    submitted: &mut HashSet<(u32, u32)>,
    stop: &CancellationToken,
) -> Vec<Refused> {
    let wanted: Vec<(u32, Asked)> = session
        .pending()
        .filter(|(number, asked)| !submitted.contains(&(*number, asked.attempt)))
        .map(|(number, asked)| (number, asked.clone()))
        .collect();
    let size = wanted.len();
    let iteration = session.waves.len().saturating_sub(1);
    let one = |(number, asked): (u32, Asked)| async move {
        let made = submission(core, spec, id, number, &asked, size, iteration);
        (number, asked.attempt, submit(core, id, number, asked.attempt, made, stop).await)
    };
    let mut refused = Vec::new();
    let mut asking = stream::iter(wanted).map(one).buffer_unordered(AT_ONCE);
    while let Some((number, attempt, result)) = asking.next().await {
        match result {
            Ok(true) => drop(submitted.insert((number, attempt))),
            Ok(false) => {}
            Err(code) => refused.push(Refused { number, attempt, code }),
        }
    }
    refused
}

/// True: submitted. False: stopped before that.
async fn submit(
    core: &Core,
    id: AssessmentId,
    number: u32,
    attempt: u32,
    submission: Submission,
    stop: &CancellationToken,
) -> Result<bool, &'static str> {
    let provider = submission.provider.to_string();
    let model =
        submission.overrides.model.clone().unwrap_or_else(|| crate::provider::DEFAULT_MODEL.to_owned());
    let key = format!("assessment/{id}/{number}/{attempt}");
    let body_hash: [u8; 32] = Sha256::digest(&key).into();
    while !stop.is_cancelled() {
        let key = IdempotencyKey { key: key.clone(), body_hash };
        let pause = match intake::submit(core, submission.clone(), Some(key)).await {
            Ok(_) => {
                cj::assessment_llm_api_calls_total(&provider, &model, "queued", 1);
                return Ok(true);
            }
            Err(SubmitError::Draining) => return Ok(false),
            Err(SubmitError::Full { retry_after, .. }) => retry_after.clamp(PAUSE, Duration::from_secs(30)),
            Err(SubmitError::Store(error)) => {
                tracing::error!(assessment = %id, number, %error, "a comparison cannot be stored for now");
                PAUSE
            }
            Err(error) => {
                cj::assessment_llm_api_calls_total(&provider, &model, "error", 1);
                tracing::warn!(assessment = %id, number, %error, "a comparison was refused");
                return Err(code(&error));
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    Ok(false)
}

fn code(error: &SubmitError) -> &'static str {
    match error {
        SubmitError::UnknownProvider { .. } | SubmitError::Unavailable { .. } => "SERVICE_UNAVAILABLE",
        _ => callback::error_code(&docket_types::FailureClass::InvalidRequest),
    }
}

fn submission(
    core: &Core,
    spec: &Spec,
    id: AssessmentId,
    number: u32,
    asked: &Asked,
    size: usize,
    iteration: usize,
) -> Submission {
    let overrides = &spec.request.judging.overrides;
    let system = overrides.system_prompt.clone().or_else(|| core.options.judging.system_prompt.clone());
    Submission {
        provider: spec.provider.clone(),
        overrides: Overrides {
            system_prompt: Some(system.unwrap_or_else(|| prompt::SYSTEM.to_owned())),
            ..overrides.clone()
        },
        prompt: prompt::prompt(spec, asked.pair),
        correlation_id: correlation(id, number, asked.attempt),
        callback: Callback { topic: Some(topic(id)), url: None },
        metadata: metadata(spec, id, number, asked, size, iteration),
        deadline: Some(Timestamp::from_micros(asked.deadline)),
    }
}

/// What travels with a comparison and comes back: the reference's keys, and ours for people who read logs.
fn metadata(
    spec: &Spec,
    id: AssessmentId,
    number: u32,
    asked: &Asked,
    size: usize,
    iteration: usize,
) -> Map<String, Value> {
    let mut map = Map::new();
    let mut add = |key: &str, value: Value| drop(map.insert(key.to_owned(), value));
    add("essay_a_id", json!(spec.essay_id(asked.pair.first)));
    add("essay_b_id", json!(spec.essay_id(asked.pair.second)));
    add("bos_batch_id", json!(spec.request.name));
    add("cj_batch_id", json!(id));
    add("cj_source", json!("docket"));
    add("cj_request_type", json!(if asked.attempt > 1 { "cj_retry" } else { "cj_comparison" }));
    add("cj_comparison_number", json!(number));
    let overrides = &spec.request.judging.overrides;
    if let Some(effort) = &overrides.reasoning_effort {
        add("reasoning_effort", json!(effort));
    }
    if let Some(verbosity) = &overrides.output_verbosity {
        add("output_verbosity", json!(verbosity));
    }
    if spec.hints {
        add(hint::BATCHING_MODE, json!(spec.mode.as_str()));
        add(hint::PREFERRED_BUNDLE_SIZE, json!(size.clamp(1, LARGEST_HINT)));
        if spec.mode != BatchingMode::PerRequest {
            add("comparison_iteration", json!(iteration));
        }
    }
    map
}
