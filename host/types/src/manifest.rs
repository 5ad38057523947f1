//! `docket.manifest/1`: what an adapter says about itself, once, at load.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The manifest's schema name.
pub const SCHEMA: &str = "docket.manifest/1";

/// What an adapter is and needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: String,
    /// `[a-z0-9-]+`, at most 64 characters; the plugin's name.
    pub id: String,
    /// Semantic version.
    pub version: String,
    /// One sentence for `docket plugin list`.
    #[serde(default)]
    pub description: String,
    /// The provider's name in the metrics when the adapter mocks it.
    #[serde(default)]
    pub mock: bool,
    /// The models that it knows. Empty: any.
    #[serde(default)]
    pub models: Vec<Model>,
    /// The model used when the request names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_model: Option<String>,
    /// Endpoints by name; an `http-call` can name no other.
    #[serde(default)]
    pub endpoints: BTreeMap<String, Endpoint>,
    /// Auth slots by name.
    #[serde(default)]
    pub auth: BTreeMap<String, AuthSlot>,
    /// JSON schema of the settings object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Value>,
}

/// Where calls may go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// `https://host/base`; the operator may override it.
    pub base_url: String,
    /// Paths that calls may use; `*` stands for one segment, a final `**` for the rest. Empty: none.
    #[serde(default)]
    pub paths: Vec<String>,
}

/// How a credential is added to a call. The adapter never sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuthSlot {
    /// The scheme.
    #[serde(flatten)]
    pub scheme: AuthScheme,
    /// Endpoints that this credential may go to. Empty: all of the manifest's.
    #[serde(default)]
    pub endpoints: Vec<String>,
}

/// A way to authenticate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "scheme", rename_all = "snake_case")]
pub enum AuthScheme {
    /// No credential.
    None,
    /// `Authorization: Bearer ...`.
    Bearer,
    /// A header of this name.
    Header {
        /// The header.
        name: String,
    },
    /// A query parameter of this name.
    Query {
        /// The parameter.
        name: String,
    },
    /// HTTP basic.
    Basic,
    /// AWS signature version 4.
    Sigv4 {
        /// The AWS service.
        service: String,
    },
    /// OAuth 2 client credentials.
    Oauth2ClientCredentials {
        /// Where tokens come from.
        token_url: String,
        /// Requested scopes.
        #[serde(default)]
        scopes: Vec<String>,
    },
    /// A Google service account.
    ServiceAccount {
        /// Requested scopes.
        #[serde(default)]
        scopes: Vec<String>,
    },
}

/// One model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// The provider's name for it.
    pub id: String,
    /// For people.
    #[serde(default)]
    pub display_name: String,
    /// Models of one family share behaviour.
    #[serde(default)]
    pub family: String,
    /// The most tokens of an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u64>,
    /// The most tokens altogether.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_window: Option<u64>,
    /// `streaming`, `batch`, `json_schema`, `vision`, ... An unlisted one is absent.
    #[serde(default)]
    pub capabilities: Map<String, Value>,
    /// Prices; absent when unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<String>,
    /// Still served, not to be chosen anew.
    #[serde(default)]
    pub deprecated: bool,
    /// What it is good for.
    #[serde(default)]
    pub recommended_for: Vec<String>,
}

/// US dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// Fresh input.
    pub input: f64,
    /// Output.
    pub output: f64,
    /// Input read from the cache; absent: as fresh input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<f64>,
    /// Input written to the cache; absent: as fresh input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
    /// Factor for the batch API, such as 0.5; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_factor: Option<f64>,
}
