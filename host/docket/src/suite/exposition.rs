//! Prometheus text as numbers, and the difference between two scrapes.
//!
//! Suites assert what a run added, never totals since the host's start. Bucket borders are read as numbers
//! (`le="1.0"` and `le="1"` are the same border), so that an upper bound can fail.

use std::collections::BTreeMap;

/// A series: its metric name and its labels.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Series {
    name: String,
    labels: BTreeMap<String, String>,
}

/// The samples of one scrape.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scrape(BTreeMap<Series, f64>);

/// A histogram's samples over all series that matched.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Histogram {
    /// Observations.
    pub(crate) count: f64,
    /// Their sum.
    pub(crate) sum: f64,
    /// Observations within (previous border, border], by border; the last border is infinite.
    pub(crate) buckets: Vec<(f64, f64)>,
}

impl Histogram {
    /// The mean; zero without observations.
    pub(crate) fn mean(&self) -> f64 {
        if self.count > 0.0 { self.sum / self.count } else { 0.0 }
    }

    /// The borders (lower, upper] of the highest bucket that has observations.
    pub(crate) fn highest(&self) -> Option<(f64, f64)> {
        let mut lower = 0.0;
        let mut found = None;
        for &(border, n) in &self.buckets {
            if n > 0.0 {
                found = Some((lower, border));
            }
            lower = border;
        }
        found
    }
}

impl Scrape {
    /// Reads text format 0.0.4. Comments and blank lines are skipped; anything else that is no sample is an error.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut samples = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (series, value) =
                sample(line).ok_or_else(|| format!("line {} of the metrics is no sample", index + 1))?;
            samples.insert(series, value);
        }
        Ok(Self(samples))
    }

    /// What was added since `before`. A series that was not there before counts from zero.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let added = |(series, value): (&Series, &f64)| {
            (series.clone(), value - before.0.get(series).copied().unwrap_or(0.0))
        };
        Self(self.0.iter().map(added).collect())
    }

    fn matching<'a>(
        &'a self,
        name: &'a str,
        labels: &'a [(&'a str, &'a str)],
    ) -> impl Iterator<Item = (&'a Series, f64)> {
        self.0.iter().filter_map(move |(series, value)| {
            let fits = series.name == name
                && labels.iter().all(|(key, want)| series.labels.get(*key).is_some_and(|have| have == want));
            fits.then_some((series, *value))
        })
    }

    /// The sum over every series of `name` that has these labels; none when there is no such series.
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let mut values = self.matching(name, labels).map(|(_, value)| value).peekable();
        values.peek().is_some().then(|| values.sum())
    }

    /// As [`Scrape::value`], with nothing for an absent series.
    pub(crate) fn total(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.value(name, labels).unwrap_or(0.0)
    }

    /// The values of `label` among the series of `name` with these labels that are not zero, each with its sum.
    pub(crate) fn by_label(&self, name: &str, labels: &[(&str, &str)], label: &str) -> BTreeMap<String, f64> {
        let mut sums = BTreeMap::new();
        for (series, value) in self.matching(name, labels).filter(|(_, value)| *value != 0.0) {
            if let Some(key) = series.labels.get(label) {
                *sums.entry(key.clone()).or_insert(0.0) += value;
            }
        }
        sums
    }

    /// The histogram `name` over every series with these labels.
    pub(crate) fn histogram(&self, name: &str, labels: &[(&str, &str)]) -> Histogram {
        let bucket_name = format!("{name}_bucket");
        let mut cumulative: Vec<(f64, f64)> = Vec::new();
        for (series, value) in self.matching(&bucket_name, labels) {
            let Some(border) = series.labels.get("le").and_then(|text| number(text)) else { continue };
            match cumulative.iter_mut().find(|(known, _)| *known == border) {
                Some((_, sum)) => *sum += value,
                None => cumulative.push((border, value)),
            }
        }
        cumulative.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut below = 0.0;
        let buckets = cumulative
            .into_iter()
            .map(|(border, upto)| {
                let within = upto - below;
                below = upto;
                (border, within)
            })
            .collect();
        Histogram {
            count: self.total(&format!("{name}_count"), labels),
            sum: self.total(&format!("{name}_sum"), labels),
            buckets,
        }
    }
}

fn sample(line: &str) -> Option<(Series, f64)> {
    let name_end = line.find(|c: char| c == '{' || c.is_whitespace())?;
    let (name, rest) = line.split_at(name_end);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(inside) => labels(inside)?,
        None => (BTreeMap::new(), rest),
    };
    let value = number(rest.split_whitespace().next()?)?;
    (!name.is_empty()).then(|| (Series { name: name.to_owned(), labels }, value))
}

/// The labels up to the closing brace, and what follows it.
fn labels(mut rest: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut found = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches([',', ' ']);
        if let Some(after) = rest.strip_prefix('}') {
            return Some((found, after));
        }
        let (key, after) = rest.split_once('=')?;
        let (value, after) = quoted(after.trim_start().strip_prefix('"')?)?;
        found.insert(key.trim().to_owned(), value);
        rest = after;
    }
}

/// A label's value up to its closing quote, unescaped, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

fn number(text: &str) -> Option<f64> {
    match text {
        "+Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        other => other.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
# HELP x_total what
# TYPE x_total counter
x_total{provider="mock",model="a,b=\"c\"}"} 3
x_total{provider="mock",model="d"} 4 1700000000000
x_total{provider="openai",model="d"} 8
plain 1e3
h_bucket{le="1.0"} 2
h_bucket{le="8"} 2
h_bucket{le="16"} 5
h_bucket{le="+Inf"} 5
h_sum 40
h_count 5
"#;

    #[test]
    fn reads_labels_with_commas_braces_and_quotes() {
        let scrape = Scrape::parse(TEXT).unwrap();
        assert_eq!(scrape.value("x_total", &[("provider", "mock")]), Some(7.0));
        assert_eq!(scrape.value("x_total", &[("model", "a,b=\"c\"}")]), Some(3.0));
        assert_eq!(scrape.value("plain", &[]), Some(1000.0));
        assert_eq!(scrape.value("absent", &[]), None);
        assert_eq!(scrape.by_label("x_total", &[("provider", "mock")], "model").len(), 2);
    }

    #[test]
    fn a_line_that_is_no_sample_is_an_error() {
        for line in ["x{a=\"b\" 1", "x", "x one", "{} 1", "x{a=b} 1"] {
            assert!(Scrape::parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn borders_are_numbers() {
        let histogram = Scrape::parse(TEXT).unwrap().histogram("h", &[]);
        assert_eq!(histogram.buckets[0], (1.0, 2.0));
        assert_eq!(histogram.highest(), Some((8.0, 16.0)));
        assert_eq!(histogram.mean(), 8.0);
    }

    #[test]
    fn a_difference_is_what_was_added() {
        let before = Scrape::parse(TEXT).unwrap();
        let after =
            Scrape::parse(&TEXT.replace("\"d\"} 8", "\"d\"} 10").replace("h_count 5", "h_count 5\nnew 2"))
                .unwrap();
        let added = after.since(&before);
        assert_eq!(added.total("x_total", &[("provider", "openai")]), 2.0);
        assert_eq!(added.total("x_total", &[("provider", "mock")]), 0.0);
        assert_eq!(added.total("new", &[]), 2.0);
        assert_eq!(added.histogram("h", &[]).highest(), None);
    }
}
