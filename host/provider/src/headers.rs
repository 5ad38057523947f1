//! Which headers an adapter may set. What it may not set is refused by name, never dropped in silence.

use docket_types::exchange::Header;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The most headers of a call.
pub(crate) const MAX_HEADERS: usize = 64;

/// The most bytes of all names and values of a call.
pub(crate) const MAX_HEADER_BYTES: usize = 16 * 1024;

/// Framing, routing, credentials and what proxies add. Compared in lower case with `_` read as `-`.
const REFUSED: [&str; 34] = [
    "accept-encoding",
    "api-key",
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "max-forwards",
    "ocp-apim-subscription-key",
    "origin",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-amz-security-token",
    "x-api-key",
    "x-auth-token",
    "x-goog-api-key",
    "x-goog-iam-authorization-token",
    "x-http-method-override",
    "x-original-url",
    "x-real-ip",
    "x-rewrite-url",
    "x-subscription-token",
    "x-client-ip",
    "x-cluster-client-ip",
];

/// Prefixes of refused names.
const REFUSED_PREFIXES: [&str; 3] = ["proxy-", "x-forwarded-", "sec-"];

/// The form in which names are compared: servers and proxies fold case, and some fold `_` into `-`.
pub(crate) fn normal(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

/// Checks the headers of a call. `slots`: the normal names of headers that carry credentials.
pub(crate) fn check(headers: &[Header], slots: &[String]) -> Result<HeaderMap, String> {
    if headers.len() > MAX_HEADERS {
        return Err(format!("a call has at most {MAX_HEADERS} headers"));
    }
    let bytes: usize = headers.iter().map(|h| h.name.len() + h.value.len()).sum();
    if bytes > MAX_HEADER_BYTES {
        return Err(format!("the headers of a call have at most {MAX_HEADER_BYTES} bytes"));
    }
    let mut map = HeaderMap::with_capacity(headers.len());
    for header in headers {
        let (name, value) = check_one(header)?;
        let plain = normal(name.as_str());
        let refused = REFUSED.contains(&plain.as_str())
            || REFUSED_PREFIXES.iter().any(|prefix| plain.starts_with(prefix))
            || slots.contains(&plain);
        if refused {
            return Err(format!("the header `{name}` is the host's to set"));
        }
        map.append(name, value);
    }
    Ok(map)
}

/// A token as name; visible ASCII, spaces, tabs and Latin-1 or UTF-8 bytes as value.
pub(crate) fn check_one(header: &Header) -> Result<(HeaderName, HeaderValue), String> {
    let name = HeaderName::from_bytes(header.name.as_bytes())
        .map_err(|_| format!("the header name {:?} is not a token", brief(&header.name)))?;
    let value = HeaderValue::from_bytes(header.value.as_bytes())
        .map_err(|_| format!("the value of the header `{name}` has a forbidden character"))?;
    Ok((name, value))
}

fn brief(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, value: &str) -> Header {
        Header { name: name.into(), value: value.into() }
    }

    #[test]
    fn names_that_belong_to_the_host_are_refused_in_every_spelling() {
        for name in [
            "Host",
            "content-length",
            "Transfer-Encoding",
            "connection",
            "Keep-Alive",
            "TE",
            "trailer",
            "upgrade",
            "Expect",
            "Cookie",
            "set-cookie",
            "Authorization",
            "AUTHORIZATION",
            "proxy-authorization",
            "Proxy-Connection",
            "x-api-key",
            "X_API_KEY",
            "x-goog-api-key",
            "api-key",
            "X-Forwarded-For",
            "x_forwarded_host",
            "forwarded",
            "accept-encoding",
            "via",
            "X-My-Slot",
            "x_my_slot",
        ] {
            let error = check(&[header(name, "v")], &["x-my-slot".into()]).unwrap_err();
            assert!(error.contains(&name.to_ascii_lowercase()), "{name}: {error}");
        }
    }

    #[test]
    fn names_and_values_that_could_split_a_message_are_refused() {
        for (name, value) in [
            ("", "v"),
            ("a b", "v"),
            ("a:b", "v"),
            (":path", "v"),
            ("a\r\nb", "v"),
            ("a\0", "v"),
            ("å", "v"),
            ("a", "v\r\nx: y"),
            ("a", "v\n"),
            ("a", "v\r"),
            ("a", "v\0"),
            ("a", "\n folded"),
            ("a", "\x7f"),
        ] {
            assert!(check(&[header(name, value)], &[]).is_err(), "{name:?} {value:?}");
        }
    }

    #[test]
    fn ordinary_headers_pass_and_repeat() {
        let all = [header("anthropic-version", "2023-06-01"), header("x-beta", "a"), header("X-Beta", "b")];
        let map = check(&all, &[]).unwrap();
        assert_eq!(map.len(), 3);
        assert_eq!(map.get_all("x-beta").iter().count(), 2);
    }

    #[test]
    fn number_and_size_are_bounded() {
        let many: Vec<_> = (0..=MAX_HEADERS).map(|n| header(&format!("x-{n}"), "v")).collect();
        assert!(check(&many[1..], &[]).is_ok());
        assert!(check(&many, &[]).unwrap_err().contains("64"));
        let large = [header("x", &"v".repeat(MAX_HEADER_BYTES - 1))];
        assert!(check(&large, &[]).is_ok());
        assert!(check(&[header("xy", &large[0].value)], &[]).unwrap_err().contains("16384"));
    }
}
