//! Assessments as the rest of docket sees them.

use super::read::{self, AssessmentCancel, DecisionView};
use super::{AssessError, AssessmentReceipt, admit};
use crate::handle::Handle;
use docket_store::Error;
use docket_types::AssessmentId;
use docket_types::assessment::{AssessmentRequest, AssessmentView, ComparisonView};

impl Handle {
    /// Accepts an assessment. The receipt means that it is durable and will end by a decision.
    ///
    /// # Errors
    /// What is wrong with it, or the store's failure.
    pub async fn assess(&self, request: AssessmentRequest) -> Result<AssessmentReceipt, AssessError> {
        admit::assess(&self.core, request).await
    }

    /// One assessment.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn assessment(&self, id: AssessmentId) -> Result<Option<AssessmentView>, Error> {
        read::assessment(&self.core.store, id).await
    }

    /// The assessment that its caller gave this name.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn assessment_named(&self, name: &str) -> Result<Option<AssessmentView>, Error> {
        read::named(&self.core.store, name).await
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
        read::list(&self.core.store, before, limit).await
    }

    /// Comparisons of an assessment with `number >= from`, in order.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn assessment_comparisons(
        &self,
        id: AssessmentId,
        from: u32,
        limit: u32,
    ) -> Result<Vec<ComparisonView>, Error> {
        read::comparisons(&self.core.store, id, from, limit).await
    }

    /// Decisions of an assessment with `number >= from`, in order.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn assessment_log(
        &self,
        id: AssessmentId,
        from: u32,
        limit: u32,
    ) -> Result<Vec<DecisionView>, Error> {
        read::log(&self.core.store, id, from, limit).await
    }

    /// What was asked for, with the texts.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn assessment_request(&self, id: AssessmentId) -> Result<Option<AssessmentRequest>, Error> {
        read::request(&self.core.store, id).await
    }

    /// Gives an assessment up. What was asked already may still be answered, and cost something.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn cancel_assessment(&self, id: AssessmentId) -> Result<AssessmentCancel, Error> {
        read::cancel(&self.core.store, id, self.core.now()).await
    }
}
