//! Durations and sizes as people write them.

use std::time::Duration;

/// `30s`, `500ms`, `1h 30m`: a number alone has no unit and is refused.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let parsed: jiff::SignedDuration = text.trim().parse().ok()?;
    Duration::try_from(parsed).ok()
}

/// The shortest friendly form.
pub(crate) fn show_duration(value: Duration) -> String {
    match jiff::SignedDuration::try_from(value) {
        Ok(signed) if value > Duration::ZERO => format!("{signed:#}"),
        _ => "0s".to_owned(),
    }
}

const UNITS: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

/// `100MiB`, `2 GB`, `4096`: bytes.
pub(crate) fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let (number, factor) = UNITS
        .iter()
        .find_map(|(unit, factor)| text.strip_suffix(unit).map(|number| (number, *factor)))
        .unwrap_or((text, 1));
    number.trim().parse::<u64>().ok()?.checked_mul(factor)
}

/// With the largest binary unit that divides it.
pub(crate) fn show_size(bytes: u64) -> String {
    UNITS[..3]
        .iter()
        .find(|(_, factor)| bytes >= *factor && bytes.is_multiple_of(*factor))
        .map_or_else(|| bytes.to_string(), |(unit, factor)| format!("{}{unit}", bytes / factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        for (text, ms) in
            [("500ms", 500), ("30s", 30_000), ("4h", 14_400_000), ("1h 30m", 5_400_000), ("0s", 0)]
        {
            assert_eq!(duration(text), Some(Duration::from_millis(ms)), "{text}");
        }
        for text in ["30", "", "-1s", "soon", "1 fortnight"] {
            assert_eq!(duration(text), None, "{text}");
        }
        for ms in [500, 30_000, 14_400_000, 5_400_000, 61_001] {
            let value = Duration::from_millis(ms);
            assert_eq!(duration(&show_duration(value)), Some(value), "{}", show_duration(value));
        }
    }

    #[test]
    fn sizes_are_bytes_or_have_a_unit() {
        for (text, bytes) in
            [("0", 0), ("4096", 4096), ("100MiB", 104_857_600), ("2 GB", 2_000_000_000), ("7B", 7)]
        {
            assert_eq!(size(text), Some(bytes), "{text}");
        }
        for text in ["", "MiB", "1.5MiB", "-1", "99999999999GiB", "1mib"] {
            assert_eq!(size(text), None, "{text}");
        }
        assert_eq!(show_size(104_857_600), "100MiB");
        assert_eq!(show_size(1_000_001), "1000001");
    }
}
