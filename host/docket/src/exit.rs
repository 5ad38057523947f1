//! Exit codes, and errors that know theirs.

use std::fmt::Display;
use std::process::ExitCode;

/// How a command ended. The numbers are a promise to scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, and well.
    Ok = 0,
    /// Done, and the answer is no: a comparison or an assessment failed, a suite's row failed, a check found something.
    Failed = 1,
    /// The command line is wrong, or the input that it names. (clap uses the same number.)
    Usage = 2,
    /// The configuration is wrong, or a profile does not exist.
    Config = 3,
    /// The store cannot be opened: it is damaged, foreign, newer, or out of reach.
    Store = 4,
    /// The host cannot be reached, does not let us in, or cannot listen.
    Network = 5,
    /// A suite's environment does not fit: the host runs another profile or mode.
    Environment = 6,
    /// Anything else.
    Internal = 70,
}

/// What `docket --help` says about them.
pub(crate) const EXIT_HELP: &str = "\
Exit codes:
  0  done, and well
  1  done, and the answer is no: a comparison or an assessment failed, a suite's row failed, a check found something
  2  the command line is wrong, or the input that it names
  3  the configuration is wrong, or a profile or suite does not exist
  4  the store cannot be opened: damaged, foreign, newer than this docket, or out of reach
  5  the host cannot be reached, does not let us in, or cannot listen
  6  a suite's environment does not fit: the host runs another profile or mode
  70 anything else";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error and the code to leave with.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The code.
    pub(crate) exit: Exit,
    /// The reason.
    pub(crate) error: anyhow::Error,
}

impl Failure {
    /// A failure with a reason of its own.
    pub(crate) fn new(exit: Exit, reason: impl Display) -> Self {
        Self { exit, error: anyhow::anyhow!("{reason}") }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self { exit: Exit::Internal, error }
    }
}

/// What a command returns.
pub(crate) type CommandResult = Result<Exit, Failure>;

/// Gives an error its exit code.
pub(crate) trait OrExit<T> {
    /// The error leaves with `exit`.
    fn or_exit(self, exit: Exit) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> OrExit<T> for Result<T, E> {
    fn or_exit(self, exit: Exit) -> Result<T, Failure> {
        self.map_err(|error| Failure { exit, error: error.into() })
    }
}
