//! Reading one file: TOML into flat entries with their places.

use crate::error::Problem;
use crate::layers::Layer;
use crate::schema::{KEYS, Key};
use crate::value::{Kind, without_userinfo};
use serde_json::{Map, Value};
use std::ops::Range;
use std::path::PathBuf;
use toml::de::{DeTable, DeValue};

/// The format's version that this docket reads.
const VERSION: u64 = 1;

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
    /// Of each part of the path.
    pub(crate) keys: Vec<Range<usize>>,
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
    flatten(root.get_ref(), &mut Vec::new(), &mut Vec::new(), &mut entries);
    check_version(doc, &mut entries)?;
    Ok(entries)
}

fn check_version(doc: &Doc, entries: &mut Vec<Entry>) -> Result<(), Vec<Problem>> {
    let help = format!("begin the file with `version = {VERSION}`");
    let Some(at) = entries.iter().position(|e| e.path == ["version"]) else {
        return Err(vec![doc.problem("the file has no `version`", 0..0, "here").help(help)]);
    };
    let version = entries.remove(at);
    if version.value.as_u64() == Some(VERSION) {
        return Ok(());
    }
    let message = format!("`version` must be {VERSION}: this docket reads no other");
    Err(vec![doc.problem(message, version.span, "another version").help(help)])
}

fn flatten(
    table: &DeTable<'_>,
    path: &mut Vec<String>,
    keys: &mut Vec<Range<usize>>,
    entries: &mut Vec<Entry>,
) {
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        keys.push(key.span());
        match value.get_ref() {
            DeValue::Table(inner) if !inner.is_empty() => flatten(inner, path, keys, entries),
            leaf => entries.push(Entry {
                path: path.clone(),
                value: json(leaf),
                keys: keys.clone(),
                span: value.span(),
            }),
        }
        path.pop();
        keys.pop();
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
        DeValue::Table(table) => Value::Object(
            table.iter().map(|(k, v)| (k.get_ref().to_string(), json(v.get_ref()))).collect::<Map<_, _>>(),
        ),
    }
}

/// The text with values in quotes masked byte by byte, so that places stay, unless their key is one that holds no
/// secret: a misspelt key may hold one. References stay readable, they are no secrets.
fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut credentials = false;
    let mut inside: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        if let Some(quote) = inside {
            out.push_str(&stars(line));
            inside = inside.filter(|_| !line.contains(quote));
            continue;
        }
        if line.trim_start().starts_with('[') {
            credentials = line.contains("credentials");
        }
        match line.split_once('=') {
            Some((key, value)) if value.contains(['"', '\'']) && (credentials || !harmless(key)) => {
                inside = [r#"""""#, "'''"].into_iter().find(|quote| value.matches(quote).count() == 1);
                out.push_str(key);
                out.push('=');
                out.push_str(&stars(value));
            }
            _ => out.push_str(&without_userinfo(line)),
        }
    }
    out
}

/// Whether the key's last part is one of ours that holds no secret, or all of it is a comment.
fn harmless(key: &str) -> bool {
    let key = key.trim();
    let last = key.rsplit('.').next().unwrap_or(key).trim().trim_matches(['"', '\'']);
    let ours = |k: &Key| !matches!(k.kind, Kind::Secret) && k.path.last() == Some(&last);
    key.starts_with('#') || KEYS.iter().any(ours)
}

/// A `*` for each byte that is neither blank nor part of a reference.
fn stars(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_reference = false;
    for (at, c) in text.char_indices() {
        in_reference |= text[at..].starts_with("${");
        if in_reference || c.is_whitespace() {
            out.push(c);
        } else {
            out.push_str(&"*".repeat(c.len_utf8()));
        }
        in_reference &= c != '}';
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_places_stay() {
        let text = r#"version = 1
admin_token = "hunter1é"
admin_tokn = 'hunter2'
listen = "x"
bundel_cap = 65
[providers.a.credentials]
model = "hunter3"
b = "${env:B}"
[webhooks]
secret = """
hunter4
"""
credentials = { a = "hunter5", b = "${env:C}" }
url = "pg://u:hunter6@h/x@y"
# "note" = "a"
"#;
        let masked = masked(text);
        assert_eq!(masked.len(), text.len());
        assert!(!masked.contains("hunter"), "{masked}");
        for kept in
            ["listen = \"x\"", "bundel_cap = 65", "${env:B}", "${env:C}", "@h/x@y", "# \"note\" = \"a\""]
        {
            assert!(masked.contains(kept), "{masked}");
        }
    }
}
