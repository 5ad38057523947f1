//! Assessments of a store on which no pipeline runs in this process: reading them drives nothing.

use super::read::{self, AssessmentCancel, DecisionView};
use docket_store::{Error, SharedStore};
use docket_types::assessment::AssessmentView;
use docket_types::{AssessmentId, Timestamp};

/// What a store knows of assessments.
pub struct StoredAssessments {
    store: SharedStore,
}

impl StoredAssessments {
    /// Of this store.
    pub const fn new(store: SharedStore) -> Self {
        Self { store }
    }

    /// One assessment.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn assessment(&self, id: AssessmentId) -> Result<Option<AssessmentView>, Error> {
        read::assessment(&self.store, id).await
    }

    /// Assessments, newest first, older than `before`.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn assessments(
        &self,
        before: Option<AssessmentId>,
        limit: u32,
    ) -> Result<Vec<AssessmentView>, Error> {
        read::list(&self.store, before, limit).await
    }

    /// Decisions of an assessment with `number >= from`, in order.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn log(&self, id: AssessmentId, from: u32, limit: u32) -> Result<Vec<DecisionView>, Error> {
        read::log(&self.store, id, from, limit).await
    }

    /// Gives an assessment up, at this time. Whoever goes on with it next ends it.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn cancel(&self, id: AssessmentId, now: Timestamp) -> Result<AssessmentCancel, Error> {
        read::cancel(&self.store, id, now).await
    }
}
