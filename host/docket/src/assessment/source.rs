//! Where assessments are looked up: a running host, or a store that nobody has to work on.

use crate::cli::AssessmentPlace;
use crate::client::Client;
use crate::exit::{Exit, Failure, OrExit};
use anyhow::Context;
use docket_pipeline::{AssessmentCancel, DecisionView, StoredAssessments};
use docket_types::assessment::{AssessmentView, State};
use docket_types::{AssessmentId, Timestamp};

/// Decisions of one page.
const PAGE: u32 = 500;

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
        let status = docket_store::status(url).await.with_context(|| format!("the store {url}")).or_exit(Exit::Store)?;
        if status.iter().all(|migration| migration.applied_at.is_none()) {
            return Err(Failure::new(Exit::Store, format!("there is no store at {url}")));
        }
        let opened = docket_store::open_url(url).await;
        let store = opened.with_context(|| format!("cannot open the store {url}")).or_exit(Exit::Store)?;
        Ok(Self::Store(StoredAssessments::new(store)))
    }

    /// The newest first.
    pub(super) async fn list(&self, limit: u32) -> Result<Vec<AssessmentView>, Failure> {
        match self {
            Self::Host(client) => client.assessments(limit).await,
            Self::Store(store) => store.assessments(None, limit).await.or_exit(Exit::Store),
        }
    }

    /// One, if there is one with this id.
    pub(super) async fn one(&self, id: AssessmentId) -> Result<Option<AssessmentView>, Failure> {
        match self {
            Self::Host(client) => client.find(&format!("/api/v1/assessments/{id}")).await,
            Self::Store(store) => store.assessment(id).await.or_exit(Exit::Store),
        }
    }

    /// Every decision, in order.
    pub(super) async fn decisions(&self, id: AssessmentId) -> Result<Vec<DecisionView>, Failure> {
        let mut all: Vec<DecisionView> = Vec::new();
        loop {
            let from = all.last().map_or(0, |last| last.number.saturating_add(1));
            let page = match self {
                Self::Host(client) => client.decisions(id, from, PAGE).await?,
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
                // The host answers the same for an assessment that has ended: look first.
                match self.one(id).await? {
                    None => return Ok(AssessmentCancel::NotFound),
                    Some(view) if view.state != State::Running => {
                        return Ok(AssessmentCancel::AlreadyEnded(view.state));
                    }
                    Some(_) => {}
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
