//! What all steps share.

use crate::admission::Admission;
use crate::clock::Clock;
use crate::hands::Hands;
use crate::options::Options;
use crate::provider::Provider;
use crate::topics::Topics;
use crate::view::StartError;
use docket_adapter::Registry;
use docket_provider::Outbound;
use docket_store::SharedStore;
use docket_types::{AssessmentId, BatchId, ProviderName, RequestId, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// What a pipeline is made of.
pub struct Parts {
    /// Where requests live.
    pub store: SharedStore,
    /// The loaded adapters.
    pub registry: Arc<Registry>,
    /// The way out.
    pub outbound: Outbound,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The operator's decisions.
    pub options: Options,
}

/// Shared by all steps.
pub(crate) struct Core {
    pub(crate) store: SharedStore,
    pub(crate) registry: Arc<Registry>,
    pub(crate) outbound: Outbound,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) options: Options,
    pub(crate) providers: BTreeMap<ProviderName, Arc<Provider>>,
    /// Random per start, so that a restarted process never renews the leases of the one before.
    pub(crate) worker: String,
    pub(crate) admission: Admission,
    /// Requests under way in this process.
    pub(crate) requests: Arc<Hands<RequestId>>,
    /// Jobs under way in this process.
    pub(crate) jobs: Arc<Hands<BatchId>>,
    /// Assessments under way in this process.
    pub(crate) assessments: Arc<Hands<AssessmentId>>,
    /// Terminal outcomes since the start.
    pub(crate) outcomes: AtomicU64,
    /// Accept nothing and claim nothing more.
    pub(crate) closing: CancellationToken,
    /// Cut short what is under way.
    pub(crate) abort: CancellationToken,
    /// End the loops.
    pub(crate) stop: CancellationToken,
    /// The loops that claim; they end when docket closes.
    pub(crate) claimers: TaskTracker,
    /// The other loops; they end when everything else has.
    pub(crate) loops: TaskTracker,
    /// Requests, bundles and jobs under way.
    pub(crate) work: TaskTracker,
    /// A retry time may be nearer than the loop believes.
    pub(crate) timer: Notify,
    /// A job may be due.
    pub(crate) job_due: Notify,
    /// An assessment may be due.
    pub(crate) assessment_due: Notify,
    /// Who waits for which topic.
    pub(crate) topics: Arc<Topics>,
}

impl Core {
    pub(crate) fn new(parts: Parts) -> Result<Self, StartError> {
        check(&parts.options)?;
        let providers = parts
            .options
            .providers
            .iter()
            .map(|(name, options)| {
                Provider::new(name.clone(), options.clone(), parts.options.breaker)
                    .map(|p| (name.clone(), Arc::new(p)))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            admission: Admission::new(&parts.options),
            store: parts.store,
            registry: parts.registry,
            outbound: parts.outbound,
            clock: parts.clock,
            options: parts.options,
            providers,
            worker: Uuid::now_v7().to_string(),
            requests: Arc::default(),
            jobs: Arc::default(),
            assessments: Arc::default(),
            outcomes: AtomicU64::new(0),
            closing: CancellationToken::new(),
            abort: CancellationToken::new(),
            stop: CancellationToken::new(),
            claimers: TaskTracker::new(),
            loops: TaskTracker::new(),
            work: TaskTracker::new(),
            timer: Notify::new(),
            job_due: Notify::new(),
            assessment_due: Notify::new(),
            topics: Arc::default(),
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn lease_until(&self) -> Timestamp {
        self.now() + self.options.lease
    }

    /// A provider that is not configured any more, but whose requests still need an end.
    #[expect(clippy::unused_self, reason = "reads like its neighbours")]
    pub(crate) fn stranger(&self, name: &ProviderName) -> Arc<Provider> {
        Arc::new(Provider::stranger(name.clone()))
    }

    pub(crate) fn provider_names(&self) -> Vec<String> {
        self.providers.keys().map(ToString::to_string).collect()
    }
}

fn check(options: &Options) -> Result<(), StartError> {
    let bad = |option: &str, message: &str| {
        Err(StartError::Option { option: option.to_owned(), message: message.to_owned() })
    };
    if !(1..=docket_scheduling::bundle::MAX).contains(&options.bundle_cap) {
        return bad("bundle_cap", "must be from 1 to 64");
    }
    if options.max_requests == 0 || options.max_bytes == 0 {
        return bad("max_requests, max_bytes", "must be at least 1");
    }
    let (low, high) = (options.low_watermark, options.high_watermark);
    if !(0.0 <= low && low < high && high <= 1.0) {
        return bad("high_watermark, low_watermark", "must satisfy 0 <= low < high <= 1");
    }
    if options.lease.is_zero() || options.poll.is_zero() || options.ttl.is_zero() {
        return bad("lease, poll, ttl", "must be longer than nothing");
    }
    if options.bundle_window > options.lease / 3 {
        return bad(
            "bundle_window",
            "must be at most a third of the lease: what is collected is not renewed",
        );
    }
    if options.retry.max_attempts == 0 {
        return bad("retry.max_attempts", "must be at least 1");
    }
    Ok(())
}
