//! The adapters that are in use, by name: a snapshot that readers take without a lock.

use crate::{Adapter, Engine, Grants, Limits, LoadError, LoadReport};
use arc_swap::ArcSwap;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Read;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

/// What an operator sets for one plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PluginOptions {
    /// What it may do.
    pub grants: Grants,
    /// What it may use.
    pub limits: Limits,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginStatus {
    /// The file.
    pub file: PathBuf,
    /// Its name without `.wasm`: the adapter's name.
    pub name: String,
    /// What loading cost, or why it was refused.
    pub result: Result<LoadReport, LoadError>,
}

#[derive(Default)]
struct Snapshot {
    adapters: BTreeMap<String, (Arc<Adapter>, PluginOptions)>,
    statuses: Vec<PluginStatus>,
}

/// The adapters by name.
pub struct Registry {
    engine: Engine,
    current: ArcSwap<Snapshot>,
}

impl Registry {
    /// An empty registry.
    pub fn new(engine: Engine) -> Self {
        Self { engine, current: ArcSwap::default() }
    }

    /// The engine that adapters are loaded with.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Loads every `*.wasm` of a folder, in the order of their names, and puts them into use in one step.
    ///
    /// A file that is refused changes nothing: the others load, and a version that is in use under its name
    /// stays in use. A file that did not change is not loaded again. It may take seconds and blocks.
    pub fn load_dir(&self, dir: &Path, options: &BTreeMap<String, PluginOptions>) -> Vec<PluginStatus> {
        let before = self.current.load_full();
        let mut next = Snapshot::default();
        let files = match files(dir) {
            Ok(files) => files,
            Err(e) => {
                let result = Err(LoadError::Io(format!("{}: {e}", dir.display())));
                return vec![PluginStatus { file: dir.to_owned(), name: String::new(), result }];
            }
        };
        let wanted: Vec<Wanted> = files.into_iter().map(|file| Wanted::of(file, options)).collect();
        let loaded = in_parallel(&wanted, |one| self.load_file(one, before.adapters.get(&one.name)));
        for (Wanted { file, name, options }, loaded) in wanted.into_iter().zip(loaded) {
            let result = match loaded {
                Ok(adapter) => {
                    let report = adapter.report().clone();
                    tracing::info!(adapter = %name, version = %adapter.version_key(), "plugin loaded");
                    next.adapters.insert(name.clone(), (adapter, options));
                    Ok(report)
                }
                Err(why) => {
                    tracing::warn!(file = %file.display(), reason = %why, "plugin refused");
                    if let Some(kept) = before.adapters.get(&name) {
                        next.adapters.insert(name.clone(), kept.clone());
                    }
                    Err(why)
                }
            };
            next.statuses.push(PluginStatus { file, name, result });
        }
        let statuses = next.statuses.clone();
        docket_telemetry::host::adapters_loaded(next.adapters.len() as f64);
        self.current.store(Arc::new(next));
        statuses
    }

    fn load_file(
        &self,
        Wanted { file, name, options }: &Wanted,
        before: Option<&(Arc<Adapter>, PluginOptions)>,
    ) -> Result<Arc<Adapter>, LoadError> {
        let bytes = read(file).map_err(|e| LoadError::Io(e.to_string()))?;
        match before {
            Some((adapter, same))
                if same == options && adapter.digest() == hex::encode(Sha256::digest(&bytes)) =>
            {
                Ok(Arc::clone(adapter))
            }
            _ => self.engine.load(name, &bytes, options.grants, options.limits),
        }
    }

    /// The adapter of this name. It stays usable as long as it is held, whatever is loaded meanwhile.
    pub fn get(&self, name: &str) -> Option<Arc<Adapter>> {
        self.current.load().adapters.get(name).map(|(adapter, _)| Arc::clone(adapter))
    }

    /// All adapters, by name.
    pub fn list(&self) -> Vec<Arc<Adapter>> {
        self.current.load().adapters.values().map(|(adapter, _)| Arc::clone(adapter)).collect()
    }

    /// What became of the files of the last [`load_dir`](Self::load_dir).
    pub fn statuses(&self) -> Vec<PluginStatus> {
        self.current.load().statuses.clone()
    }
}

/// A file to load, and as what.
struct Wanted {
    file: PathBuf,
    name: String,
    options: PluginOptions,
}

impl Wanted {
    fn of(file: PathBuf, options: &BTreeMap<String, PluginOptions>) -> Self {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let options = options.get(&name).copied().unwrap_or_default();
        Self { file, name, options }
    }
}

/// `work` on every item, as many at once as there are processors: compiling is what a first start waits for.
/// The results stand in the order of the items.
fn in_parallel<T: Sync, R: Send + Sync>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let results: Vec<OnceLock<R>> = items.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(items.len());
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((item, slot)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    items.get(at).zip(results.get(at))
                } {
                    slot.get_or_init(|| work(item));
                }
            });
        }
    });
    results.into_iter().filter_map(OnceLock::into_inner).collect()
}

fn files(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "wasm") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads no more than one byte too many: the loader says so then.
fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = crate::screen::MAX_BYTES as u64 + 1;
    std::fs::File::open(file)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::in_parallel;

    #[test]
    fn every_item_is_done_once_and_the_order_is_kept() {
        let items: Vec<usize> = (0..100).collect();
        let expected: Vec<usize> = items.iter().map(|n| n * n).collect();
        assert_eq!(in_parallel(&items, |n| n * n), expected);
        assert!(in_parallel(&[], |n: &usize| n * n).is_empty());
    }
}
