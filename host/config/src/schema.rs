//! Every key, once: what it accepts, its default, and what it is for. Parsing, checking, `explain` and the table in
//! docs/operations.md all follow this list.

use crate::value::Kind;

/// One key. In a path `*` stands for a name that the operator chooses, a final `**` for anything below.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its parts.
    pub(crate) path: &'static [&'static str],
    /// What it accepts.
    pub(crate) kind: Kind,
    /// As one would write it; none: unset.
    pub(crate) default: Option<&'static str>,
    /// What it is for.
    pub(crate) meaning: &'static str,
}

macro_rules! keys {
    ($($($part:literal).+: $kind:expr $(=> $default:literal)?, $meaning:literal;)*) => {
        /// Every key but `version`.
        pub(crate) static KEYS: &[Key] = &[$(Key {
            path: &[$($part),+],
            kind: $kind,
            default: default!($($default)?),
            meaning: $meaning,
        }),*];
    };
}
macro_rules! default {
    () => {
        None
    };
    ($text:literal) => {
        Some($text)
    };
}

const SECOND: u64 = 1_000;
const HOUR: u64 = 3_600 * SECOND;
const DAY: u64 = 24 * HOUR;
const KIB: u64 = 1 << 10;
const GIB: u64 = 1 << 30;

/// Modes of the mock switch.
pub(crate) const MOCK_MODES: &[&str] =
    &["default", "cj_generic_batch", "eng5_anchor_gpt51_low", "eng5_lower5_gpt51_low", "chaos"];
const QUEUE_MODES: &[&str] = &["per_request", "serial_bundle", "batch_api"];
const BATCHING_MODES: &[&str] = &["per_request", "serial_bundle", "provider_batch_api"];

keys! {
    "profile"."name": Kind::Text, "A profile's name; only in a profile's file.";
    "profile"."description": Kind::Text, "What the profile is for, in one sentence; only in a profile's file.";

    "server"."listen": Kind::Address => "127.0.0.1:8490",
        "Address and port of the HTTP server. Anything but loopback needs server.admin_token. Port 0: any free one.";
    "server"."admin_token": Kind::Secret, "Bearer token of the admin routes. Without it they answer on loopback only.";
    "server"."admin_enabled": Kind::Bool => "true", "Whether the admin routes exist.";
    "server"."max_body_bytes": Kind::Size(KIB, GIB) => "8MiB", "The largest request body.";
    "server"."max_in_flight": Kind::Int(1, 1_000_000) => "4096",
        "The most HTTP requests in progress; more are answered 503.";

    "store"."url": Kind::Text => "sqlite://docket.db", "Where requests are kept: sqlite://PATH.";

    "queue"."mode": Kind::Choice(QUEUE_MODES) => "per_request", "How requests travel when they do not say.";
    "queue"."bundle_cap": Kind::Int(1, 64) => "64", "The most requests in a bundle.";
    "queue"."max_requests": Kind::Int(1, 1_000_000_000) => "100000", "The most requests that are not finished.";
    "queue"."max_bytes": Kind::Size(64 * KIB, 1 << 40) => "1GiB", "The most payload bytes of these.";
    "queue"."high_watermark": Kind::Number(0.5, 1.0) => "0.8",
        "Share of the two limits from which submissions are answered 503.";
    "queue"."low_watermark": Kind::Number(0.0, 1.0) => "0.6",
        "Share of the two limits below which they are accepted again; less than the high one.";
    "queue"."ttl": Kind::Duration(SECOND, 30 * DAY) => "4h", "How long a request without a deadline is worth answering.";
    "queue"."lease": Kind::Duration(100, HOUR) => "30s",
        "How long a worker may be silent before its work is given to another.";
    "queue"."poll_interval": Kind::Duration(1, 60 * SECOND) => "500ms",
        "How often the queue is looked at when nothing wakes it.";
    "queue"."max_attempts": Kind::Int(1, 100) => "4", "Attempts in all, the first included.";
    "queue"."backoff_initial": Kind::Duration(1, HOUR) => "1s",
        "The longest pause before the second attempt; it doubles with each.";
    "queue"."backoff_max": Kind::Duration(1, DAY) => "60s", "The longest pause before any attempt.";
    "queue"."max_lost_leases": Kind::Int(1, 100) => "3", "Lost leases after which a request fails.";
    "queue"."drain": Kind::Duration(0, HOUR) => "15s", "How long a stopping host waits for what it has begun.";
    "queue"."virtual_waits": Kind::Bool => "false", "An adapter's waits are booked and not slept: for tests.";

    "plugins"."dir": Kind::Text => "plugins", "The folder with the plugins' .wasm files.";
    "plugins"."cache_dir": Kind::Path => "docket-cache", "Where compiled plugins are kept; empty: nowhere.";
    "plugins"."options"."*"."grants"."content": Kind::Bool => "false", "The plugin may read message texts.";
    "plugins"."options"."*"."limits"."memory_bytes": Kind::Size(64 * KIB, 4 * GIB),
        "Memory of one instance; unset: the engine's limit.";
    "plugins"."options"."*"."limits"."step_time": Kind::Duration(1, 10 * 60 * SECOND),
        "Time of one step; unset: the engine's limit.";
    "plugins"."options"."*"."limits"."state_bytes": Kind::Size(1, GIB),
        "Size of a state; unset: the engine's limit.";
    "plugins"."options"."*"."limits"."result_bytes": Kind::Size(1, GIB),
        "Size of a step's result; unset: the engine's limit.";
    "plugins"."options"."*"."limits"."concurrent_steps": Kind::Int(1, 100_000),
        "Steps at the same time; unset: the engine's limit.";

    "default_provider": Kind::Text,
        "Who answers when the caller names nobody; unset: openai if there is one, else mock, else the first.";
    "providers"."*"."adapter": Kind::Text, "The plugin that serves this name.";
    "providers"."*"."model": Kind::Text, "The model when the request names none; unset: the plugin's own.";
    "providers"."*"."max_concurrent": Kind::Int(1, 100_000) => "32", "Requests at the provider at the same time.";
    "providers"."*"."timeout": Kind::Duration(1, HOUR) => "5m", "Time of one call.";
    "providers"."*"."endpoints"."*": Kind::Url, "Base URL of one of the plugin's endpoints, in place of its own.";
    "providers"."*"."credentials"."*": Kind::Secret, "Credential for one of the plugin's auth slots.";
    "providers"."*"."settings"."**": Kind::Any, "A setting of the plugin; its manifest says which there are.";

    "defaults"."temperature": Kind::Number(0.0, 2.0), "Temperature of requests that name none; unset: the plugin's.";
    "defaults"."max_tokens": Kind::Int(1, 10_000_000),
        "The most tokens of answers to requests that do not say; unset: the plugin's.";

    "webhooks"."secret": Kind::Secret, "whsec_ and base64: signs every webhook. Without it callback_url is refused.";
    "webhooks"."allow_private": Kind::Bool => "false",
        "Webhooks may go to private addresses and to plain http: for tests and closed networks.";
    "webhooks"."timeout": Kind::Duration(1, 10 * 60 * SECOND) => "20s", "Time of one try.";
    "webhooks"."max_concurrent": Kind::Int(1, 10_000) => "32", "Tries at the same time.";

    "log"."format": Kind::Choice(&["text", "json"]) => "text", "How a log line looks.";
    "log"."filter": Kind::Text => "info", "What is logged: a level, or target=level, separated by commas.";

    "mock"."use_mock": Kind::Bool => "false",
        "The mock of mock.mode serves anthropic, google, mock, openai and openrouter, in place of their plugins.";
    "mock"."mode": Kind::Choice(MOCK_MODES) => "default", "Which mock serves the provider `mock`, or all.";
    "mock"."seed": Kind::Int(0, u64::MAX), "Mixed into every draw of the mocks.";
    "mock"."latency_ms": Kind::Int(0, 3_600_000), "What every answer of a mock waits.";
    "mock"."latency_jitter_ms": Kind::Int(0, 3_600_000), "And up to so much more.";
    "mock"."error_rate": Kind::Number(0.0, 1.0), "Share of answers that are failures.";
    "mock"."error_codes": Kind::Codes, "The status codes of these failures.";
    "mock"."error_burst_rate": Kind::Number(0.0, 1.0), "Share of requests at which a burst of failures begins.";
    "mock"."error_burst_length": Kind::Int(0, 1_000), "Requests in a burst.";
    "mock"."cache_enabled": Kind::Bool, "Mocks report the use of a prompt cache.";
    "mock"."cache_hit_rate": Kind::Number(0.0, 1.0), "Share of answers with a cache hit.";
    "mock"."tokens_per_word": Kind::Number(0.0, 100.0), "Tokens that a mock counts for a word.";
    "mock"."confidence_base": Kind::Number(1.0, 5.0), "The middle of a mock's confidence.";
    "mock"."confidence_jitter": Kind::Number(0.0, 4.0), "How far it may be from the middle.";
    "mock"."streaming_metadata": Kind::Bool, "Mocks report that they simulate streaming.";

    "judging"."batching_mode": Kind::Choice(BATCHING_MODES) => "serial_bundle",
        "How an assessment's comparisons travel when it does not say.";
    "judging"."metadata_hints": Kind::Bool => "false", "Comparisons carry hints about their place in the assessment.";
    "judging"."batch_api_providers": Kind::Names,
        "Providers whose batch API may be used; for any other an assessment goes in serial bundles. Unset: all.";
    "judging"."comparisons_per_essay": Kind::Int(1, 10_000) => "12",
        "The budget of an assessment that names none: so many comparisons for each essay, retries included.";
    "judging"."max_comparisons": Kind::Int(1, 4_000_000) => "20000", "The largest budget of an assessment.";
    "judging"."attempts": Kind::Int(1, 100) => "3", "How often a comparison is asked for, the first time included.";
    "judging"."comparison_ttl": Kind::Duration(SECOND, 30 * DAY) => "26h",
        "After this time a comparison without an answer counts as failed.";
    "judging"."least_success_rate": Kind::Number(0.0, 1.0) => "0.8",
        "Share of comparisons that must be answered for scores to be published; 0 asks for none.";
    "judging"."reliability": Kind::Number(0.0, 1.0) => "0.9",
        "Reliability at which an assessment that names none ends.";
    "judging"."anchor_priority": Kind::Number(0.0, 100.0) => "2",
        "How often anchors are compared, relative to other essays.";
    "judging"."seed": Kind::Int(0, u64::MAX), "The seed of assessments that name none; unset: one of each one's own.";
    "judging"."system_prompt": Kind::Text,
        "What the judge is told to be, in place of docket's own words; ${file:PATH} reads a file.";
    "judging"."max_driven": Kind::Int(1, 100_000) => "64", "Assessments that a host drives at the same time.";
    "judging"."source_service": Kind::Text => "cj_assessment_service", "The source_service of their events.";
    "judging"."long_cache": Kind::Bool => "false",
        "Parts of the prompt that repeat may be kept for an hour in a provider's cache.";
}

/// What a path is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Found {
    /// A key.
    Key(&'static Key),
    /// A section with keys below it.
    Section,
    /// Nothing.
    Nothing,
}

/// Looks a path up.
pub(crate) fn find(path: &[String]) -> Found {
    let mut section = false;
    for key in KEYS {
        match matches(key.path, path) {
            Some(true) => return Found::Key(key),
            Some(false) => section = true,
            None => {}
        }
    }
    if section { Found::Section } else { Found::Nothing }
}

/// Some(true): the pattern is this path; Some(false): it begins with this path.
fn matches(pattern: &[&str], path: &[String]) -> Option<bool> {
    for (i, part) in path.iter().enumerate() {
        match pattern.get(i) {
            Some(&"**") => return Some(true),
            Some(&"*") => {}
            Some(name) if name == part => {}
            _ => return None,
        }
    }
    Some(pattern.len() == path.len())
}

/// What may stand in place of the last part of `path`.
pub(crate) fn siblings(path: &[String]) -> Vec<&'static str> {
    let Some((_, parent)) = path.split_last() else { return Vec::new() };
    let mut names = Vec::new();
    for key in KEYS {
        if matches(key.path, parent) == Some(false)
            && let Some(name) = key.path.get(parent.len())
            && !name.starts_with('*')
            && !names.contains(name)
        {
            names.push(*name);
        }
    }
    names
}

/// Whether the path's part at `index` is a name that the operator chooses.
pub(crate) fn is_name(path: &[String], index: usize) -> bool {
    KEYS.iter().any(|key| {
        key.path.get(index) == Some(&"*")
            && matches(&key.path[..index], &path[..index.min(path.len())]) == Some(true)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn paths_are_found() {
        assert!(matches!(find(&path("queue.mode")), Found::Key(k) if k.path == ["queue", "mode"]));
        assert!(matches!(find(&path("queue")), Found::Section));
        assert!(matches!(find(&path("queue.mode.x")), Found::Nothing));
        assert!(matches!(find(&path("providers.openai.settings")), Found::Section));
        assert!(matches!(find(&path("providers.openai.settings.a.b")), Found::Key(_)));
        assert!(matches!(find(&path("providers.openai.x")), Found::Nothing));
        assert!(is_name(&path("providers.openai"), 1) && !is_name(&path("queue.mode"), 1));
        assert_eq!(siblings(&path("log.fromat")), ["format", "filter"]);
    }

    #[test]
    fn defaults_are_values_of_their_keys() {
        for key in KEYS {
            if let Some(text) = key.default {
                assert!(key.kind.read(&text.into(), true).is_some(), "{:?}", key.path);
            }
            assert!(key.meaning.ends_with('.'), "{:?}", key.path);
        }
    }
}
