//! Values on top of each other: which one counts, and where it came from.

use crate::error::{Problem, line_of, suggestion};
use crate::file::Doc;
use crate::reference::{self, Lookup};
use crate::schema::{self, Found, Key};
use crate::value::{Kind, Typed, without_userinfo};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

/// A key's parts.
pub(crate) type KeyPath = Vec<String>;

/// Later ones win.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layer {
    Default,
    /// Variables that many programs share, such as `OPENAI_API_KEY`.
    Ambient,
    File,
    Profile,
    Environment,
    CommandLine,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    File {
        doc: usize,
        /// Of each part of the path.
        keys: Vec<Range<usize>>,
        value: Range<usize>,
    },
    Variable(String),
    /// A variable of the seed's service.
    Alias(String),
    CommandLine,
    /// From another key; as people read it.
    Derived(String),
}

/// A value that counts at the moment.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) key: &'static Key,
    pub(crate) layer: Layer,
    pub(crate) origin: Origin,
    raw: Value,
    loose: bool,
    /// None while it has references that were not looked up.
    typed: Option<Typed>,
}

/// All values, and what is wrong with them.
#[derive(Debug)]
pub(crate) struct Layers<'a> {
    pub(crate) docs: Vec<Doc>,
    pub(crate) vars: &'a BTreeMap<String, String>,
    pub(crate) slots: BTreeMap<KeyPath, Slot>,
    pub(crate) problems: Vec<Problem>,
}

/// A path as one writes it.
pub(crate) fn show(path: &[String]) -> String {
    path.join(".")
}

impl<'a> Layers<'a> {
    pub(crate) fn new(docs: Vec<Doc>, vars: &'a BTreeMap<String, String>) -> Self {
        Self { docs, vars, slots: BTreeMap::new(), problems: Vec::new() }
    }

    /// Puts a value in its place, or notes what is wrong with it.
    pub(crate) fn set(&mut self, path: KeyPath, raw: Value, layer: Layer, origin: Origin) {
        let key = match self.key(&path, &raw, &origin) {
            Ok(Some(key)) => key,
            Ok(None) => return,
            Err(problem) => return self.complain(problem),
        };
        let loose = !matches!(origin, Origin::File { .. });
        let deferred = !loose && reference::present(&raw);
        let typed = if deferred { None } else { key.kind.read(&raw, loose) };
        if typed.is_none() && !deferred {
            let problem = self.wrong_value(&path, key, &raw, &origin);
            return self.complain(problem);
        }
        if matches!(key.kind, Kind::Any) {
            // A setting hides what a lower layer has above or below it.
            self.slots.retain(|p, slot| p.len() == path.len() || slot.layer >= layer || !nested(p, &path));
        }
        if self.slots.get(&path).is_none_or(|slot| slot.layer <= layer) {
            self.slots.insert(path, Slot { key, layer, origin, raw, loose, typed });
        }
    }

    /// Notes what is wrong, once: an unknown section would be named for each of its keys.
    pub(crate) fn complain(&mut self, problem: Problem) {
        let text = problem.to_string();
        if !self.problems.iter().any(|known| known.to_string() == text) {
            self.problems.push(problem);
        }
    }

    /// The key of a path; none: an empty section, which says nothing.
    fn key(&self, path: &[String], raw: &Value, origin: &Origin) -> Result<Option<&'static Key>, Problem> {
        for (i, name) in path.iter().enumerate() {
            if schema::is_name(path, i) && !good_name(name) {
                let message = format!("`{name}` cannot be a name: letters, digits, `-` and `_`, at most 64");
                return Err(self.at_key(message, origin, i, "not a name"));
            }
        }
        match schema::find(path) {
            Found::Key(key) => Ok(Some(key)),
            Found::Section if raw.as_object().is_some_and(serde_json::Map::is_empty) => Ok(None),
            Found::Section => {
                let message = format!("`{}` is a section, not a key", show(path));
                Err(self.at_key(message, origin, path.len() - 1, "expected a table"))
            }
            Found::Nothing => Err(self.unknown(path, origin)),
        }
    }

    fn unknown(&self, path: &[String], origin: &Origin) -> Problem {
        // The first part that leads nowhere is the one that is wrong.
        let wrong = (1..=path.len())
            .find(|n| matches!(schema::find(&path[..*n]), Found::Nothing))
            .unwrap_or(path.len());
        let parent = &path[..wrong - 1];
        let known = schema::siblings(&path[..wrong]);
        let place =
            if parent.is_empty() { "at the top".to_owned() } else { format!("in [{}]", show(parent)) };
        let message = format!("unknown key `{}`", show(&path[..wrong]));
        let problem = self.at_key(message, origin, wrong - 1, &format!("no such key {place}"));
        let word = path[wrong - 1].as_str();
        if known.is_empty() { problem } else { problem.help(suggestion(word, &known)) }
    }

    fn wrong_value(&self, path: &[String], key: &Key, raw: &Value, origin: &Origin) -> Problem {
        let got = match (key.kind, raw) {
            (Kind::Secret, _) => String::new(),
            (_, Value::String(text)) => format!(", not \"{}\"", without_userinfo(text)),
            (_, Value::Object(_)) => ", not a table".to_owned(),
            (_, other) => format!(", not {other}"),
        };
        let message = format!("`{}` must be {}{got}", show(path), key.kind.allowed());
        self.at_value(message, origin, "this value")
    }

    /// A problem at the value's place.
    pub(crate) fn at_value(&self, message: String, origin: &Origin, label: &str) -> Problem {
        match origin {
            Origin::File { doc, value, .. } => self.in_doc(*doc, message, value.clone(), label),
            other => Problem::new(with_origin(message, other)),
        }
    }

    /// A problem at one part of the key.
    fn at_key(&self, message: String, origin: &Origin, part: usize, label: &str) -> Problem {
        match origin {
            Origin::File { doc, keys, .. } => {
                self.in_doc(*doc, message, keys.get(part).cloned().unwrap_or_default(), label)
            }
            other => Problem::new(with_origin(message, other)),
        }
    }

    fn in_doc(&self, doc: usize, message: String, span: Range<usize>, label: &str) -> Problem {
        match self.docs.get(doc) {
            Some(doc) => doc.problem(message, span, label),
            None => Problem::new(message),
        }
    }

    /// Where a value came from, for people.
    pub(crate) fn describe(&self, origin: &Origin) -> String {
        match origin {
            Origin::Default => "default".to_owned(),
            Origin::File { doc, value, .. } => self
                .docs
                .get(*doc)
                .map_or_else(String::new, |doc| format!("{}:{}", doc.name, line_of(&doc.text, value.start))),
            Origin::Variable(name) | Origin::Alias(name) => name.clone(),
            Origin::CommandLine => "--set".to_owned(),
            Origin::Derived(text) => text.clone(),
        }
    }

    /// The value, references looked up. None: unset, or wrong and noted as such.
    pub(crate) fn get(&mut self, path: &[String]) -> Option<Typed> {
        let slot = self.slots.get(path)?;
        if let Some(typed) = &slot.typed {
            return Some(typed.clone());
        }
        let result = self.look_up(path, slot);
        match result {
            Ok(typed) => {
                if let Some(slot) = self.slots.get_mut(path) {
                    slot.typed = Some(typed.clone());
                }
                Some(typed)
            }
            Err(problem) => {
                self.slots.remove(path);
                self.complain(problem);
                None
            }
        }
    }

    fn look_up(&self, path: &[String], slot: &Slot) -> Result<Typed, Problem> {
        let dir = match &slot.origin {
            Origin::File { doc, .. } => self.docs.get(*doc).map_or(Path::new(""), |doc| doc.dir.as_path()),
            _ => Path::new(""),
        };
        let lookup = Lookup { vars: self.vars, dir };
        let resolved = reference::resolve(&slot.raw, lookup).map_err(|why| {
            self.at_value(format!("`{}`: {why}", show(path)), &slot.origin, "this reference")
        })?;
        let loose = slot.loose || slot.raw.is_string();
        slot.key.kind.read(&resolved, loose).ok_or_else(|| {
            let message = format!(
                "`{}` must be {}; what the reference gives is not",
                show(path),
                slot.key.kind.allowed()
            );
            self.at_value(message, &slot.origin, "this reference")
        })
    }

    /// The value as `explain` shows it: a reference as written, a secret as a word.
    pub(crate) fn shown(&self, slot: &Slot) -> String {
        match (&slot.key.kind, &slot.raw, &slot.typed) {
            (_, Value::String(text), _) if !slot.loose && text.contains("${") => text.clone(),
            (_, raw, _) if !slot.loose && reference::present(raw) => raw.to_string(),
            (_, _, Some(typed)) => typed.to_string(),
            (Kind::Secret, ..) => "(secret, set)".to_owned(),
            (_, raw, None) => raw.to_string(),
        }
    }

    /// The chosen names at this place: of providers, or of plugins with options.
    pub(crate) fn names(&self, prefix: &[&str]) -> BTreeSet<String> {
        let below =
            self.slots.keys().filter(|p| p.len() > prefix.len() && p.iter().zip(prefix).all(|(a, b)| a == b));
        below.map(|p| p[prefix.len()].clone()).collect()
    }
}

fn with_origin(message: String, origin: &Origin) -> String {
    match origin {
        Origin::Variable(name) | Origin::Alias(name) => format!("{name}: {message}"),
        Origin::CommandLine => format!("--set: {message}"),
        _ => message,
    }
}

fn nested(a: &[String], b: &[String]) -> bool {
    a.starts_with(b) || b.starts_with(a)
}

fn good_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
