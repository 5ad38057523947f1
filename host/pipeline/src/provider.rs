//! One configured provider: its adapter, where its calls go, its slots, its health.

use crate::options::ProviderOptions;
use crate::stats::Stats;
use crate::view::{ProviderStatus, StartError};
use docket_adapter::{Adapter, Registry};
use docket_provider::Target;
use docket_scheduling::breaker::{self, Breaker};
use docket_telemetry::llm;
use docket_types::manifest::{Manifest, Price};
use docket_types::{ProviderName, Submission, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, Semaphore};

/// What the metrics call the model of a request that names none.
pub(crate) const DEFAULT_MODEL: &str = "default";
/// How circuits are named in the metrics.
const SERVICE: &str = "llm_provider_service";

pub(crate) struct Provider {
    pub(crate) name: ProviderName,
    pub(crate) options: ProviderOptions,
    /// The settings as the adapter gets them.
    pub(crate) settings: Arc<str>,
    /// One for each call or bundle.
    pub(crate) slots: Arc<Semaphore>,
    /// Work may be ready, or a slot free.
    pub(crate) ready: Notify,
    breaker_policy: breaker::Policy,
    circuit: String,
    health: Mutex<Health>,
    target: Mutex<Option<(String, Arc<Target>)>>,
}

#[derive(Default)]
struct Health {
    breaker: Breaker,
    stats: Stats,
}

/// How an attempt ended, for the provider's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    Answered {
        response_time_ms: u64,
    },
    /// `unhealthy`: on the provider's side.
    Failed {
        unhealthy: bool,
    },
    /// Not sent, or cut short.
    Nothing,
}

impl Provider {
    pub(crate) fn new(
        name: ProviderName,
        options: ProviderOptions,
        breaker_policy: breaker::Policy,
    ) -> Result<Self, StartError> {
        let bad = |message: String| StartError::Provider { provider: name.to_string(), message };
        if options.max_concurrent == 0 {
            return Err(bad("max_concurrent must be at least 1".into()));
        }
        if !options.settings.is_object() {
            return Err(bad("settings must be an object".into()));
        }
        docket_telemetry::allow("provider", name.as_str());
        let provider = Self::of(name, options, breaker_policy);
        let label = provider.name.as_str();
        llm::circuit_breaker_state(SERVICE, &provider.circuit, 0.0);
        llm::availability_percentage(label, 100.0);
        llm::concurrent_requests(label, 0.0);
        llm::connection_pool_size(label, f64::from(provider.options.max_concurrent));
        llm::connection_pool_active(label, 0.0);
        Ok(provider)
    }

    fn of(name: ProviderName, options: ProviderOptions, breaker_policy: breaker::Policy) -> Self {
        Self {
            settings: Arc::from(options.settings.to_string()),
            slots: Arc::new(Semaphore::new(options.max_concurrent as usize)),
            ready: Notify::new(),
            breaker_policy,
            circuit: format!("llm_{name}"),
            health: Mutex::default(),
            target: Mutex::new(None),
            name,
            options,
        }
    }

    /// A provider that nobody configured: it has no adapter.
    pub(crate) fn stranger(name: ProviderName) -> Self {
        Self::of(name, ProviderOptions::default(), breaker::Policy::default())
    }

    /// The adapter that serves it now, or why there is none.
    pub(crate) fn adapter(&self, registry: &Registry) -> Result<Arc<Adapter>, String> {
        registry
            .get(&self.options.adapter)
            .ok_or_else(|| format!("its adapter `{}` is not loaded", self.options.adapter))
    }

    /// Where this adapter's calls go. Made anew for each version of the adapter.
    pub(crate) fn target(&self, adapter: &Adapter) -> Result<Arc<Target>, String> {
        let mut known = self.target.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((digest, target)) = &*known
            && digest == adapter.digest()
        {
            return Ok(Arc::clone(target));
        }
        let target = Target::new(adapter.manifest(), &self.options.endpoints, &self.options.credentials)
            .map_err(|e| format!("adapter `{}`: {e}", adapter.name()))?;
        let target = Arc::new(target);
        *known = Some((adapter.digest().to_owned(), Arc::clone(&target)));
        Ok(target)
    }

    /// The model that a request asks for.
    pub(crate) fn model(&self, manifest: &Manifest, submission: &Submission) -> String {
        [&submission.overrides.model, &self.options.default_model, &manifest.default_model]
            .into_iter()
            .flatten()
            .next()
            .cloned()
            .unwrap_or_default()
    }

    /// The model of a job, from the name that the metrics have for it.
    pub(crate) fn job_model(&self, manifest: &Manifest, label: &str) -> String {
        if label != DEFAULT_MODEL {
            return label.to_owned();
        }
        self.options.default_model.clone().or_else(|| manifest.default_model.clone()).unwrap_or_default()
    }

    fn health<T>(&self, f: impl FnOnce(&mut Health) -> T) -> T {
        f(&mut self.health.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether calls may be made now, and how many at most; if not, when to ask again.
    pub(crate) fn allow(&self, mock: bool, now: Timestamp) -> Result<Option<u32>, Option<Timestamp>> {
        if mock {
            return Ok(None);
        }
        self.health(|health| {
            let before = health.breaker.state();
            let verdict = health.breaker.allow(now);
            self.show_breaker(before, health.breaker.state());
            match verdict {
                Ok(()) => Ok((health.breaker.state() == breaker::State::HalfOpen).then_some(1)),
                Err(again) => {
                    llm::circuit_breaker_calls_total(SERVICE, &self.circuit, "blocked", 1);
                    Err(again)
                }
            }
        })
    }

    /// An attempt ended.
    pub(crate) fn seen(&self, mock: bool, seen: Seen, now: Timestamp) {
        let availability = self.health(|health| {
            let before = health.breaker.state();
            let healthy = match seen {
                Seen::Nothing => {
                    health.breaker.forget();
                    return None;
                }
                Seen::Answered { response_time_ms } => {
                    health.stats.success(now, response_time_ms);
                    true
                }
                Seen::Failed { unhealthy } => {
                    health.stats.failure(now, unhealthy);
                    !unhealthy
                }
            };
            if !mock {
                health.breaker.record(&self.breaker_policy, healthy, now);
                self.show_breaker(before, health.breaker.state());
                let result = if healthy { "success" } else { "failure" };
                llm::circuit_breaker_calls_total(SERVICE, &self.circuit, result, 1);
            }
            Some(health.stats.availability())
        });
        if let Some(availability) = availability {
            llm::availability_percentage(self.name.as_str(), availability);
        }
    }

    fn show_breaker(&self, before: breaker::State, after: breaker::State) {
        if before != after {
            tracing::warn!(provider = %self.name, from = before.as_str(), to = after.as_str(), "circuit breaker moved");
            llm::circuit_breaker_state_changes_total(
                SERVICE,
                &self.circuit,
                before.as_str(),
                after.as_str(),
                1,
            );
        }
        llm::circuit_breaker_state(SERVICE, &self.circuit, after.as_f64());
    }

    /// Slots in use.
    pub(crate) fn running(&self) -> u32 {
        let free = u32::try_from(self.slots.available_permits()).unwrap_or(u32::MAX);
        self.options.max_concurrent.saturating_sub(free)
    }

    /// What an operator sees.
    pub(crate) fn status(&self, registry: &Registry) -> ProviderStatus {
        let adapter = self.adapter(registry);
        let (state, stats) = self.health(|health| (health.breaker.state(), health.stats.clone()));
        let reason = match &adapter {
            Err(reason) => Some(reason.clone()),
            Ok(adapter) => match self.target(adapter) {
                Err(reason) => Some(reason),
                Ok(target) => match target.missing_credentials().first() {
                    Some(slot) => Some(format!("no credential for `{slot}`")),
                    None => (state == breaker::State::Open).then(|| "its circuit breaker is open".to_owned()),
                },
            },
        };
        let adapter = adapter.ok();
        let manifest = adapter.as_ref().map(|a| a.manifest());
        ProviderStatus {
            name: self.name.clone(),
            adapter: self.options.adapter.clone(),
            version: manifest.map(|m| m.version.clone()),
            mock: manifest.is_some_and(|m| m.mock),
            available: reason.is_none(),
            reason,
            default_model: self.options.default_model.clone().or_else(|| manifest?.default_model.clone()),
            batch: adapter.as_ref().is_some_and(|a| a.has_batch()),
            circuit_breaker_state: state.as_str(),
            running: self.running(),
            max_concurrent: self.options.max_concurrent,
            failure_count: stats.failures_in_a_row,
            last_success: stats.last_success,
            last_failure: stats.last_failure,
            average_response_time_ms: stats.mean_ms(),
        }
    }
}

/// The price of a model: of the one that answered, or else of the one that was asked.
pub(crate) fn price(manifest: &Manifest, served: Option<&str>, asked: &str) -> Option<Price> {
    let of = |id: &str| manifest.models.iter().find(|m| m.id == id).and_then(|m| m.price);
    served.and_then(of).or_else(|| of(asked))
}
