//! Answers to a submission and to a cancellation.

use serde::Serialize;
use utoipa::ToSchema;

/// The seed's `LLMQueuedResponse`: the request is durably stored and will get exactly one outcome.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Receipt {
    /// The request's id.
    #[schema(format = "uuid")]
    pub(crate) queue_id: String,
    /// Always `queued`.
    pub(crate) status: &'static str,
    /// For people.
    pub(crate) message: String,
    /// By the present rate; null when no rate is known yet.
    pub(crate) estimated_wait_minutes: Option<u64>,
}

impl Receipt {
    pub(crate) fn new(receipt: &docket_pipeline::Receipt, topic: Option<&str>, url: Option<&str>) -> Self {
        let targets: Vec<String> = [topic.map(|t| format!("topic: {t}")), url.map(|u| format!("URL: {u}"))]
            .into_iter()
            .flatten()
            .collect();
        Self {
            queue_id: receipt.id.to_string(),
            status: "queued",
            message: format!(
                "Request queued for processing. Result will be delivered via callback to {}",
                targets.join(" and ")
            ),
            estimated_wait_minutes: receipt.estimated_wait.map(|wait| wait.as_secs().div_ceil(60)),
        }
    }
}

/// The request is cancelled; its callback says so.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Cancelled {
    /// The request's id.
    #[schema(format = "uuid")]
    pub(crate) queue_id: String,
    /// `cancelled`.
    pub(crate) state: &'static str,
}
