//! The mock switch: one setting puts a mock in the place of every provider, and `mock.*` reaches the mocks' settings.

use crate::layers::{KeyPath, Layer, Layers, Origin, show};
use crate::value::Typed;

/// The names that the seed's service knows.
pub(crate) const PROVIDERS: [&str; 5] = ["anthropic", "google", "mock", "openai", "openrouter"];

/// Modes and the plugins behind them.
const PLUGINS: [(&str, &str); 5] = [
    ("default", "mock-default"),
    ("cj_generic_batch", "cj-generic-batch"),
    ("eng5_anchor_gpt51_low", "eng5-anchor-gpt51-low"),
    ("eng5_lower5_gpt51_low", "eng5-lower5-gpt51-low"),
    ("chaos", "chaos"),
];

/// `[mock]` keys that are settings of the mocks.
const SETTINGS: [&str; 13] = [
    "cache_enabled",
    "cache_hit_rate",
    "confidence_base",
    "confidence_jitter",
    "error_burst_length",
    "error_burst_rate",
    "error_codes",
    "error_rate",
    "latency_jitter_ms",
    "latency_ms",
    "seed",
    "streaming_metadata",
    "tokens_per_word",
];

/// Whether this plugin is one of docket's mocks.
pub(crate) fn is_mock(plugin: &str) -> bool {
    PLUGINS.iter().any(|(_, name)| *name == plugin)
}

fn path(parts: &[&str]) -> KeyPath {
    parts.iter().map(|part| (*part).to_owned()).collect()
}

/// Settles which plugin serves which provider.
pub(crate) fn apply(layers: &mut Layers<'_>) {
    let use_mock = path(&["mock", "use_mock"]);
    let mode = path(&["mock", "mode"]);
    let on = matches!(layers.get(&use_mock), Some(Typed::Bool(true)));
    let name = layers.get(&mode).map_or_else(|| "default".to_owned(), |mode| mode.to_string());
    let plugin = PLUGINS.iter().find(|(m, _)| *m == name).map_or("mock-default", |(_, plugin)| plugin);
    if on {
        for provider in PROVIDERS {
            serve(layers, provider, plugin, &use_mock);
        }
    } else if layers.slots.contains_key(&mode) {
        serve(layers, "mock", plugin, &mode);
    } else if layers.names(&["providers"]).is_empty() {
        layers.set(path(&["providers", "mock", "adapter"]), plugin.into(), Layer::Default, Origin::Default);
    }
    settings(layers);
}

/// Has `plugin` serve `provider` because `cause` says so. What a lower layer says about the provider is replaced; the
/// same layer or a higher one contradicts.
fn serve(layers: &mut Layers<'_>, provider: &str, plugin: &str, cause: &[String]) {
    let Some((layer, origin)) = layers.slots.get(cause).map(|slot| (slot.layer, slot.origin.clone())) else {
        return;
    };
    let adapter = path(&["providers", provider, "adapter"]);
    let because = format!("{} of {}", show(cause), layers.describe(&origin));
    let mut reason = because.clone();
    if let Some(said) = layers.get(&adapter)
        && let Some(own) = layers.slots.get(&adapter).cloned()
    {
        if said.to_string() == plugin {
            return;
        }
        if own.layer >= layer {
            let message = format!(
                "`{}` says {said} ({}), but {because} puts {plugin} in its place",
                show(&adapter),
                layers.describe(&own.origin)
            );
            let problem = layers.at_value(message, &own.origin, "this plugin").help("remove one of the two");
            return layers.complain(problem);
        }
        reason = format!("{because}, replacing {said} of {}", layers.describe(&own.origin));
    }
    // Settings, addresses and credentials were meant for the plugin that was replaced.
    let prefix = path(&["providers", provider]);
    layers.slots.retain(|p, slot| !p.starts_with(&prefix) || slot.layer >= layer);
    layers.set(adapter, plugin.into(), layer, Origin::Derived(reason));
}

/// Hands `[mock]` down to the providers that a mock serves.
fn settings(layers: &mut Layers<'_>) {
    for provider in layers.names(&["providers"]) {
        let adapter = layers.get(&path(&["providers", &provider, "adapter"])).map(|a| a.to_string());
        if !adapter.is_some_and(|plugin| is_mock(&plugin)) {
            continue;
        }
        for name in SETTINGS {
            hand_down(layers, &provider, name);
        }
    }
}

fn hand_down(layers: &mut Layers<'_>, provider: &str, name: &str) {
    let from = path(&["mock", name]);
    let to = path(&["providers", provider, "settings", name]);
    let (Some(value), Some(slot)) = (layers.get(&from), layers.slots.get(&from).cloned()) else { return };
    let Some(own) = layers.slots.get(&to).cloned() else {
        let origin = Origin::Derived(format!("mock.{name} of {}", layers.describe(&slot.origin)));
        return layers.set(to, value.to_json(), slot.layer, origin);
    };
    // The provider's own setting is the more specific one. Only a variable that means another value contradicts.
    let alias = matches!(slot.origin, Origin::Alias(_)) && own.layer != Layer::CommandLine;
    let same = layers.get(&to).is_some_and(|said| said.to_json() == value.to_json());
    if alias && !same {
        let message = format!(
            "{} contradicts `{}` ({})",
            layers.describe(&slot.origin),
            show(&to),
            layers.describe(&own.origin)
        );
        let problem =
            layers.at_value(message, &own.origin, "docket's own setting").help("remove one of the two");
        layers.complain(problem);
    }
}
