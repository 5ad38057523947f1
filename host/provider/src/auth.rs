//! Credentials: how each auth slot adds its own to a request that is otherwise fixed.

use crate::headers::normal;
use crate::target::TargetError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use docket_types::manifest::{AuthScheme, AuthSlot};
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

/// The shortest credential: a shorter one could not be taken out of replies without damage.
const MIN_CREDENTIAL: usize = 4;

/// A slot with its credential.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    injection: Injection,
    /// Endpoints that it may go to.
    endpoints: Vec<String>,
    /// None: no credential is configured, and calls that name the slot are refused.
    credential: Option<SecretString>,
}

#[derive(Debug, Clone)]
enum Injection {
    Nothing,
    Bearer,
    Header(HeaderName),
    Query(String),
    Basic,
}

impl Slot {
    /// A slot of the manifest. `all`: the names of the manifest's endpoints.
    pub(crate) fn new(
        name: &str,
        slot: &AuthSlot,
        all: &[String],
        credential: Option<&SecretString>,
    ) -> Result<Self, TargetError> {
        let injection = injection(name, &slot.scheme)?;
        for endpoint in &slot.endpoints {
            if !all.contains(endpoint) {
                return Err(TargetError::UnknownEndpoint { name: endpoint.clone(), known: all.to_vec() });
            }
        }
        if let Some(secret) = credential {
            check_credential(name, &injection, secret.expose_secret())?;
        }
        let endpoints = if slot.endpoints.is_empty() { all.to_vec() } else { slot.endpoints.clone() };
        Ok(Self { injection, endpoints, credential: credential.cloned() })
    }

    /// Whether calls through it would be refused for want of a credential.
    pub(crate) fn lacks_credential(&self) -> bool {
        self.credential.is_none() && !matches!(self.injection, Injection::Nothing)
    }

    /// The header that carries the credential, in normal form.
    pub(crate) fn header(&self) -> Option<String> {
        match &self.injection {
            Injection::Bearer | Injection::Basic => Some("authorization".into()),
            Injection::Header(name) => Some(normal(name.as_str())),
            Injection::Nothing | Injection::Query(_) => None,
        }
    }

    /// The query parameter that carries the credential, in normal form.
    pub(crate) fn query(&self) -> Option<String> {
        if let Injection::Query(name) = &self.injection { Some(normal(name)) } else { None }
    }

    /// What must not come back to an adapter.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let Some(credential) = &self.credential else { return Vec::new() };
        let whole = credential.expose_secret().to_owned();
        match (&self.injection, whole.split_once(':')) {
            (Injection::Basic, Some((_, password))) if password.len() >= MIN_CREDENTIAL => {
                vec![password.to_owned(), whole]
            }
            _ => vec![whole],
        }
    }

    /// Adds the credential to a call to `endpoint`.
    pub(crate) fn apply(
        &self,
        name: &str,
        endpoint: &str,
        url: &mut Url,
        headers: &mut HeaderMap,
    ) -> Result<(), String> {
        if !self.endpoints.iter().any(|allowed| allowed == endpoint) {
            return Err(format!("the auth slot `{name}` is not for the endpoint `{endpoint}`"));
        }
        if matches!(self.injection, Injection::Nothing) {
            return Ok(());
        }
        let Some(credential) = &self.credential else {
            return Err(format!("no credential is configured for the auth slot `{name}`"));
        };
        let secret = credential.expose_secret();
        match &self.injection {
            Injection::Nothing => {}
            Injection::Bearer => set(headers, http::header::AUTHORIZATION, &format!("Bearer {secret}"))?,
            Injection::Basic => {
                set(headers, http::header::AUTHORIZATION, &format!("Basic {}", STANDARD.encode(secret)))?;
            }
            Injection::Header(header) => set(headers, header.clone(), secret)?,
            Injection::Query(parameter) => {
                url.query_pairs_mut().append_pair(parameter, secret);
            }
        }
        Ok(())
    }
}

fn injection(name: &str, scheme: &AuthScheme) -> Result<Injection, TargetError> {
    let unsupported =
        |scheme: &'static str| Err(TargetError::UnsupportedScheme { slot: name.to_owned(), scheme });
    match scheme {
        AuthScheme::None => Ok(Injection::Nothing),
        AuthScheme::Bearer => Ok(Injection::Bearer),
        AuthScheme::Basic => Ok(Injection::Basic),
        AuthScheme::Header { name: header } => {
            HeaderName::from_bytes(header.as_bytes()).map(Injection::Header).map_err(|_| {
                TargetError::BadSlot { slot: name.to_owned(), why: "its header's name is not a token" }
            })
        }
        AuthScheme::Query { name: parameter } if !parameter.is_empty() => {
            Ok(Injection::Query(parameter.clone()))
        }
        AuthScheme::Query { .. } => {
            Err(TargetError::BadSlot { slot: name.to_owned(), why: "its query parameter has no name" })
        }
        AuthScheme::Sigv4 { .. } => unsupported("sigv4"),
        AuthScheme::Oauth2ClientCredentials { .. } => unsupported("oauth2_client_credentials"),
        AuthScheme::ServiceAccount { .. } => unsupported("service_account"),
    }
}

fn check_credential(slot: &str, injection: &Injection, secret: &str) -> Result<(), TargetError> {
    let bad = |why| Err(TargetError::BadCredential { slot: slot.to_owned(), why });
    if secret.len() < MIN_CREDENTIAL {
        return bad("it is shorter than 4 characters");
    }
    if !secret.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') || secret.trim() != secret {
        return bad("it has characters that are not visible ASCII, or spaces around it");
    }
    if matches!(injection, Injection::Basic) && !secret.contains(':') {
        return bad("basic authentication needs `user:password`");
    }
    Ok(())
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) -> Result<(), String> {
    let mut value =
        HeaderValue::from_str(value).map_err(|_| "the credential is no header value".to_owned())?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}
