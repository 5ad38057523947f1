//! A host's metrics, read one number at a time.

/// Prometheus text.
#[derive(Debug, Clone)]
pub struct Metrics(pub String);

impl Metrics {
    /// The sum over every series of `name` that has these labels; nothing without any.
    pub fn total(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let wanted: Vec<String> = labels.iter().map(|(key, value)| format!("{key}=\"{value}\"")).collect();
        let series = self.0.lines().filter_map(|line| line.strip_prefix(name));
        series
            .filter(|rest| rest.starts_with(['{', ' ']) && wanted.iter().all(|label| has(rest, label)))
            .filter_map(|rest| rest.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    }
}

/// Whether the label stands there as a whole.
fn has(rest: &str, label: &str) -> bool {
    rest.match_indices(label).any(|(at, _)| rest[..at].ends_with(['{', ',']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_summed_by_whole_names_and_labels() {
        let text = "a{x=\"1\",yx=\"2\"} 3\na{x=\"2\",yx=\"1\"} 4\na_b{x=\"1\"} 5\n# a{x=\"1\"} 9\nc 1";
        let metrics = Metrics(text.to_owned());
        assert_eq!(metrics.total("a", &[("x", "1")]), 3.0);
        assert_eq!(metrics.total("a", &[]), 7.0);
        assert_eq!(metrics.total("c", &[]), 1.0);
        assert_eq!(metrics.total("d", &[]), 0.0);
    }
}
