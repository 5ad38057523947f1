//! Reading one file: TOML into flat entries with their places.

use crate::error::Problem;
use crate::layers::Layer;
use serde_json::{Map, Value};
use std::ops::Range;
use std::path::PathBuf;
use toml::de::{DeTable, DeValue};

/// The format's version that this docket reads.
const VERSION: &str = "1";

/// A file's text.
#[derive(Debug, Clone)]
pub(crate) struct Doc {
    /// As messages name it.
    pub(crate) name: String,
    pub(crate) text: String,
    /// The text with secrets masked byte by byte, for messages.
    pub(crate) masked: String,
    /// Where relative `${file:...}` references start.
    pub(crate) dir: PathBuf,
    pub(crate) layer: Layer,
}

impl Doc {
    pub(crate) fn new(name: String, text: String, dir: PathBuf, layer: Layer) -> Self {
        let masked = masked(&text);
        Self { name, text, masked, dir, layer }
    }

    /// A problem at a place of this file.
    pub(crate) fn problem(&self, message: impl Into<String>, span: Range<usize>, label: &str) -> Problem {
        Problem::new(message).at(&self.name, &self.masked, span, label)
    }
}

/// A value of a file.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) path: Vec<String>,
    pub(crate) value: Value,
    pub(crate) key_span: Range<usize>,
    pub(crate) span: Range<usize>,
}

/// The entries of a file, tables flattened. `is_leaf` says which tables are values.
pub(crate) fn parse(doc: &Doc) -> Result<Vec<Entry>, Vec<Problem>> {
    let (root, errors) = DeTable::parse_recoverable(&doc.text);
    if !errors.is_empty() {
        let problem = |e: &toml::de::Error| {
            let message = format!("this is not TOML: {}", e.message());
            doc.problem(message, e.span().unwrap_or(0..0), "here")
        };
        return Err(errors.iter().map(problem).collect());
    }
    let mut entries = Vec::new();
    flatten(root.get_ref(), &mut Vec::new(), &mut entries);
    check_version(doc, &mut entries)?;
    Ok(entries)
}

fn check_version(doc: &Doc, entries: &mut Vec<Entry>) -> Result<(), Vec<Problem>> {
    let help = format!("begin the file with `version = {VERSION}`");
    let Some(at) = entries.iter().position(|e| e.path == ["version"]) else {
        return Err(vec![doc.problem("the file has no `version`", 0..0, "here").help(help)]);
    };
    let version = entries.remove(at);
    if version.value.to_string() == VERSION {
        return Ok(());
    }
    let message = format!("`version` must be {VERSION}: this docket reads no other");
    Err(vec![doc.problem(message, version.span, "another version").help(help)])
}

fn flatten(table: &DeTable<'_>, path: &mut Vec<String>, entries: &mut Vec<Entry>) {
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        match value.get_ref() {
            DeValue::Table(inner) if !inner.is_empty() => flatten(inner, path, entries),
            leaf => entries.push(Entry {
                path: path.clone(),
                value: json(leaf),
                key_span: key.span(),
                span: value.span(),
            }),
        }
        path.pop();
    }
}

fn json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix())
            .map(Value::from)
            .or_else(|_| u64::from_str_radix(n.as_str(), n.radix()).map(Value::from))
            .unwrap_or_else(|_| n.as_str().into()),
        DeValue::Float(n) => n.as_str().parse::<f64>().map_or(Value::Null, Value::from),
        DeValue::Boolean(b) => (*b).into(),
        DeValue::Datetime(t) => t.to_string().into(),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => {
            Value::Object(table.iter().map(|(k, v)| (k.get_ref().to_string(), json(v.get_ref()))).collect::<Map<_, _>>())
        }
    }
}

/// The text with every value of a line masked whose key looks secret, each byte by a `*`, so that places stay.
/// References stay readable: they are no secrets.
fn masked(text: &str) -> String {
    const SECRET: [&str; 5] = ["token", "secret", "password", "credential", "key"];
    let secret = |text: &str| {
        let lower = text.to_lowercase();
        SECRET.iter().any(|word| lower.contains(word))
    };
    let mut out = String::with_capacity(text.len());
    let mut in_secret_table = false;
    let mut inside: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        if let Some(quote) = inside {
            out.push_str(&stars(line));
            if line.contains(quote) {
                inside = None;
            }
            continue;
        }
        if line.trim_start().starts_with('[') {
            in_secret_table = secret(line);
        }
        let Some((key, value)) = line.split_once('=') else {
            out.push_str(line);
            continue;
        };
        let first = key.trim_start().trim_start_matches(['"', '\'']);
        if first.starts_with('#') || !(in_secret_table || secret(key)) || value.contains("${") {
            // An inline table may name its secrets later in the line.
            out.push_str(&if secret(value) && !value.contains("${") && !first.starts_with('#') {
                format!("{key}={}", stars(value))
            } else {
                line.to_owned()
            });
            continue;
        }
        inside = [r#"""""#, "'''"].into_iter().find(|quote| value.matches(quote).count() == 1);
        out.push_str(key);
        out.push('=');
        out.push_str(&stars(value));
    }
    out
}

fn stars(text: &str) -> String {
    let star = |c: char| if c.is_whitespace() { c.to_string() } else { "*".repeat(c.len_utf8()) };
    text.chars().map(star).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_places_stay() {
        let text = "version = 1\nadmin_token = \"hunter2é\"\nlisten = \"x\"\n[providers.a.credentials]\nmain = \"sk-1\"\n\
                    b = \"${env:B}\"\n[webhooks]\nsecret = \"\"\"\nhunter3\n\"\"\"\nc = { api_key = \"hunter4\" }\n# token = a\n";
        let masked = masked(text);
        assert_eq!(masked.len(), text.len());
        for secret in ["hunter", "sk-1"] {
            assert!(!masked.contains(secret), "{masked}");
        }
        for kept in ["listen = \"x\"", "${env:B}", "# token = a"] {
            assert!(masked.contains(kept), "{masked}");
        }
    }
}
