//! Compiling a component where it can do no harm: in a child process with limits on memory and time.

mod child;

pub use child::compile_child_main;

use crate::LoadError;
use crate::cache::trusted::Verified;
use crate::error::cut;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::sync_channel;
use std::time::Duration;
use wasmtime::{OptLevel, Precompiled};

/// Where components are compiled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Compiler {
    /// In this process, without limits: for tests and for components that one built oneself.
    #[default]
    InProcess,
    /// In a child process that calls [`compile_child_main`] with what follows `args`.
    Child {
        /// The program.
        exe: PathBuf,
        /// Its first arguments.
        args: Vec<String>,
    },
}

/// The most that a child may write, in bytes.
const MAX_OUTPUT: u64 = 512 << 20;
const MAX_MESSAGE: usize = 2048;
/// Threads of a child: more cost address space, which is limited.
const MAX_THREADS: usize = 4;

/// How a child ended without code.
enum Ended {
    /// The component's fault, in the compiler's words.
    Refused(String),
    /// It ran out of time or memory: worth a second try without optimisation.
    Exhausted(LoadError),
}

/// Compiles. A time-out is tried again once without optimisation, which most bombs are aimed at.
pub(crate) fn compile(
    compiler: &Compiler,
    engine: &wasmtime::Engine,
    component: &[u8],
    time: Duration,
) -> Result<Verified, LoadError> {
    let Compiler::Child { exe, args } = compiler else {
        let code =
            engine.precompile_component(component).map_err(|e| LoadError::Compile(format!("{e:#}")))?;
        return Ok(Verified::from_compiler(code));
    };
    let mut last = LoadError::CompileTimeout(time);
    for level in [OptLevel::Speed, OptLevel::None] {
        match in_child(exe, args, component, level, time) {
            Ok(code) => return Ok(Verified::from_compiler(code)),
            Err(Ended::Refused(why)) => return Err(LoadError::Compile(why)),
            Err(Ended::Exhausted(why)) => last = why,
        }
    }
    Err(last)
}

fn command(exe: &Path, args: &[String], level: OptLevel, time: Duration) -> Command {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
    let mut command = Command::new(exe);
    command
        .args(args)
        .args(["--level", child::level_name(level)])
        .args(["--cpu-seconds", &(time.as_secs().max(1) * threads as u64).to_string()])
        .env_clear()
        .env("RAYON_NUM_THREADS", threads.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn in_child(
    exe: &Path,
    args: &[String],
    component: &[u8],
    level: OptLevel,
    time: Duration,
) -> Result<Vec<u8>, Ended> {
    let refused = |what: &str, e: std::io::Error| Ended::Refused(format!("{what} {}: {e}", exe.display()));
    let mut child = command(exe, args, level, time).spawn().map_err(|e| refused("cannot start", e))?;
    let (Some(mut stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(Ended::Refused("the compiler has no pipes".to_owned()));
    };
    let (done, finished) = sync_channel(1);
    std::thread::scope(|scope| {
        // A child that stops reading shows in its exit status.
        scope.spawn(move || stdin.write_all(component));
        let message = scope.spawn(move || read_up_to(stderr, MAX_MESSAGE as u64));
        let code = scope.spawn(move || {
            let code = read_up_to(stdout, MAX_OUTPUT);
            // The receiver may have given up.
            let _ = done.send(());
            code
        });
        let in_time = finished.recv_timeout(time).is_ok();
        let status = end(&mut child, in_time).map_err(|e| refused("cannot wait for", e))?;
        let code = code.join().unwrap_or_default();
        let message = String::from_utf8_lossy(&message.join().unwrap_or_default()).trim().to_owned();
        judge(in_time, status, code, message, time)
    })
}

/// Reads at most `limit` bytes and drops the rest, so that the writer is not held up.
fn read_up_to(from: impl Read, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut from = from.take(limit);
    // What was read before an error counts; the exit status tells the rest.
    let _ = from.read_to_end(&mut bytes);
    let _ = std::io::copy(from.get_mut(), &mut std::io::sink());
    bytes
}

fn end(child: &mut Child, in_time: bool) -> std::io::Result<ExitStatus> {
    if !in_time {
        child.kill()?;
    }
    child.wait()
}

fn is_code(bytes: &[u8]) -> bool {
    matches!(wasmtime::Engine::detect_precompiled(bytes), Some(Precompiled::Component))
}

fn judge(
    in_time: bool,
    status: ExitStatus,
    code: Vec<u8>,
    mut message: String,
    time: Duration,
) -> Result<Vec<u8>, Ended> {
    const SIGXCPU: i32 = 24;
    cut(&mut message, MAX_MESSAGE);
    match (in_time, status.code(), status.signal()) {
        (true, Some(0), _) if is_code(&code) => Ok(code),
        (true, Some(0), _) => Err(Ended::Refused("the compiler wrote something else than code".to_owned())),
        (false, ..) | (_, _, Some(SIGXCPU)) => Err(Ended::Exhausted(LoadError::CompileTimeout(time))),
        (_, Some(exit), _) if message.is_empty() => {
            Err(Ended::Refused(format!("the compiler ended with status {exit} and without a word")))
        }
        (_, Some(_), _) => Err(Ended::Refused(message)),
        (_, None, signal) => {
            let why = format!("the compiler was ended by signal {}: {message}", signal.unwrap_or(0));
            Err(Ended::Exhausted(LoadError::Compile(why)))
        }
    }
}
