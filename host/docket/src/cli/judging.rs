//! The command line of judging: `judge`, `assessment`, `simulate`.

use super::ProfiledArgs;
use clap::{Args, Subcommand, ValueEnum};
use docket_judgement::grades::Scale;
use docket_types::AssessmentId;
use docket_types::assessment::BatchingMode;
use secrecy::SecretString;
use std::path::PathBuf;

/// `docket judge`.
#[derive(Debug, Args)]
pub(crate) struct JudgeArgs {
    /// A folder of .txt and .md files, a CSV file (columns id, text, perhaps grade), or a JSONL file of such objects
    #[arg(value_name = "FOLDER|FILE")]
    pub(crate) essays: PathBuf,
    /// Known grades: a CSV file with the columns essay and grade
    #[arg(long, value_name = "FILE")]
    pub(crate) anchors: Option<PathBuf>,
    /// How the judge is to go about it
    #[arg(long, value_name = "FILE")]
    pub(crate) rubric: Option<PathBuf>,
    /// The assignment that the essays answer
    #[arg(long, value_name = "FILE")]
    pub(crate) prompt: Option<PathBuf>,
    /// By what the essays are assessed
    #[arg(long, value_name = "FILE")]
    pub(crate) instructions: Option<PathBuf>,
    /// Who judges; without it the configuration's default
    #[arg(long, value_name = "NAME")]
    pub(crate) provider: Option<String>,
    /// The provider's name for a model
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// How comparisons travel: per_request, serial_bundle or provider_batch_api
    #[arg(long, value_parser = mode)]
    pub(crate) mode: Option<BatchingMode>,
    /// The most comparisons that are asked for, repetitions of failed ones included
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) budget: Option<u32>,
    /// How pairs are chosen
    #[arg(long)]
    pub(crate) design: Option<DesignArg>,
    /// The scale of the grades; without it swedish_8_anchor
    #[arg(long, value_name = "ID", value_parser = Scale::IDS)]
    pub(crate) scale: Option<String>,
    /// The seed of all that is drawn; without it one that follows from the essays
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Write a report: one HTML file with everything in it
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Write the result as JSON; - prints it in place of the table
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Keep the state in this store; the same command again goes on with it
    #[arg(long, value_name = "URL")]
    pub(crate) store: Option<String>,
    #[command(flatten)]
    pub(crate) settings: ProfiledArgs,
}

/// The scale of grades when none is named.
pub(crate) const DEFAULT_SCALE: &str = "swedish_8_anchor";

/// A way to choose pairs, as an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum DesignArg {
    /// Random matchings, then the pairs from which most is learnt
    Adaptive,
    /// Pairs that have not met
    Coverage,
    /// Random matchings
    Random,
    /// Neighbours in the ranking
    Swiss,
}

impl DesignArg {
    /// The name in a request.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Adaptive => "adaptive",
            Self::Coverage => "coverage",
            Self::Random => "random",
            Self::Swiss => "swiss",
        }
    }
}

fn mode(text: &str) -> Result<BatchingMode, String> {
    BatchingMode::parse(text)
        .ok_or_else(|| "there are per_request, serial_bundle and provider_batch_api".to_owned())
}

/// Where assessments are looked up.
#[derive(Debug, Clone, Args)]
pub(crate) struct AssessmentPlace {
    /// The running host's address
    #[arg(long, env = "DOCKET_URL", default_value = "http://127.0.0.1:8490")]
    pub(crate) url: String,
    /// Read this store in place of asking a host
    #[arg(long, value_name = "URL")]
    pub(crate) store: Option<String>,
    /// The running host's admin token, if it wants one
    #[arg(long, env = "DOCKET_ADMIN_TOKEN", hide_env_values = true)]
    admin_token: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl AssessmentPlace {
    /// The running host's admin token.
    pub(crate) fn admin_token(&self) -> Option<SecretString> {
        self.admin_token.clone().map(SecretString::from)
    }
}

/// `docket assessment ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum AssessmentCommand {
    /// The newest first
    List {
        #[command(flatten)]
        place: AssessmentPlace,
        /// How many
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=200))]
        limit: u32,
    },
    /// Where one is, and its ranking
    Show {
        /// Its id
        id: AssessmentId,
        #[command(flatten)]
        place: AssessmentPlace,
    },
    /// Why each wave, repetition and end came, with the numbers it rests on
    Explain {
        /// Its id
        id: AssessmentId,
        #[command(flatten)]
        place: AssessmentPlace,
    },
    /// Give one up
    Cancel {
        /// Its id
        id: AssessmentId,
        #[command(flatten)]
        place: AssessmentPlace,
    },
}

/// `docket simulate`.
#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// How many items there are
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    pub(crate) items: u32,
    /// The standard deviation of their true scores, in logits
    #[arg(long, value_name = "LOGITS", default_value_t = 2.0, value_parser = positive)]
    pub(crate) sigma: f64,
    /// The judge's log-odds for the first of two equal items; 0.405 is six of ten
    #[arg(long, value_name = "LOGITS", default_value_t = 0.405, allow_negative_numbers = true)]
    pub(crate) bias: f64,
    /// How sharply the judge sees differences; 0 tosses a coin
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    pub(crate) slope: f64,
    /// How much the bias grows with each wave
    #[arg(long, value_name = "LOGITS", default_value_t = 0.0, allow_negative_numbers = true)]
    pub(crate) drift: f64,
    /// The share of answers that are a coin's
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub(crate) lapse: f64,
    /// How many assessments are averaged
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) seeds: u32,
    /// The first seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Which designs; may be repeated
    #[arg(long, default_value = "all")]
    pub(crate) design: Vec<SimulatedDesign>,
    /// The judge says how sure it is, as log-odds, and not only who is better
    #[arg(long)]
    pub(crate) soft: bool,
    /// Waves as large as they are when they travel by a batch API
    #[arg(long)]
    pub(crate) large_waves: bool,
    /// The rank correlation with the truth that is wanted
    #[arg(long, value_name = "SPEARMAN", default_value_t = 0.95, value_parser = share)]
    pub(crate) target: f64,
    /// The most comparisons per item, each counted once
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) most: u32,
    /// Print JSON, with every measurement
    #[arg(long)]
    pub(crate) json: bool,
}

/// Designs to simulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum SimulatedDesign {
    /// Each of them
    All,
    /// Random matchings, then the pairs from which most is learnt
    Adaptive,
    /// Pairs that have not met
    Coverage,
    /// Random matchings
    Random,
    /// Neighbours in the ranking
    Swiss,
}

fn positive(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "this is no number".to_owned())?;
    if number.is_finite() && number > 0.0 { Ok(number) } else { Err("it must be more than 0".to_owned()) }
}

fn share(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "this is no number".to_owned())?;
    if (0.0..=1.0).contains(&number) { Ok(number) } else { Err("it must lie between 0 and 1".to_owned()) }
}
