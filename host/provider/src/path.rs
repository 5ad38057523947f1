//! The path and the query of a call: what may be appended to an endpoint's base URL.

/// The longest path and the longest encoded query, in bytes each.
pub(crate) const MAX_PATH: usize = 2048;

/// Checks a path that is appended to a base URL. An allow-list of characters: what is not in it cannot
/// surprise a URL parser. A percent sign is not in it, so nothing is decoded twice.
pub(crate) fn check(path: &str) -> Result<(), String> {
    let refused = |why: &str| Err(format!("the path is refused: {why}"));
    if path.len() > MAX_PATH {
        return refused("it is longer than 2048 bytes");
    }
    let Some(rest) = path.strip_prefix('/') else { return refused("it does not start with `/`") };
    if let Some(odd) = path.chars().find(|&c| !is_allowed(c)) {
        return refused(&format!("it contains {odd:?}"));
    }
    for segment in rest.split('/') {
        match segment {
            "" if rest.is_empty() => {}
            "" => return refused("it has an empty segment"),
            "." | ".." => return refused("it has a dot segment"),
            _ if segment.starts_with('@') => return refused("a segment starts with `@`"),
            _ => {}
        }
    }
    Ok(())
}

const fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '.' | '_' | '~' | ':' | '+' | ',' | '=' | '@')
}

/// Whether `path` matches a manifest's pattern: `*` stands for one segment or for a part of one, and a
/// final `**` for one or more segments.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
    let mut path = path.split('/');
    let mut pattern = pattern.split('/').peekable();
    while let Some(wanted) = pattern.next() {
        if wanted == "**" && pattern.peek().is_none() {
            return path.next().is_some_and(|segment| !segment.is_empty());
        }
        match path.next() {
            Some(segment) if segment_matches(wanted, segment) => {}
            _ => return false,
        }
    }
    path.next().is_none()
}

fn segment_matches(wanted: &str, segment: &str) -> bool {
    let Some((head, tail)) = wanted.split_once('*') else { return wanted == segment };
    // A manifest writes at most one star in a segment, as in `*:generateContent`.
    segment.len() > head.len() + tail.len() && segment.starts_with(head) && segment.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tricks_are_refused() {
        for path in [
            "",
            "x",
            "v1/x",
            "//evil.com/x",
            "/v1//x",
            "/v1/",
            "/../x",
            "/v1/..",
            "/v1/./x",
            "/%2e%2e/x",
            "/a%2fb",
            "/\\evil",
            "/a\\b",
            "/a?b",
            "/a#b",
            "/@evil.com",
            "/v1/@evil.com",
            "http://evil.com/",
            "/a;b",
            "/a b",
            "/a\tb",
            "/a\nb",
            "/a\0b",
            "/å",
            "/\u{202e}x",
            "/a\u{ff0e}\u{ff0e}/b",
        ] {
            assert!(check(path).is_err(), "{path:?}");
        }
        assert!(check(&format!("/{}", "a".repeat(MAX_PATH))).is_err());
    }

    #[test]
    fn ordinary_paths_pass() {
        for path in [
            "/",
            "/v1/chat/completions",
            "/v1beta/models/gemini-2.5-pro:generateContent",
            "/v1/models/claude-3@20240620:rawPredict",
            "/v1/messages/batches/msgbatch_01/results",
            "/a..b",
            "/~x",
        ] {
            assert_eq!(check(path), Ok(()), "{path:?}");
        }
    }

    #[test]
    fn patterns_match_whole_paths() {
        for (pattern, path, expected) in [
            ("/v1/messages", "/v1/messages", true),
            ("/v1/messages", "/v1/messages/x", false),
            ("/v1/messages", "/v1/message", false),
            ("/v1/*/cancel", "/v1/b1/cancel", true),
            ("/v1/*/cancel", "/v1/b1/b2/cancel", false),
            ("/v1/*", "/v1/", false),
            ("/v1/*", "/v1", false),
            ("/v1/**", "/v1/a", true),
            ("/v1/**", "/v1/a/b/c", true),
            ("/v1/**", "/v1", false),
            ("/**", "/anything/at/all", true),
            ("/m/*:generate", "/m/gemini:generate", true),
            ("/m/*:generate", "/m/:generate", false),
            ("/m/*:generate", "/m/gemini:delete", false),
            ("/**/x", "/a/b/x", false),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }
}
