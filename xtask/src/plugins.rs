//! Builds the plugins: every crate under `plugins/` that is a `cdylib` becomes one component.

use anyhow::{Context, bail, ensure};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use wit_component::{ComponentEncoder, DecodedWasm};

const TARGET: &str = "wasm32-unknown-unknown";
/// A cargo profile of the workspace.
const PROFILE: &str = "plugin";
/// Bytes of stack. With Rust's default of 1 MiB the arena would begin behind 16 pages that nobody uses.
const STACK: u32 = 64 * 1024;

/// One plugin crate.
struct Plugin {
    /// Its folder, and the component's file name.
    name: String,
    /// Its package, for cargo.
    package: String,
}

/// Builds every plugin into `<out>/<name>.wasm` and returns the files, sorted by name. Only what changed is wrapped
/// anew. Adds the wasm target with rustup when it is missing.
pub(crate) fn build(root: &Path, out: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let plugins = find(root)?;
    ensure_target()?;
    let modules = compile(root, &plugins)?;
    fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let mut files = Vec::new();
    for plugin in &plugins {
        let module = modules.join(format!("{}.wasm", plugin.package.replace('-', "_")));
        let file = out.join(format!("{}.wasm", plugin.name));
        let fresh = is_newer(&file, &module);
        if !fresh {
            let component = wrap(&module).with_context(|| format!("{} is no component", plugin.name))?;
            replace(&file, &component)?;
        }
        report(&plugin.name, &file, fresh)?;
        files.push(file);
    }
    Ok(files)
}

/// The crates under `plugins/` that say `crate-type = ["cdylib", ...]`.
fn find(root: &Path) -> anyhow::Result<Vec<Plugin>> {
    let mut plugins = Vec::new();
    for entry in fs::read_dir(root.join("plugins")).context("there is no plugins folder")? {
        let manifest = entry?.path().join("Cargo.toml");
        let Ok(text) = fs::read_to_string(&manifest) else { continue };
        let table: toml::Table =
            text.parse().with_context(|| format!("{} is not TOML", manifest.display()))?;
        let kinds = table.get("lib").and_then(|lib| lib.get("crate-type")).and_then(toml::Value::as_array);
        if !kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind.as_str() == Some("cdylib"))) {
            continue;
        }
        let package =
            table.get("package").and_then(|package| package.get("name")).and_then(toml::Value::as_str);
        let package = package.with_context(|| format!("{} names no package", manifest.display()))?.to_owned();
        let folder = manifest.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        let name = folder.with_context(|| format!("{} has no usable name", manifest.display()))?.to_owned();
        plugins.push(Plugin { name, package });
    }
    ensure!(!plugins.is_empty(), "no crate under {}/plugins is a cdylib", root.display());
    plugins.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(plugins)
}

/// Adds the wasm target to the toolchain in use, if it is not there.
fn ensure_target() -> anyhow::Result<()> {
    let printed = run(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]))?;
    if Path::new(printed.trim()).is_dir() {
        return Ok(());
    }
    eprintln!("adding the target {TARGET}");
    run(Command::new("rustup").args(["target", "add", TARGET]))
        .with_context(|| format!("the target {TARGET} is missing; `rustup target add {TARGET}` adds it"))
        .map(drop)
}

/// Runs cargo, and returns the folder of the core modules.
fn compile(root: &Path, plugins: &[Plugin]) -> anyhow::Result<PathBuf> {
    let mut flags = vec![format!("-Clink-arg=-zstack-size={STACK}")];
    // The paths of this machine stay out of the components, which are then equal on every machine.
    flags.push(format!("--remap-path-prefix={}=.", root.display()));
    if let Some(home) = cargo_home() {
        flags.push(format!("--remap-path-prefix={}=cargo", home.display()));
    }
    let target_dir =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).args(["build", "--quiet", "--lib", "--target", TARGET, "--profile", PROFILE]);
    cargo.arg("--target-dir").arg(&target_dir);
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}")).env_remove("RUSTFLAGS");
    for plugin in plugins {
        cargo.args(["--package", &plugin.package]);
    }
    let status = cargo.status().context("cannot run cargo")?;
    ensure!(status.success(), "the plugins do not build");
    Ok(target_dir.join(TARGET).join(PROFILE))
}

fn cargo_home() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    home.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")))
}

/// The core module as a component.
fn wrap(module: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    ComponentEncoder::default().validate(true).module(&bytes)?.encode()
}

/// Writes beside and renames, so that nobody ever reads half a component.
fn replace(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let part = file.with_extension("wasm.part");
    fs::write(&part, bytes).with_context(|| format!("cannot write {}", part.display()))?;
    fs::rename(&part, file).with_context(|| format!("cannot write {}", file.display()))
}

fn is_newer(file: &Path, than: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|meta| meta.modified()).ok();
    matches!((modified(file), modified(than)), (Some(file), Some(than)) if file >= than)
}

/// Prints what came out, and refuses a component that imports what no adapter may.
fn report(name: &str, file: &Path, fresh: bool) -> anyhow::Result<()> {
    let bytes = fs::read(file)?;
    let DecodedWasm::Component(resolve, world) = wit_component::decode(&bytes)? else {
        bail!("{} is not a component", file.display());
    };
    let world = &resolve.worlds[world];
    let imports: BTreeSet<String> = world.imports.keys().map(|key| resolve.name_world_key(key)).collect();
    let exports: BTreeSet<String> =
        world.exports.keys().map(|key| short(&resolve.name_world_key(key))).collect();
    if let Some(import) = imports.iter().find(|import| !import.starts_with("docket:provider/content@")) {
        bail!("{name} imports `{import}`");
    }
    let imports = if imports.is_empty() { "nothing".to_owned() } else { join(&imports) };
    let size = bytes.len() as f64 / 1024.0;
    let state = if fresh { "unchanged" } else { "built" };
    println!("{name:<24} {size:>7.1} KiB  imports {imports}; exports {}  ({state})", join(&exports));
    Ok(())
}

/// `docket:provider/batch@0.1.0` as `batch`.
fn short(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name);
    name.split('@').next().unwrap_or(name).to_owned()
}

fn join(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn run(command: &mut Command) -> anyhow::Result<String> {
    let output =
        command.output().with_context(|| format!("cannot run {}", command.get_program().display()))?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
