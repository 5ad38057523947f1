//! Deliver: from the outbox to the receivers of webhooks, with a retry clock of its own.
//!
//! A delivery is at least once: same id and same bytes each time, so a receiver can drop doubles. Receivers do not
//! disturb each other: each host has a share of the posts, and one that keeps failing gets a single one.

mod lanes;
pub(crate) mod payload;
mod sign;

use crate::clock::Clock;
use crate::options::WebhookOptions;
use docket_provider::{Outbound, WebhookReply};
use docket_scheduling::webhook::{self, Answer, Next};
use docket_store::{Change, LeasedDelivery, SharedStore};
use docket_telemetry::host as metric;
use docket_types::Timestamp;
use docket_types::exchange::TransportError;
use lanes::{Lanes, Placed};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(crate) use sign::Signer;

/// What the loop needs.
pub(crate) struct Deliverer {
    /// Where the outbox is.
    pub(crate) store: SharedStore,
    /// The way out.
    pub(crate) outbound: Outbound,
    /// The time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Its limits.
    pub(crate) options: WebhookOptions,
    /// How often to look when no hint comes.
    pub(crate) poll: Duration,
    /// Signs every post.
    pub(crate) signer: Arc<Signer>,
}

/// How long posts under way may go on after the stop. What is cut off is tried again when its lease ends.
const STOP_GRACE: Duration = Duration::from_secs(5);

impl Deliverer {
    /// Delivers until `stop`. Never ends on an error: the store may come back.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let mut hints = self.store.changes();
        let mut hints_open = true;
        let mut lanes = Lanes::new(self.options.max_concurrent.max(1) as usize);
        let mut posts: JoinSet<(String, bool)> = JoinSet::new();
        let mut tick = tokio::time::interval(self.poll.max(Duration::from_millis(1)));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut due = true;
        loop {
            while due && lanes.has_room() {
                due = self.claim(&mut lanes, &mut posts).await;
            }
            tokio::select! {
                () = stop.cancelled() => break,
                _ = tick.tick() => due = true,
                hint = hints.recv(), if hints_open => match hint {
                    Ok(Change::Delivery) | Err(RecvError::Lagged(_)) => due = true,
                    Ok(_) => {}
                    Err(RecvError::Closed) => hints_open = false,
                },
                Some(ended) = posts.join_next() => {
                    if let Ok((host, good)) = ended {
                        lanes.ended(&host, good);
                    }
                    while let Some(delivery) = lanes.next(self.clock.now() + self.post_time()) {
                        self.spawn(&mut posts, delivery);
                    }
                }
            }
        }
        let rest = async { while posts.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_GRACE, rest).await.is_err() {
            tracing::info!("webhooks under way were cut off; they will be tried again");
        }
    }

    /// Claims what is due and starts what may start. True: there may be more.
    async fn claim(&self, lanes: &mut Lanes, posts: &mut JoinSet<(String, bool)>) -> bool {
        let now = self.clock.now();
        let lease_until = now + self.options.lease.max(self.post_time() * 2);
        let limit = lanes.claim_limit();
        let claimed = match self.store.claim_deliveries(now, lease_until, limit).await {
            Ok(claimed) => claimed,
            Err(error) => {
                tracing::warn!(%error, "cannot read the outbox");
                return false;
            }
        };
        let more = claimed.len() >= limit as usize;
        for delivery in claimed {
            match lanes.place(delivery, lease_until) {
                Placed::Start(delivery) => self.spawn(posts, delivery),
                Placed::Held => {}
                Placed::Surplus { id, pause } => {
                    if let Err(error) = self.store.postpone(&id, now + pause).await {
                        tracing::debug!(%error, "a delivery stays leased until its lease ends");
                    }
                }
            }
        }
        more
    }

    /// The longest that one post can take.
    fn post_time(&self) -> Duration {
        self.outbound.options().webhook_timeout + Duration::from_secs(2)
    }

    fn spawn(&self, posts: &mut JoinSet<(String, bool)>, delivery: LeasedDelivery) {
        let post = Post {
            store: Arc::clone(&self.store),
            outbound: self.outbound.clone(),
            clock: Arc::clone(&self.clock),
            signer: Arc::clone(&self.signer),
        };
        posts.spawn(async move {
            let host = lanes::host_of(&delivery.url);
            let good = post.deliver(delivery).await;
            (host, good)
        });
    }
}

/// One try of one delivery.
struct Post {
    store: SharedStore,
    outbound: Outbound,
    clock: Arc<dyn Clock>,
    signer: Arc<Signer>,
}

impl Post {
    /// Posts, and stores what came of it. True: the receiver's host works.
    async fn deliver(self, delivery: LeasedDelivery) -> bool {
        let headers = match self.signer.headers(&delivery.id, self.clock.now(), &delivery.body) {
            Ok(headers) => headers,
            Err(error) => {
                tracing::error!(delivery = %delivery.id, %error, "a delivery cannot be signed");
                self.store_result(&delivery, Next::Dead, "it cannot be signed").await;
                return true;
            }
        };
        let answer = self.outbound.post_webhook(&delivery.url, &headers, delivery.body.clone().into()).await;
        let now = self.clock.now();
        metric::webhook_tries_total(result_label(&answer), 1);
        let heard = match &answer {
            Ok(reply) => Answer::Status { status: reply.status, retry_after: reply.retry_after },
            Err(_) => Answer::None,
        };
        let next = webhook::after_try(delivery.tries + 1, heard, now, seed(&delivery.id));
        self.store_result(&delivery, next, &describe(&answer)).await;
        // A receiver that refuses a delivery is alive; one that cannot be reached, or fails, is not.
        answer.is_ok_and(|reply| reply.status < 500 && reply.status != 429)
    }

    async fn store_result(&self, delivery: &LeasedDelivery, next: Next, said: &str) {
        let now = self.clock.now();
        let stored = match next {
            Next::Delivered => self.store.delivered(&delivery.id, now).await,
            Next::At(at) => self.store.undelivered(&delivery.id, Some(at), said).await,
            Next::Dead => self.store.undelivered(&delivery.id, None, said).await,
        };
        if let Err(error) = stored {
            // The lease ends, and the delivery is made again: at least once.
            tracing::warn!(delivery = %delivery.id, %error, "a delivery's result is not stored");
            return;
        }
        match next {
            Next::Delivered => {
                metric::deliveries_total("webhook", "delivered", 1);
                metric::delivery_lag_seconds("webhook", now.since(delivery.created_at).as_secs_f64());
            }
            Next::Dead => {
                metric::deliveries_total("webhook", "dead", 1);
                metric::dead_letters_total(1);
                tracing::warn!(delivery = %delivery.id, request = %delivery.request_id, said, "a webhook is given up");
            }
            Next::At(at) => {
                tracing::debug!(delivery = %delivery.id, said, again_at = %at, "a webhook failed");
            }
        }
    }
}

/// What an operator reads in the list of dead deliveries.
fn describe(answer: &Result<WebhookReply, TransportError>) -> String {
    match answer {
        Ok(reply) if (300..400).contains(&reply.status) => {
            format!("HTTP {}: redirects are not followed", reply.status)
        }
        Ok(reply) => format!("HTTP {}", reply.status),
        Err(TransportError::Blocked(why)) => format!("refused: {why}"),
        Err(TransportError::Other(why)) => why.clone(),
        Err(error) => transport_label(error).replace('_', " "),
    }
}

fn result_label(answer: &Result<WebhookReply, TransportError>) -> &'static str {
    match answer {
        Ok(reply) => match reply.status {
            200..=299 => "success",
            300..=399 => "3xx",
            400..=499 => "4xx",
            500..=599 => "5xx",
            _ => "other",
        },
        Err(error) => transport_label(error),
    }
}

const fn transport_label(error: &TransportError) -> &'static str {
    match error {
        TransportError::Dns => "dns",
        TransportError::Connect => "connect",
        TransportError::Tls => "tls",
        TransportError::Timeout => "timeout",
        TransportError::Reset => "reset",
        TransportError::TooLarge => "too_large",
        TransportError::Blocked(_) => "refused",
        TransportError::Other(_) => "other",
    }
}

/// Spreads the retries of deliveries that failed together.
fn seed(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// A delivery that was claimed, and until when it is ours.
type Held = (LeasedDelivery, Timestamp);
