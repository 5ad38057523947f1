//! The engine: wasmtime, its ticker, the slow lane, the code cache; and how a file becomes an adapter.

use crate::adapter::{Adapter, LoadReport};
use crate::cache::{Cache, CacheOutcome, Sha, trusted};
use crate::compile::{Compiler, compile};
use crate::contract::{Bound, Contract, bind};
use crate::lane::{Conduct, SlowLane};
use crate::runner::Runner;
use crate::ticker::Ticker;
use crate::{Error, Grants, Limits, LoadError, StepErrorKind, imports, manifest, screen, settings};
use docket_types::chat::Texts;
use docket_types::manifest::Manifest;
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use wasmtime::component::Component;

/// How an engine is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineOptions {
    /// Where compiled code is kept: a directory of our own, mode 700. None: it is compiled at each start.
    pub cache_dir: Option<PathBuf>,
    /// Where components are compiled.
    pub compiler: Compiler,
    /// How long one compilation may take before it is ended.
    pub compile_time: Duration,
    /// Instances that may live at the same time, over all plugins. Half of them may be streams' decoders.
    pub max_instances: u32,
    /// How long a canary may take: generous, because a busy machine is no reason to refuse a plugin.
    pub canary_time: Duration,
    /// How long a step may wait for its turn before it is `Busy`.
    pub admission_wait: Duration,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            cache_dir: None,
            compiler: Compiler::default(),
            compile_time: Duration::from_secs(60),
            max_instances: 128,
            canary_time: Duration::from_secs(5),
            admission_wait: Duration::from_secs(5),
        }
    }
}

/// What every adapter of an engine shares. Fields are dropped in order: first the lane, which waits for its
/// last step, then the ticker, which ends that step.
pub(crate) struct Core {
    pub(crate) lane: SlowLane,
    pub(crate) _ticker: Ticker,
    pub(crate) admission_wait: Duration,
    pub(crate) streams: Arc<Semaphore>,
    engine: wasmtime::Engine,
    cache: Result<Cache, CacheOutcome>,
    compiler: Compiler,
    compile_time: Duration,
    canary_time: Duration,
}

/// The component host. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Core>);

impl Engine {
    /// Starts the engine, its ticker and the slow lane. A cache that cannot be trusted is not used; the reason
    /// is logged and stands in each [`LoadReport`].
    ///
    /// # Errors
    /// The machine refuses the address space or a thread.
    pub fn new(options: EngineOptions) -> Result<Self, Error> {
        let instances = options.max_instances.max(4);
        let engine = wasmtime::Engine::new(&settings::running(instances));
        let engine = engine.map_err(|e| Error::Engine(format!("{e:#}")))?;
        let cache = match &options.cache_dir {
            None => Err(CacheOutcome::Off),
            Some(dir) => Cache::open(dir, &engine).map_err(|why| {
                tracing::warn!(reason = %why, "compiled code is not cached");
                CacheOutcome::Miss(why)
            }),
        };
        Ok(Self(Arc::new(Core {
            lane: SlowLane::start()?,
            _ticker: Ticker::start(&engine)?,
            admission_wait: options.admission_wait,
            streams: Arc::new(Semaphore::new(instances as usize / 2)),
            engine,
            cache,
            compiler: options.compiler,
            compile_time: options.compile_time,
            canary_time: options.canary_time,
        })))
    }

    /// Makes an adapter of a component's bytes: screened, compiled or read from the cache, linked to what is
    /// granted and nothing else, and tried once. It may take seconds; call it where blocking is allowed.
    ///
    /// # Errors
    /// Why this file is not an adapter; each reason is a variant of its own.
    pub fn load(
        &self,
        name: &str,
        component: &[u8],
        grants: Grants,
        limits: Limits,
    ) -> Result<Arc<Adapter>, LoadError> {
        let loaded = self.try_load(name, component, grants, limits);
        let result = if loaded.is_ok() { "loaded" } else { "refused" };
        docket_telemetry::host::adapter_loads_total(result, 1);
        loaded
    }

    fn try_load(
        &self,
        name: &str,
        component: &[u8],
        grants: Grants,
        limits: Limits,
    ) -> Result<Arc<Adapter>, LoadError> {
        check_name(name)?;
        let shape = screen::screen(component)?;
        imports::check(name, &shape, grants)?;
        let digest: Sha = Sha256::digest(component).into();
        let began = Instant::now();
        let (code, code_bytes, cache) = self.0.code(component, &digest)?;
        let compile = began.elapsed();
        if cache != CacheOutcome::Hit {
            docket_telemetry::host::adapter_compile_seconds(compile.as_secs_f64());
        }
        let bound = bind(&self.0.engine, &code, grants.content);
        let Bound { pre, contract } = bound.map_err(|e| LoadError::Interface(format!("{e:#}")))?;
        let runner = Runner { pre, limits: limits.clamped() };
        let began = Instant::now();
        let manifest = canary(&runner, contract.as_ref(), self.0.canary_time)?;
        let canary = began.elapsed();
        Ok(Arc::new(Adapter {
            name: name.to_owned(),
            manifest,
            digest: hex::encode(digest),
            imports: shape.imports,
            report: LoadReport { bytes: component.len(), code_bytes, compile, canary, cache },
            grants,
            contract,
            permits: Arc::new(Semaphore::new(runner.limits.concurrent_steps)),
            runner,
            conduct: Arc::new(Conduct::new()),
            turn: Arc::new(Semaphore::new(1)),
            core: Arc::clone(&self.0),
        }))
    }
}

impl Core {
    /// The component's code, from the cache or the compiler.
    fn code(&self, component: &[u8], digest: &Sha) -> Result<(Component, usize, CacheOutcome), LoadError> {
        let cached = match &self.cache {
            Err(why) => Err(why.clone()),
            Ok(cache) => cache.get(digest).map_err(CacheOutcome::Miss),
        };
        let loaded = cached.and_then(|code| {
            let component = trusted::load(&self.engine, &code);
            let component = component.map_err(|e| CacheOutcome::Miss(format!("it does not load: {e:#}")))?;
            Ok((component, code.code().len(), CacheOutcome::Hit))
        });
        let why = match loaded {
            Ok(hit) => return Ok(hit),
            Err(why) => why,
        };
        let code = compile(&self.compiler, &self.engine, component, self.compile_time)?;
        let loaded = trusted::load(&self.engine, &code).map_err(|e| LoadError::TooBig(format!("{e:#}")))?;
        if let Ok(cache) = &self.cache
            && let Err(why) = cache.put(digest, code.code())
        {
            tracing::warn!(reason = %why, "compiled code is not kept");
        }
        Ok((loaded, code.code().len(), why))
    }
}

/// Tries the component once: an instance, every function with its types, and the description.
fn canary(runner: &Runner, contract: &dyn Contract, time: Duration) -> Result<Manifest, LoadError> {
    let failed =
        |(kind, why): (StepErrorKind, String)| LoadError::Canary(format!("{why} ({})", kind.as_str()));
    let (mut store, instance) = runner.instantiate(Texts::default(), time).map_err(failed)?;
    contract.check(&mut store, &instance).map_err(|e| LoadError::Interface(format!("{e:#}")))?;
    let text = runner.again(&mut store, &instance, &contract.describe(), time).map_err(failed)?;
    manifest::parse(&text).map_err(LoadError::Manifest)
}

/// Names are file names, metric labels and keys of the configuration.
fn check_name(name: &str) -> Result<(), LoadError> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
    if (1..=64).contains(&name.len()) && name.bytes().all(fits) && !name.starts_with('.') {
        Ok(())
    } else {
        Err(LoadError::Name(name.chars().take(64).collect()))
    }
}
