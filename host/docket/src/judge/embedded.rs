//! A pipeline inside this process, with a store that is thrown away unless one is named.

use crate::boot;
use crate::cli::JudgeArgs;
use crate::exit::{Exit, Failure, OrExit};
use crate::settings;
use anyhow::Context;
use docket_config::Settings;
use docket_pipeline::{Handle, Pipeline};
use docket_store::SharedStore;
use docket_types::assessment::BatchingMode;
use std::time::Duration;
use tempfile::TempDir;

/// How long work that is under way may take when somebody stops this process.
const STOP_WITHIN: Duration = Duration::from_secs(3);
/// How long the store has to write what it was asked to.
const STORE_WITHIN: Duration = Duration::from_secs(10);
/// Who was killed leaves leases behind. Nobody else is likely to work on this store, so they may be short.
const LEASE: Duration = Duration::from_secs(10);
/// What is logged beside the progress, unless the configuration says more.
const LOG: &str = "warn";

/// A pipeline and its store.
pub(super) struct Embedded {
    pipeline: Pipeline,
    store: SharedStore,
    drain: Duration,
    /// Removed with this value.
    _folder: Option<TempDir>,
}

impl Embedded {
    /// Starts it with the caller's configuration, but for the store.
    pub(super) async fn start(args: &JudgeArgs) -> Result<Self, Failure> {
        let (url, folder) = match &args.store {
            Some(url) => (url.clone(), None),
            None => {
                let folder =
                    tempfile::tempdir().context("cannot make a temporary folder").or_exit(Exit::Internal)?;
                (format!("sqlite://{}", folder.path().join("docket.db").display()), Some(folder))
            }
        };
        let settings = configuration(args, &url)?;
        let _recorder = boot::telemetry(&settings)?;
        let store = boot::store(&settings).await?;
        let pipeline = boot::pipeline(&settings, &store).await?;
        Ok(Self { pipeline, store, drain: settings.queue.drain, _folder: folder })
    }

    /// The pipeline's face.
    pub(super) fn handle(&self) -> Handle {
        self.pipeline.handle()
    }

    /// Ends or gives back what is under way, and closes the store.
    pub(super) async fn stop(self, in_a_hurry: bool) {
        let limit = if in_a_hurry { self.drain.min(STOP_WITHIN) } else { self.drain };
        let report = self.pipeline.drain(limit).await;
        if report.released > 0 {
            tracing::info!(released = report.released, "requests were given back to the queue");
        }
        if tokio::time::timeout(STORE_WITHIN, self.store.close()).await.is_err() {
            tracing::error!("the store did not close in time; what was answered is durable all the same");
        }
    }
}

fn configuration(args: &JudgeArgs, url: &str) -> Result<Settings, Failure> {
    let mut sources = settings::sources(&args.settings.host, args.settings.profile.as_deref());
    sources.overrides.push(format!("store.url={url}"));
    // The way in which comparisons travel is the queue's, which works for nobody else here.
    let mode = args.mode.map(|mode| match mode {
        BatchingMode::PerRequest => "per_request",
        BatchingMode::SerialBundle => "serial_bundle",
        BatchingMode::ProviderBatchApi => "batch_api",
    });
    sources.overrides.extend(mode.map(|mode| format!("queue.mode={mode}")));
    let mut settings = settings::from(&sources)?;
    let is_default = |settings: &Settings, key: &str| {
        settings.explain().iter().any(|line| line.key == key && line.origin == "default")
    };
    if is_default(&settings, "queue.lease") {
        settings.queue.lease = LEASE;
    }
    if is_default(&settings, "log.filter") {
        settings.log.filter = LOG.to_owned();
    }
    Ok(settings)
}
