//! Accepting an assessment: checked, resolved, durable.

use super::spec::Spec;
use super::standing::Standing;
use super::view;
use crate::core::Core;
use crate::view::SubmitError;
use docket_judgement::session::Session;
use docket_store::{Created, Error, NewAssessment};
use docket_telemetry::cj;
use docket_types::assessment::{AssessmentRequest, State};
use docket_types::{AssessmentId, Timestamp};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// There is one caller so far.
pub(super) const TENANT: &str = "default";

/// That an assessment is stored, and will end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssessmentReceipt {
    /// Its id.
    pub id: AssessmentId,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// The same was accepted before; nothing is judged twice.
    pub replayed: bool,
}

/// Why an assessment is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AssessError {
    /// Something in the request is wrong.
    #[error("{field}: {message}")]
    Invalid {
        /// Where.
        field: String,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// There is no such provider.
    #[error("unknown provider `{name}`: {}", known.join(", "))]
    UnknownProvider {
        /// The name.
        name: String,
        /// The configured ones.
        known: Vec<String>,
    },
    /// The name belongs to an assessment with another content.
    #[error("the name belongs to assessment {id}, which is about something else: choose another name")]
    NameConflict {
        /// The other assessment.
        id: AssessmentId,
    },
    /// This docket is stopping.
    #[error("this docket is stopping and accepts nothing more")]
    Draining,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

impl AssessError {
    /// What is wrong with the overrides, in an assessment's words.
    pub(super) fn from_submit(error: SubmitError) -> Self {
        match error {
            SubmitError::Invalid { field, message } => {
                let member = field.rsplit('.').next().unwrap_or(&field).trim_end_matches("_override");
                Self::Invalid { field: format!("judging.overrides.{member}"), message }
            }
            other => Self::Invalid { field: "judging.overrides".to_owned(), message: other.to_string() },
        }
    }
}

/// Accepts an assessment, or says why not.
pub(crate) async fn assess(
    core: &Core,
    request: AssessmentRequest,
) -> Result<AssessmentReceipt, AssessError> {
    let result = accept(core, request).await;
    let status = if result.is_ok() { "success" } else { "error" };
    cj::assessment_operations_total("create", status, 1);
    result
}

async fn accept(core: &Core, request: AssessmentRequest) -> Result<AssessmentReceipt, AssessError> {
    if core.closing.is_cancelled() {
        return Err(AssessError::Draining);
    }
    let json = |what: &str, e: serde_json::Error| AssessError::Store(Error::Internal(format!("{what}: {e}")));
    let hash: [u8; 32] = Sha256::digest(serde_json::to_vec(&request).map_err(|e| json("request", e))?).into();
    let seed = request.judging.seed.or(core.options.judging.seed).unwrap_or_else(|| seed_of(&hash));
    let id = AssessmentId(Uuid::now_v7());
    let now = core.now();
    let (spec, settings) = Spec::resolve(core, id, request, seed)?;
    let standing = Standing::new(Session::new(settings));
    let view = view::view(&spec, &standing, id, State::Running, now, now);
    let new = NewAssessment {
        id,
        tenant: TENANT.to_owned(),
        name: spec.request.name.clone(),
        hash,
        spec: serde_json::to_vec(&spec).map_err(|e| json("spec", e))?,
        session: serde_json::to_vec(&standing).map_err(|e| json("session", e))?,
        view: serde_json::to_vec(&view).map_err(|e| json("view", e))?,
        now,
    };
    match core.store.create_assessment(new).await? {
        Created::New => Ok(AssessmentReceipt { id, created_at: now, replayed: false }),
        Created::Replayed(id) => {
            let row = core.store.assessment(id).await?;
            Ok(AssessmentReceipt { id, created_at: row.map_or(now, |row| row.created_at), replayed: true })
        }
        Created::NameConflict(id) => Err(AssessError::NameConflict { id }),
    }
}

/// Without a seed the content is one: the same content is judged in the same pairs. It fits into a JSON number.
fn seed_of(hash: &[u8; 32]) -> u64 {
    let mut bytes = [0; 8];
    bytes[2..].copy_from_slice(&hash[..6]);
    u64::from_be_bytes(bytes)
}
