//! Webhook deliveries as operators and callers see them.

use docket_store::{DeliveryState, DeliveryView};
use serde::Serialize;
use utoipa::ToSchema;

/// A webhook delivery.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryInfo {
    /// Its id, also the `webhook-id` of every try.
    id: String,
    /// Of which request.
    #[schema(format = "uuid")]
    queue_id: String,
    /// `pending`, `delivered` or `dead`.
    state: &'static str,
    /// The receiver.
    url: String,
    /// Tries so far.
    tries: u32,
    /// What the last try said.
    last_error: Option<String>,
    /// When it is tried next; null when it is not.
    next_at: Option<String>,
}

impl DeliveryInfo {
    pub(crate) fn new(view: DeliveryView) -> Self {
        let (state, pending) = match view.state {
            DeliveryState::Pending => ("pending", true),
            DeliveryState::Delivered => ("delivered", false),
            DeliveryState::Dead => ("dead", false),
        };
        Self {
            id: view.id,
            queue_id: view.request_id.to_string(),
            state,
            url: view.url,
            tries: view.tries,
            last_error: view.last_error,
            next_at: pending.then(|| view.next_at.to_string()),
        }
    }
}

/// Deliveries of one state, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryList {
    pub(crate) deliveries: Vec<DeliveryInfo>,
}

/// The delivery will be tried again, from the first try.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Redelivery {
    /// The delivery's id.
    pub(crate) id: String,
    /// `pending`.
    pub(crate) state: &'static str,
}
