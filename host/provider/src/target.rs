//! A target: an adapter's endpoints and auth slots, with the operator's base URLs and credentials.

use crate::address::is_public;
use crate::auth::Slot;
use crate::redact::Redactor;
use docket_types::manifest::Manifest;
use reqwest::Url;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Why a target cannot be made. No message holds a credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// An override or a slot names an endpoint that the manifest does not have.
    #[error("no endpoint `{name}` in the adapter's manifest; it has: {}", list(known))]
    UnknownEndpoint {
        /// The name.
        name: String,
        /// What the manifest has.
        known: Vec<String>,
    },
    /// A credential is given for a slot that the manifest does not have.
    #[error("no auth slot `{name}` in the adapter's manifest; it has: {}", list(known))]
    UnknownSlot {
        /// The name.
        name: String,
        /// What the manifest has.
        known: Vec<String>,
    },
    /// A base URL is not acceptable.
    #[error("the base URL of the endpoint `{endpoint}` is refused: {why}")]
    BadBaseUrl {
        /// The endpoint.
        endpoint: String,
        /// Why.
        why: String,
    },
    /// A slot is not well formed.
    #[error("the auth slot `{slot}` is refused: {why}")]
    BadSlot {
        /// The slot.
        slot: String,
        /// Why.
        why: &'static str,
    },
    /// A credential cannot be sent.
    #[error("the credential for the auth slot `{slot}` is refused: {why}")]
    BadCredential {
        /// The slot.
        slot: String,
        /// Why.
        why: &'static str,
    },
    /// The scheme is not built yet.
    #[error("the auth slot `{slot}` uses the scheme `{scheme}`, which is not supported yet by this host")]
    UnsupportedScheme {
        /// The slot.
        slot: String,
        /// The scheme's wire name.
        scheme: &'static str,
    },
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

/// Where the calls of one provider go, and with which credentials.
#[derive(Debug, Clone)]
pub struct Target {
    pub(crate) endpoints: BTreeMap<String, Base>,
    pub(crate) slots: BTreeMap<String, Slot>,
    /// Headers that carry credentials of any slot, in normal form.
    pub(crate) secret_headers: Vec<String>,
    /// Query parameters that carry credentials of any slot, in normal form.
    pub(crate) secret_queries: Vec<String>,
    pub(crate) redactor: Redactor,
}

/// An endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    /// Without a slash at the end of its path.
    pub(crate) url: Url,
    /// The path in front of every call's path: empty, or `/x/y`.
    pub(crate) prefix: String,
    pub(crate) paths: Vec<String>,
    /// The operator chose the address, or the manifest says loopback: any address is good. Otherwise names
    /// must resolve to public addresses, so that a manifest cannot reach into the operator's network.
    pub(crate) any_address: bool,
}

impl Target {
    /// The target of one provider.
    ///
    /// `endpoint_overrides`: base URLs by endpoint, chosen by the operator (plain `http` is allowed there, and for
    /// loopback). `credentials`: by auth slot. A slot without a credential is no error: calls that name it are refused.
    pub fn new(
        manifest: &Manifest,
        endpoint_overrides: &BTreeMap<String, String>,
        credentials: &BTreeMap<String, SecretString>,
    ) -> Result<Self, TargetError> {
        let names: Vec<String> = manifest.endpoints.keys().cloned().collect();
        if let Some(name) = endpoint_overrides.keys().find(|name| !names.contains(name)) {
            return Err(TargetError::UnknownEndpoint { name: name.clone(), known: names });
        }
        if let Some(name) = credentials.keys().find(|name| !manifest.auth.contains_key(*name)) {
            let known = manifest.auth.keys().cloned().collect();
            return Err(TargetError::UnknownSlot { name: name.clone(), known });
        }
        let mut endpoints = BTreeMap::new();
        for (name, endpoint) in &manifest.endpoints {
            let chosen = endpoint_overrides.get(name);
            let base = Base::new(chosen.unwrap_or(&endpoint.base_url), &endpoint.paths, chosen.is_some())
                .map_err(|why| TargetError::BadBaseUrl { endpoint: name.clone(), why })?;
            endpoints.insert(name.clone(), base);
        }
        let mut slots = BTreeMap::new();
        for (name, slot) in &manifest.auth {
            slots.insert(name.clone(), Slot::new(name, slot, &names, credentials.get(name))?);
        }
        let secrets: Vec<String> = slots.values().flat_map(Slot::secrets).collect();
        Ok(Self {
            endpoints,
            secret_headers: slots.values().filter_map(Slot::header).collect(),
            secret_queries: slots.values().filter_map(Slot::query).collect(),
            slots,
            redactor: Redactor::new(secrets.iter().map(String::as_str)),
        })
    }

    /// The auth slots that need a credential and have none.
    pub fn missing_credentials(&self) -> Vec<&str> {
        self.slots.iter().filter(|(_, slot)| slot.lacks_credential()).map(|(name, _)| name.as_str()).collect()
    }
}

impl Base {
    fn new(text: &str, paths: &[String], by_operator: bool) -> Result<Self, String> {
        let mut url = Url::parse(text).map_err(|e| format!("it is no URL: {e}"))?;
        let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
        if host.is_empty() {
            return Err("it has no host".into());
        }
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
        let loopback = host == "localhost" || address.is_some_and(|ip| ip.is_loopback());
        match url.scheme() {
            "https" => {}
            "http" if loopback || by_operator => {}
            "http" => return Err("plain http is for loopback, or for an operator's override".into()),
            other => return Err(format!("the scheme `{other}` is neither https nor http")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it contains a user name or a password".into());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("it has a query or a fragment".into());
        }
        if !by_operator && !loopback && address.is_some_and(|ip| !is_public(ip)) {
            return Err("its address is not public; only an operator's override may say so".into());
        }
        let prefix = url.path().trim_end_matches('/').to_owned();
        if !prefix.is_empty() {
            crate::path::check(&prefix)?;
        }
        url.set_path(&prefix);
        Ok(Self { url, prefix, paths: paths.to_vec(), any_address: by_operator || loopback })
    }
}
