//! What callers of a [`crate::Handle`] get to see.

use docket_store::{DeliveryView, Error};
use docket_types::manifest::Model;
use docket_types::{
    BatchId, MicroUsd, Outcome, ProviderName, QueueMode, RequestId, RequestState, Submission, Timestamp,
};
use std::time::Duration;

/// A request is durably stored and will get exactly one outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// Which.
    pub id: RequestId,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// The same idempotency key was used before; this is the earlier receipt.
    pub replayed: bool,
    /// How long its outcome will take at the present rate; none when no rate is known yet.
    pub estimated_wait: Option<Duration>,
}

/// Why a submission was not accepted. Nothing was stored.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// No such provider.
    #[error("unknown provider `{name}`; known: {}", known.join(", "))]
    UnknownProvider {
        /// What was asked for.
        name: String,
        /// Who can answer.
        known: Vec<String>,
    },
    /// The provider's adapter does not know the model.
    #[error("unknown model `{model}` of provider `{provider}`; known: {}", known.join(", "))]
    UnknownModel {
        /// The provider.
        provider: String,
        /// What was asked for.
        model: String,
        /// What it knows.
        known: Vec<String>,
    },
    /// The provider is configured, but its adapter is not loaded.
    #[error("provider `{provider}` is not available: {reason}")]
    Unavailable {
        /// The provider.
        provider: String,
        /// Why.
        reason: String,
    },
    /// A field is wrong.
    #[error("{field}: {message}")]
    Invalid {
        /// Which, as a dotted path.
        field: String,
        /// What is wrong.
        message: String,
    },
    /// The queue is full.
    #[error("the queue is full ({reason}); try again in {} s", retry_after.as_secs())]
    Full {
        /// When to come back.
        retry_after: Duration,
        /// What is full: `requests`, `bytes` or `draining` (down to the low watermark).
        reason: String,
    },
    /// The idempotency key was used with another body.
    #[error("the idempotency key was used with another body")]
    KeyConflict,
    /// This docket is stopping.
    #[error("docket is stopping")]
    Draining,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// A request, as a caller sees it.
#[derive(Debug, Clone)]
pub struct Request {
    /// Which.
    pub id: RequestId,
    /// Where it is.
    pub state: RequestState,
    /// How many attempts have begun.
    pub attempts: u32,
    /// Once terminal.
    pub outcome: Option<Outcome>,
    /// What was asked for.
    pub submission: Submission,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it is worthless.
    pub expires_at: Timestamp,
    /// What all its attempts cost.
    pub cost: MicroUsd,
    /// The job that it is, or was, part of.
    pub batch_id: Option<BatchId>,
    /// Its webhook deliveries.
    pub deliveries: Vec<DeliveryView>,
}

/// What became of a wish to cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It is cancelled; its callback is on its way.
    Cancelled,
    /// It had its outcome already.
    AlreadyTerminal(RequestState),
    /// No such request.
    NotFound,
}

/// A provider, as an operator sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderStatus {
    /// Its name.
    pub name: ProviderName,
    /// The adapter that serves it.
    pub adapter: String,
    /// The adapter's version, if it is loaded.
    pub version: Option<String>,
    /// Whether the adapter stands in for a real provider.
    pub mock: bool,
    /// Whether requests can be sent to it.
    pub available: bool,
    /// Why not.
    pub reason: Option<String>,
    /// The model of requests that name none.
    pub default_model: Option<String>,
    /// Whether its batch API can be used.
    pub batch: bool,
    /// `closed`, `open` or `half_open`.
    pub circuit_breaker_state: &'static str,
    /// Calls, or bundles, under way.
    pub running: u32,
    /// The most at the same time.
    pub max_concurrent: u32,
    /// Failed attempts since its last success.
    pub failure_count: u32,
    /// The last answer.
    pub last_success: Option<Timestamp>,
    /// The last failure.
    pub last_failure: Option<Timestamp>,
    /// The mean of its answers since the start.
    pub average_response_time_ms: Option<f64>,
}

/// A provider answered a test.
#[derive(Debug, Clone, PartialEq)]
pub struct TestReport {
    /// Who.
    pub provider: ProviderName,
    /// The model that answered, or was asked.
    pub model: String,
    /// How long it took.
    pub response_time_ms: u64,
    /// What it cost.
    pub cost: MicroUsd,
}

/// A provider did not pass a test.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TestError {
    /// No such provider.
    #[error("unknown provider `{name}`; known: {}", known.join(", "))]
    UnknownProvider {
        /// What was asked for.
        name: String,
        /// Who can answer.
        known: Vec<String>,
    },
    /// It cannot be used.
    #[error("provider `{provider}` is not available: {reason}")]
    Unavailable {
        /// Who.
        provider: String,
        /// Why.
        reason: String,
    },
    /// It answered with a failure.
    #[error("provider `{provider}` failed: {} ({})", failure.message, failure.class.as_str())]
    Failed {
        /// Who.
        provider: String,
        /// How.
        failure: docket_types::Failure,
    },
    /// It took too long.
    #[error("provider `{provider}` did not answer in time")]
    TimedOut {
        /// Who.
        provider: String,
    },
}

/// Whether mocks stand in for the providers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MockMode {
    /// They do.
    pub use_mock: bool,
    /// Which; none is the default one.
    pub mock_mode: Option<String>,
    /// The provider that is shown as the default.
    pub default_provider: ProviderName,
    /// How requests travel.
    pub mode: QueueMode,
}

/// A file of the plugin folder, as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginView {
    /// The file's name without its folder.
    pub file: String,
    /// The plugin's name.
    pub name: String,
    /// Its version, when it is loaded.
    pub version: Option<String>,
    /// SHA-256 of the component, when it is loaded.
    pub digest: Option<String>,
    /// Why it was refused.
    pub error: Option<String>,
}

/// Which models to list.
#[derive(Debug, Clone, Default)]
pub struct ModelFilter {
    /// Only of this provider.
    pub provider: Option<ProviderName>,
    /// Deprecated ones too.
    pub include_deprecated: bool,
}

/// The models of a provider.
pub type Models = std::collections::BTreeMap<ProviderName, Vec<Model>>;

/// How a drain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DrainReport {
    /// Requests that were under way when it began.
    pub running: usize,
    /// Of these, cut short and given back to the queue.
    pub released: usize,
    /// Everything came to its end within the limit.
    pub clean: bool,
}

/// Why a pipeline cannot start.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// An option is out of bounds.
    #[error("{option}: {message}")]
    Option {
        /// Which.
        option: String,
        /// What is wrong.
        message: String,
    },
    /// The provider's endpoints or credentials do not fit its adapter.
    #[error("provider `{provider}`: {message}")]
    Provider {
        /// Who.
        provider: String,
        /// What is wrong.
        message: String,
    },
}
