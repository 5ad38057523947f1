//! The command line.

mod judging;

pub(crate) use judging::{
    AssessmentCommand, AssessmentPlace, DEFAULT_SCALE, DesignArg, JudgeArgs, SimulateArgs, SimulatedDesign,
};

use crate::exit::EXIT_HELP;
use clap::{Args, Parser, Subcommand};
use secrecy::SecretString;
use std::path::PathBuf;

/// Takes LLM requests, keeps them in a durable queue, and has sandboxed adapters answer them.
#[derive(Debug, Parser)]
#[command(name = "docket", version, after_help = EXIT_HELP, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the host until it is told to stop (SIGTERM or Ctrl-C)
    #[command(after_help = "\
Examples:
  docket serve --profile cj_generic_batch
  docket serve --config /etc/docket.toml --listen 127.0.0.1:8490
  docket serve --profile eng5_anchor_gpt51_low --set queue.mode=batch_api --set queue.virtual_waits=true")]
    Serve(ServeArgs),
    /// Have essays compared by a running host, and print the outcomes
    #[command(after_help = "\
Examples:
  docket submit docs/examples/essays                    every pair of a folder
  docket submit docs/examples/essays --pairs 20         a fair choice of 20 pairs
  docket submit first.md second.md --provider openai    two files
  docket submit --prompt 'Compare these two essays for quality' --json")]
    Submit(SubmitArgs),
    /// Rank essays by comparative judgement, without a running host
    #[command(after_help = "\
Examples:
  docket judge docs/examples/essays                      a folder of .md and .txt files
  docket judge essays.csv --provider openai --budget 400 --report report.html
  docket judge essays/ --anchors grades.csv --scale swedish_8_anchor
  docket judge essays.jsonl --store sqlite://judging.db  kept; the same command again goes on with it")]
    Judge(Box<JudgeArgs>),
    /// Look at assessments: of a running host, or in a store
    #[command(subcommand)]
    Assessment(AssessmentCommand),
    /// Measure designs on synthetic essays and judges
    #[command(after_help = "\
Examples:
  docket simulate                                        every design, 100 items, 20 seeds
  docket simulate --design adaptive --items 30 --seeds 50 --target 0.95
  docket simulate --soft --json")]
    Simulate(SimulateArgs),
    /// Show the profiles that a host can be started with
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Show the plugins
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Play the scenarios that a host has to pass
    #[command(
        subcommand,
        after_help = "\
Examples:
  docket suite list
  docket suite run eng5-anchor
  docket suite run cj-generic --url http://127.0.0.1:8490
  docket suite run eng5-lower5 --real-time --capture traces/"
    )]
    Suite(SuiteCommand),
    /// Check the configuration, the plugins and the store, without serving anything
    Check(CheckArgs),
    /// Bring the store to this version's schema
    Migrate(HostArgs),
    /// Compile one component (started by the host itself)
    #[command(name = "__compile", hide = true)]
    Compile {
        /// As the host gives them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

/// Which configuration.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct HostArgs {
    /// The configuration file; without it ./docket.toml, if there is one
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Set one value, over everything else; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// The folder with the plugins, as --set plugins.dir=DIR
    #[arg(long, value_name = "DIR")]
    pub(crate) plugins: Option<PathBuf>,
    /// The folder with the profiles; without it $DOCKET_PROFILES_DIR or ./profiles
    #[arg(long, value_name = "DIR")]
    pub(crate) profiles_dir: Option<PathBuf>,
}

/// Which configuration, with which profile.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ProfiledArgs {
    #[command(flatten)]
    pub(crate) host: HostArgs,
    /// A profile on top of the configuration: a name (see `docket profile list`) or a file
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) profile: Option<String>,
}

/// `docket serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) settings: ProfiledArgs,
    /// Where to listen, as --set server.listen=ADDRESS; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Write the URL to this file once the host is ready
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
    /// Die at this point, at its Nth passing (NAME or NAME:N); for crash tests
    #[cfg(debug_assertions)]
    #[arg(long, value_name = "POINT", hide = true)]
    pub(crate) crash_at: Option<String>,
}

/// `docket check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) settings: ProfiledArgs,
    /// Show every value and where it comes from
    #[arg(long)]
    pub(crate) explain: bool,
}

/// A running host.
#[derive(Debug, Clone, Args)]
pub(crate) struct RemoteArgs {
    /// The host's address
    #[arg(long, env = "DOCKET_URL", default_value = "http://127.0.0.1:8490")]
    pub(crate) url: String,
}

/// `docket submit`.
#[derive(Debug, Args)]
pub(crate) struct SubmitArgs {
    /// Two files, or one folder of essays (.md and .txt)
    #[arg(value_name = "PATH", required_unless_present = "prompt", num_args = 1..=2)]
    pub(crate) paths: Vec<PathBuf>,
    /// A whole prompt in place of files
    #[arg(long, conflicts_with = "paths")]
    pub(crate) prompt: Option<String>,
    /// Compare so many pairs of the folder; without it all
    #[arg(long, value_name = "N", conflicts_with = "prompt")]
    pub(crate) pairs: Option<usize>,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
    /// Who shall answer
    #[arg(long, default_value = "mock")]
    pub(crate) provider: String,
    /// The provider's name for a model
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// The topic for the callbacks; without it one of this call's own
    #[arg(long)]
    pub(crate) topic: Option<String>,
    /// The batching hint that travels along (cj_llm_batching_mode)
    #[arg(long, value_name = "HINT")]
    pub(crate) batching_hint: Option<String>,
    /// How many requests should share a bundle
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) bundle_size: Option<u32>,
    /// Give up after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(crate) timeout: u64,
    /// Print JSON: one object with outcomes and summary
    #[arg(long)]
    pub(crate) json: bool,
}

/// `docket profile ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// Name and purpose of each
    List {
        /// The folder with the profiles; without it $DOCKET_PROFILES_DIR or ./profiles
        #[arg(long, value_name = "DIR")]
        profiles_dir: Option<PathBuf>,
    },
    /// What one sets, checked and without secrets
    Show {
        /// A name or a file
        name: String,
        /// The folder with the profiles; without it $DOCKET_PROFILES_DIR or ./profiles
        #[arg(long, value_name = "DIR")]
        profiles_dir: Option<PathBuf>,
    },
}

/// `docket plugin ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// Each file with what it is, or why it is refused
    List {
        #[command(flatten)]
        settings: ProfiledArgs,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// `docket suite ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum SuiteCommand {
    /// Every suite with what it needs and shows
    List {
        /// Take suites from this folder in place of the built-in ones
        #[arg(long, value_name = "DIR")]
        suite_dir: Option<PathBuf>,
    },
    /// Play one, and fail with the reason when it does not pass or the host does not fit
    Run(Box<SuiteRun>),
}

/// `docket suite run`.
#[derive(Debug, Args)]
pub(crate) struct SuiteRun {
    /// The suite's name
    pub(crate) name: String,
    /// Of a family of suites: which one (eng5-cj: small-net, regular, batch-api or all)
    pub(crate) lane: Option<String>,
    /// Play against this host in place of one that is started for the suite
    #[arg(long, conflicts_with_all = ["config", "set", "plugins", "profiles_dir", "profile", "real_time"])]
    pub(crate) url: Option<String>,
    /// The running host's admin token
    #[arg(long, env = "DOCKET_ADMIN_TOKEN", hide_env_values = true, requires = "url")]
    admin_token: Option<String>,
    /// Start the host with this profile in place of the suite's
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) profile: Option<String>,
    #[command(flatten)]
    pub(crate) host: HostArgs,
    /// Sleep through the waits of the mocks, as it was when it was recorded
    #[arg(long)]
    pub(crate) real_time: bool,
    /// Keep callbacks and summary, one folder a case
    #[arg(long, value_name = "DIR")]
    pub(crate) capture: Option<PathBuf>,
    /// Take the suite from this folder in place of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) suite_dir: Option<PathBuf>,
    /// Print JSON in place of tables
    #[arg(long)]
    pub(crate) json: bool,
}

impl SuiteRun {
    /// The running host's admin token.
    pub(crate) fn admin_token(&self) -> Option<SecretString> {
        self.admin_token.clone().map(SecretString::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_submission_needs_something_to_submit() {
        assert!(Cli::try_parse_from(["docket", "submit"]).is_err());
        assert!(Cli::try_parse_from(["docket", "submit", "a", "b", "--prompt", "x"]).is_err());
        assert!(Cli::try_parse_from(["docket", "submit", "--prompt", "x"]).is_ok());
        assert!(Cli::try_parse_from(["docket", "submit", "a", "--bundle-size", "65"]).is_err());
    }

    #[test]
    fn a_running_host_has_its_own_configuration() {
        assert!(
            Cli::try_parse_from(["docket", "suite", "run", "x", "--url", "http://h", "--set", "a=b"])
                .is_err()
        );
        assert!(Cli::try_parse_from(["docket", "suite", "run", "x", "--set", "a=b"]).is_ok());
    }
}
