//! The JSON of the surface. Wire types are not domain types: they are converted here, and only here.

mod catalogue;
mod delivery;
mod receipt;
mod request;
mod submission;
mod topic;

pub(crate) use catalogue::{ModelList, PluginInfo, PluginList, ProviderInfo, ProviderList, TestAnswer};
pub(crate) use delivery::{DeliveryInfo, DeliveryList, Redelivery};
pub(crate) use receipt::{Cancelled, Receipt};
pub(crate) use request::{RequestInfo, StateEvent};
pub(crate) use submission::Comparison;
pub(crate) use topic::{TopicEntry, TopicPage};
