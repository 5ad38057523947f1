//! From an adapter's call to a request: every rule is applied here, and only here.

use crate::error::blocked;
use crate::target::{Base, Target};
use crate::{headers, path};
use docket_types::exchange::{Header, HttpCall, TransportError};
use http::{HeaderMap, Method};
use reqwest::Url;

/// A request that passed the rules, with its credential.
pub(crate) struct Prepared {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) any_address: bool,
}

/// Applies the rules and adds the credential. What is refused is `blocked`, with the reason.
pub(crate) fn prepare(target: &Target, call: &HttpCall) -> Result<Prepared, TransportError> {
    let base = target.endpoints.get(&call.endpoint).ok_or_else(|| {
        let known: Vec<&str> = target.endpoints.keys().map(String::as_str).collect();
        blocked(format!("no endpoint `{}`; the manifest has: {}", call.endpoint, known.join(", ")))
    })?;
    let method = method(&call.method).map_err(blocked)?;
    let mut headers = headers::check(&call.headers, &target.secret_headers).map_err(blocked)?;
    let mut url = address(base, call).map_err(blocked)?;
    query(&mut url, &call.query, &target.secret_queries).map_err(blocked)?;
    if let Some(name) = &call.auth {
        let slot = target.slots.get(name).ok_or_else(|| {
            let known: Vec<&str> = target.slots.keys().map(String::as_str).collect();
            blocked(format!("no auth slot `{name}`; the manifest has: {}", known.join(", ")))
        })?;
        slot.apply(name, &call.endpoint, &mut url, &mut headers).map_err(blocked)?;
    }
    Ok(Prepared { method, url, headers, any_address: base.any_address })
}

fn method(text: &str) -> Result<Method, String> {
    let refused = || format!("the method {:?} is refused", text.chars().take(20).collect::<String>());
    match text {
        "CONNECT" | "TRACE" => Err(refused()),
        // Lower-case methods are other methods; nobody means them.
        _ if !text.bytes().all(|b| b.is_ascii_uppercase()) => Err(refused()),
        _ => Method::from_bytes(text.as_bytes()).map_err(|_| refused()),
    }
}

fn address(base: &Base, call: &HttpCall) -> Result<Url, String> {
    path::check(&call.path)?;
    if !base.paths.iter().any(|pattern| path::matches(pattern, &call.path)) {
        return Err(format!("the path is none of the manifest's for the endpoint `{}`", call.endpoint));
    }
    let mut url = base.url.clone();
    let whole = format!("{}{}", base.prefix, call.path);
    url.set_path(&whole);
    // The URL library must agree with the checks: same place, same path.
    let same_place =
        url.origin() == base.url.origin() && url.username().is_empty() && url.password().is_none();
    if !same_place || url.path() != whole {
        return Err("the path changes the URL".into());
    }
    Ok(url)
}

fn query(url: &mut Url, parameters: &[Header], secret: &[String]) -> Result<(), String> {
    if parameters.is_empty() {
        return Ok(());
    }
    if let Some(found) = parameters.iter().find(|p| secret.contains(&headers::normal(&p.name))) {
        return Err(format!("the query parameter `{}` is the host's to set", found.name));
    }
    let mut pairs = url.query_pairs_mut();
    for parameter in parameters {
        pairs.append_pair(&parameter.name, &parameter.value);
    }
    drop(pairs);
    if url.query().is_some_and(|query| query.len() > path::MAX_PATH) {
        return Err("the query is longer than 2048 bytes".into());
    }
    Ok(())
}
