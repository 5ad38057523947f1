//! Why an adapter is not loaded, and why a step has no result. Each kind is its own variant, and each
//! message says what happened, to which plugin, at which limit.

use docket_types::Failure;
use std::fmt;
use std::time::Duration;

/// Setting up the engine failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The machine refused the address space or a setting.
    #[error("the Wasm engine cannot start: {0}")]
    Engine(String),
    /// A thread could not be started.
    #[error("cannot start the thread {name}: {source}")]
    Thread {
        /// Which one.
        name: &'static str,
        /// Why.
        source: std::io::Error,
    },
}

/// Why a file is not an adapter that this host runs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Io(String),
    /// The plugin's name cannot be used as one.
    #[error("`{0}` cannot be an adapter's name: use 1 to 64 of a-z, 0-9, `-`, `_` and `.`")]
    Name(String),
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Larger than a component may be.
    #[error("the file has {bytes} bytes; a component may have at most {limit}")]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// Not WebAssembly at all.
    #[error("this is not a WebAssembly component: {0}")]
    NotWasm(String),
    /// A core module.
    #[error(
        "this is a core module, not a component: wrap it first (`cargo xtask plugins` does; so does `wasm-tools component new`)"
    )]
    CoreModule,
    /// Machine code of some wasmtime.
    #[error("this is compiled code (.cwasm): docket never loads it; give it the component")]
    Precompiled,
    /// Does not parse or validate.
    #[error("the component is not valid: {0}")]
    Malformed(String),
    /// Too expensive to compile.
    #[error("refused before compiling: {what} is {found}, the limit is {limit}")]
    Screened {
        /// What was counted.
        what: &'static str,
        /// How much there is.
        found: u64,
        /// How much there may be.
        limit: u64,
    },
    /// An import that no grant covers.
    #[error(
        "it imports `{0}`, which docket does not provide: an adapter has no files, clock, randomness or network. \
         For Rust build for wasm32-unknown-unknown with docket-sdk; for other languages use the tool's option that stubs WASI"
    )]
    UnknownImport(String),
    /// An import that the operator has to allow.
    #[error(
        "it imports `{import}`, the capability to read the texts of requests: set `plugins.options.{plugin}.grants.content = true` \
         to allow it, or use an adapter that places texts by reference"
    )]
    NotGranted {
        /// The import.
        import: String,
        /// The plugin.
        plugin: String,
    },
    /// A contract that this host does not speak.
    #[error("it is built for {found}; this docket supports {supported}")]
    UnsupportedVersion {
        /// What it exports or imports.
        found: String,
        /// What would do.
        supported: &'static str,
    },
    /// A component of another kind.
    #[error("it is a component but no adapter: it does not export `{missing}`{exports}")]
    WrongWorld {
        /// The interface that is missing.
        missing: String,
        /// What it exports instead, as a clause.
        exports: String,
    },
    /// An interface has another shape than its name promises.
    #[error("its interface does not fit the contract: {0}")]
    Interface(String),
    /// The compiler refused it.
    #[error("it does not compile: {0}")]
    Compile(String),
    /// The compiler took too long.
    #[error("compiling it took more than {} s, without optimisation too", .0.as_secs())]
    CompileTimeout(Duration),
    /// It needs more than an instance gets.
    #[error("it does not fit an instance: {0}")]
    TooBig(String),
    /// It does not start or does not describe itself.
    #[error("its canary failed: {0}")]
    Canary(String),
    /// What it says about itself is wrong.
    #[error("its manifest is not valid: {0}")]
    Manifest(String),
}

impl LoadError {
    /// A bounded name, for the metric's label.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Io(_) => "io",
            Self::Name(_) => "name",
            Self::Empty => "empty",
            Self::TooLarge { .. } => "too_large",
            Self::NotWasm(_) => "not_wasm",
            Self::CoreModule => "core_module",
            Self::Precompiled => "precompiled",
            Self::Malformed(_) => "malformed",
            Self::Screened { .. } => "screened",
            Self::UnknownImport(_) => "unknown_import",
            Self::NotGranted { .. } => "not_granted",
            Self::UnsupportedVersion { .. } => "unsupported_version",
            Self::WrongWorld { .. } => "wrong_world",
            Self::Interface(_) => "interface",
            Self::Compile(_) => "compile",
            Self::CompileTimeout(_) => "compile_timeout",
            Self::TooBig(_) => "too_big",
            Self::Canary(_) => "canary",
            Self::Manifest(_) => "manifest",
        }
    }
}

/// What kind of end a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepErrorKind {
    /// The code trapped: a panic, an out-of-bounds access, a stack overflow, ...
    Trap,
    /// It ran longer than it may.
    Timeout,
    /// It wanted more memory or tables than it may have.
    Memory,
    /// It returned or read more than it may, or leaked handles.
    Limit,
    /// It returned what the contract forbids.
    Contract,
    /// It was not run: too many steps of this plugin wait already.
    Busy,
}

impl StepErrorKind {
    /// The metric's label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Timeout => "timeout",
            Self::Memory => "memory",
            Self::Limit => "limit",
            Self::Contract => "contract",
            Self::Busy => "busy",
        }
    }
}

/// Why a step has no result. Never a provider's doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepError {
    /// Its kind.
    pub kind: StepErrorKind,
    /// For the operator: no prompt, at most [`Failure::MAX_MESSAGE`] bytes.
    pub message: String,
}

impl StepError {
    /// An error about `plugin`; the message is cut to its bound.
    pub(crate) fn new(kind: StepErrorKind, plugin: &str, what: impl fmt::Display) -> Self {
        let mut message = format!("adapter `{plugin}`: {what}");
        cut(&mut message, Failure::MAX_MESSAGE);
        Self { kind, message }
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StepError {}

impl From<StepError> for Failure {
    fn from(error: StepError) -> Self {
        let code = Some(format!("adapter_{}", error.kind.as_str()));
        Self { code, ..Self::adapter(error.message) }
    }
}

/// Cuts at a character's border and marks the cut.
pub(crate) fn cut(text: &mut String, max: usize) {
    const MARK: &str = "...";
    if text.len() > max {
        let mut end = max.saturating_sub(MARK.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str(MARK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use docket_types::FailureClass;

    #[test]
    fn cuts_at_a_character_and_says_so() {
        let mut text = "ä".repeat(10);
        cut(&mut text, 8);
        assert_eq!(text, "ää...");
        cut(&mut text, 8);
        assert_eq!(text, "ää...");
    }

    #[test]
    fn becomes_a_failure_of_the_adapters_own_class() {
        let error = StepError::new(StepErrorKind::Timeout, "p", "x".repeat(9000));
        let failure = Failure::from(error);
        assert_eq!(failure.class, FailureClass::Adapter);
        assert_eq!(failure.code.as_deref(), Some("adapter_timeout"));
        assert_eq!(failure.message.len(), Failure::MAX_MESSAGE);
    }
}
