//! Every key with its value and where that came from.

use crate::aliases::Unused;
use crate::layers::{KeyPath, Layer, Layers, Origin, show};
use crate::schema::{KEYS, Key};
use crate::settings::Explained;
use crate::value::Kind;

/// The lines of `docket check --explain`, in the order of the schema.
pub(crate) fn lines(layers: &Layers<'_>, unused: &Unused) -> Vec<Explained> {
    let mut lines = Vec::new();
    for key in KEYS {
        for path in paths(layers, key) {
            let slot = layers.slots.get(&path);
            lines.push(Explained {
                key: show(&path),
                value: slot.map_or_else(|| "(unset)".to_owned(), |slot| layers.shown(slot)),
                origin: slot.map_or_else(|| "default".to_owned(), |slot| layers.describe(&slot.origin)),
                meaning: key.meaning,
            });
        }
    }
    for (name, why) in unused {
        lines.push(Explained {
            key: name.clone(),
            value: "(no effect)".to_owned(),
            origin: why.clone(),
            meaning: "A variable that is set and changes nothing.",
        });
    }
    lines
}

/// Where a key stands: once, or once for each name that the operator chose.
fn paths(layers: &Layers<'_>, key: &Key) -> Vec<KeyPath> {
    let Some(star) = key.path.iter().position(|part| *part == "*") else {
        return vec![key.path.iter().map(|part| (*part).to_owned()).collect()];
    };
    if key.path.iter().filter(|part| part.starts_with('*')).count() > 1 {
        // A second name, or a plugin's own settings: only what is set can be listed.
        let set = layers.slots.iter().filter(|(_, slot)| std::ptr::eq(slot.key, key));
        return set.map(|(path, _)| path.clone()).collect();
    }
    let names = layers.names(&key.path[..star]).into_iter();
    names
        .map(|name| {
            key.path.iter().map(|part| if *part == "*" { name.clone() } else { (*part).to_owned() }).collect()
        })
        .collect()
}

/// What deserves a look although it works.
pub(crate) fn warnings(layers: &Layers<'_>, unused: &Unused) -> Vec<String> {
    let mut warnings: Vec<String> =
        unused.iter().map(|(name, why)| format!("{name} has no effect: {why}")).collect();
    for (path, slot) in &layers.slots {
        let written = matches!(slot.origin, Origin::File { .. }) && layers.shown(slot) == "(secret, set)";
        if matches!(slot.key.kind, Kind::Secret) && slot.layer > Layer::Default && written {
            warnings.push(format!(
                "`{}` is written into {}: better \"${{env:NAME}}\" or \"${{file:PATH}}\"",
                show(path),
                layers.describe(&slot.origin)
            ));
        }
    }
    warnings
}
