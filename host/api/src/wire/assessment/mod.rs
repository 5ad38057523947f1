//! Assessments on the wire: what is asked for, and what is seen of it.

mod envelope;
mod page;
mod request;
mod shown;
mod spelling;
mod view;

pub(crate) use envelope::{Envelope, check_envelope};
pub(crate) use page::{
    AssessmentAccepted, AssessmentCancelled, AssessmentPage, ComparisonPage, DecisionInfo, DecisionPage,
    EndEvent, StatusAnswer, StatusInfo, StatusQuestion, state_name,
};
pub(crate) use request::{Assessment, Draft, Reference};
pub(crate) use spelling::Spelling;
pub(crate) use view::AssessmentInfo;
