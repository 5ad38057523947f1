//! A host in this process, and a client for it.

use docket_adapter::{Engine, EngineOptions, Registry};
use docket_api::{ApiOptions, ApiState};
use docket_pipeline::{Clock, Options, Parts, Pipeline, ProviderOptions, SystemClock};
use docket_provider::{Outbound, OutboundOptions};
use docket_store::SharedStore;
use docket_store::sqlite::{self, SqliteOptions};
use docket_types::{ProviderName, Timestamp};
use futures_util::StreamExt as _;
use reqwest::{Method, Response, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How long anything may take before a test fails.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// A signing secret.
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The machine's clock, which a test can put forward.
#[derive(Default)]
pub(crate) struct TestClock(AtomicU64);

impl TestClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + Duration::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// What a test wants to be different.
pub(crate) struct Setup {
    pub(crate) pipeline: Options,
    pub(crate) api: ApiOptions,
    pub(crate) outbound: OutboundOptions,
    pub(crate) max_pages: Option<u32>,
}

impl Default for Setup {
    /// `mock` answers at once, `slow` in an hour, `picky` refuses, `lost` has no plugin.
    fn default() -> Self {
        let provider = |adapter: &str, settings: Value| ProviderOptions {
            adapter: adapter.to_owned(),
            settings,
            max_concurrent: 8,
            ..ProviderOptions::default()
        };
        let slow = json!({"slow_rate": 1.0, "slow_ms": 3_600_000});
        let providers = BTreeMap::from([
            (
                ProviderName::from("mock"),
                provider("mock-default", json!({"latency_ms": 0, "latency_jitter_ms": 0})),
            ),
            (
                ProviderName::from("slow"),
                ProviderOptions { timeout: LIMIT * 1000, ..provider("chaos", slow) },
            ),
            (ProviderName::from("picky"), provider("chaos", json!({"server_error_rate": 1.0}))),
            (ProviderName::from("lost"), provider("nowhere", json!({}))),
        ]);
        let mut pipeline = Options { providers, poll: Duration::from_millis(20), ..Options::default() };
        pipeline.default_provider = ProviderName::from("mock");
        pipeline.webhooks.secret = Some(SecretString::from(SECRET));
        pipeline.retry.max_attempts = 1;
        Self {
            pipeline,
            api: ApiOptions { poll: Duration::from_millis(50), ..ApiOptions::default() },
            outbound: OutboundOptions {
                allow_private_webhooks: true,
                webhook_timeout: Duration::from_secs(2),
                ..OutboundOptions::default()
            },
            max_pages: None,
        }
    }
}

/// A running host.
pub(crate) struct Host {
    pub(crate) address: SocketAddr,
    pub(crate) client: reqwest::Client,
    pub(crate) store: SharedStore,
    pub(crate) pipeline: Pipeline,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) shutdown: CancellationToken,
    server: tokio::task::JoinHandle<()>,
    _dir: tempfile::TempDir,
}

impl Drop for Host {
    fn drop(&mut self) {
        self.shutdown.cancel();
        self.server.abort();
    }
}

impl Host {
    pub(crate) async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file =
            SqliteOptions { max_pages: setup.max_pages, ..SqliteOptions::new(dir.path().join("docket.db")) };
        let store = sqlite::open(file).await.unwrap();
        let clock = Arc::new(TestClock::default());
        let registry = tokio::task::spawn_blocking(registry).await.unwrap();
        let pipeline = Pipeline::start(Parts {
            store: Arc::clone(&store),
            registry,
            outbound: Outbound::new(setup.outbound).unwrap(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            options: setup.pipeline,
        })
        .unwrap();
        let shutdown = setup.api.shutdown.clone();
        let state =
            ApiState { handle: pipeline.handle(), recorder: docket_telemetry::install(), options: setup.api };
        let app = docket_api::router(state);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let client = reqwest::Client::builder().no_proxy().timeout(LIMIT).build().unwrap();
        Self { address, client, store, pipeline, clock, shutdown, server, _dir: dir }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn send(&self, method: Method, path: &str) -> Response {
        self.client.request(method, self.url(path)).send().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        read(self.send(Method::GET, path).await).await
    }

    pub(crate) async fn post(&self, body: &Value) -> Response {
        self.client.post(self.url("/api/v1/comparison")).json(body).send().await.unwrap()
    }

    /// Submits a comparison and returns its id.
    pub(crate) async fn submit(&self, body: &Value) -> String {
        let (status, body) = read(self.post(body).await).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{body}");
        body["queue_id"].as_str().unwrap().to_owned()
    }

    /// The request, once `done` is true of it.
    pub(crate) async fn request(&self, id: &str, done: impl Fn(&Value) -> bool) -> Value {
        eventually(|| async {
            let (_, request) = self.get(&format!("/api/v1/requests/{id}")).await;
            done(&request).then_some(request)
        })
        .await
    }

    /// The request's terminal form.
    pub(crate) async fn outcome(&self, id: &str) -> Value {
        self.request(id, |request| request["terminal"] == true).await
    }

    /// The events of a topic.
    pub(crate) async fn events(&self, topic: &str) -> Vec<Value> {
        let (status, page) = self.get(&format!("/api/v1/topics/{topic}/events?limit=1000")).await;
        assert_eq!(status, 200, "{page}");
        page["events"].as_array().unwrap().clone()
    }
}

/// A comparison for the topic `t`.
pub(crate) fn comparison(provider: &str) -> Value {
    json!({
        "user_prompt": "Essay A: cats. Essay B: dogs.",
        "callback_topic": "t",
        "llm_config_overrides": {"provider_override": provider},
        "metadata": {"essay_a_id": "a", "essay_b_id": "b"},
    })
}

/// A comparison whose outcome goes to a URL.
pub(crate) fn webhook(provider: &str, url: &str) -> Value {
    let mut body = comparison(provider);
    body["callback_url"] = json!(url);
    body.as_object_mut().unwrap().remove("callback_topic");
    body
}

pub(crate) async fn read(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// Asks until there is an answer; fails after [`LIMIT`].
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(mut ask: impl FnMut() -> F) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < LIMIT, "it did not happen in time");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// One server-sent event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sse {
    pub(crate) event: String,
    pub(crate) id: String,
    pub(crate) data: String,
}

/// Reads at most `limit` events, or until the stream ends. The flag says that it ended.
pub(crate) async fn sse(response: Response, limit: usize) -> (Vec<Sse>, bool) {
    let mut stream = response.bytes_stream();
    let (mut text, mut events) = (String::new(), Vec::new());
    while events.len() < limit {
        let Some(chunk) = tokio::time::timeout(LIMIT, stream.next()).await.expect("an event in time") else {
            return (events, true);
        };
        text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        while let Some((block, rest)) = text.split_once("\n\n") {
            let field = |name: &str| {
                let line = block.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
                line.trim_start_matches(':').trim_start().to_owned()
            };
            if block.lines().any(|line| line.starts_with("data")) {
                events.push(Sse { event: field("event"), id: field("id"), data: field("data") });
            }
            text = rest.to_owned();
        }
    }
    (events, false)
}

/// The plugins of the tests, loaded once: two mocks and a file that is none.
fn registry() -> Arc<Registry> {
    static REGISTRY: OnceLock<Arc<Registry>> = OnceLock::new();
    Arc::clone(REGISTRY.get_or_init(|| {
        let plugins = docket_test_support::plugins().unwrap();
        let dir = tempfile::tempdir().unwrap();
        for name in ["mock-default.wasm", "chaos.wasm"] {
            let file = plugins.join(name);
            std::fs::copy(&file, dir.path().join(name))
                .unwrap_or_else(|e| panic!("{}: {e}; `cargo xtask plugins` builds it", file.display()));
        }
        std::fs::write(dir.path().join("broken.wasm"), b"no component").unwrap();
        let registry = Registry::new(Engine::new(EngineOptions::default()).unwrap());
        registry.load_dir(dir.path(), &BTreeMap::new());
        assert!(
            registry.get("mock-default").is_some() && registry.get("chaos").is_some(),
            "{:?}",
            registry.statuses()
        );
        Arc::new(registry)
    }))
}
