//! Rows of the parity table: what was recorded, what happened, what is allowed, and whether that is well.

use comfy_table::{ContentArrangement, Table};
use serde::Serialize;

/// Whether a row is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// It is.
    Ok,
    /// It is not.
    Failed,
    /// Nobody wrote down the recorded value: shown, not compared.
    NotRecorded,
}

impl Verdict {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "FAILED",
            Self::NotRecorded => "not recorded",
        }
    }
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Row {
    pub(crate) quantity: String,
    pub(crate) recorded: String,
    pub(crate) live: String,
    pub(crate) allowed: String,
    pub(crate) verdict: Verdict,
}

impl Row {
    /// A rule without a recorded value.
    pub(crate) fn rule(
        quantity: impl Into<String>,
        live: impl Into<String>,
        allowed: impl Into<String>,
        ok: bool,
    ) -> Self {
        let verdict = if ok { Verdict::Ok } else { Verdict::Failed };
        Self {
            quantity: quantity.into(),
            recorded: "-".to_owned(),
            live: live.into(),
            allowed: allowed.into(),
            verdict,
        }
    }

    /// `live` may be at most `margin` away from `recorded`.
    pub(crate) fn near(
        quantity: impl Into<String>,
        recorded: Option<f64>,
        live: f64,
        margin: impl Fn(f64) -> f64,
    ) -> Self {
        Self::against(quantity, recorded, live, |r| {
            (format!("±{}", show(margin(r))), (live - r).abs() <= margin(r))
        })
    }

    /// `live` may be at most `over` above `recorded`.
    pub(crate) fn at_most_over(
        quantity: impl Into<String>,
        recorded: Option<f64>,
        live: f64,
        over: f64,
    ) -> Self {
        Self::against(quantity, recorded, live, |r| (format!("<= {}", show(r + over)), live <= r + over))
    }

    fn against(
        quantity: impl Into<String>,
        recorded: Option<f64>,
        live: f64,
        judge: impl Fn(f64) -> (String, bool),
    ) -> Self {
        let (shown, allowed, verdict) = match recorded {
            None => ("unknown".to_owned(), "-".to_owned(), Verdict::NotRecorded),
            Some(r) => {
                let (allowed, ok) = judge(r);
                (show(r), allowed, if ok { Verdict::Ok } else { Verdict::Failed })
            }
        };
        Self { quantity: quantity.into(), recorded: shown, live: show(live), allowed, verdict }
    }
}

/// Up to three decimals, without trailing zeros.
pub(crate) fn show(value: f64) -> String {
    let text = format!("{value:.3}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The failed rows of a case, one sentence each.
pub(crate) fn failed(case: &str, rows: &[Row]) -> Vec<String> {
    let failed = rows.iter().filter(|row| row.verdict == Verdict::Failed);
    failed.map(|r| format!("{case}: {} is {}, allowed {}", r.quantity, r.live, r.allowed)).collect()
}

/// The rows of one case as a table.
pub(crate) fn table(rows: &[Row]) -> Table {
    let mut table = crate::output::table(&["quantity", "recorded", "live", "allowed", "verdict"]);
    table.set_content_arrangement(ContentArrangement::Disabled);
    for row in rows {
        table.add_row([&row.quantity, &row.recorded, &row.live, &row.allowed, row.verdict.as_str()]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_are_inclusive_and_can_fail() {
        assert_eq!(Row::near("x", Some(10.0), 15.0, |_| 5.0).verdict, Verdict::Ok);
        assert_eq!(Row::near("x", Some(10.0), 4.9, |_| 5.0).verdict, Verdict::Failed);
        assert_eq!(Row::near("x", None, 4.9, |_| 5.0).verdict, Verdict::NotRecorded);
        assert_eq!(Row::near("x", Some(10.0), f64::NAN, |_| 5.0).verdict, Verdict::Failed);
        assert_eq!(Row::at_most_over("x", Some(10.0), 110.0, 100.0).verdict, Verdict::Ok);
        assert_eq!(Row::at_most_over("x", Some(10.0), 110.5, 100.0).verdict, Verdict::Failed);
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            (show(5.0), show(0.1234), show(-2.5), show(100.0)),
            ("5".into(), "0.123".into(), "-2.5".into(), "100".into())
        );
    }
}
