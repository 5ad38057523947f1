//! The pipeline as the rest of docket sees it: start, use, drain.

use crate::core::{Core, Parts};
use crate::deliver::{Deliverer, Signer};
use crate::exchange::{self, Stop, Task};
use crate::view::{
    CancelOutcome, DrainReport, MockMode, ModelFilter, Models, PluginView, ProviderStatus, Receipt, Request,
    StartError, SubmitError, TestError, TestReport,
};
use crate::{answer, batch, claim, intake, judge, provider, settle, ticks};
use docket_scheduling::cost;
use docket_store::{
    Change, DeliveryState, DeliveryView, Error, IdempotencyKey, Leased, Load, RequestView, SharedStore,
    TopicEvent,
};
use docket_types::submission::{Callback, Overrides, Prompt};
use docket_types::{Failure, MicroUsd, Outcome, ProviderName, RequestId, RequestState, Submission};
use secrecy::ExposeSecret as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long a provider test may take.
const TEST_LIMIT: Duration = Duration::from_secs(120);
/// How long work that was cut short has for giving its requests back.
const RELEASE_GRACE: Duration = Duration::from_secs(10);

/// A running pipeline. Dropping it stops its loops and leaves what is under way to the leases.
pub struct Pipeline {
    core: Arc<Core>,
}

/// Access to a running pipeline. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    pub(crate) core: Arc<Core>,
}

impl Pipeline {
    /// Starts all loops. Needs a tokio runtime.
    pub fn start(parts: Parts) -> Result<Self, StartError> {
        let core = Arc::new(Core::new(parts)?);
        start_delivery(&core)?;
        for provider in core.providers.values() {
            core.claimers.spawn(claim::run(Arc::clone(&core), Arc::clone(provider)));
        }
        core.loops.spawn(ticks::hints(Arc::clone(&core)));
        core.loops.spawn(ticks::timer(Arc::clone(&core)));
        core.loops.spawn(ticks::heartbeat(Arc::clone(&core)));
        core.loops.spawn(ticks::gauges(Arc::clone(&core)));
        core.claimers.spawn(batch::run(Arc::clone(&core)));
        core.claimers.spawn(judge::run(Arc::clone(&core)));
        Ok(Self { core })
    }

    /// Access for callers.
    pub fn handle(&self) -> Handle {
        Handle { core: Arc::clone(&self.core) }
    }

    /// Stops accepting and claiming, lets what is under way end within `limit`, and gives the rest back to the queue.
    pub async fn drain(&self, limit: Duration) -> DrainReport {
        let core = &self.core;
        core.closing.cancel();
        core.claimers.close();
        let mut clean = tokio::time::timeout(RELEASE_GRACE, core.claimers.wait()).await.is_ok();
        core.work.close();
        let running = core.requests.len() + core.jobs.len();
        let mut released = 0;
        if tokio::time::timeout(limit, core.work.wait()).await.is_err() {
            released = core.requests.len() + core.jobs.len();
            core.abort.cancel();
            clean &= tokio::time::timeout(RELEASE_GRACE, core.work.wait()).await.is_ok();
        }
        core.stop.cancel();
        core.loops.close();
        clean &= tokio::time::timeout(RELEASE_GRACE, core.loops.wait()).await.is_ok();
        DrainReport { running, released, clean }
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.core.closing.cancel();
        self.core.abort.cancel();
        self.core.stop.cancel();
    }
}

fn start_delivery(core: &Arc<Core>) -> Result<(), StartError> {
    let Some(secret) = &core.options.webhooks.secret else { return Ok(()) };
    let signer = Signer::new(secret.expose_secret()).map_err(|error| StartError::Option {
        option: "webhooks.secret".to_owned(),
        message: error.to_string(),
    })?;
    let deliverer = Deliverer {
        store: Arc::clone(&core.store),
        outbound: core.outbound.clone(),
        clock: Arc::clone(&core.clock),
        options: core.options.webhooks.clone(),
        poll: core.options.poll,
        signer: Arc::new(signer),
    };
    core.loops.spawn(deliverer.run(core.stop.clone()));
    Ok(())
}

impl Handle {
    /// Accepts a submission. The receipt means that it is durable and will get exactly one outcome.
    pub async fn submit(
        &self,
        submission: Submission,
        idempotency: Option<IdempotencyKey>,
    ) -> Result<Receipt, SubmitError> {
        intake::submit(&self.core, submission, idempotency).await
    }

    /// One request with its outcome and deliveries.
    pub async fn request(&self, id: RequestId) -> Result<Option<Request>, Error> {
        let Some(view) = self.core.store.get(id).await? else { return Ok(None) };
        let deliveries = self.core.store.deliveries_of(id).await?;
        read(view, deliveries).map(Some)
    }

    /// Cancels a request that has no outcome yet. What a provider was asked already may still cost money.
    pub async fn cancel(&self, id: RequestId) -> Result<CancelOutcome, Error> {
        let core = &self.core;
        let Some(leased) = core.store.take(id, core.now(), core.lease_until()).await? else {
            let state = core.store.get(id).await?.map(|view| view.state);
            return Ok(state.map_or(CancelOutcome::NotFound, CancelOutcome::AlreadyTerminal));
        };
        core.requests.stop(id, leased.epoch);
        self.finish_cancelled(leased).await?;
        match core.store.get(id).await? {
            Some(view) if view.state == RequestState::Cancelled => Ok(CancelOutcome::Cancelled),
            Some(view) => Ok(CancelOutcome::AlreadyTerminal(view.state)),
            None => Ok(CancelOutcome::NotFound),
        }
    }

    async fn finish_cancelled(&self, leased: Leased) -> Result<(), Error> {
        let (id, patience) = (leased.id, CancellationToken::new());
        let Some(end) = ticks::decide(&self.core, leased, Outcome::Cancelled).await else { return Ok(()) };
        let limit =
            tokio::time::timeout(self.core.options.lease, settle::settle(&self.core, vec![end], &patience));
        limit
            .await
            .map_err(|_| Error::Unavailable(format!("the cancellation of {id} could not be stored in time")))
    }

    /// Asks a provider a tiny question, without the queue. Costs what such a question costs.
    pub async fn test_provider(&self, name: &ProviderName) -> Result<TestReport, TestError> {
        let core = &self.core;
        let Some(found) = core.providers.get(name) else {
            return Err(TestError::UnknownProvider { name: name.to_string(), known: core.provider_names() });
        };
        let who = || name.to_string();
        if let Err(reason) = found.adapter(&core.registry) {
            return Err(TestError::Unavailable { provider: who(), reason });
        }
        let submission = test_submission(name);
        let stop = core.abort.child_token();
        let task = Task {
            id: Uuid::now_v7().to_string(),
            attempt: 1,
            submission: &submission,
            expires_at: core.now() + TEST_LIMIT,
            stop: &stop,
        };
        let ran = exchange::run(core, found, task).await;
        let failed = |failure: Failure| TestError::Failed { provider: who(), failure };
        let completion = match ran.result {
            Ok(completion) => completion,
            Err(Stop::Failed(failure)) => return Err(failed(failure)),
            Err(Stop::Expired | Stop::Cut) => return Err(TestError::TimedOut { provider: who() }),
        };
        answer::judge(name, &completion).map_err(failed)?;
        let manifest = ran.adapter.as_ref().map(|a| a.manifest());
        let price = manifest.and_then(|m| provider::price(m, completion.served_model.as_deref(), &ran.model));
        Ok(TestReport {
            provider: name.clone(),
            model: completion.served_model.clone().unwrap_or(ran.model),
            response_time_ms: u64::try_from(ran.took.as_millis()).unwrap_or(u64::MAX),
            cost: price.map_or(MicroUsd(0), |p| cost::of(&p, &completion.usage, false)),
        })
    }

    /// Every configured provider.
    pub fn providers(&self) -> Vec<ProviderStatus> {
        self.core.providers.values().map(|provider| provider.status(&self.core.registry)).collect()
    }

    /// The models that the adapters list, by provider.
    pub fn models(&self, filter: &ModelFilter) -> Models {
        let wanted = |name: &ProviderName| filter.provider.as_ref().is_none_or(|only| only == name);
        let providers = self.core.providers.values().filter(|provider| wanted(&provider.name));
        providers
            .filter_map(|provider| {
                let adapter = provider.adapter(&self.core.registry).ok()?;
                let mut models = adapter.manifest().models.clone();
                models.retain(|model| filter.include_deprecated || !model.deprecated);
                Some((provider.name.clone(), models))
            })
            .collect()
    }

    /// Every file of the plugin folder, loaded or refused.
    pub fn plugins(&self) -> Vec<PluginView> {
        let registry = &self.core.registry;
        let one = |status: docket_adapter::PluginStatus| {
            let adapter = status.result.is_ok().then(|| registry.get(&status.name)).flatten();
            PluginView {
                file: status.file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                version: adapter.as_ref().map(|a| a.manifest().version.clone()),
                digest: adapter.as_ref().map(|a| a.digest().to_owned()),
                error: status.result.err().map(|error| error.to_string()),
                name: status.name,
            }
        };
        registry.statuses().into_iter().map(one).collect()
    }

    /// Whether mocks stand in for the providers.
    pub fn mock_mode(&self) -> MockMode {
        let options = &self.core.options;
        MockMode {
            use_mock: options.use_mock,
            mock_mode: options.mock_mode.clone(),
            default_provider: options.default_provider.clone(),
            mode: options.mode,
        }
    }

    /// How full the queue is.
    pub fn load(&self) -> Load {
        self.core.store.load()
    }

    /// Whether requests can be accepted and answered; if not, every reason.
    pub async fn is_ready(&self) -> Result<(), Vec<String>> {
        let core = &self.core;
        let mut reasons = Vec::new();
        if core.closing.is_cancelled() {
            reasons.push("docket is stopping".to_owned());
        }
        if let Err(error) = core.store.get(RequestId(Uuid::nil())).await {
            reasons.push(error.to_string());
        }
        let status = self.providers();
        if !status.iter().any(|provider| provider.available) {
            reasons.push("no provider is available".to_owned());
            let why = |p: ProviderStatus| p.reason.map(|reason| format!("provider `{}`: {reason}", p.name));
            reasons.extend(status.into_iter().filter_map(why));
        }
        if reasons.is_empty() { Ok(()) } else { Err(reasons) }
    }

    /// Events of a topic after `after`.
    pub async fn read_topic(&self, topic: &str, after: i64, limit: u32) -> Result<Vec<TopicEvent>, Error> {
        self.core.store.read(topic, after, limit).await
    }

    /// Hints of changes. Some may be lost.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.core.store.changes()
    }

    /// Delivers a webhook again, from the first try. False: no such delivery.
    pub async fn redeliver(&self, id: &str) -> Result<bool, Error> {
        let found = self.core.store.redeliver(id, self.core.now()).await?;
        if found {
            docket_telemetry::host::redeliveries_total(1);
        }
        Ok(found)
    }

    /// Webhook deliveries in this state, newest first.
    pub async fn list_deliveries(
        &self,
        state: DeliveryState,
        limit: u32,
    ) -> Result<Vec<DeliveryView>, Error> {
        self.core.store.list_deliveries(state, limit).await
    }

    /// The store, for what the pipeline does not do: jobs, say.
    pub fn store(&self) -> &SharedStore {
        &self.core.store
    }
}

fn read(view: RequestView, deliveries: Vec<DeliveryView>) -> Result<Request, Error> {
    let corrupt =
        |what: &str, e: serde_json::Error| Error::Corrupt(format!("request {}: its {what}: {e}", view.id));
    let submission = serde_json::from_slice(&view.payload).map_err(|e| corrupt("submission", e))?;
    let outcome =
        view.outcome.as_deref().map(serde_json::from_slice).transpose().map_err(|e| corrupt("outcome", e))?;
    Ok(Request {
        id: view.id,
        state: view.state,
        attempts: view.attempts,
        outcome,
        submission,
        accepted_at: view.accepted_at,
        updated_at: view.updated_at,
        expires_at: view.expires_at,
        cost: view.cost,
        batch_id: view.batch_id,
        deliveries,
    })
}

/// The same tiny comparison each time.
fn test_submission(provider: &ProviderName) -> Submission {
    let prompt = "Compare two essays and answer in JSON with winner, justification and confidence.\n\n\
                  Essay A: The cat sat on the mat.\n\nEssay B: Cat mat sat the on.";
    Submission {
        provider: provider.clone(),
        overrides: Overrides { max_tokens: Some(1000), ..Overrides::default() },
        prompt: Prompt { user_prompt: prompt.to_owned(), blocks: Vec::new() },
        correlation_id: Uuid::nil(),
        callback: Callback::default(),
        metadata: serde_json::Map::new(),
        deadline: None,
    }
}
