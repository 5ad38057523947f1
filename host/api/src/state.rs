//! What every handler can reach.

use docket_pipeline::Handle;
use docket_telemetry::Recorder;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// What the surface is made of.
pub struct ApiState {
    /// The pipeline.
    pub handle: Handle,
    /// The metrics.
    pub recorder: Recorder,
    /// The operator's decisions.
    pub options: ApiOptions,
}

/// What an operator decides about the surface.
#[derive(Debug, Clone)]
pub struct ApiOptions {
    /// The bearer token of the admin routes. None: they are open, and the host must listen on loopback only.
    pub admin_token: Option<SecretString>,
    /// Whether the admin routes exist.
    pub admin_enabled: bool,
    /// The largest request body, in bytes.
    pub max_body_bytes: usize,
    /// The largest body that asks for an assessment, with all its essays, in bytes.
    pub max_assessment_bytes: usize,
    /// The most bodies above `max_body_bytes` that are read at the same time.
    pub max_large_bodies: usize,
    /// The most comparisons that an event may ask for; one that says nothing asks for as many.
    pub max_event_comparisons: u32,
    /// The most requests in progress; more are answered 503. Streams and long polls do not count.
    pub max_in_flight: usize,
    /// The most streams and long polls at the same time.
    pub max_streams: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// The longest that a long poll waits.
    pub max_wait: Duration,
    /// How often a stream looks when no hint comes.
    pub poll: Duration,
    /// Cancelled when the host stops: streams and long polls end then.
    pub shutdown: CancellationToken,
}

impl Default for ApiOptions {
    fn default() -> Self {
        Self {
            admin_token: None,
            admin_enabled: true,
            max_body_bytes: 8 * 1024 * 1024,
            max_assessment_bytes: 64 * 1024 * 1024,
            max_large_bodies: 8,
            max_event_comparisons: 120,
            max_in_flight: 1024,
            max_streams: 1024,
            body_timeout: Duration::from_secs(30),
            max_wait: Duration::from_secs(60),
            poll: Duration::from_secs(1),
            shutdown: CancellationToken::new(),
        }
    }
}

/// The state of the router.
pub(crate) struct Shared {
    pub(crate) handle: Handle,
    pub(crate) recorder: Recorder,
    pub(crate) options: ApiOptions,
    pub(crate) quick: Arc<Semaphore>,
    pub(crate) streams: Arc<Semaphore>,
    /// Large bodies that are being read.
    pub(crate) large: Semaphore,
    /// Held while a resource is read and written again, so that no change is lost between the two.
    pub(crate) writing: tokio::sync::Mutex<()>,
    /// Of the admin token, so that the comparison takes the same time for every guess.
    pub(crate) token_digest: Option<[u8; 32]>,
}

/// Shared by the handlers.
pub(crate) type App = Arc<Shared>;

impl Shared {
    pub(crate) fn new(state: ApiState) -> Self {
        let ApiState { handle, recorder, options } = state;
        let token_digest = options.admin_token.as_ref().map(|token| digest(token.expose_secret().as_bytes()));
        Self {
            quick: Arc::new(Semaphore::new(options.max_in_flight.clamp(1, Semaphore::MAX_PERMITS))),
            streams: Arc::new(Semaphore::new(options.max_streams.clamp(1, Semaphore::MAX_PERMITS))),
            large: Semaphore::new(options.max_large_bodies.clamp(1, Semaphore::MAX_PERMITS)),
            writing: tokio::sync::Mutex::new(()),
            token_digest,
            handle,
            recorder,
            options,
        }
    }
}

/// SHA-256.
pub(crate) fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
