//! How long a provider asks to wait, from its reply's headers.

use crate::Header;

/// Milliseconds from now: `retry-after-ms`, else `retry-after` as seconds (also with a fraction) or as an HTTP date.
/// None when neither can be read.
pub fn from_headers(headers: &[Header], now_ms: u64) -> Option<u64> {
    let value =
        |name: &str| headers.iter().find(|h| h.name.eq_ignore_ascii_case(name)).map(|h| h.value.trim());
    let exact = value("retry-after-ms").and_then(|v| v.parse::<f64>().ok()).filter(|ms| *ms >= 0.0);
    // A cast from a float saturates, which is what an absurd value deserves.
    exact.map(|ms| ms as u64).or_else(|| from_value(value("retry-after")?, now_ms))
}

/// Milliseconds from now that the value of a `retry-after` header means.
pub fn from_value(value: &str, now_ms: u64) -> Option<u64> {
    match value.parse::<f64>() {
        Ok(seconds) => (seconds >= 0.0).then_some((seconds * 1000.0) as u64),
        Err(_) => http_date(value).map(|at_ms| at_ms.saturating_sub(now_ms)),
    }
}

/// Milliseconds since the Unix epoch of `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that RFC 9110 lets anyone send.
fn http_date(value: &str) -> Option<u64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, date) = value.split_once(", ")?;
    let mut words = date.split(' ');
    let mut next = || words.next();
    let day: u64 = next()?.parse().ok()?;
    let month = next()?;
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let year: u64 = next()?.parse().ok()?;
    let mut clock = next()?.splitn(3, ':').map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if next()? != "GMT"
        || !(1970..10_000).contains(&year)
        || !(1..=31).contains(&day)
        || hour > 23
        || minute > 59
        || second > 60
    {
        return None;
    }
    Some((((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1000)
}

/// Days since 1970-01-01 in the Gregorian calendar, counted in years that begin in March.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(headers: &[(&str, &str)], now_ms: u64) -> Option<u64> {
        let headers: Vec<_> =
            headers.iter().map(|(n, v)| Header { name: (*n).to_owned(), value: (*v).to_owned() }).collect();
        from_headers(&headers, now_ms)
    }

    #[test]
    fn reads_every_form() {
        assert_eq!(wait(&[("retry-after", "2")], 0), Some(2000));
        assert_eq!(wait(&[("Retry-After", "0.25")], 0), Some(250));
        assert_eq!(wait(&[("retry-after", "9"), ("retry-after-ms", "1500")], 0), Some(1500));
        assert_eq!(wait(&[("retry-after-ms", "x"), ("retry-after", "9")], 0), Some(9000));
        assert_eq!(wait(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")], 784_111_770_000), Some(7000));
        assert_eq!(wait(&[("retry-after", "Thu, 29 Feb 2024 00:00:00 GMT")], 1_709_164_800_000 - 1), Some(1));
        assert_eq!(
            wait(&[("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT")], 5),
            Some(0),
            "a date in the past"
        );
    }

    #[test]
    fn refuses_nonsense() {
        for value in ["", "-1", "NaN", "soon", "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 99 Nov 1994 08:49:37 GMT"]
        {
            assert_eq!(wait(&[("retry-after", value)], 0), None, "{value}");
        }
        assert_eq!(wait(&[], 0), None);
    }
}
