//! The validated configuration. Plain data: the crates that use it never see how it was written down.

use docket_types::assessment::BatchingMode;
use docket_types::{ProviderName, QueueMode};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Everything that can be configured, complete and checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The profile that was laid on top, if any.
    pub profile: Option<Profile>,
    /// The HTTP server.
    pub server: Server,
    /// Where requests are kept.
    pub store: Store,
    /// The queue.
    pub queue: Queue,
    /// Plugin files.
    pub plugins: Plugins,
    /// Who answers, by the name that callers use.
    pub providers: BTreeMap<ProviderName, Provider>,
    /// Who answers when the caller names nobody; one of [`Settings::providers`].
    pub default_provider: ProviderName,
    /// What a request gets that does not say.
    pub defaults: Defaults,
    /// Deliveries by HTTP.
    pub webhooks: Webhooks,
    /// Logs.
    pub log: Log,
    /// The mock switch of the seed's service.
    pub mock: Mock,
    /// Comparative judgement.
    pub judging: Judging,
    pub(crate) explained: Vec<Explained>,
    pub(crate) warnings: Vec<String>,
}

impl Settings {
    /// Every key with its value and where that came from, in the order of the documentation. Secrets are redacted.
    pub fn explain(&self) -> &[Explained] {
        &self.explained
    }

    /// What was accepted but deserves a look: settings without effect, secrets written into a file.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// One line of `docket check --explain`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The key, such as `queue.mode`, or the variable's name when no key stands behind it.
    pub key: String,
    /// The value as text; `(unset)`, or `(secret, set)`.
    pub value: String,
    /// Where the value came from, for people: `default`, `docket.toml:12`, `profile cj_generic_batch:7`, `OPENAI_API_KEY`.
    pub origin: String,
    /// What the key is for.
    pub meaning: &'static str,
}

/// A profile's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// One sentence.
    pub description: String,
}

/// The HTTP server.
#[derive(Debug, Clone)]
pub struct Server {
    /// Address and port; loopback unless there is an admin token.
    pub listen: SocketAddr,
    /// The bearer token of the admin routes.
    pub admin_token: Option<SecretString>,
    /// Whether the admin routes exist.
    pub admin_enabled: bool,
    /// The largest request body, in bytes.
    pub max_body_bytes: u64,
    /// The most requests in progress; more are answered 503.
    pub max_in_flight: u32,
}

/// Where requests are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// `sqlite:PATH`.
    pub url: String,
}

/// The queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Queue {
    /// How requests travel when they do not say.
    pub mode: QueueMode,
    /// The most requests in a bundle, 1 to 64.
    pub bundle_cap: u32,
    /// The most requests that are not finished.
    pub max_requests: u64,
    /// The most payload bytes of these.
    pub max_bytes: u64,
    /// Share of the limits from which submissions are refused.
    pub high_watermark: f64,
    /// Share of the limits below which they are accepted again.
    pub low_watermark: f64,
    /// How long a request is worth answering.
    pub ttl: Duration,
    /// How long a worker may be silent before its work is given to another.
    pub lease: Duration,
    /// How often the queue is looked at when nothing wakes it.
    pub poll_interval: Duration,
    /// Attempts in all, the first included.
    pub max_attempts: u32,
    /// The longest pause before the second attempt.
    pub backoff_initial: Duration,
    /// The longest pause before any.
    pub backoff_max: Duration,
    /// Lost leases after which a request fails.
    pub max_lost_leases: u32,
    /// How long a stopping host waits for what it has begun.
    pub drain: Duration,
    /// An adapter's waits are booked, not slept.
    pub virtual_waits: bool,
}

/// Plugin files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugins {
    /// The folder with `*.wasm`.
    pub dir: PathBuf,
    /// Where compiled code is kept; none: nowhere.
    pub cache_dir: Option<PathBuf>,
    /// By the plugin's name; a plugin that is not listed has the defaults.
    pub options: BTreeMap<String, PluginOptions>,
}

/// What one plugin may do and use. None: the engine's default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PluginOptions {
    /// It may read message texts.
    pub grant_content: bool,
    /// Memory of one instance, in bytes.
    pub memory_bytes: Option<u64>,
    /// Time of one step.
    pub step_time: Option<Duration>,
    /// Size of a state, in bytes.
    pub state_bytes: Option<u64>,
    /// Size of a result, in bytes.
    pub result_bytes: Option<u64>,
    /// Steps at the same time.
    pub concurrent_steps: Option<u32>,
}

/// Who answers under one name.
#[derive(Clone)]
pub struct Provider {
    /// The plugin's name.
    pub adapter: String,
    /// The settings object that the plugin gets.
    pub settings: serde_json::Value,
    /// The model when the request names none; none: the plugin's own default.
    pub model: Option<String>,
    /// Requests at the provider at the same time.
    pub max_concurrent: u32,
    /// Of one call.
    pub timeout: Duration,
    /// Base URLs by the endpoint's name; the manifest's otherwise.
    pub endpoints: BTreeMap<String, String>,
    /// By the manifest's name of the auth slot.
    pub credentials: BTreeMap<String, SecretString>,
}

/// Without the settings' values: a reference may have put a secret there.
impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings: Vec<_> = self.settings.as_object().into_iter().flat_map(|map| map.keys()).collect();
        f.debug_struct("Provider")
            .field("adapter", &self.adapter)
            .field("settings", &settings)
            .field("model", &self.model)
            .field("max_concurrent", &self.max_concurrent)
            .field("timeout", &self.timeout)
            .field("endpoints", &self.endpoints)
            .field("credentials", &self.credentials)
            .finish()
    }
}

/// What a request gets that does not say.
#[derive(Debug, Clone, PartialEq)]
pub struct Defaults {
    /// Sampling temperature, 0 to 2; none: the adapter's.
    pub temperature: Option<f64>,
    /// The most tokens of an answer; none: the adapter's.
    pub max_tokens: Option<u32>,
}

/// Deliveries by HTTP.
#[derive(Debug, Clone)]
pub struct Webhooks {
    /// `whsec_...`: signs every delivery. Without it none can be asked for.
    pub secret: Option<SecretString>,
    /// They may go to private addresses and to plain `http`.
    pub allow_private: bool,
    /// For one try.
    pub timeout: Duration,
    /// Tries at the same time.
    pub max_concurrent: u32,
}

/// Logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// How a line looks.
    pub format: LogFormat,
    /// `level` or `target=level`, separated by commas.
    pub filter: String,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The mock switch of the seed's service, as `GET /admin/mock-mode` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mock {
    /// A mock serves every provider name.
    pub use_mock: bool,
    /// Which; `default`, `cj_generic_batch`, `eng5_anchor_gpt51_low`, `eng5_lower5_gpt51_low` or `chaos`.
    pub mode: String,
}

/// Comparative judgement.
#[derive(Debug, Clone, PartialEq)]
pub struct Judging {
    /// How an assessment's comparisons travel when it does not say.
    pub batching_mode: BatchingMode,
    /// Comparisons carry hints about their place in the assessment.
    pub metadata_hints: bool,
    /// Providers whose batch API may be used; empty: all.
    pub batch_api_providers: Vec<ProviderName>,
    /// The budget of an assessment that names none, per essay.
    pub comparisons_per_essay: u32,
    /// The largest budget of an assessment.
    pub max_comparisons: u32,
    /// How often a comparison is asked for at most; 1 for no retry.
    pub attempts: u32,
    /// After this time a comparison without an answer counts as failed.
    pub comparison_ttl: Duration,
    /// The share of comparisons that must be answered; 0 asks for none.
    pub least_success_rate: f64,
    /// The reliability at which an assessment that names none ends; 0 to 1.
    pub reliability: f64,
    /// How often anchors are compared, relative to other essays.
    pub anchor_priority: f64,
    /// The seed of assessments that name none.
    pub seed: Option<u64>,
    /// What the judge is told to be, in place of docket's own words.
    pub system_prompt: Option<String>,
    /// Assessments that a host drives at the same time.
    pub max_driven: u32,
    /// The `source_service` of their events.
    pub source_service: String,
    /// Parts of the prompt that repeat may be kept for an hour in a provider's cache.
    pub long_cache: bool,
}
