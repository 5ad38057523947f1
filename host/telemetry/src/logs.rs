//! Logs: one line an event on standard error, as text or JSON.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people; coloured on a terminal.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// How to log.
#[derive(Debug, Clone, Default)]
pub struct LogOptions {
    /// How a line looks.
    pub format: LogFormat,
    /// `level` or `target=level`, separated by commas: `info,docket_store=debug`. Empty: errors only.
    pub filter: String,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The filter is not one.
    #[error("the log filter `{filter}` cannot be read: {reason}")]
    Filter {
        /// As given.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// This process logs already.
    #[error("logging is set up already")]
    Installed,
}

/// Starts logging, once in a process.
pub fn init_tracing(options: &LogOptions) -> Result<(), Error> {
    let filter = EnvFilter::builder()
        .parse(&options.filter)
        .map_err(|e| Error::Filter { filter: options.filter.clone(), reason: e.to_string() })?;
    let base = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match options.format {
        LogFormat::Text => base.with(layer.with_ansi(std::io::stderr().is_terminal())).try_init(),
        LogFormat::Json => {
            base.with(layer.with_ansi(false).json().flatten_event(true).with_span_list(false)).try_init()
        }
    }
    .map_err(|_| Error::Installed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_filter_is_named_and_a_second_start_refused() {
        let bad = LogOptions { format: LogFormat::Text, filter: "docket=loud".into() };
        let error = init_tracing(&bad).unwrap_err().to_string();
        assert!(error.contains("docket=loud"), "{error}");
        let good = LogOptions { format: LogFormat::Json, filter: "error".into() };
        assert!(init_tracing(&good).is_ok());
        assert!(matches!(init_tracing(&good), Err(Error::Installed)));
    }
}
