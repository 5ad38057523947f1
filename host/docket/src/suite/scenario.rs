//! Suites as data: what a host must run, what is sent to it, and what has to come of it.

use super::summary::TraceSummary;
use anyhow::{Context, Result, bail, ensure};
use docket_types::QueueMode;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// One suite.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// The format; 1.
    version: u32,
    pub(crate) name: String,
    /// One sentence.
    pub(crate) description: String,
    pub(crate) host: HostNeeds,
    #[serde(rename = "case", default)]
    pub(crate) cases: Vec<Case>,
    #[serde(rename = "assessment", default)]
    pub(crate) assessments: Vec<AssessmentCase>,
}

/// What the host has to run.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HostNeeds {
    /// The profile that a host of our own is started with.
    pub(crate) profile: String,
    /// What the host has to say that it mocks.
    pub(crate) mock_mode: String,
    pub(crate) queue_mode: QueueMode,
    /// The most requests in a bundle or a job; the profile's default is 64.
    #[serde(default = "default_cap")]
    pub(crate) bundle_cap: u32,
    /// Further settings of a host of our own, `section.key=value`.
    #[serde(default)]
    pub(crate) set: Vec<String>,
}

fn default_cap() -> u32 {
    64
}

/// One load and what has to come of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    /// The topic; a run appends its own id, so that it reads its own events only.
    pub(crate) topic: String,
    /// How long all callbacks of one wave may take.
    pub(crate) wait_seconds: u64,
    /// What is asked for; also the metric label.
    #[serde(default = "default_provider")]
    pub(crate) provider: String,
    /// The provider's model, if the requests name one.
    pub(crate) model: Option<String>,
    /// `cj_llm_batching_mode` of the requests.
    pub(crate) batching_hint: Option<String>,
    /// How often the whole load is sent, one wave after the other.
    #[serde(default = "default_batches")]
    pub(crate) batches: u32,
    /// `bos_batch_id` of a wave; `{batch}` becomes 001, 002, ...
    pub(crate) bos_batch_id: Option<String>,
    pub(crate) prompts: Prompts,
    /// A recorded summary's name, for what is compared with it.
    pub(crate) recorded: Option<String>,
    #[serde(default)]
    pub(crate) expect: Expect,
}

/// One assessment and what has to come of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssessmentCase {
    pub(crate) name: String,
    /// How long it may take.
    pub(crate) wait_seconds: u64,
    /// How many essays.
    pub(crate) essays: u32,
    /// The `judging` of the request.
    pub(crate) judging: toml::Table,
    pub(crate) expect: AssessmentExpect,
}

/// What has to come of an assessment, besides one good callback for each comparison and the metrics.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssessmentExpect {
    /// The decisions that may end it.
    pub(crate) ends: Vec<String>,
    /// Comparisons that are asked for.
    pub(crate) requested: u64,
    /// Different pairs among them, whichever essay is shown first.
    pub(crate) distinct_pairs: u64,
    /// Comparisons of pairs that had been compared.
    pub(crate) resampled: u64,
    /// The largest `|A - B| / (A + B)` of an essay, which is shown first A and second B times.
    pub(crate) largest_skew: f64,
    /// Waves.
    pub(crate) waves: Option<u64>,
}

fn default_provider() -> String {
    "mock".to_owned()
}

fn default_batches() -> u32 {
    1
}

/// What is sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "snake_case")]
pub(crate) enum Prompts {
    /// The same prompt again and again.
    Fixed { prompt: String, count: u32 },
    /// One prompt per pair of `items` items; `{a}` and `{b}` become the items' ids.
    Pairs {
        template: String,
        /// `{n}` becomes 01, 02, ...
        item: String,
        items: u32,
    },
}

/// One comparison of a wave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// Stable over the waves.
    pub(crate) pair: String,
    pub(crate) a: String,
    pub(crate) b: String,
    pub(crate) prompt: String,
}

impl Prompts {
    /// The comparisons of one wave, in order.
    pub(crate) fn comparisons(&self) -> Vec<Comparison> {
        match self {
            Self::Fixed { prompt, count } => (1..=*count)
                .map(|n| {
                    let (a, b) = (format!("essay-a-{n:02}"), format!("essay-b-{n:02}"));
                    Comparison { pair: format!("{n:02}"), a, b, prompt: prompt.clone() }
                })
                .collect(),
            Self::Pairs { template, item, items } => {
                let id = |n: u32| item.replace("{n}", &format!("{n:02}"));
                let pairs = (1..=*items).flat_map(|a| (a + 1..=*items).map(move |b| (a, b)));
                pairs
                    .map(|(a, b)| Comparison {
                        pair: format!("{a:02}-{b:02}"),
                        a: id(a),
                        b: id(b),
                        prompt: template.replace("{a}", &id(a)).replace("{b}", &id(b)),
                    })
                    .collect()
            }
        }
    }
}

/// What has to come of a load, besides one good callback for each request and the queue's metrics.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    /// The least share of a label, in each wave and in all.
    #[serde(default)]
    pub(crate) winner_share_min: BTreeMap<String, f64>,
    /// The most that a label's share may differ from the recorded one, in each wave and in all.
    pub(crate) winner_drift_max: Option<f64>,
    /// This label wins at least as often as the other, in the recording, in each wave and in all.
    pub(crate) favourite: Option<String>,
    pub(crate) tokens: Option<TokenRules>,
    pub(crate) latency: Option<LatencyRules>,
    /// The means of tokens are the same in every wave.
    #[serde(default)]
    pub(crate) identical_token_means: bool,
    /// A pair has the same winner in every wave.
    #[serde(default)]
    pub(crate) same_winner_per_pair: bool,
}

/// How far a mean may be from the recorded one.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Margin {
    /// Tokens.
    pub(crate) absolute: f64,
    /// A share of the recorded value.
    pub(crate) relative: f64,
}

impl Margin {
    /// The larger of the two.
    pub(crate) fn around(self, recorded: f64) -> f64 {
        self.absolute.max(self.relative * recorded)
    }
}

/// Margins by kind of tokens.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenRules {
    pub(crate) prompt: Margin,
    pub(crate) completion: Margin,
    pub(crate) total: Margin,
}

/// How much slower than recorded an answer may be.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LatencyRules {
    pub(crate) mean_over_ms: f64,
    pub(crate) p95_over_ms: f64,
}

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../../tests/suites/scenarios/", $name)))),*]
    };
}

/// The files that the binary brings along.
const EMBEDDED: &[(&str, &str)] = embedded![
    "cj-generic.toml",
    "cj-generic-batch-api.toml",
    "eng5-anchor.toml",
    "eng5-lower5.toml",
    "eng5-lower5-diagnostics.toml",
    "eng5-cj-small-net.toml",
    "eng5-cj-regular.toml",
    "eng5-cj-batch-api.toml",
    "recorded/cj_lps_roundtrip_mock_20251205.json",
    "recorded/eng5_anchor_align_gpt51_low_20251201.json",
    "recorded/eng5_lower5_gpt51_low_20251202.json",
];

/// Where suites come from: the binary, or a folder of the same shape.
pub(crate) struct Library<'a> {
    dir: Option<&'a Path>,
}

impl<'a> Library<'a> {
    /// The folder's suites, or the embedded ones.
    pub(crate) fn new(dir: Option<&'a Path>) -> Self {
        Self { dir }
    }

    fn text(&self, file: &str) -> Result<String> {
        match self.dir {
            Some(dir) => {
                let path = dir.join(file);
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
            }
            None => {
                let found = EMBEDDED.iter().find(|(name, _)| *name == file);
                found
                    .map(|(_, text)| (*text).to_owned())
                    .with_context(|| format!("there is no embedded {file}"))
            }
        }
    }

    /// The suites' names, sorted.
    pub(crate) fn names(&self) -> Result<Vec<String>> {
        let files: Vec<String> = match self.dir {
            None => EMBEDDED.iter().map(|(name, _)| (*name).to_owned()).collect(),
            Some(dir) => std::fs::read_dir(dir)
                .with_context(|| format!("cannot read the folder {}", dir.display()))?
                .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
                .collect::<std::io::Result<_>>()?,
        };
        let mut names: Vec<String> =
            files.iter().filter_map(|f| f.strip_suffix(".toml")).map(str::to_owned).collect();
        names.sort();
        Ok(names)
    }

    /// The suite of this name; an unknown one is an error that lists the known ones.
    pub(crate) fn scenario(&self, name: &str) -> Result<Scenario> {
        let known = self.names()?;
        if !known.iter().any(|k| k == name) {
            bail!("there is no suite `{name}`; there are {}", known.join(", "));
        }
        let text = self.text(&format!("{name}.toml"))?;
        let scenario: Scenario =
            toml::from_str(&text).with_context(|| format!("the suite `{name}` cannot be read"))?;
        scenario.validate(name).with_context(|| format!("the suite `{name}` is not valid"))?;
        Ok(scenario)
    }

    /// The recorded summary of this name.
    pub(crate) fn recorded(&self, name: &str) -> Result<TraceSummary> {
        let text = self.text(&format!("recorded/{name}.json"))?;
        serde_json::from_str(&text).with_context(|| format!("the recorded summary `{name}` cannot be read"))
    }
}

impl Scenario {
    fn validate(&self, file: &str) -> Result<()> {
        ensure!(self.version == 1, "its version is {}, known is 1", self.version);
        ensure!(self.name == file, "its name is `{}`, its file's is `{file}`", self.name);
        ensure!(!self.cases.is_empty() || !self.assessments.is_empty(), "it has no case");
        ensure!(
            (1..=64).contains(&self.host.bundle_cap),
            "bundle_cap is {}, not 1 to 64",
            self.host.bundle_cap
        );
        for case in &self.cases {
            case.validate().with_context(|| format!("case `{}`", case.name))?;
        }
        Ok(())
    }
}

impl Case {
    fn validate(&self) -> Result<()> {
        let expect = &self.expect;
        let compares = expect.winner_drift_max.is_some()
            || expect.favourite.is_some()
            || expect.tokens.is_some()
            || expect.latency.is_some();
        ensure!(!compares || self.recorded.is_some(), "it compares with a recording and names none");
        let repeats = expect.identical_token_means || expect.same_winner_per_pair;
        ensure!(!repeats || self.batches > 1, "it compares waves and has one");
        ensure!(self.batches > 0 && !self.prompts.comparisons().is_empty(), "it sends nothing");
        ensure!(self.wait_seconds > 0, "it waits for nothing");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_suite_and_recording_can_be_read() {
        let library = Library::new(None);
        let names = library.names().unwrap();
        assert_eq!(
            names,
            [
                "cj-generic",
                "cj-generic-batch-api",
                "eng5-anchor",
                "eng5-cj-batch-api",
                "eng5-cj-regular",
                "eng5-cj-small-net",
                "eng5-lower5",
                "eng5-lower5-diagnostics"
            ]
        );
        for name in names {
            for case in library.scenario(&name).unwrap().cases {
                if let Some(recorded) = &case.recorded {
                    let summary = library.recorded(recorded).unwrap();
                    assert_eq!(&summary.scenario_id, recorded);
                    let sent = case.prompts.comparisons().len() as u64;
                    // Only the coverage case sends more than what was recorded.
                    assert!(sent == summary.total_events || case.name == "stable-across-batches", "{name}");
                }
            }
        }
    }

    #[test]
    fn embedded_files_are_the_folder() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/suites/scenarios");
        assert_eq!(Library::new(Some(&dir)).names().unwrap(), Library::new(None).names().unwrap());
    }

    #[test]
    fn pairs_are_all_pairs_with_two_digits() {
        let item = "eng5-lower5-anchor-{n}".to_owned();
        let all =
            Prompts::Pairs { template: "between {a} and {b}.".to_owned(), item, items: 5 }.comparisons();
        assert_eq!(all.len(), 10);
        assert_eq!(all[0].prompt, "between eng5-lower5-anchor-01 and eng5-lower5-anchor-02.");
        assert_eq!(all[9].pair, "04-05");
    }

    #[test]
    fn a_margin_is_the_larger_of_its_two() {
        let margin = Margin { absolute: 5.0, relative: 0.5 };
        assert_eq!((margin.around(100.0), margin.around(2.0)), (50.0, 5.0));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let library = Library::new(None);
        let unknown = library.scenario("eng6").unwrap_err().to_string();
        assert!(unknown.contains("eng5-anchor, eng5-cj-batch-api"), "{unknown}");
        let dir = tempfile::tempdir().unwrap();
        let text = library.text("eng5-lower5.toml").unwrap();
        for (from, to, word) in [
            ("version = 1", "version = 2", "version"),
            ("wait_seconds", "wait_secs", "wait_secs"),
            ("recorded = ", "batching_hint = \"x\" #", "batching_hint"),
        ] {
            assert!(text.contains(from), "{from}");
            std::fs::write(dir.path().join("eng5-lower5.toml"), text.replacen(from, to, 1)).unwrap();
            let error = format!("{:#}", Library::new(Some(dir.path())).scenario("eng5-lower5").unwrap_err());
            assert!(error.contains(word), "{word}: {error}");
        }
    }
}
