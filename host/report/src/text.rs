//! Numbers, times and names as text: the same for readers of every language.

use docket_types::Timestamp;
use maud::{Markup, html};
use std::time::Duration;

/// Between a number and its unit.
pub(crate) const NO_BREAK: char = '\u{a0}';
/// Between groups of three digits.
const THIN: char = '\u{202f}';

/// A number with `digits` decimals and a true minus sign; a dash where there is none.
pub(crate) fn number(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    let text = format!("{:.digits$}", value.abs());
    let is_zero = text.chars().all(|c| matches!(c, '0' | '.'));
    if value < 0.0 && !is_zero { format!("−{text}") } else { text }
}

/// [`number`], or a dash.
pub(crate) fn maybe(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".into(), |value| number(value, digits))
}

/// A share of 1 in percent. What is not quite all, or not quite nothing, does not read as if it were.
pub(crate) fn percent(share: f64) -> String {
    if !share.is_finite() {
        return "–".into();
    }
    let whole = (share * 100.0).round();
    match share {
        s if s < 1.0 && whole >= 100.0 => format!(">{NO_BREAK}99{NO_BREAK}%"),
        s if s > 0.0 && whole <= 0.0 => format!("<{NO_BREAK}1{NO_BREAK}%"),
        _ => format!("{whole:.0}{NO_BREAK}%"),
    }
}

/// A count, in groups of three digits.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(THIN);
        }
        out.push(digit);
    }
    out
}

/// [`count`] for lengths.
pub(crate) fn size(n: usize) -> String {
    count(u64::try_from(n).unwrap_or(u64::MAX))
}

/// `1 essay`, `2 essays`.
pub(crate) fn plural(n: usize, one: &str, many: &str) -> String {
    format!("{}{NO_BREAK}{}", size(n), if n == 1 { one } else { many })
}

/// US dollars: more decimals for small amounts.
pub(crate) fn usd(amount: f64) -> String {
    let digits = if amount.abs() >= 1.0 || amount == 0.0 { 2 } else { 4 };
    format!("{}{NO_BREAK}USD", number(amount, digits))
}

/// `2026-11-23 14:06 UTC`.
fn moment(at: Timestamp) -> String {
    let full = at.to_string();
    match (full.split_once('T'), full.ends_with('Z')) {
        (Some((date, time)), true) => {
            let minute: String = time.chars().take(5).collect();
            format!("{date}{NO_BREAK}{minute}{NO_BREAK}UTC")
        }
        _ => full,
    }
}

/// [`moment`], never broken across lines.
pub(crate) fn when(at: Timestamp) -> Markup {
    html! { span.nb { (moment(at)) } }
}

/// A duration with its two largest units.
pub(crate) fn span(duration: Duration) -> String {
    let s = duration.as_secs();
    match s {
        0 => "less than a second".into(),
        1..60 => format!("{s}{NO_BREAK}s"),
        60..3_600 => format!("{}{NO_BREAK}min {}{NO_BREAK}s", s / 60, s % 60),
        3_600..86_400 => format!("{}{NO_BREAK}h {}{NO_BREAK}min", s / 3_600, s % 3_600 / 60),
        _ => format!("{}{NO_BREAK}d {}{NO_BREAK}h", s / 86_400, s % 86_400 / 3_600),
    }
}

/// A name as it may be shown: what would reorder or break the text around it is made visible instead.
pub(crate) fn visible(name: &str) -> String {
    if name.trim().is_empty() {
        return "(no name)".into();
    }
    let reorders = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    name.chars().map(|c| if c.is_control() || reorders(c) { '\u{fffd}' } else { c }).collect()
}

/// How much room a character takes, in narrow characters.
fn width(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36f | 0x200b..=0x200f | 0x2068..=0x2069 | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xff00..=0xff60 => 2,
        0x1f300..=0x1faff | 0x20000..=0x3ffff => 2,
        _ => 1,
    }
}

/// The room that a text takes, in narrow characters.
pub(crate) fn wide(text: &str) -> usize {
    text.chars().map(width).sum()
}

/// A name for a plot's label: at most `most` narrow characters, the middle left out, since names differ at their ends.
pub(crate) fn label(name: &str, most: usize) -> String {
    let name = visible(name);
    let short = if wide(&name) <= most {
        name
    } else {
        let (head, tail) = (most * 3 / 5, most - most * 3 / 5 - 1);
        let end: Vec<char> = fitting(name.chars().rev(), tail);
        fitting(name.chars(), head).into_iter().chain(['…']).chain(end.into_iter().rev()).collect()
    };
    // Isolated, so that a name in Arabic does not reorder the rank beside it.
    format!("\u{2068}{short}\u{2069}")
}

/// The first characters that fit.
fn fitting(chars: impl Iterator<Item = char>, room: usize) -> Vec<char> {
    let mut used = 0;
    chars
        .take_while(|c| {
            used += width(*c);
            used <= room
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_the_same_everywhere() {
        assert_eq!(number(-1.25, 1), "−1.2");
        assert_eq!(number(-0.001, 2), "0.00");
        assert_eq!(number(f64::NAN, 2), "–");
        assert_eq!(number(f64::INFINITY, 2), "–");
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(count(12), "12");
        assert_eq!(usd(0.0123), "0.0123\u{a0}USD");
        assert_eq!(usd(12.345), "12.35\u{a0}USD");
    }

    #[test]
    fn percentages_do_not_pretend_certainty() {
        assert_eq!(percent(0.999), ">\u{a0}99\u{a0}%");
        assert_eq!(percent(1.0), "100\u{a0}%");
        assert_eq!(percent(0.001), "<\u{a0}1\u{a0}%");
        assert_eq!(percent(0.0), "0\u{a0}%");
        assert_eq!(percent(0.574), "57\u{a0}%");
    }

    #[test]
    fn times_are_short_and_say_their_zone() {
        assert_eq!(moment(Timestamp::from_millis(1_700_000_000_000)), "2023-11-14\u{a0}22:13\u{a0}UTC");
        assert_eq!(span(Duration::from_millis(400)), "less than a second");
        assert_eq!(span(Duration::from_secs(3_725)), "1\u{a0}h 2\u{a0}min");
    }

    #[test]
    fn labels_keep_both_ends_and_stay_in_their_room() {
        let inner = |name: &str, most| label(name, most).trim_matches(['\u{2068}', '\u{2069}']).to_owned();
        assert_eq!(inner("essay-1", 20), "essay-1");
        assert_eq!(inner("a-very-long-name-of-an-essay-017", 12), "a-very-…-017");
        assert_eq!(inner(&"漢".repeat(40), 12).chars().count(), 6);
        assert_eq!(inner("", 12), "(no name)");
        assert_eq!(visible("a\u{202e}b\0c\n"), "a\u{fffd}b\u{fffd}c\u{fffd}");
    }
}
