//! Providers, models and plugins as they are listed.

use docket_pipeline::{PluginView, ProviderStatus, TestReport};
use docket_types::manifest::Model;
use docket_types::{ProviderName, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The configured providers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderList {
    /// By name.
    pub(crate) providers: Vec<ProviderInfo>,
    /// The one that is shown as the default; a submission still names its own.
    pub(crate) default_provider: String,
    /// `explicit`: the submission decides.
    pub(crate) selection_strategy: &'static str,
    /// Requests without an outcome.
    pub(crate) open_requests: u64,
    /// Of these, not in anybody's hands.
    pub(crate) queued_requests: u64,
}

/// A provider.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderInfo {
    name: String,
    /// It is configured.
    enabled: bool,
    /// Requests can be sent to it.
    available: bool,
    /// Why not.
    reason: Option<String>,
    /// `closed`, `open` or `half_open`.
    circuit_breaker_state: &'static str,
    /// The model of requests that name none.
    default_model: Option<String>,
    /// RFC 3339, UTC.
    last_success: Option<String>,
    /// RFC 3339, UTC.
    last_failure: Option<String>,
    /// Failed attempts since the last success.
    failure_count: u32,
    average_response_time_ms: Option<f64>,
    /// The plugin that serves it.
    adapter: String,
    /// The plugin's version, if it is loaded.
    version: Option<String>,
    /// Whether the plugin stands in for a real provider.
    mock: bool,
    /// Whether a batch API can be used.
    batch: bool,
    /// Calls, or bundles, under way.
    running: u32,
    /// The most at the same time.
    max_concurrent: u32,
}

impl ProviderInfo {
    pub(crate) fn new(status: ProviderStatus) -> Self {
        let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
        Self {
            name: status.name.0,
            enabled: true,
            available: status.available,
            reason: status.reason,
            circuit_breaker_state: status.circuit_breaker_state,
            default_model: status.default_model,
            last_success: time(status.last_success),
            last_failure: time(status.last_failure),
            failure_count: status.failure_count,
            average_response_time_ms: status.average_response_time_ms,
            adapter: status.adapter,
            version: status.version,
            mock: status.mock,
            batch: status.batch,
            running: status.running,
            max_concurrent: status.max_concurrent,
        }
    }
}

/// A provider answered a test.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TestAnswer {
    /// `true`.
    success: bool,
    provider: String,
    message: &'static str,
    /// The model that answered.
    model: String,
    response_time_ms: u64,
    cost_usd: f64,
}

impl TestAnswer {
    pub(crate) fn new(report: TestReport) -> Self {
        Self {
            success: true,
            provider: report.provider.0,
            message: "Provider operational",
            model: report.model,
            response_time_ms: report.response_time_ms,
            cost_usd: report.cost.as_usd(),
        }
    }
}

/// The models that the plugins list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelList {
    /// By provider. A provider whose plugin takes any model has none.
    providers: BTreeMap<String, Vec<ModelInfo>>,
    total_models: usize,
}

/// A model.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelInfo {
    model_id: String,
    provider: String,
    display_name: String,
    model_family: String,
    /// The most tokens of an answer.
    max_tokens: Option<u64>,
    /// The most tokens altogether.
    context_window: Option<u64>,
    supports_streaming: bool,
    #[schema(value_type = Object)]
    capabilities: Map<String, Value>,
    /// US dollars.
    cost_per_1k_input_tokens: Option<f64>,
    /// US dollars.
    cost_per_1k_output_tokens: Option<f64>,
    is_deprecated: bool,
    /// `YYYY-MM-DD`.
    #[schema(format = "date")]
    release_date: Option<String>,
    recommended_for: Vec<String>,
}

impl ModelList {
    pub(crate) fn new(models: BTreeMap<ProviderName, Vec<Model>>) -> Self {
        let providers: BTreeMap<String, Vec<ModelInfo>> = models
            .into_iter()
            .map(|(name, models)| {
                let infos = models.into_iter().map(|model| ModelInfo::new(&name, model)).collect();
                (name.0, infos)
            })
            .collect();
        let total_models = providers.values().map(Vec::len).sum();
        Self { providers, total_models }
    }
}

impl ModelInfo {
    fn new(provider: &ProviderName, model: Model) -> Self {
        let supports =
            |name: &str| model.capabilities.get(name).is_some_and(|value| *value == Value::Bool(true));
        Self {
            supports_streaming: supports("streaming"),
            provider: provider.to_string(),
            display_name: if model.display_name.is_empty() { model.id.clone() } else { model.display_name },
            model_id: model.id,
            model_family: model.family,
            max_tokens: model.max_output_tokens,
            context_window: model.context_window,
            capabilities: model.capabilities,
            // A manifest's prices are for a million tokens.
            cost_per_1k_input_tokens: model.price.map(|price| price.input / 1000.0),
            cost_per_1k_output_tokens: model.price.map(|price| price.output / 1000.0),
            is_deprecated: model.deprecated,
            release_date: model.released,
            recommended_for: model.recommended_for,
        }
    }
}

/// The files of the plugin folder.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PluginList {
    pub(crate) plugins: Vec<PluginInfo>,
}

/// A plugin file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PluginInfo {
    /// The file's name without its folder.
    file: String,
    /// The plugin's name.
    name: String,
    /// Whether it can be used.
    loaded: bool,
    /// Its version, when it is loaded.
    version: Option<String>,
    /// SHA-256 of the component, when it is loaded.
    digest: Option<String>,
    /// Why it was refused.
    error: Option<String>,
}

impl PluginInfo {
    pub(crate) fn new(view: PluginView) -> Self {
        Self {
            file: view.file,
            name: view.name,
            loaded: view.error.is_none(),
            version: view.version,
            digest: view.digest,
            error: view.error,
        }
    }
}
