//! What goes over the wire: the parts of the Files and Batches routes of OpenAI's protocol that this adapter uses.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One line of the file that is uploaded.
#[derive(Debug, Serialize)]
pub(crate) struct Item<'a> {
    /// Comes back with the result.
    pub(crate) custom_id: &'a str,
    /// `POST`.
    pub(crate) method: &'static str,
    /// The route that the item is for.
    pub(crate) url: &'static str,
    /// What would be the route's body.
    pub(crate) body: Chat<'a>,
}

/// The body of one chat call.
#[derive(Debug, Serialize)]
pub(crate) struct Chat<'a> {
    /// The model.
    pub(crate) model: &'a str,
    /// The conversation.
    pub(crate) messages: Vec<Line>,
}

/// One message.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    /// Who speaks.
    pub(crate) role: &'static str,
    /// What is said.
    pub(crate) content: String,
}

/// Creates a batch.
#[derive(Debug, Serialize)]
pub(crate) struct Create<'a> {
    /// The uploaded file.
    pub(crate) input_file_id: &'a str,
    /// The route that every item is for.
    pub(crate) endpoint: &'static str,
    /// `24h`.
    pub(crate) completion_window: &'static str,
    /// By what the batch is found again.
    pub(crate) metadata: BTreeMap<&'static str, &'a str>,
}

/// An uploaded file.
#[derive(Debug, Deserialize)]
pub(crate) struct File {
    /// Its id.
    pub(crate) id: String,
}

/// A batch as the server shows it.
#[derive(Debug, Deserialize)]
pub(crate) struct Batch {
    /// Its id.
    pub(crate) id: String,
    /// `validating`, `in_progress`, `finalizing`, `completed`, `failed`, `expired`, `cancelling` or `cancelled`.
    pub(crate) status: String,
    /// The results, once there are some.
    #[serde(default)]
    pub(crate) output_file_id: Option<String>,
    /// What was given at its creation.
    #[serde(default)]
    pub(crate) metadata: Option<BTreeMap<String, String>>,
    /// How far it is.
    #[serde(default)]
    pub(crate) request_counts: Counts,
}

/// How far a batch is.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
pub(crate) struct Counts {
    /// Items that have an answer.
    pub(crate) completed: u32,
    /// Items that failed.
    pub(crate) failed: u32,
}

/// The newest batches.
#[derive(Debug, Deserialize)]
pub(crate) struct Batches {
    /// Newest first.
    pub(crate) data: Vec<Batch>,
}

/// One line of the results.
#[derive(Debug, Deserialize)]
pub(crate) struct Row {
    /// The item's.
    pub(crate) custom_id: String,
    /// The route's reply.
    #[serde(default)]
    pub(crate) response: Option<Response>,
    /// Why there is none.
    #[serde(default)]
    pub(crate) error: Option<RowError>,
}

/// The reply to one item.
#[derive(Debug, Deserialize)]
pub(crate) struct Response {
    /// As of an HTTP reply.
    pub(crate) status_code: u16,
    /// As of an HTTP reply.
    #[serde(default)]
    pub(crate) body: serde_json::Value,
}

/// Why an item has no reply.
#[derive(Debug, Deserialize)]
pub(crate) struct RowError {
    /// Such as `batch_expired`.
    pub(crate) code: String,
    /// In words.
    #[serde(default)]
    pub(crate) message: String,
}
