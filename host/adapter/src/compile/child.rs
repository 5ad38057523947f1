//! The compiler child: standard input is a component, standard output its code. It limits itself before it
//! reads a byte, and sees neither the environment nor a file of its parent.

use crate::screen::MAX_BYTES;
use crate::settings;
use rustix::process::{Resource, Rlimit, setrlimit};
use std::io::{Read, Write};
use std::process::ExitCode;
use wasmtime::{Engine, OptLevel};

/// The most address space of a child, in bytes.
const MEMORY: u64 = 2 << 30;

pub(super) fn level_name(level: OptLevel) -> &'static str {
    if level == OptLevel::None { "none" } else { "speed" }
}

fn limit(resource: Resource, to: u64) -> Result<(), String> {
    setrlimit(resource, Rlimit { current: Some(to), maximum: Some(to) })
        .map_err(|e| format!("setrlimit: {e}"))
}

/// `--level speed|none --cpu-seconds N`.
fn parse(args: &[String]) -> Result<(OptLevel, u64), String> {
    match args {
        [level, name, cpu, seconds] if level == "--level" && cpu == "--cpu-seconds" => {
            let level = match name.as_str() {
                "speed" => OptLevel::Speed,
                "none" => OptLevel::None,
                other => return Err(format!("unknown level `{other}`")),
            };
            Ok((level, seconds.parse().map_err(|e| format!("--cpu-seconds: {e}"))?))
        }
        _ => Err("usage: --level speed|none --cpu-seconds N".to_owned()),
    }
}

fn compile(args: &[String]) -> Result<(), String> {
    let (level, seconds) = parse(args)?;
    limit(Resource::Core, 0)?;
    limit(Resource::Cpu, seconds)?;
    limit(Resource::As, MEMORY)?;
    limit(Resource::Fsize, 0)?;
    let engine = Engine::new(&settings::compiling(level)).map_err(|e| format!("{e:#}"))?;
    let mut component = Vec::new();
    let input = std::io::stdin().lock().take(MAX_BYTES as u64 + 1).read_to_end(&mut component);
    input.map_err(|e| format!("standard input: {e}"))?;
    if component.len() > MAX_BYTES {
        return Err(format!("more than {MAX_BYTES} bytes"));
    }
    let code = engine.precompile_component(&component).map_err(|e| format!("{e:#}"))?;
    let mut out = std::io::stdout().lock();
    out.write_all(&code).and_then(|()| out.flush()).map_err(|e| format!("standard output: {e}"))
}

/// What the hidden subcommand runs: `args` are what [`Compiler::Child`](super::Compiler) does not fix itself.
pub fn compile_child_main(args: impl IntoIterator<Item = String>) -> ExitCode {
    let args: Vec<String> = args.into_iter().collect();
    match compile(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            // Without standard error there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "{why}");
            ExitCode::FAILURE
        }
    }
}
