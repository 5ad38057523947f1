//! The one binary. This file is its story: read the command line, do what it says, leave with a documented code.

mod assessment;
mod boot;
mod check;
mod cli;
mod client;
mod crash;
mod essays;
mod exchange;
mod exit;
mod judge;
mod migrate;
mod output;
mod plugin;
mod profile;
mod serve;
mod settings;
mod simulate;
mod submit;
mod suite;

use clap::Parser;
use cli::{Cli, Command};
use exit::{CommandResult, Exit, Failure, OrExit};
use std::process::ExitCode;

fn main() -> ExitCode {
    let command = match Cli::parse().command {
        // Before anything else is set up: this process compiles what nobody trusts, and has limits of its own.
        Command::Compile { args } => return docket_adapter::compile_child_main(args),
        command => command,
    };
    match run(command) {
        Ok(exit) => exit.into(),
        Err(Failure { exit, error }) => {
            eprintln!("docket: {error:#}");
            exit.into()
        }
    }
}

fn run(command: Command) -> CommandResult {
    // Somebody else in this process may have chosen the same one before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().or_exit(Exit::Internal)?;
    let done = match command {
        Command::Serve(args) => runtime.block_on(serve::main(args)),
        Command::Submit(args) => runtime.block_on(submit::main(args)),
        Command::Judge(args) => runtime.block_on(judge::main(*args)),
        Command::Assessment(command) => runtime.block_on(assessment::main(command)),
        Command::Simulate(args) => simulate::main(&args),
        Command::Profile(command) => profile::main(command),
        Command::Plugin(command) => runtime.block_on(plugin::main(command)),
        Command::Suite(command) => runtime.block_on(suite::main(command)),
        Command::Check(args) => runtime.block_on(check::main(args)),
        Command::Migrate(args) => runtime.block_on(migrate::main(args)),
        Command::Compile { .. } => {
            Err(Failure::new(Exit::Usage, "the compiler runs in a process of its own"))
        }
    };
    // A blocking task that does not end must not keep the process alive.
    runtime.shutdown_background();
    done
}
