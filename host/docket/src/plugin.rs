//! `docket plugin`: what lies in the plugin folder, and what the loader says about it.

use crate::boot;
use crate::cli::PluginCommand;
use crate::exit::{CommandResult, Exit};
use crate::output::{print, table};
use crate::settings;
use docket_adapter::{Adapter, CacheOutcome, PluginStatus, Registry};
use serde_json::{Value, json};

/// How much of a digest a table shows.
const SHOWN_DIGEST: usize = 12;

/// Runs `docket plugin ...`. A refused plugin makes the command fail.
pub(crate) async fn main(command: PluginCommand) -> CommandResult {
    let PluginCommand::List { settings: args, json } = command;
    let loaded = settings::load(&args, None)?;
    let (registry, statuses) = boot::plugins(&loaded).await?;
    if json {
        let all: Vec<Value> = statuses.iter().map(|status| to_json(&registry, status)).collect();
        println!("{}", json!(all));
    } else {
        print(&rows(&registry, &statuses));
    }
    let refused = statuses.iter().filter(|status| status.result.is_err()).count();
    Ok(if refused == 0 { Exit::Ok } else { Exit::Failed })
}

/// A table of every file.
pub(crate) fn rows(registry: &Registry, statuses: &[PluginStatus]) -> comfy_table::Table {
    let mut rows =
        table(&["plugin", "version", "can", "imports", "sha256", "KiB", "load ms", "or why refused"]);
    for status in statuses {
        match (&status.result, registry.get(&status.name)) {
            (Ok(report), Some(adapter)) => {
                let kib = report.bytes as f64 / 1024.0;
                let ms = (report.compile + report.canary).as_secs_f64() * 1000.0;
                rows.add_row([
                    status.name.clone(),
                    adapter.manifest().version.clone(),
                    capabilities(&adapter).join(", "),
                    if adapter.imports().is_empty() {
                        "nothing".to_owned()
                    } else {
                        adapter.imports().join(", ")
                    },
                    adapter.digest().chars().take(SHOWN_DIGEST).collect(),
                    format!("{kib:.1}"),
                    format!("{ms:.0}{}", if report.cache == CacheOutcome::Hit { " (cached)" } else { "" }),
                    String::new(),
                ]);
            }
            (result, _) => {
                let reason =
                    result.as_ref().err().map_or_else(|| "not in use".to_owned(), ToString::to_string);
                let name = if status.name.is_empty() {
                    status.file.display().to_string()
                } else {
                    status.name.clone()
                };
                rows.add_row([name.as_str(), "", "", "", "", "", "", &reason]);
            }
        }
    }
    rows
}

fn to_json(registry: &Registry, status: &PluginStatus) -> Value {
    let file = status.file.display().to_string();
    match (&status.result, registry.get(&status.name)) {
        (Ok(report), Some(adapter)) => json!({
            "file": file,
            "name": status.name,
            "id": adapter.manifest().id,
            "version": adapter.manifest().version,
            "description": adapter.manifest().description,
            "mock": adapter.manifest().mock,
            "capabilities": capabilities(&adapter),
            "imports": adapter.imports(),
            "sha256": adapter.digest(),
            "bytes": report.bytes,
            "code_bytes": report.code_bytes,
            "load_ms": (report.compile + report.canary).as_secs_f64() * 1000.0,
        }),
        (result, _) => json!({
            "file": file,
            "name": status.name,
            "refused": result.as_ref().err().map(ToString::to_string),
        }),
    }
}

fn capabilities(adapter: &Adapter) -> Vec<&'static str> {
    let mut can = vec!["realtime"];
    can.extend(adapter.has_streaming().then_some("streaming"));
    can.extend(adapter.has_batch().then_some("batch"));
    can.extend(adapter.manifest().mock.then_some("mock"));
    can
}
