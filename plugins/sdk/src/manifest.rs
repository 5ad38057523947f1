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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn what_it_writes_is_in_the_schema() {
        let schema: Value =
            serde_json::from_str(include_str!("../../../wit/0.1.0/manifest.schema.json")).unwrap();
        let model =
            Model { price: Some(Price::default()), released: Some("2026-01-01".into()), ..Model::new("m") };
        let schemes = [
            AuthScheme::None,
            AuthScheme::Bearer,
            AuthScheme::Header { name: "n".into() },
            AuthScheme::Query { name: "n".into() },
            AuthScheme::Basic,
            AuthScheme::Sigv4 { service: "s".into() },
            AuthScheme::Oauth2ClientCredentials { token_url: "u".into(), scopes: vec![] },
            AuthScheme::ServiceAccount { scopes: vec![] },
        ];
        let mut manifest =
            Manifest::new("id", "1.0.0", "d").mock().model(model.capable(&["batch"])).default_model("m");
        manifest = manifest.endpoint("api", "https://x.test", &["/a/**"]).settings(r#"{"type":"object"}"#);
        for scheme in schemes {
            manifest = manifest.auth(format!("{scheme:?}"), scheme);
        }
        let manifest: Value = serde_json::from_str(&manifest.to_json()).unwrap();
        let within = |written: &Value, known: &Value| {
            for name in written.as_object().unwrap().keys() {
                assert!(known.get(name).is_some(), "{name} is not in the schema");
            }
        };
        within(&manifest, &schema["properties"]);
        within(&manifest["models"][0], &schema["$defs"]["model"]["properties"]);
        within(
            &manifest["models"][0]["price"],
            &schema["$defs"]["model"]["properties"]["price"]["properties"],
        );
        for slot in manifest["auth"].as_object().unwrap().values() {
            within(slot, &schema["$defs"]["auth"]["properties"]);
            assert!(
                schema["$defs"]["auth"]["properties"]["scheme"]["enum"]
                    .as_array()
                    .unwrap()
                    .contains(&slot["scheme"])
            );
        }
        for member in schema["required"].as_array().unwrap() {
            assert!(manifest.get(member.as_str().unwrap()).is_some(), "{member} is missing");
        }
    }

    #[test]
    fn the_other_schemas_are_json_and_name_themselves() {
        for (text, name) in [
            (include_str!("../../../wit/0.1.0/request.schema.json"), "docket.chat/1"),
            (include_str!("../../../wit/0.1.0/completion.schema.json"), "docket.completion/1"),
        ] {
            let schema: Value = serde_json::from_str(text).unwrap();
            assert_eq!(schema["properties"]["schema"]["const"], name);
        }
    }
}
