//! The variables of the seed's service, so that an existing `.env` works.

/// The prefix of its provider service.
pub(crate) const PROVIDER_SERVICE: &str = "LLM_PROVIDER_SERVICE_";
/// The prefix of its judging service.
pub(crate) const JUDGING_SERVICE: &str = "CJ_ASSESSMENT_SERVICE_";

/// What a variable does here.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Effect {
    /// It sets this key, perhaps in another unit.
    Key(&'static [&'static str], Unit),
    /// The host part of `server.listen`.
    Host,
    /// The port part of `server.listen`.
    Port,
    /// Of one provider, if that is configured and served by no mock: the rest of the path below it.
    Provider(&'static str, &'static [&'static str]),
    /// None; why.
    Nothing(&'static str),
}

/// How the written value becomes the key's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Same,
    Mebibytes,
    Hours,
    Seconds,
    /// Retries after the first attempt.
    Retries,
    /// Python's names of levels.
    Level,
}

/// One variable.
#[derive(Debug)]
pub(crate) struct Alias {
    pub(crate) prefix: &'static str,
    pub(crate) name: &'static str,
    pub(crate) effect: Effect,
}

const fn key(prefix: &'static str, name: &'static str, path: &'static [&'static str], unit: Unit) -> Alias {
    Alias { prefix, name, effect: Effect::Key(path, unit) }
}

const fn of(
    prefix: &'static str,
    name: &'static str,
    provider: &'static str,
    rest: &'static [&'static str],
) -> Alias {
    Alias { prefix, name, effect: Effect::Provider(provider, rest) }
}

const P: &str = PROVIDER_SERVICE;
const C: &str = JUDGING_SERVICE;
const KEY: &[&str] = &["credentials", "key"];
const URL: &[&str] = &["endpoints", "api"];
const MODEL: &[&str] = &["model"];

/// Variables with an effect. Among those for one key the first wins.
pub(crate) const LIVE: &[Alias] = &[
    key(P, "USE_MOCK_LLM", &["mock", "use_mock"], Unit::Same),
    key(P, "MOCK_MODE", &["mock", "mode"], Unit::Same),
    key(P, "MOCK_PROVIDER_SEED", &["mock", "seed"], Unit::Same),
    key(P, "MOCK_LATENCY_MS", &["mock", "latency_ms"], Unit::Same),
    key(P, "MOCK_LATENCY_JITTER_MS", &["mock", "latency_jitter_ms"], Unit::Same),
    key(P, "MOCK_ERROR_RATE", &["mock", "error_rate"], Unit::Same),
    key(P, "MOCK_ERROR_CODES", &["mock", "error_codes"], Unit::Same),
    key(P, "MOCK_ERROR_BURST_RATE", &["mock", "error_burst_rate"], Unit::Same),
    key(P, "MOCK_ERROR_BURST_LENGTH", &["mock", "error_burst_length"], Unit::Same),
    key(P, "MOCK_CACHE_ENABLED", &["mock", "cache_enabled"], Unit::Same),
    key(P, "MOCK_CACHE_HIT_RATE", &["mock", "cache_hit_rate"], Unit::Same),
    key(P, "MOCK_TOKENS_PER_WORD", &["mock", "tokens_per_word"], Unit::Same),
    key(P, "MOCK_CONFIDENCE_BASE", &["mock", "confidence_base"], Unit::Same),
    key(P, "MOCK_CONFIDENCE_JITTER", &["mock", "confidence_jitter"], Unit::Same),
    key(P, "MOCK_STREAMING_METADATA", &["mock", "streaming_metadata"], Unit::Same),
    key(P, "QUEUE_PROCESSING_MODE", &["queue", "mode"], Unit::Same),
    key(P, "QUEUE_MAX_SIZE", &["queue", "max_requests"], Unit::Same),
    key(P, "QUEUE_MAX_MEMORY_MB", &["queue", "max_bytes"], Unit::Mebibytes),
    key(P, "QUEUE_HIGH_WATERMARK", &["queue", "high_watermark"], Unit::Same),
    key(P, "QUEUE_LOW_WATERMARK", &["queue", "low_watermark"], Unit::Same),
    key(P, "QUEUE_REQUEST_TTL_HOURS", &["queue", "ttl"], Unit::Hours),
    key(P, "QUEUE_POLL_INTERVAL_SECONDS", &["queue", "poll_interval"], Unit::Seconds),
    key(P, "QUEUE_MAX_RETRIES", &["queue", "max_attempts"], Unit::Retries),
    key(P, "SERIAL_BUNDLE_MAX_REQUESTS_PER_CALL", &["queue", "bundle_cap"], Unit::Same),
    key(P, "DEFAULT_LLM_PROVIDER", &["default_provider"], Unit::Same),
    key(P, "LLM_DEFAULT_TEMPERATURE", &["defaults", "temperature"], Unit::Same),
    key(P, "LLM_DEFAULT_MAX_TOKENS", &["defaults", "max_tokens"], Unit::Same),
    key(P, "LOG_LEVEL", &["log", "filter"], Unit::Level),
    key(P, "ADMIN_API_ENABLED", &["server", "admin_enabled"], Unit::Same),
    key(P, "ADMIN_API_KEY", &["server", "admin_token"], Unit::Same),
    Alias { prefix: P, name: "HOST", effect: Effect::Host },
    Alias { prefix: P, name: "PORT", effect: Effect::Port },
    of(P, "ANTHROPIC_API_KEY", "anthropic", KEY),
    of(P, "OPENAI_API_KEY", "openai", KEY),
    of(P, "GOOGLE_API_KEY", "google", KEY),
    of(P, "OPENROUTER_API_KEY", "openrouter", KEY),
    of(P, "ANTHROPIC_BASE_URL", "anthropic", URL),
    of(P, "OPENAI_BASE_URL", "openai", URL),
    of(P, "OPENROUTER_BASE_URL", "openrouter", URL),
    of(P, "ANTHROPIC_DEFAULT_MODEL", "anthropic", MODEL),
    of(P, "OPENAI_DEFAULT_MODEL", "openai", MODEL),
    of(P, "GOOGLE_DEFAULT_MODEL", "google", MODEL),
    of(P, "OPENROUTER_DEFAULT_MODEL", "openrouter", MODEL),
    of("", "ANTHROPIC_API_KEY", "anthropic", KEY),
    of("", "OPENAI_API_KEY", "openai", KEY),
    of("", "GOOGLE_API_KEY", "google", KEY),
    of("", "GEMINI_API_KEY", "google", KEY),
    of("", "OPENROUTER_API_KEY", "openrouter", KEY),
    of("", "ANTHROPIC_BASE_URL", "anthropic", URL),
    of("", "OPENAI_BASE_URL", "openai", URL),
    of("", "OPENROUTER_BASE_URL", "openrouter", URL),
    key(C, "LLM_BATCHING_MODE", &["judging", "batching_mode"], Unit::Same),
    key(C, "ENABLE_LLM_BATCHING_METADATA_HINTS", &["judging", "metadata_hints"], Unit::Same),
    key(C, "LLM_BATCH_API_ALLOWED_PROVIDERS", &["judging", "batch_api_providers"], Unit::Same),
    key(C, "MAX_PAIRWISE_COMPARISONS", &["judging", "max_comparisons"], Unit::Same),
    key(C, "PAIR_GENERATION_SEED", &["judging", "seed"], Unit::Same),
    key(C, "MIN_SUCCESS_RATE_THRESHOLD", &["judging", "least_success_rate"], Unit::Same),
];

const INERT: &str = "nothing read it in the seed's service either";
const ELSEWHERE: &str = "docket needs no such server";
const OWN: &str = "docket does this in its own way";
const LATER: &str = "judging is configured per assessment";

macro_rules! dead {
    ($($prefix:ident $why:ident: $($name:literal)+;)*) => {
        /// Variables that the seed's services know and that have no effect here.
        pub(crate) const DEAD: &[Alias] =
            &[$($(Alias { prefix: $prefix, name: $name, effect: Effect::Nothing($why) },)+)*];
    };
}

dead! {
    P INERT: "BATCH_API_MODE" "MOCK_OUTCOME_MODE" "KAFKA_FALLBACK_QUEUE_SIZE" "PROVIDER_SELECTION_STRATEGY"
        "PROVIDER_PRIORITY_ORDER" "PROVIDER_HEALTH_CHECK_INTERVAL" "PROVIDER_HEALTH_CHECK_TIMEOUT"
        "PROVIDER_AUTO_DISABLE_ON_ERRORS" "PROVIDER_ERROR_THRESHOLD_FOR_DISABLE" "LLM_REQUEST_TIMEOUT"
        "LLM_MAX_CONCURRENT_REQUESTS" "USE_MANIFEST_MODEL_SELECTION" "ANTHROPIC_ENABLED" "OPENAI_ENABLED"
        "GOOGLE_ENABLED" "OPENROUTER_ENABLED" "OPENAI_ORG_ID" "INTERNAL_MODEL_ENABLED" "INTERNAL_MODEL_BASE_URL"
        "INTERNAL_MODEL_API_KEY" "INTERNAL_MODEL_TYPE" "INTERNAL_MODEL_NAME" "INTERNAL_MODEL_GPU_LAYERS"
        "LOCAL_LLM_ENABLED" "LOCAL_LLM_URL" "RECORD_LLM_RESPONSES" "PUBLISH_DETAILED_METRICS"
        "ENABLE_REQUEST_SANITIZATION" "ENABLE_RESPONSE_FILTERING" "PII_DETECTION_ENABLED" "AUDIT_LOG_ENABLED"
        "ADMIN_ALLOWED_IPS" "ENABLE_DYNAMIC_CONFIG" "CONFIG_REFRESH_INTERVAL" "CONFIG_SOURCE" "ENABLE_COST_TRACKING"
        "COST_ALERT_THRESHOLD_USD" "COST_LIMIT_USD_PER_DAY" "FLAG_NEW_MODEL_FAMILIES" "ROUTING_RULES_ENABLED"
        "ROUTING_RULES" "ENVIRONMENT";
    P ELSEWHERE: "REDIS_URL" "KAFKA_BOOTSTRAP_SERVERS" "KAFKA_CIRCUIT_BREAKER_FAILURE_THRESHOLD"
        "KAFKA_CIRCUIT_BREAKER_RECOVERY_TIMEOUT" "KAFKA_CIRCUIT_BREAKER_SUCCESS_THRESHOLD";
    P OWN: "SERVICE_NAME" "ALLOW_MOCK_PROVIDER" "MOCK_TOKENIZER" "CIRCUIT_BREAKER_ENABLED"
        "LLM_CIRCUIT_BREAKER_FAILURE_THRESHOLD" "LLM_CIRCUIT_BREAKER_RECOVERY_TIMEOUT"
        "LLM_CIRCUIT_BREAKER_SUCCESS_THRESHOLD" "ENABLE_PROMPT_CACHING" "PROMPT_CACHE_TTL_SECONDS"
        "USE_EXTENDED_TTL_FOR_SERVICE_CONSTANTS" "GOOGLE_PROJECT_ID" "PUBLISH_LLM_USAGE_EVENTS"
        "ACTIVE_MODEL_FAMILIES";
    C LATER: "LOG_LEVEL" "VERSION" "HTTP_PORT" "ENABLE_ADMIN_ENDPOINTS" "KAFKA_BOOTSTRAP_SERVERS"
        "CONSUMER_GROUP_ID_CJ" "PRODUCER_CLIENT_ID_CJ" "REDIS_URL" "CONTENT_SERVICE_URL" "DB_HOST" "DB_PORT" "DB_NAME"
        "LLM_PROVIDER_SERVICE_URL" "LLM_PROVIDER_CALLBACK_TOPIC" "ASSESSMENT_RESULT_TOPIC" "DEFAULT_LLM_PROVIDER"
        "DEFAULT_LLM_MODEL" "DEFAULT_LLM_TEMPERATURE" "TEMPERATURE"
        "DEFAULT_BATCH_SIZE" "BATCH_TIMEOUT_HOURS" "BATCH_MONITOR_INTERVAL_MINUTES"
        "MAX_ITERATIONS" "MAX_CONCURRENT_COMPARISONS" "LLM_REQUEST_TIMEOUT_SECONDS" "MAX_TOKENS_RESPONSE"
        "MIN_COMPARISONS_FOR_STABILITY_CHECK" "SCORE_STABILITY_THRESHOLD"
        "BT_MEAN_SE_WARN_THRESHOLD" "BT_MAX_SE_WARN_THRESHOLD" "BT_MIN_MEAN_COMPARISONS_PER_ITEM"
        "MIN_RESAMPLING_NET_SIZE" "MAX_RESAMPLING_PASSES_FOR_SMALL_NET" "MAX_RESAMPLING_PASSES_FOR_REGULAR_BATCH"
        "PAIR_ORIENTATION_STRATEGY" "PAIR_MATCHING_STRATEGY"
        "MATCHING_WEIGHT_COMPARISON_COUNT" "MATCHING_WEIGHT_BT_PROXIMITY" "FAILED_COMPARISON_RETRY_THRESHOLD"
        "MAX_RETRY_ATTEMPTS" "RETRY_BATCH_SIZE" "ENABLE_FAILED_COMPARISON_RETRY" "RETRY_BATCH_PRIORITY"
        "CIRCUIT_BREAKER_ENABLED" "KAFKA_CIRCUIT_BREAKER_FAILURE_THRESHOLD" "KAFKA_CIRCUIT_BREAKER_RECOVERY_TIMEOUT"
        "KAFKA_CIRCUIT_BREAKER_SUCCESS_THRESHOLD" "KAFKA_FALLBACK_QUEUE_SIZE" "OUTBOX_POLL_INTERVAL_SECONDS"
        "OUTBOX_BATCH_SIZE" "OUTBOX_MAX_RETRIES" "OUTBOX_ERROR_RETRY_INTERVAL" "MIN_ANCHORS_REQUIRED"
        "MAX_HESSIAN_BATCH_SIZE" "CONFIDENCE_CALCULATION_TIMEOUT" "LLM_RETRY_ENABLED" "LLM_RETRY_ATTEMPTS"
        "LLM_RETRY_WAIT_MIN" "LLM_RETRY_WAIT_MAX" "LLM_RETRY_EXPONENTIAL_BASE";
}
