//! Development tasks: `cargo xtask <task>`.

mod plugins;

use anyhow::{Context, bail};
use std::path::{Path, PathBuf};

fn main() -> anyhow::Result<()> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask stands outside the workspace")?;
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("plugins") => {
            let out = args.next().map_or_else(|| root.join("target/plugins"), PathBuf::from);
            plugins::build(root, &out).map(drop)
        }
        _ => bail!("usage: cargo xtask plugins [FOLDER]"),
    }
}
