//! The JSON of the surface. Wire types are not domain types: they are converted here, and only here.

mod assessment;
mod catalogue;
mod delivery;
mod receipt;
mod request;
mod resource;
mod submission;
mod topic;

pub(crate) use assessment::{
    Assessment, AssessmentAccepted, AssessmentCancelled, AssessmentInfo, AssessmentPage, ComparisonPage,
    DecisionInfo, DecisionPage, Draft, EndEvent, Envelope, Reference, Spelling, StatusAnswer, StatusInfo,
    StatusQuestion, check_envelope, state_name,
};
pub(crate) use catalogue::{ModelList, PluginInfo, PluginList, ProviderInfo, ProviderList, TestAnswer};
pub(crate) use delivery::{DeliveryInfo, DeliveryList, Redelivery};
pub(crate) use receipt::{Cancelled, Receipt};
pub(crate) use request::{RequestInfo, StateEvent};
pub(crate) use resource::{
    AnchorList, AnchorRegistered, ContentStored, InstructionsInfo, InstructionsPage, NewAnchor, NewContent,
    NewInstructions, NewPrompt, NewRubric, PromptInfo, RubricInfo,
};
pub(crate) use submission::Comparison;
pub(crate) use topic::{TopicEntry, TopicPage};
