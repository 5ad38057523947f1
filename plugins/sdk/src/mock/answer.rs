//! One answer: latency, errors, winner, confidence, justification, tokens, cache.

use super::{Profile, Settings, WinnerRule};
use crate::random::Random;
use crate::{Completion, Context, Failure, FailureClass, RetryAdvice, Usage};
use serde::Serialize;

/// Which essay wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Winner {
    /// The first.
    #[serde(rename = "Essay A")]
    A,
    /// The second.
    #[serde(rename = "Essay B")]
    B,
}

const WHY_A: [&str; 5] = [
    "Essay A sustains a noticeably clearer better-supported argument.",
    "Essay A organises its evidence well, reaching firmer conclusions.",
    "Essay A addresses the question directly, explaining every example.",
    "Essay A moves from point to point smoothly and keeps its focus.",
    "Essay A demonstrates stronger command of language and structure.",
];
const WHY_B: [&str; 5] = [
    "Essay B gives its reader fuller reasons, carefully linking them together.",
    "Essay B answers the question more completely, with illustrations.",
    "Essay B builds paragraphs logically and uses richer vocabulary.",
    "Essay B considers both sides of the argument before concluding.",
    "Essay B writes with greater precision, avoiding needless digression.",
];

/// What a draw is for. Draws for different purposes do not depend on each other.
#[derive(Clone, Copy)]
enum Purpose {
    Latency = 1,
    Confidence = 2,
    Cache = 3,
    Error = 4,
    Burst = 5,
}

/// The generator for one purpose; `attempt` 0 where a retry shall draw the same.
fn random(context: &Context, settings: &Settings, purpose: Purpose, attempt: u32) -> Random {
    Random::new(context.seed).branch(settings.seed).branch(purpose as u64).branch(u64::from(attempt))
}

/// How long this attempt takes, in milliseconds.
pub fn latency_ms(context: &Context, profile: &Profile, settings: &Settings) -> u64 {
    let (base, jitter) = match (settings.latency_ms, settings.latency_jitter_ms) {
        (0, 0) => (profile.latency_ms, profile.latency_jitter_ms),
        set => set,
    };
    if jitter == 0 {
        return base;
    }
    base + random(context, settings, Purpose::Latency, context.attempt).below(jitter + 1)
}

/// The answer to a prompt of so many words, or this attempt's failure.
pub fn answer(
    context: &Context,
    profile: &Profile,
    settings: &Settings,
    words: u64,
) -> Result<Completion, Failure> {
    if profile.errors
        && let Some(status) = error_status(context, settings)
    {
        return Err(failure(status, settings));
    }
    let (hash, pick) = hash_parts(&context.prompt_sha256)?;
    let winner = winner(profile.winner, hash);
    let why = why(winner);
    let justification = why[usize::from(pick) % why.len()];
    let text = serde_json::to_string(&Judgement {
        winner,
        justification,
        confidence: confidence(context, settings),
    })?;
    let prompt_tokens = tokens(words, settings).max(profile.min_prompt_tokens);
    let said = justification.split_whitespace().count() as u64;
    let completion_tokens = (tokens(said, settings) + 10).max(profile.min_completion_tokens);
    let metadata = settings.streaming_metadata.then_some(Metadata { streaming_simulated: true });
    Ok(Completion::text_with_metadata(&text, metadata.as_ref())?
        .with_usage(usage(context, settings, prompt_tokens, completion_tokens))
        .with_served_model(context.model.as_str()))
}

#[derive(Serialize)]
struct Judgement {
    winner: Winner,
    justification: &'static str,
    confidence: f64,
}

#[derive(Serialize)]
struct Metadata {
    streaming_simulated: bool,
}

/// The first 32 bits of the hash, and the 16 bits after them.
fn hash_parts(sha256: &str) -> Result<(u32, u16), Failure> {
    let hash = sha256.get(..8).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let pick = sha256.get(8..12).and_then(|digits| u16::from_str_radix(digits, 16).ok());
    hash.zip(pick)
        .ok_or_else(|| Failure::new(FailureClass::InvalidRequest, "the context holds no hash of the prompt"))
}

pub(super) fn winner(rule: WinnerRule, hash: u32) -> Winner {
    let a = match rule {
        WinnerRule::Even => hash.is_multiple_of(2),
        WinnerRule::AlwaysA => true,
        WinnerRule::Share { below, of } => hash.checked_rem(of).is_some_and(|rest| rest < below),
    };
    if a { Winner::A } else { Winner::B }
}

pub(super) const fn why(winner: Winner) -> [&'static str; 5] {
    match winner {
        Winner::A => WHY_A,
        Winner::B => WHY_B,
    }
}

/// On the scale 1 to 5, to three decimals.
fn confidence(context: &Context, settings: &Settings) -> f64 {
    let draw = random(context, settings, Purpose::Confidence, 0).unit();
    let confidence = settings.confidence_base + (2.0 * draw - 1.0) * settings.confidence_jitter;
    (confidence.clamp(1.0, 5.0) * 1000.0).round() / 1000.0
}

/// The tokens of so many words: at least one.
fn tokens(words: u64, settings: &Settings) -> u64 {
    ((words.max(1) as f64 * settings.tokens_per_word).ceil() as u64).max(1)
}

fn usage(context: &Context, settings: &Settings, prompt: u64, completion: u64) -> Usage {
    let usage = Usage::tokens(prompt, completion);
    if !settings.cache_enabled {
        return usage;
    }
    let hit = random(context, settings, Purpose::Cache, 0).chance(settings.cache_hit_rate);
    let (read, written) = if hit { (prompt, 0) } else { (0, prompt) };
    Usage { cached_input_tokens: Some(read), cache_write_tokens: Some(written), ..usage }
}

/// The status with which this attempt fails, if it does.
///
/// A burst is a run of consecutive failing attempts with one status. A burst that began at an earlier attempt is found
/// again by looking back, because nothing is remembered from one attempt to the next.
pub(super) fn error_status(context: &Context, settings: &Settings) -> Option<u16> {
    let attempt = context.attempt.max(1);
    let earliest = attempt.saturating_sub(settings.error_burst_length.saturating_sub(1)).max(1);
    if settings.error_burst_length > 0 && settings.error_burst_rate > 0.0 {
        for begin in earliest..=attempt {
            let mut draw = random(context, settings, Purpose::Burst, begin);
            if draw.chance(settings.error_burst_rate) {
                return Some(pick_status(&mut draw, settings));
            }
        }
    }
    let mut draw = random(context, settings, Purpose::Error, attempt);
    draw.chance(settings.error_rate).then(|| pick_status(&mut draw, settings))
}

fn pick_status(draw: &mut Random, settings: &Settings) -> u16 {
    let codes = &settings.error_codes;
    codes.get(draw.below(codes.len() as u64) as usize).copied().unwrap_or(500)
}

fn failure(status: u16, settings: &Settings) -> Failure {
    let mut failure = Failure::of_status(status).code("simulated_error");
    failure.message = format!("a simulated failure with status {status}");
    if status == 429 {
        failure = failure.retry(RetryAdvice::AfterMs(settings.error_retry_after_ms));
    }
    failure
}
