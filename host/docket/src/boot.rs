//! The parts of a host, made from its settings. What a part may do is decided here and nowhere else.

use crate::exit::{Exit, Failure, OrExit};
use anyhow::Context;
use docket_adapter::{
    Compiler, Engine, EngineOptions, Grants, Limits, PluginOptions, PluginStatus, Registry,
};
use docket_api::ApiOptions;
use docket_config::{LogFormat, Settings};
use docket_pipeline::{
    JudgingOptions, Options, Parts, Pipeline, ProviderOptions, SystemClock, WebhookOptions,
};
use docket_provider::{Outbound, OutboundOptions};
use docket_scheduling::retry;
use docket_store::SharedStore;
use docket_telemetry::{LogOptions, Recorder};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The hidden subcommand that compiles one component.
pub(crate) const COMPILE: &str = "__compile";

/// Logs and metrics.
pub(crate) fn telemetry(settings: &Settings) -> Result<Recorder, Failure> {
    let format = match settings.log.format {
        LogFormat::Text => docket_telemetry::LogFormat::Text,
        LogFormat::Json => docket_telemetry::LogFormat::Json,
    };
    let options = LogOptions { format, filter: settings.log.filter.clone() };
    docket_telemetry::init_tracing(&options).or_exit(Exit::Config)?;
    for warning in settings.warnings() {
        tracing::warn!("{warning}");
    }
    Ok(docket_telemetry::install())
}

/// The store, open. A damaged or foreign one is not touched.
pub(crate) async fn store(settings: &Settings) -> Result<SharedStore, Failure> {
    let url = &settings.store.url;
    docket_store::open_url(url)
        .await
        .with_context(|| format!("cannot open the store {url}"))
        .or_exit(Exit::Store)
}

/// The plugins of the folder. One that is refused is reported and left out.
pub(crate) async fn plugins(settings: &Settings) -> Result<(Arc<Registry>, Vec<PluginStatus>), Failure> {
    let exe =
        std::env::current_exe().context("cannot find the program's own file").or_exit(Exit::Internal)?;
    let options = EngineOptions {
        cache_dir: settings.plugins.cache_dir.clone(),
        compiler: Compiler::Child { exe, args: vec![COMPILE.to_owned()] },
        ..EngineOptions::default()
    };
    let (dir, of_plugins) = (settings.plugins.dir.clone(), plugin_options(settings));
    // Compiling takes seconds and blocks.
    let loaded = tokio::task::spawn_blocking(move || {
        let registry = Registry::new(Engine::new(options)?);
        let statuses = registry.load_dir(&dir, &of_plugins);
        Ok::<_, docket_adapter::Error>((Arc::new(registry), statuses))
    });
    loaded.await.or_exit(Exit::Internal)?.context("cannot start the component engine").or_exit(Exit::Internal)
}

fn plugin_options(settings: &Settings) -> BTreeMap<String, PluginOptions> {
    let convert = |o: &docket_config::PluginOptions| {
        let default = Limits::default();
        let size =
            |set: Option<u64>, default: usize| set.and_then(|n| usize::try_from(n).ok()).unwrap_or(default);
        let limits = Limits {
            memory_bytes: size(o.memory_bytes, default.memory_bytes),
            step_time: o.step_time.unwrap_or(default.step_time),
            state_bytes: size(o.state_bytes, default.state_bytes),
            result_bytes: size(o.result_bytes, default.result_bytes),
            concurrent_steps: size(o.concurrent_steps.map(u64::from), default.concurrent_steps),
        };
        PluginOptions { grants: Grants { content: o.grant_content }, limits }
    };
    settings.plugins.options.iter().map(|(name, options)| (name.clone(), convert(options))).collect()
}

/// The way out to providers and to callers' webhooks.
pub(crate) fn outbound(settings: &Settings) -> Result<Outbound, Failure> {
    let options = OutboundOptions {
        webhook_timeout: settings.webhooks.timeout,
        allow_private_webhooks: settings.webhooks.allow_private,
        ..OutboundOptions::default()
    };
    Outbound::new(options).or_exit(Exit::Internal)
}

/// The pipeline's options.
pub(crate) fn pipeline_options(settings: &Settings) -> Options {
    let queue = &settings.queue;
    let providers =
        settings.providers.iter().map(|(name, p)| (name.clone(), provider_options(settings, p))).collect();
    Options {
        mode: queue.mode,
        bundle_cap: queue.bundle_cap,
        max_requests: queue.max_requests,
        max_bytes: queue.max_bytes,
        high_watermark: queue.high_watermark,
        low_watermark: queue.low_watermark,
        ttl: queue.ttl,
        lease: queue.lease,
        poll: queue.poll_interval,
        retry: retry::Policy {
            max_attempts: queue.max_attempts,
            base: queue.backoff_initial,
            cap: queue.backoff_max,
        },
        max_lost_leases: queue.max_lost_leases,
        default_provider: settings.default_provider.clone(),
        providers,
        virtual_waits: queue.virtual_waits,
        use_mock: settings.mock.use_mock,
        mock_mode: Some(settings.mock.mode.clone()),
        webhooks: WebhookOptions {
            secret: settings.webhooks.secret.clone(),
            max_concurrent: settings.webhooks.max_concurrent,
            ..WebhookOptions::default()
        },
        judging: judging_options(&settings.judging),
        ..Options::default()
    }
}

fn judging_options(judging: &docket_config::Judging) -> JudgingOptions {
    JudgingOptions {
        batching_mode: judging.batching_mode,
        batch_api_providers: judging.batch_api_providers.clone(),
        hints: judging.metadata_hints,
        comparisons_per_essay: judging.comparisons_per_essay,
        max_comparisons: judging.max_comparisons,
        attempts: judging.attempts,
        comparison_ttl: judging.comparison_ttl,
        least_success_rate: judging.least_success_rate,
        reliability: judging.reliability,
        anchor_priority: judging.anchor_priority,
        seed: judging.seed,
        system_prompt: judging.system_prompt.clone(),
        max_driven: judging.max_driven,
        source_service: judging.source_service.clone(),
        long_cache: judging.long_cache,
    }
}

fn provider_options(settings: &Settings, provider: &docket_config::Provider) -> ProviderOptions {
    ProviderOptions {
        adapter: provider.adapter.clone(),
        settings: provider.settings.clone(),
        default_model: provider.model.clone(),
        default_temperature: settings.defaults.temperature,
        default_max_tokens: settings.defaults.max_tokens,
        max_concurrent: provider.max_concurrent,
        timeout: provider.timeout,
        endpoints: provider.endpoints.clone(),
        credentials: provider.credentials.clone(),
    }
}

/// The HTTP surface's options.
pub(crate) fn api_options(settings: &Settings, shutdown: CancellationToken) -> ApiOptions {
    let server = &settings.server;
    ApiOptions {
        admin_token: server.admin_token.clone(),
        admin_enabled: server.admin_enabled,
        max_body_bytes: usize::try_from(server.max_body_bytes).unwrap_or(usize::MAX),
        max_in_flight: usize::try_from(server.max_in_flight).unwrap_or(usize::MAX),
        shutdown,
        ..ApiOptions::default()
    }
}

/// Loads the plugins, names the refused ones, and starts the pipeline on this store.
pub(crate) async fn pipeline(settings: &Settings, store: &SharedStore) -> Result<Pipeline, Failure> {
    let (registry, plugins) = plugins(settings).await?;
    for plugin in &plugins {
        if let Err(reason) = &plugin.result {
            eprintln!("docket: the plugin {} is refused and left out: {reason}", plugin.file.display());
        }
    }
    Pipeline::start(Parts {
        store: Arc::clone(store),
        registry,
        outbound: outbound(settings)?,
        clock: Arc::new(SystemClock),
        options: pipeline_options(settings),
    })
    .context("cannot start the pipeline")
    .or_exit(Exit::Config)
}
