//! What a key accepts, and reading a written value as that.

use crate::units;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// What a key accepts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Any text that is not empty.
    Text,
    /// A path; empty means none.
    Path,
    /// Text that is never shown.
    Secret,
    /// `true` or `false`.
    Bool,
    /// A whole number within these bounds.
    Int(u64, u64),
    /// A number within these bounds.
    Number(f64, f64),
    /// A duration within these bounds, in milliseconds.
    Duration(u64, u64),
    /// A number of bytes within these bounds.
    Size(u64, u64),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// `address:port`.
    Address,
    /// A list of HTTP status codes.
    Codes,
    /// A list of names.
    Names,
    /// `http://` or `https://`.
    Url,
    /// Anything: it is a plugin's.
    Any,
}

/// A value that was read.
#[derive(Debug, Clone)]
pub(crate) enum Typed {
    Text(String),
    Secret(SecretString),
    Bool(bool),
    Int(u64),
    Number(f64),
    Duration(Duration),
    Size(u64),
    Any(Value),
}

impl Kind {
    /// What is allowed, for the end of a sentence.
    pub(crate) fn allowed(self) -> String {
        match self {
            Self::Text => "text".into(),
            Self::Path => "a path".into(),
            Self::Secret => {
                "text; better a reference such as \"${env:NAME}\" or \"${file:/run/secrets/name}\"".into()
            }
            Self::Bool => "true or false".into(),
            Self::Int(min, u64::MAX) => format!("a whole number from {min}"),
            Self::Int(min, max) => format!("a whole number from {min} to {max}"),
            Self::Number(min, max) => format!("a number from {min} to {max}"),
            Self::Duration(min, max) => format!(
                "a duration from {} to {}, such as \"500ms\", \"30s\" or \"4h\"",
                units::show_duration(Duration::from_millis(min)),
                units::show_duration(Duration::from_millis(max))
            ),
            Self::Size(min, max) => format!(
                "a number of bytes from {} to {}, such as 65536, \"64KiB\" or \"100MiB\"",
                units::show_size(min),
                units::show_size(max)
            ),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Address => "an IP address and a port, such as \"127.0.0.1:8490\"".into(),
            Self::Codes => "a list of HTTP status codes, such as [429, 503]".into(),
            Self::Names => "a list of names, such as [\"openai\", \"anthropic\"]".into(),
            Self::Url => "a URL that begins with https:// or http://".into(),
            Self::Any => "a value".into(),
        }
    }

    /// Reads a value. `loose`: it comes from a variable, the command line or a reference, where all is text.
    pub(crate) fn read(self, raw: &Value, loose: bool) -> Option<Typed> {
        let text = raw.as_str();
        let words = if loose { text } else { None };
        match self {
            Self::Text => text.filter(|t| !t.is_empty()).map(|t| Typed::Text(t.into())),
            Self::Path => text.map(|t| Typed::Text(t.into())),
            Self::Secret => text.filter(|t| !t.trim().is_empty()).map(|t| Typed::Secret(t.to_owned().into())),
            Self::Bool => raw.as_bool().or_else(|| words.and_then(boolean)).map(Typed::Bool),
            Self::Int(min, max) => {
                let n = raw.as_u64().or_else(|| words?.trim().parse().ok())?;
                (min..=max).contains(&n).then_some(Typed::Int(n))
            }
            Self::Number(min, max) => {
                let n = raw.as_f64().or_else(|| words?.trim().parse().ok())?;
                (min..=max).contains(&n).then_some(Typed::Number(n))
            }
            Self::Duration(min, max) => {
                let value = units::duration(text?)?;
                let range = Duration::from_millis(min)..=Duration::from_millis(max);
                range.contains(&value).then_some(Typed::Duration(value))
            }
            Self::Size(min, max) => {
                let bytes = raw.as_u64().or_else(|| units::size(text?))?;
                (min..=max).contains(&bytes).then_some(Typed::Size(bytes))
            }
            Self::Choice(allowed) => {
                let word = text?.trim();
                allowed.contains(&word).then(|| Typed::Text(word.into()))
            }
            Self::Address => text?.trim().parse::<SocketAddr>().ok().map(|a| Typed::Text(a.to_string())),
            Self::Codes => codes(raw, words).map(|codes| Typed::Any(codes.into())),
            Self::Names => names(raw, words).map(|names| Typed::Any(names.into())),
            Self::Url => {
                let url = text?.trim();
                let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
                (!rest.is_empty()).then(|| Typed::Text(url.into()))
            }
            Self::Any => {
                let parsed = words.and_then(|w| serde_json::from_str(w).ok());
                Some(Typed::Any(parsed.unwrap_or_else(|| raw.clone())))
            }
        }
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// A JSON list, or in a variable numbers separated by commas: both were in use for the seed's service.
fn codes(raw: &Value, words: Option<&str>) -> Option<Vec<u64>> {
    let list: Vec<u64> = match words {
        Some(text) => {
            let inner = text.trim();
            let inner = inner.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(inner);
            let parts = inner.split(',').map(str::trim).filter(|part| !part.is_empty());
            parts.map(|part| part.parse().ok()).collect::<Option<_>>()?
        }
        None => raw.as_array()?.iter().map(Value::as_u64).collect::<Option<_>>()?,
    };
    list.iter().all(|code| (400..=599).contains(code)).then_some(list)
}

/// A JSON list, or in a variable names separated by commas.
fn names(raw: &Value, words: Option<&str>) -> Option<Vec<String>> {
    let list: Vec<String> = match words {
        Some(text) => {
            let inner = text.trim();
            let inner = inner.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(inner);
            let parts = inner.split(',').map(|part| part.trim().trim_matches(['"', '\'']).to_owned());
            parts.filter(|part| !part.is_empty()).collect()
        }
        None => raw.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>()?,
    };
    let good = |name: &String| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    list.iter().all(good).then_some(list)
}

impl Typed {
    /// The value as JSON, for a plugin's settings.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Bool(b) => (*b).into(),
            Self::Int(n) | Self::Size(n) => (*n).into(),
            Self::Number(n) => (*n).into(),
            Self::Any(json) => json.clone(),
            Self::Duration(value) => units::show_duration(*value).into(),
            Self::Secret(_) => Value::Null,
        }
    }

    /// Whether two values mean the same, secrets included.
    pub(crate) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Secret(a), Self::Secret(b)) => a.expose_secret() == b.expose_secret(),
            (Self::Secret(_), _) | (_, Self::Secret(_)) => false,
            (Self::Text(a), Self::Text(b)) => a == b,
            _ => self.to_string() == other.to_string(),
        }
    }
}

/// For `explain` and for messages; never a secret.
impl fmt::Display for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) if text.is_empty() => f.write_str("(none)"),
            Self::Text(text) => f.write_str(&without_userinfo(text)),
            Self::Secret(_) => f.write_str("(secret, set)"),
            Self::Bool(b) => b.fmt(f),
            Self::Int(n) => n.fmt(f),
            Self::Number(n) => n.fmt(f),
            Self::Duration(value) => f.write_str(&units::show_duration(*value)),
            Self::Size(bytes) => f.write_str(&units::show_size(*bytes)),
            Self::Any(json) => json.fmt(f),
        }
    }
}

/// A text with the user and password of a URL masked byte by byte, so that places in it stay.
pub(crate) fn without_userinfo(text: &str) -> String {
    let found = text.split_once("://").and_then(|(scheme, rest)| {
        let end = rest.find(['/', ' ', '"', '\'']).unwrap_or(rest.len());
        let at = rest[..end].rfind('@')?;
        Some(format!("{scheme}://{}{}", "*".repeat(at), &rest[at..]))
    });
    found.unwrap_or_else(|| text.to_owned())
}
