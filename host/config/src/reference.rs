//! `${env:NAME}` and `${file:PATH}` in string values.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Where references are looked up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lookup<'a> {
    pub(crate) vars: &'a BTreeMap<String, String>,
    pub(crate) dir: &'a Path,
}

/// Whether a value has a reference in it.
pub(crate) fn present(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("${"),
        Value::Array(items) => items.iter().any(present),
        Value::Object(map) => map.values().any(present),
        _ => false,
    }
}

/// The value with its references replaced. The error says which one has nothing behind it, never what others gave.
pub(crate) fn resolve(value: &Value, lookup: Lookup<'_>) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => expand(text, lookup)?.into(),
        Value::Array(items) => items.iter().map(|item| resolve(item, lookup)).collect::<Result<_, _>>()?,
        Value::Object(map) => Value::Object(
            map.iter().map(|(k, v)| Ok((k.clone(), resolve(v, lookup)?))).collect::<Result<_, String>>()?,
        ),
        other => other.clone(),
    })
}

fn expand(text: &str, lookup: Lookup<'_>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        // `$${` is a written-out `${`.
        if rest[..at].ends_with('$') {
            out.push_str(&rest[..at]);
            out.push('{');
            rest = &rest[at + 2..];
            continue;
        }
        out.push_str(&rest[..at]);
        let inner = &rest[at + 2..];
        let end = inner.find('}').ok_or("a reference `${` has no `}`")?;
        out.push_str(&one(&inner[..end], lookup)?);
        rest = &inner[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

fn one(reference: &str, lookup: Lookup<'_>) -> Result<String, String> {
    match reference.split_once(':') {
        Some(("env", name)) => match lookup.vars.get(name).filter(|value| !value.is_empty()) {
            Some(value) => Ok(value.clone()),
            None => Err(format!("the variable `{name}` is not set, or empty")),
        },
        Some(("file", path)) => {
            let path = lookup.dir.join(path);
            let content = std::fs::read_to_string(&path)
                .map_err(|e| format!("the file `{}` cannot be read: {e}", path.display()))?;
            let content = content.strip_suffix('\n').unwrap_or(&content);
            Ok(content.strip_suffix('\r').unwrap_or(content).to_owned())
        }
        _ => Err(format!("`${{{reference}}}` is no reference: there are ${{env:NAME}} and ${{file:PATH}}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_replaced_or_named() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("key"), "from-file\n").expect("written");
        let vars = BTreeMap::from([("A".to_owned(), "x".to_owned()), ("EMPTY".to_owned(), String::new())]);
        let lookup = Lookup { vars: &vars, dir: folder.path() };
        let expand = |text: &str| expand(text, lookup);
        assert_eq!(expand("a${env:A}b${env:A}"), Ok("axbx".into()));
        assert_eq!(expand("${file:key}"), Ok("from-file".into()));
        assert_eq!(expand("$${env:A}"), Ok("${env:A}".into()));
        for (text, named) in [
            ("${env:B}", "`B`"),
            ("${env:EMPTY}", "`EMPTY`"),
            ("${file:none}", "none"),
            ("${vault:x}", "${vault:x}"),
            ("${env:A", "}"),
        ] {
            let error = expand(text).expect_err(text);
            assert!(error.contains(named), "{error}");
        }
    }
}
