//! The settings, their schema, and which fault they lead to.

use docket_sdk::mock::settings_schema;
use docket_sdk::random::Random;
use serde::Deserialize;

/// What can go wrong. The order is the order in which the rates are laid out from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A failure with status 429 that asks to wait `retry_after_ms`.
    RateLimit,
    /// A failure with status 503.
    Overload,
    /// A failure with status 500.
    ServerError,
    /// An answer that is not JSON.
    BadJson,
    /// JSON that ends in the middle, with the finish reason `length`.
    Truncate,
    /// An answer after `slow_ms`.
    Slow,
    /// The component traps.
    Trap,
    /// The component does not return.
    Loop,
    /// The component takes memory until it gets none.
    Grow,
    /// The component returns more state than allowed.
    OversizedState,
}

/// The settings beyond those of every mock provider. Rates are shares of all attempts, from 0 to 1; together at most 1.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Mixed into every draw.
    pub seed: u64,
    /// Misbehave only up to this attempt, so that retries succeed. 0: at every attempt.
    pub attempts: u32,
    /// What a rate limit asks the caller to wait.
    pub retry_after_ms: u64,
    /// How long a slow answer takes.
    pub slow_ms: u64,
    /// Share of [`Fault::RateLimit`].
    pub rate_limit_rate: f64,
    /// Share of [`Fault::Overload`].
    pub overload_rate: f64,
    /// Share of [`Fault::ServerError`].
    pub server_error_rate: f64,
    /// Share of [`Fault::BadJson`].
    pub bad_json_rate: f64,
    /// Share of [`Fault::Truncate`].
    pub truncate_rate: f64,
    /// Share of [`Fault::Slow`].
    pub slow_rate: f64,
    /// Share of [`Fault::Trap`].
    pub trap_rate: f64,
    /// Share of [`Fault::Loop`].
    pub loop_rate: f64,
    /// Share of [`Fault::Grow`].
    pub grow_rate: f64,
    /// Share of [`Fault::OversizedState`].
    pub oversized_state_rate: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 42,
            attempts: 0,
            retry_after_ms: 1000,
            slow_ms: 30_000,
            rate_limit_rate: 0.0,
            overload_rate: 0.0,
            server_error_rate: 0.0,
            bad_json_rate: 0.0,
            truncate_rate: 0.0,
            slow_rate: 0.0,
            trap_rate: 0.0,
            loop_rate: 0.0,
            grow_rate: 0.0,
            oversized_state_rate: 0.0,
        }
    }
}

/// Keeps this draw apart from those of the answer.
const PURPOSE: u64 = 100;

/// What goes wrong at this attempt of the submission with this seed.
pub fn choose(settings: &Settings, seed: u64, attempt: u32) -> Option<Fault> {
    if settings.attempts != 0 && attempt > settings.attempts {
        return None;
    }
    let rates = [
        (Fault::RateLimit, settings.rate_limit_rate),
        (Fault::Overload, settings.overload_rate),
        (Fault::ServerError, settings.server_error_rate),
        (Fault::BadJson, settings.bad_json_rate),
        (Fault::Truncate, settings.truncate_rate),
        (Fault::Slow, settings.slow_rate),
        (Fault::Trap, settings.trap_rate),
        (Fault::Loop, settings.loop_rate),
        (Fault::Grow, settings.grow_rate),
        (Fault::OversizedState, settings.oversized_state_rate),
    ];
    let mut random = Random::new(seed).branch(settings.seed).branch(PURPOSE).branch(u64::from(attempt));
    let draw = random.unit();
    let mut end = 0.0;
    rates.into_iter().find_map(|(fault, rate)| {
        end += rate;
        (draw < end).then_some(fault)
    })
}

/// The schema: that of every mock provider, and the members of [`Settings`].
pub(crate) fn schema() -> String {
    const RATE: &str =
        r#""type":"number","minimum":0,"maximum":1,"default":0,"description":"A share of all attempts.""#;
    const MS: &str = r#""type":"integer","minimum":0,"maximum":3600000"#;
    let attempts = r#""type":"integer","minimum":0,"default":0,"description":"Misbehave only up to this attempt. 0: always.""#;
    let retry_after =
        format!(r#"{MS},"default":1000,"description":"What a rate limit asks the caller to wait.""#);
    let slow = format!(r#"{MS},"default":30000,"description":"How long a slow answer takes.""#);
    let more = [
        ("attempts", attempts),
        ("retry_after_ms", retry_after.as_str()),
        ("slow_ms", slow.as_str()),
        ("rate_limit_rate", RATE),
        ("overload_rate", RATE),
        ("server_error_rate", RATE),
        ("bad_json_rate", RATE),
        ("truncate_rate", RATE),
        ("slow_rate", RATE),
        ("trap_rate", RATE),
        ("loop_rate", RATE),
        ("grow_rate", RATE),
        ("oversized_state_rate", RATE),
    ];
    settings_schema(&more, true)
}
