//! What an operator decides about the pipeline.

use docket_scheduling::{breaker, retry};
use docket_types::assessment::BatchingMode;
use docket_types::{ProviderName, QueueMode};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::time::Duration;

/// Everything that can be set. `Options::default()` works, but serves no provider.
#[derive(Debug, Clone)]
pub struct Options {
    /// How requests travel.
    pub mode: QueueMode,
    /// The most requests of a bundle or a job: 1 to 64.
    pub bundle_cap: u32,
    /// How long a bundle that is not full waits for more. Zero: not at all.
    pub bundle_window: Duration,
    /// The most requests without an outcome.
    pub max_requests: u64,
    /// The most bytes that they may have together.
    pub max_bytes: u64,
    /// The share of either limit at which new requests are refused.
    pub high_watermark: f64,
    /// The share of both limits at which they are accepted again.
    pub low_watermark: f64,
    /// How long a request without a deadline of its own is worth something.
    pub ttl: Duration,
    /// How long a worker that is not heard of keeps its requests.
    pub lease: Duration,
    /// How often the store is asked when no hint comes.
    pub poll: Duration,
    /// Repeating failed attempts.
    pub retry: retry::Policy,
    /// Leaving failing providers alone. Mock providers have no breaker.
    pub breaker: breaker::Policy,
    /// How long terminal requests are kept.
    pub retention: Duration,
    /// After so many lost leases a request is suspected of killing its workers, and fails.
    pub max_lost_leases: u32,
    /// Which provider is shown as the default.
    pub default_provider: ProviderName,
    /// Who can answer.
    pub providers: BTreeMap<ProviderName, ProviderOptions>,
    /// An adapter's waits do not sleep; they count as passed time.
    pub virtual_waits: bool,
    /// Whether mocks stand in for the real providers; only shown.
    pub use_mock: bool,
    /// Which mock; only shown.
    pub mock_mode: Option<String>,
    /// Webhooks to callers.
    pub webhooks: WebhookOptions,
    /// The `source_service` of the event envelope.
    pub source_service: String,
    /// Comparative judgement.
    pub judging: JudgingOptions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mode: QueueMode::PerRequest,
            bundle_cap: 64,
            bundle_window: Duration::ZERO,
            max_requests: 100_000,
            max_bytes: 1 << 30,
            high_watermark: 0.8,
            low_watermark: 0.6,
            ttl: Duration::from_secs(4 * 3600),
            lease: Duration::from_secs(30),
            poll: Duration::from_millis(500),
            retry: retry::Policy::default(),
            breaker: breaker::Policy::default(),
            retention: Duration::from_secs(7 * 24 * 3600),
            max_lost_leases: 5,
            default_provider: ProviderName::from("openai"),
            providers: BTreeMap::new(),
            virtual_waits: false,
            use_mock: false,
            mock_mode: None,
            webhooks: WebhookOptions::default(),
            source_service: "llm_provider_service".to_owned(),
            judging: JudgingOptions::default(),
        }
    }
}

/// Comparative judgement: what holds for assessments that say nothing else.
#[derive(Debug, Clone)]
pub struct JudgingOptions {
    /// How comparisons travel.
    pub batching_mode: BatchingMode,
    /// Whose batch API assessments may use; empty for everybody's.
    pub batch_api_providers: Vec<ProviderName>,
    /// Comparisons tell the queue how they are to travel.
    pub hints: bool,
    /// The most requests for each essay.
    pub comparisons_per_essay: u32,
    /// The most requests of an assessment, whatever it asks for.
    pub max_comparisons: u32,
    /// How often one comparison is asked for at most; 1 for no retry.
    pub attempts: u32,
    /// How long a comparison may take.
    pub comparison_ttl: Duration,
    /// The share of comparisons that must succeed for scores to be published; 0 for any.
    pub least_success_rate: f64,
    /// The reliability at which an assessment may stop.
    pub reliability: f64,
    /// How much of the comparisons an anchor gets, relative to the others.
    pub anchor_priority: f64,
    /// The seed of everything that is drawn; else each assessment's content is its seed.
    pub seed: Option<u64>,
    /// Who the judge is told to be, in place of the built-in text.
    pub system_prompt: Option<String>,
    /// Cacheable parts of prompts may be kept for an hour, also where an assessment does not ask for it.
    pub long_cache: bool,
    /// The most assessments in hand at the same time.
    pub max_driven: u32,
    /// The `source_service` of the events of assessments.
    pub source_service: String,
}

impl Default for JudgingOptions {
    fn default() -> Self {
        Self {
            batching_mode: BatchingMode::SerialBundle,
            batch_api_providers: Vec::new(),
            hints: false,
            comparisons_per_essay: 12,
            max_comparisons: 20_000,
            attempts: 3,
            comparison_ttl: Duration::from_secs(26 * 3600),
            least_success_rate: 0.8,
            reliability: 0.9,
            anchor_priority: 2.0,
            seed: None,
            system_prompt: None,
            long_cache: false,
            max_driven: 64,
            source_service: "cj_assessment_service".to_owned(),
        }
    }
}

/// One provider: the adapter that serves it, and how.
#[derive(Debug, Clone)]
pub struct ProviderOptions {
    /// The plugin's name.
    pub adapter: String,
    /// For the adapter: an object that satisfies its manifest's schema.
    pub settings: serde_json::Value,
    /// The model of requests that name none; else the manifest's default.
    pub default_model: Option<String>,
    /// The temperature of requests that name none; else the provider's default.
    pub default_temperature: Option<f64>,
    /// The most tokens of answers to requests that name no limit; else the provider's default.
    pub default_max_tokens: Option<u32>,
    /// The most calls, or bundles, at the same time.
    pub max_concurrent: u32,
    /// For one provider call.
    pub timeout: Duration,
    /// Base URLs in place of the manifest's, by endpoint.
    pub endpoints: BTreeMap<String, String>,
    /// Credentials, by auth slot.
    pub credentials: BTreeMap<String, SecretString>,
}

impl Default for ProviderOptions {
    fn default() -> Self {
        Self {
            adapter: String::new(),
            settings: serde_json::Value::Object(serde_json::Map::new()),
            default_model: None,
            default_temperature: None,
            default_max_tokens: None,
            max_concurrent: 64,
            timeout: Duration::from_secs(120),
            endpoints: BTreeMap::new(),
            credentials: BTreeMap::new(),
        }
    }
}

/// Webhooks to callers.
#[derive(Debug, Clone)]
pub struct WebhookOptions {
    /// The signing secret (`whsec_...`); without one, callbacks to a URL are refused.
    pub secret: Option<SecretString>,
    /// The most posts at the same time.
    pub max_concurrent: u32,
    /// How long a delivery stays with a worker that is not heard of; more than a post may take.
    pub lease: Duration,
}

impl Default for WebhookOptions {
    fn default() -> Self {
        Self { secret: None, max_concurrent: 16, lease: Duration::from_secs(60) }
    }
}
