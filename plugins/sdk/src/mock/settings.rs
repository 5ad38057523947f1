//! The settings of every mock provider, and their JSON schema.

use serde::Deserialize;

/// What an operator can set.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Mixed into every draw.
    pub seed: u64,
    /// The least that an answer takes, in milliseconds.
    pub latency_ms: u64,
    /// At most so many milliseconds more.
    pub latency_jitter_ms: u64,
    /// The share of attempts that fail on their own.
    pub error_rate: f64,
    /// Statuses of failures, equally likely. Empty: 500.
    pub error_codes: Vec<u16>,
    /// The share of attempts at which a burst begins.
    pub error_burst_rate: f64,
    /// So many consecutive attempts fail in a burst. 0: no bursts.
    pub error_burst_length: u32,
    /// What a failure with status 429 asks the caller to wait, in milliseconds.
    pub error_retry_after_ms: u64,
    /// Whether answers tell of a prompt cache.
    pub cache_enabled: bool,
    /// The share of prompts that are found in the cache.
    pub cache_hit_rate: f64,
    /// Tokens of a whitespace-separated word.
    pub tokens_per_word: f64,
    /// The middle of the confidence, 1 to 5.
    pub confidence_base: f64,
    /// At most so much more or less.
    pub confidence_jitter: f64,
    /// Whether answers say that they were streamed.
    pub streaming_metadata: bool,
    /// How long a job is scheduled, in milliseconds.
    pub batch_scheduled_ms: u64,
    /// How long a job runs, in milliseconds.
    pub batch_running_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 42,
            latency_ms: 0,
            latency_jitter_ms: 0,
            error_rate: 0.0,
            error_codes: vec![429, 503, 500],
            error_burst_rate: 0.0,
            error_burst_length: 0,
            error_retry_after_ms: 1000,
            cache_enabled: true,
            cache_hit_rate: 0.0,
            tokens_per_word: 0.75,
            confidence_base: 4.5,
            confidence_jitter: 0.3,
            streaming_metadata: false,
            batch_scheduled_ms: 200,
            batch_running_ms: 800,
        }
    }
}

const MS: &str = r#""type":"integer","minimum":0,"maximum":3600000"#;
const RATE: &str = r#""type":"number","minimum":0,"maximum":1"#;

/// The schema of [`Settings`], with further properties (name, schema without braces) of the caller's own. `errors` says
/// whether the error settings count; where they do not, they are still accepted, and say so.
pub fn settings_schema(more: &[(&str, &str)], errors: bool) -> String {
    let mut schema = String::from(r#"{"type":"object","additionalProperties":false,"properties":{"#);
    let mut add = |name: &str, kind: &str, default: &str, text: &str| {
        if !schema.ends_with('{') {
            schema.push(',');
        }
        schema.push_str(&format!(r#""{name}":{{{kind},"default":{default},"description":"{text}"}}"#));
    };
    let error = |text: &'static str| if errors { text } else { "Without effect: this provider never fails." };
    add("seed", r#""type":"integer","minimum":0"#, "42", "Mixed into every draw.");
    add(
        "latency_ms",
        MS,
        "0",
        "The least that an answer takes. With latency_jitter_ms 0 too: the provider's own.",
    );
    add("latency_jitter_ms", MS, "0", "At most so many milliseconds more.");
    add("error_rate", RATE, "0", error("The share of attempts that fail on their own."));
    let codes = r#""type":"array","maxItems":100,"items":{"type":"integer","minimum":400,"maximum":599}"#;
    add("error_codes", codes, "[429,503,500]", error("Statuses of failures, equally likely. Empty: 500."));
    add("error_burst_rate", RATE, "0", error("The share of attempts at which a burst begins."));
    let length = r#""type":"integer","minimum":0,"maximum":1000"#;
    add("error_burst_length", length, "0", error("So many consecutive attempts fail in a burst."));
    add("error_retry_after_ms", MS, "1000", error("What a failure with status 429 asks the caller to wait."));
    add("cache_enabled", r#""type":"boolean""#, "true", "Whether answers tell of a prompt cache.");
    add("cache_hit_rate", RATE, "0", "The share of prompts that are found in the cache.");
    add("tokens_per_word", r#""type":"number","minimum":0,"maximum":100"#, "0.75", "Tokens of a word.");
    add(
        "confidence_base",
        r#""type":"number","minimum":1,"maximum":5"#,
        "4.5",
        "The middle of the confidence.",
    );
    add(
        "confidence_jitter",
        r#""type":"number","minimum":0,"maximum":4"#,
        "0.3",
        "At most so much more or less.",
    );
    add("streaming_metadata", r#""type":"boolean""#, "false", "Whether answers say that they were streamed.");
    add("batch_scheduled_ms", MS, "200", "How long a job is scheduled.");
    add("batch_running_ms", MS, "800", "How long a job runs.");
    for (name, property) in more {
        schema.push_str(&format!(r#","{name}":{{{property}}}"#));
    }
    schema.push_str("}}");
    schema
}
