//! The manifest's text becomes a manifest, or a reason why not.

use docket_types::manifest::{Manifest, SCHEMA};

const MAX_BYTES: usize = 1 << 20;
const MAX_ID: usize = 64;
const MAX_DESCRIPTION: usize = 1024;
const MAX_MODELS: usize = 10_000;

/// Parses and checks. The error is a sentence that names the member.
pub(crate) fn parse(text: &str) -> Result<Manifest, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("it has {} bytes, the limit is {MAX_BYTES}", text.len()));
    }
    let manifest: Manifest = serde_json::from_str(text).map_err(|e| e.to_string())?;
    check(&manifest)?;
    Ok(manifest)
}

fn check(m: &Manifest) -> Result<(), String> {
    let ensure = |ok: bool, why: &dyn Fn() -> String| if ok { Ok(()) } else { Err(why()) };
    ensure(m.schema == SCHEMA, &|| format!("schema is `{}`, expected `{SCHEMA}`", m.schema))?;
    let id_ok = (1..=MAX_ID).contains(&m.id.len())
        && m.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    ensure(id_ok, &|| format!("id `{}` is not 1 to {MAX_ID} of a-z, 0-9 and `-`", m.id))?;
    if let Err(why) = semver::Version::parse(&m.version) {
        return Err(format!("version `{}` is not a semantic version: {why}", m.version));
    }
    ensure(m.description.len() <= MAX_DESCRIPTION, &|| {
        format!("description has {} bytes, the limit is {MAX_DESCRIPTION}", m.description.len())
    })?;
    ensure(m.models.len() <= MAX_MODELS, &|| {
        format!("it lists {} models, the limit is {MAX_MODELS}", m.models.len())
    })?;
    if let Some(default) = &m.default_model {
        let known = m.models.is_empty() || m.models.iter().any(|model| &model.id == default);
        ensure(known, &|| format!("default_model `{default}` is not among its models"))?;
    }
    let prices = m.models.iter().filter_map(|model| model.price.map(|p| (model, p)));
    for (model, price) in prices {
        let all = [
            Some(price.input),
            Some(price.output),
            price.cached_input,
            price.cache_write,
            price.batch_factor,
        ];
        let sane = all.iter().flatten().all(|p| p.is_finite() && *p >= 0.0);
        ensure(sane, &|| format!("a price of model `{}` is negative or not finite", model.id))?;
    }
    for (name, endpoint) in &m.endpoints {
        let url_ok = ["https://", "http://"].iter().any(|scheme| endpoint.base_url.starts_with(scheme));
        ensure(url_ok, &|| format!("endpoint `{name}`: base_url must start with https:// or http://"))?;
        let paths_ok = endpoint.paths.iter().all(|path| path.starts_with('/'));
        ensure(paths_ok, &|| format!("endpoint `{name}`: each path must start with /"))?;
    }
    for (name, slot) in &m.auth {
        let unknown = slot.endpoints.iter().find(|endpoint| !m.endpoints.contains_key(*endpoint));
        ensure(unknown.is_none(), &|| format!("auth slot `{name}` names the unknown endpoint {unknown:?}"))?;
    }
    let schema_ok = m.settings.as_ref().is_none_or(serde_json::Value::is_object);
    ensure(schema_ok, &|| "settings must be a JSON schema, that is an object".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn good() -> Value {
        json!({"schema": SCHEMA, "id": "a-1", "version": "1.2.3", "settings": {"type": "object"},
               "models": [{"id": "m", "price": {"input": 1.0, "output": 2.0}}], "default_model": "m",
               "endpoints": {"api": {"base_url": "https://x.test/v1", "paths": ["/chat"]}},
               "auth": {"key": {"scheme": "bearer", "endpoints": ["api"]}}})
    }

    #[test]
    fn a_good_one_passes() {
        assert_eq!(parse(&good().to_string()).unwrap().id, "a-1");
    }

    #[test]
    fn every_rule_names_its_member() {
        let cases = [
            ("/schema", json!("docket.manifest/2"), "docket.manifest/1"),
            ("/id", json!("Up"), "id `Up`"),
            ("/id", json!(""), "id ``"),
            ("/version", json!("1.2"), "version `1.2`"),
            ("/description", json!("x".repeat(2000)), "description"),
            ("/default_model", json!("z"), "default_model `z`"),
            ("/models/0/price/input", json!(-1.0), "price of model `m`"),
            ("/endpoints/api/base_url", json!("ftp://x"), "endpoint `api`"),
            ("/endpoints/api/paths/0", json!("chat"), "each path"),
            ("/auth/key/endpoints/0", json!("other"), "auth slot `key`"),
            ("/settings", json!([1]), "settings"),
        ];
        for (member, value, expected) in cases {
            let mut manifest = good();
            match manifest.pointer_mut(member) {
                Some(place) => *place = value,
                None => manifest[&member[1..]] = value,
            }
            let why = parse(&manifest.to_string()).unwrap_err();
            assert!(why.contains(expected), "{member}: {why}");
        }
        assert!(parse("[]").is_err() && parse("{").is_err());
    }
}
