//! `docket.manifest/1`: what an adapter says about itself, once, when it is loaded.

use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// What an adapter is and needs.
#[derive(Debug, Clone, Serialize)]
pub struct Manifest {
    schema: &'static str,
    id: String,
    version: String,
    description: String,
    mock: bool,
    models: Vec<Model>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_model: Option<String>,
    endpoints: BTreeMap<String, Endpoint>,
    auth: BTreeMap<String, AuthScheme>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<Box<RawValue>>,
}

#[derive(Debug, Clone, Serialize)]
struct Endpoint {
    base_url: String,
    paths: Vec<String>,
}

/// How the host adds a credential to a call; the adapter never sees it.
#[derive(Debug, Clone, Serialize)]
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
        scopes: Vec<String>,
    },
    /// A Google service account.
    ServiceAccount {
        /// Requested scopes.
        scopes: Vec<String>,
    },
}

/// One model. Start with [`Model::new`] and set the fields that are known.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Model {
    /// The provider's name for it.
    pub id: String,
    /// For people.
    pub display_name: String,
    /// Models of one family share behaviour.
    pub family: String,
    /// The most tokens of an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u64>,
    /// The most tokens altogether.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_window: Option<u64>,
    /// `streaming`, `batch`, `json_schema`, `vision`, ... An unlisted one is absent.
    pub capabilities: BTreeMap<String, bool>,
    /// Prices; absent when unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released: Option<String>,
    /// Still served, not to be chosen anew.
    pub deprecated: bool,
    /// What it is good for.
    pub recommended_for: Vec<String>,
}

/// US dollars for a million tokens.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Price {
    /// Fresh input.
    pub input: f64,
    /// Output.
    pub output: f64,
    /// Input read from the cache; absent: as fresh input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<f64>,
    /// Input written to the cache; absent: as fresh input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
    /// Factor for the batch API, such as 0.5; absent: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_factor: Option<f64>,
}

impl Model {
    /// A model of which only the name is known.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }

    /// With capabilities.
    pub fn capable(mut self, names: &[&str]) -> Self {
        self.capabilities.extend(names.iter().map(|name| ((*name).to_owned(), true)));
        self
    }
}

impl Manifest {
    /// `id` is the plugin's name, `[a-z0-9-]+`; `version` is semantic; `description` is one sentence.
    pub fn new(id: impl Into<String>, version: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            schema: "docket.manifest/1",
            id: id.into(),
            version: version.into(),
            description: description.into(),
            mock: false,
            models: Vec::new(),
            default_model: None,
            endpoints: BTreeMap::new(),
            auth: BTreeMap::new(),
            settings: None,
        }
    }

    /// It stands in for a provider.
    pub fn mock(mut self) -> Self {
        self.mock = true;
        self
    }

    /// It knows this model. An adapter without any takes every name.
    pub fn model(mut self, model: Model) -> Self {
        self.models.push(model);
        self
    }

    /// The model used when the request names none.
    pub fn default_model(mut self, id: impl Into<String>) -> Self {
        self.default_model = Some(id.into());
        self
    }

    /// Calls may go to this endpoint, under these paths; `*` stands for one segment, a final `**` for the rest.
    pub fn endpoint(mut self, name: impl Into<String>, base_url: impl Into<String>, paths: &[&str]) -> Self {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        self.endpoints.insert(name.into(), Endpoint { base_url: base_url.into(), paths });
        self
    }

    /// Calls may name this auth slot; the operator gives it a credential.
    pub fn auth(mut self, slot: impl Into<String>, scheme: AuthScheme) -> Self {
        self.auth.insert(slot.into(), scheme);
        self
    }

    /// The JSON schema of the settings. Text that is not JSON is left out, so test the manifest.
    pub fn settings(mut self, schema: impl Into<String>) -> Self {
        self.settings = RawValue::from_string(schema.into()).ok();
        self
    }

    /// As the host reads it.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
