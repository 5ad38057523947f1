//! Where assessments are looked up: a running host, or a store that nobody has to work on.

use crate::cli::AssessmentPlace;
use crate::client::Client;
use crate::exit::{Exit, Failure, OrExit};
use crate::judge::times;
use anyhow::Context;
use docket_pipeline::{AssessmentCancel, DecisionView, StoredAssessments};
use docket_types::assessment::{AssessmentView, Progress, State};
use docket_types::{AssessmentId, ProviderName, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Decisions of one page.
const PAGE: u32 = 500;

/// What a list says of an assessment.
#[derive(Debug, Deserialize)]
pub(super) struct Line {
    pub(super) id: AssessmentId,
    pub(super) name: String,
    pub(super) state: State,
    pub(super) progress: Progress,
    pub(super) provider: ProviderName,
    pub(super) created_at: Timestamp,
}

/// What a host or a store said, as something that can be shown.
pub(super) fn read<T: DeserializeOwned>(said: Value) -> Result<T, Failure> {
    let about = "this is no assessment as this docket knows it: is the host another version?";
    serde_json::from_value(times::counted(said)).context(about).or_exit(Exit::Network)
}

/// As [`read`], for all that is shown of one assessment.
pub(super) fn view(mut said: Value) -> Result<AssessmentView, Failure> {
    // Hosts spell these for programs; nobody shows them here.
    said["diagnostics"] = Value::Null;
    said["cost"]["models"] = json!([]);
    read(said)
}

/// A host or a store.
pub(super) enum Source {
    Host(Client),
    Store(StoredAssessments),
}

impl Source {
    /// The place that the command line names.
    pub(super) async fn of(place: &AssessmentPlace) -> Result<Self, Failure> {
        let Some(url) = &place.store else {
            return Client::new(&place.url, place.admin_token()).map(Self::Host);
        };
        let status = docket_store::status(url)
            .await
            .with_context(|| format!("the store {url}"))
            .or_exit(Exit::Store)?;
        let applied = status.iter().filter(|migration| migration.applied_at.is_some()).count();
        if applied < status.len() {
            // Opening it would make or change it; who looks does neither.
            let why =
                if applied == 0 { "there is no store" } else { "`docket migrate` is to be run on the store" };
            return Err(Failure::new(Exit::Store, format!("{why} at {url}")));
        }
        let opened = docket_store::open_url(url).await;
        let store = opened.with_context(|| format!("cannot open the store {url}")).or_exit(Exit::Store)?;
        Ok(Self::Store(StoredAssessments::new(store)))
    }

    /// The newest first.
    pub(super) async fn list(&self, limit: u32) -> Result<Vec<Value>, Failure> {
        match self {
            Self::Host(client) => client.assessments(limit).await,
            Self::Store(store) => {
                let views = store.assessments(None, limit).await.or_exit(Exit::Store)?;
                views.into_iter().map(|view| serde_json::to_value(view).or_exit(Exit::Internal)).collect()
            }
        }
    }

    /// One, if there is one with this id.
    pub(super) async fn one(&self, id: AssessmentId) -> Result<Option<Value>, Failure> {
        match self {
            Self::Host(client) => client.assessment(id).await,
            Self::Store(store) => {
                let view = store.assessment(id).await.or_exit(Exit::Store)?;
                view.map(|view| serde_json::to_value(view).or_exit(Exit::Internal)).transpose()
            }
        }
    }

    /// Every decision, in order.
    pub(super) async fn decisions(&self, id: AssessmentId) -> Result<Vec<DecisionView>, Failure> {
        let mut all: Vec<DecisionView> = Vec::new();
        loop {
            let from = all.last().map_or(0, |last| last.number.saturating_add(1));
            let page = match self {
                Self::Host(client) => {
                    let said = client.decisions(id, from, PAGE).await?;
                    said.into_iter().map(read).collect::<Result<Vec<DecisionView>, Failure>>()?
                }
                Self::Store(store) => store.log(id, from, PAGE).await.or_exit(Exit::Store)?,
            };
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }

    /// Gives one up.
    pub(super) async fn cancel(&self, id: AssessmentId) -> Result<AssessmentCancel, Failure> {
        match self {
            Self::Host(client) => {
                let Some(found) = self.one(id).await? else { return Ok(AssessmentCancel::NotFound) };
                let line: Line = read(found)?;
                if line.state != State::Running {
                    return Ok(AssessmentCancel::AlreadyEnded(line.state));
                }
                client.cancel_assessment(id).await?;
                Ok(AssessmentCancel::Requested)
            }
            Self::Store(store) => {
                let now = Timestamp::from_micros(jiff::Timestamp::now().as_microsecond());
                store.cancel(id, now).await.or_exit(Exit::Store)
            }
        }
    }
}
