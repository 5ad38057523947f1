//! How queued requests travel to a provider.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The queue's processing mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueMode {
    /// Each request on its own.
    #[default]
    PerRequest,
    /// Compatible requests claimed together and sent one after the other, with one outcome each.
    SerialBundle,
    /// Compatible requests as one job of the provider's batch API.
    BatchApi,
}

impl QueueMode {
    /// Every mode, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::PerRequest, Self::SerialBundle, Self::BatchApi];

    /// The name used in configuration and as a metric label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PerRequest => "per_request",
            Self::SerialBundle => "serial_bundle",
            Self::BatchApi => "batch_api",
        }
    }
}

impl fmt::Display for QueueMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for QueueMode {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.as_str() == text)
            .ok_or_else(|| format!("unknown queue mode `{text}`: per_request, serial_bundle or batch_api"))
    }
}
