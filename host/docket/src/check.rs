//! `docket check`: would a host start with this, and would it work?

use crate::cli::CheckArgs;
use crate::exit::{CommandResult, Exit, OrExit};
use crate::output::{print, table};
use crate::{boot, plugin, settings};
use anyhow::Context;
use docket_adapter::Registry;
use docket_config::Settings;

/// Looks at configuration, plugins and store. Serves nothing and changes nothing, but for the cache of compiled code.
pub(crate) async fn main(args: CheckArgs) -> CommandResult {
    let loaded = settings::load(&args.settings, None)?;
    if args.explain {
        explain(&loaded);
    }
    for warning in loaded.warnings() {
        println!("warning: {warning}");
    }
    println!("configuration: ok");
    let (registry, statuses) = boot::plugins(&loaded).await?;
    print(&plugin::rows(&registry, &statuses));
    let mut findings: Vec<String> = statuses
        .iter()
        .filter_map(|s| s.result.as_ref().err().map(|why| format!("{} is refused: {why}", s.file.display())))
        .collect();
    findings.extend(without_adapter(&loaded, &registry));
    store(&loaded).await?;
    for finding in &findings {
        println!("finding: {finding}");
    }
    println!(
        "{}",
        if findings.is_empty() { "all is well" } else { "a host would start, and would not do all of this" }
    );
    Ok(if findings.is_empty() { Exit::Ok } else { Exit::Failed })
}

fn explain(settings: &Settings) {
    let mut rows = table(&["key", "value", "from", "meaning"]);
    for line in settings.explain() {
        rows.add_row([line.key.as_str(), &line.value, &line.origin, line.meaning]);
    }
    print(&rows);
}

fn without_adapter(settings: &Settings, registry: &Registry) -> Vec<String> {
    let missing = settings.providers.iter().filter(|(_, provider)| registry.get(&provider.adapter).is_none());
    missing
        .map(|(name, provider)| {
            format!("provider {name} wants the plugin `{}`, which is not loaded", provider.adapter)
        })
        .collect()
}

async fn store(settings: &Settings) -> Result<(), crate::exit::Failure> {
    let url = &settings.store.url;
    let status =
        docket_store::status(url).await.with_context(|| format!("the store {url}")).or_exit(Exit::Store)?;
    let pending = status.iter().filter(|m| m.applied_at.is_none()).count();
    match pending {
        0 => println!("store {url}: ok, {} migrations applied", status.len()),
        n if n == status.len() => println!("store {url}: new; it is made at the first start"),
        n => println!(
            "store {url}: {n} migrations to come; they are applied at the next start, or by `docket migrate`"
        ),
    }
    Ok(())
}
