//! Laying the seed's variables over docket's keys. One that is unknown, or that says something else than docket's own
//! explicit setting, is an error: silently preferring either would surprise somebody.

use crate::alias_table::{Alias, DEAD, Effect, JUDGING_SERVICE, LIVE, PROVIDER_SERVICE, Unit};
use crate::error::{Problem, near};
use crate::layers::{KeyPath, Layer, Layers, Origin, show};
use crate::mock;
use serde_json::Value;
use std::net::SocketAddr;

/// Variables without effect, for `explain`: name and why.
pub(crate) type Unused = Vec<(String, String)>;

/// The variables that set no provider's key. Returns those without effect.
pub(crate) fn apply(layers: &mut Layers<'_>) -> Unused {
    let mut unused = Unused::new();
    check_known(layers, &mut unused);
    for alias in LIVE {
        if let Effect::Key(path, unit) = alias.effect
            && let Some((name, text)) = given(layers, alias)
        {
            match convert(&text, unit) {
                Some(value) => put(layers, path.iter().map(|p| (*p).to_owned()).collect(), value, &name),
                None => layers.complain(Problem::new(format!("{name}: `{text}` is not {}", expected(unit)))),
            }
        }
    }
    listen(layers);
    unused
}

/// The variables of single providers; after it is settled which providers there are.
pub(crate) fn apply_to_providers(layers: &mut Layers<'_>, unused: &mut Unused) {
    for alias in LIVE {
        let Effect::Provider(provider, rest) = alias.effect else { continue };
        let Some((name, text)) = given(layers, alias) else { continue };
        let mut path: KeyPath = vec!["providers".to_owned(), provider.to_owned()];
        let adapter = layers.get(&[path.as_slice(), &["adapter".to_owned()]].concat()).map(|a| a.to_string());
        match adapter {
            None => unused.push((name, format!("no provider `{provider}` is configured"))),
            Some(plugin) if mock::is_mock(&plugin) => {
                unused.push((name, format!("the mock `{plugin}` serves the provider `{provider}`")));
            }
            Some(_) => {
                path.extend(rest.iter().map(|p| (*p).to_owned()));
                if alias.prefix.is_empty() {
                    // Shared by many programs: anything that is said about docket itself wins. The first name wins.
                    if !layers.slots.contains_key(&path) {
                        layers.set(path, text.into(), Layer::Ambient, Origin::Variable(name));
                    }
                } else {
                    put(layers, path, text.into(), &name);
                }
            }
        }
    }
}

/// The variable's full name and value; none when unset or empty.
fn given(layers: &Layers<'_>, alias: &Alias) -> Option<(String, String)> {
    let name = format!("{}{}", alias.prefix, alias.name);
    let value = layers.vars.get(&name).filter(|value| !value.trim().is_empty())?;
    Some((name, value.clone()))
}

fn check_known(layers: &mut Layers<'_>, unused: &mut Unused) {
    let vars = layers.vars;
    for (name, value) in vars {
        let Some(prefix) = [PROVIDER_SERVICE, JUDGING_SERVICE].into_iter().find(|p| name.starts_with(p))
        else {
            continue;
        };
        if value.trim().is_empty() {
            continue;
        }
        let rest = &name[prefix.len()..];
        if LIVE.iter().any(|a| a.prefix == prefix && a.name == rest) {
            continue;
        }
        if let Some(Effect::Nothing(why)) =
            DEAD.iter().find(|a| a.prefix == prefix && a.name == rest).map(|a| a.effect)
        {
            unused.push((name.clone(), why.to_owned()));
            continue;
        }
        let known = LIVE.iter().chain(DEAD).filter(|a| a.prefix == prefix).map(|a| a.name);
        let near: Vec<_> = near(rest, known).iter().map(|n| format!("`{prefix}{n}`")).collect();
        let help = if near.is_empty() {
            "docs/operations.md lists the names that are understood".to_owned()
        } else {
            format!("did you mean {}?", near.join(" or "))
        };
        layers.complain(Problem::new(format!("unknown variable `{name}`")).help(help));
    }
}

/// Sets a key from an alias, unless docket's own explicit setting says otherwise. The command line is above both.
fn put(layers: &mut Layers<'_>, path: KeyPath, value: Value, name: &str) {
    let own = layers.slots.get(&path).filter(|slot| slot.layer >= Layer::File).cloned();
    let Some(own) = own else {
        return layers.set(path, value, Layer::Environment, Origin::Alias(name.to_owned()));
    };
    if own.layer == Layer::CommandLine {
        return;
    }
    let (Some(said), Some(read)) = (layers.get(&path), own.key.kind.read(&value, true)) else {
        // Either is wrong in itself; `set` notes it for the alias.
        return layers.set(path, value, Layer::Environment, Origin::Alias(name.to_owned()));
    };
    if !said.same(&read) {
        let message = format!(
            "{name} contradicts `{}`: the variable says {read}, {} says {said}",
            show(&path),
            layers.describe(&own.origin)
        );
        let problem =
            layers.at_value(message, &own.origin, "docket's own setting").help("remove one of the two");
        layers.complain(problem);
    }
}

/// HOST and PORT are parts of one key.
fn listen(layers: &mut Layers<'_>) {
    let part = |layers: &Layers<'_>, wanted: fn(&Effect) -> bool| {
        LIVE.iter().find(|a| wanted(&a.effect)).and_then(|a| given(layers, a))
    };
    let host = part(layers, |e| matches!(e, Effect::Host));
    let port = part(layers, |e| matches!(e, Effect::Port));
    let names: Vec<&str> = [&host, &port].into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    if names.is_empty() {
        return;
    }
    let path = vec!["server".to_owned(), "listen".to_owned()];
    let own: Option<SocketAddr> = layers.get(&path).and_then(|value| value.to_string().parse().ok());
    let base = own.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8490)));
    let ip = match &host {
        Some((_, text)) if text.trim() == "localhost" => base.ip(),
        Some((name, text)) => match text.trim().parse() {
            Ok(ip) => ip,
            Err(_) => {
                let message = format!("{name}: `{text}` is not an IP address");
                return layers.complain(Problem::new(message).help("such as 127.0.0.1 or 0.0.0.0"));
            }
        },
        None => base.ip(),
    };
    let number = match &port {
        Some((name, text)) => match text.trim().parse() {
            Ok(number) => number,
            Err(_) => return layers.complain(Problem::new(format!("{name}: `{text}` is not a port"))),
        },
        None => base.port(),
    };
    put(layers, path, SocketAddr::new(ip, number).to_string().into(), &names.join(" and "));
}

fn expected(unit: Unit) -> &'static str {
    match unit {
        Unit::Level => "a level: DEBUG, INFO, WARNING, ERROR or CRITICAL",
        Unit::Hours | Unit::Mebibytes | Unit::Retries => "a whole number",
        Unit::Same | Unit::Seconds => "a number",
    }
}

/// The alias's text in the key's own words.
fn convert(text: &str, unit: Unit) -> Option<Value> {
    let text = text.trim();
    let whole = || text.parse::<u64>().ok();
    Some(match unit {
        Unit::Same => text.into(),
        Unit::Mebibytes => format!("{}MiB", whole()?).into(),
        Unit::Hours => format!("{}h", whole()?).into(),
        Unit::Seconds => {
            let seconds = text.parse::<f64>().ok().filter(|s| s.is_finite() && (0.0..=1e9).contains(s))?;
            format!("{}ms", (seconds * 1000.0).round()).into()
        }
        Unit::Retries => whole()?.checked_add(1)?.to_string().into(),
        Unit::Level => match text.to_ascii_uppercase().as_str() {
            "TRACE" => "trace",
            "DEBUG" => "debug",
            "INFO" => "info",
            "WARNING" | "WARN" => "warn",
            "ERROR" | "CRITICAL" | "FATAL" => "error",
            _ => return None,
        }
        .into(),
    })
}
