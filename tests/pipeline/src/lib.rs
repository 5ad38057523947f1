//! A pipeline in this process: the real store in a temporary folder, the real plugins, no HTTP.

pub mod flaky;

use anyhow::{Context as _, bail, ensure};
use docket_adapter::{Engine, EngineOptions, Registry};
use docket_pipeline::{Handle, Options, Parts, Pipeline, ProviderOptions, Request, SystemClock};
use docket_provider::{Outbound, OutboundOptions};
use docket_store::SharedStore;
use docket_store::sqlite::{SqliteOptions, open};
use docket_types::submission::{Callback, Overrides, Prompt};
use docket_types::{ProviderName, QueueMode, RequestId, Submission};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use uuid::Uuid;

/// The topic of every callback.
pub const TOPIC: &str = "test.callbacks";
/// How long a test waits for what must happen.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Where `cargo xtask plugins` puts the components; the environment may name another folder.
fn plugins() -> PathBuf {
    std::env::var_os("TEST_DOCKET_PLUGINS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/plugins"), PathBuf::from)
}

/// The plugins, loaded once for the process.
fn registry() -> anyhow::Result<Arc<Registry>> {
    static REGISTRY: OnceLock<Result<Arc<Registry>, String>> = OnceLock::new();
    let load = || {
        let engine = Engine::new(EngineOptions::default()).map_err(|e| e.to_string())?;
        let registry = Registry::new(engine);
        let dir = plugins();
        for status in registry.load_dir(&dir, &BTreeMap::new()) {
            status.result.map_err(|e| format!("{}: {e}", status.file.display()))?;
        }
        match registry.get("chaos").and(registry.get("mock-default")) {
            Some(_) => Ok(Arc::new(registry)),
            None => Err(format!("no plugins in {}; `cargo xtask plugins` builds them", dir.display())),
        }
    };
    REGISTRY.get_or_init(load).clone().map_err(anyhow::Error::msg)
}

/// What a test wants.
#[derive(Clone)]
pub struct Plan {
    /// The queue mode.
    pub mode: QueueMode,
    /// The plugin that serves the provider `mock`.
    pub adapter: &'static str,
    /// Its settings.
    pub settings: Value,
    /// Calls or bundles at the same time.
    pub max_concurrent: u32,
    /// Anything else.
    pub tweak: fn(&mut Options),
}

impl Plan {
    /// This mode, with the default mock and without latency.
    pub fn new(mode: QueueMode) -> Self {
        Self { mode, adapter: "mock-default", settings: json!({}), max_concurrent: 16, tweak: |_| {} }
    }

    /// The mock that misbehaves.
    pub fn chaos(mode: QueueMode, settings: Value) -> Self {
        Self { adapter: "chaos", settings, ..Self::new(mode) }
    }
}

/// A store with a pipeline on it.
pub struct House {
    dir: Arc<TempDir>,
    store: SharedStore,
    pipeline: Pipeline,
}

impl House {
    /// A new store, and a pipeline on it.
    pub async fn new(plan: &Plan) -> anyhow::Result<Self> {
        Self::open(Arc::new(TempDir::new()?), plan).await
    }

    async fn open(dir: Arc<TempDir>, plan: &Plan) -> anyhow::Result<Self> {
        let store = open(SqliteOptions::new(dir.path().join("docket.db"))).await?;
        Self::on(dir, store, plan)
    }

    /// A new store that fails as it is told, and a pipeline on it.
    pub async fn flaky(plan: &Plan) -> anyhow::Result<(Self, Arc<flaky::Flaky>)> {
        let dir = Arc::new(TempDir::new()?);
        let real = open(SqliteOptions::new(dir.path().join("docket.db"))).await?;
        let store = Arc::new(flaky::Flaky::new(real));
        Ok((Self::on(dir, Arc::clone(&store) as SharedStore, plan)?, store))
    }

    fn on(dir: Arc<TempDir>, store: SharedStore, plan: &Plan) -> anyhow::Result<Self> {
        let mut options = Options {
            mode: plan.mode,
            poll: Duration::from_millis(100),
            default_provider: ProviderName::from("mock"),
            ..Options::default()
        };
        options.retry.base = Duration::from_millis(20);
        let provider = ProviderOptions {
            adapter: plan.adapter.to_owned(),
            settings: plan.settings.clone(),
            max_concurrent: plan.max_concurrent,
            ..ProviderOptions::default()
        };
        options.providers.insert(ProviderName::from("mock"), provider);
        (plan.tweak)(&mut options);
        let pipeline = Pipeline::start(Parts {
            store: Arc::clone(&store),
            registry: registry()?,
            outbound: Outbound::new(OutboundOptions::default())?,
            clock: Arc::new(SystemClock),
            options,
        })?;
        Ok(Self { dir, store, pipeline })
    }

    /// Stops in the middle of everything, as a crash does, and starts again on the same file.
    pub async fn crash(self, plan: &Plan) -> anyhow::Result<Self> {
        let Self { dir, store, pipeline } = self;
        // The store first: what runs finds no store any more, so that it can neither finish nor give anything back.
        store.close().await;
        drop(pipeline);
        drop(store);
        Self::open(dir, plan).await
    }

    /// Gives what runs `limit`, stops, and starts again on the same file.
    pub async fn drain(
        self,
        limit: Duration,
        plan: &Plan,
    ) -> anyhow::Result<(docket_pipeline::DrainReport, Self)> {
        let report = self.pipeline.drain(limit).await;
        let next = self.crash(plan).await?;
        Ok((report, next))
    }

    /// Access to the pipeline.
    pub fn handle(&self) -> Handle {
        self.pipeline.handle()
    }

    /// The store.
    pub fn store(&self) -> &SharedStore {
        &self.store
    }

    /// Accepts requests, many at the same time.
    pub async fn submit_all(&self, submissions: Vec<Submission>) -> anyhow::Result<Vec<RequestId>> {
        let tasks: Vec<_> = submissions
            .into_iter()
            .map(|submission| {
                let handle = self.handle();
                tokio::spawn(async move { handle.submit(submission, None).await.map(|receipt| receipt.id) })
            })
            .collect();
        let mut ids = Vec::with_capacity(tasks.len());
        for task in tasks {
            ids.push(task.await??);
        }
        Ok(ids)
    }

    /// Accepts one request.
    pub async fn submit(&self, submission: Submission) -> anyhow::Result<RequestId> {
        Ok(self.handle().submit(submission, None).await?.id)
    }

    /// Waits until every one of these has its callback, and checks that each has exactly one. By request.
    pub async fn callbacks(&self, ids: &[RequestId]) -> anyhow::Result<BTreeMap<RequestId, Value>> {
        self.until("callbacks", async || {
            let found = self.events().await?;
            Ok(ids.iter().all(|id| found.iter().any(|(of, _)| of == id)).then_some(()))
        })
        .await?;
        let mut by_id = BTreeMap::new();
        for (id, event) in self.events().await? {
            ensure!(by_id.insert(id, event).is_none(), "request {id} has two callbacks");
        }
        by_id.retain(|id, _| ids.contains(id));
        Ok(by_id)
    }

    /// Every callback so far.
    pub async fn events(&self) -> anyhow::Result<Vec<(RequestId, Value)>> {
        let mut events = Vec::new();
        let mut after = 0;
        loop {
            let page = self.handle().read_topic(TOPIC, after, 500).await?;
            let Some(last) = page.last() else { return Ok(events) };
            after = last.seq;
            for event in page {
                let body: Value = serde_json::from_slice(&event.body)?;
                let id = body["data"]["request_id"].as_str().context("a callback without request_id")?;
                ensure!(event.id == format!("{id}.terminal"), "the delivery's id is {}", event.id);
                events.push((id.parse()?, body));
            }
        }
    }

    /// One request.
    pub async fn request(&self, id: RequestId) -> anyhow::Result<Request> {
        self.handle().request(id).await?.with_context(|| format!("no request {id}"))
    }

    /// Asks again and again, until there is an answer.
    pub async fn until<T>(
        &self,
        what: &str,
        ask: impl AsyncFn() -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<T> {
        let began = Instant::now();
        let mut changes = self.handle().changes();
        while began.elapsed() < PATIENCE {
            if let Some(answer) = ask().await? {
                return Ok(answer);
            }
            // A hint, or a look all the same: hints may be lost.
            let _ = tokio::time::timeout(Duration::from_millis(50), changes.recv()).await;
        }
        bail!("no {what} within {PATIENCE:?}")
    }
}

/// The comparison number `n`. Equal numbers are equal to the last byte.
pub fn submission(n: u64) -> Submission {
    Submission {
        provider: ProviderName::from("mock"),
        overrides: Overrides::default(),
        prompt: Prompt {
            user_prompt: format!("Compare essay {n} with essay {}.", n + 1),
            blocks: Vec::new(),
        },
        correlation_id: Uuid::from_u128(u128::from(n) + 1),
        callback: Callback { topic: Some(TOPIC.to_owned()), url: None },
        metadata: Map::from_iter([("essay_a_id".to_owned(), json!(n))]),
        deadline: None,
    }
}
