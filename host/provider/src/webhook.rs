//! Posting a webhook to an address that a caller chose.

use crate::address::is_public;
use crate::error::{blocked, transport};
use crate::headers;
use crate::outbound::{Outbound, within};
use bytes::Bytes;
use docket_types::exchange::{Header, TransportError};
use http::{HeaderMap, StatusCode};
use reqwest::{Response, Url};
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

/// The longest URL of a webhook, in bytes.
const MAX_URL: usize = 2048;

/// What a receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookReply {
    /// Its status; a redirect is not followed.
    pub status: u16,
    /// How long it asks to be left alone.
    pub retry_after: Option<Duration>,
}

impl WebhookReply {
    /// Whether the receiver has it: 2xx and nothing else.
    pub fn is_success(&self) -> bool {
        StatusCode::from_u16(self.status).is_ok_and(|status| status.is_success())
    }
}

impl Outbound {
    /// What can be said of a webhook's URL without asking the network: its form, its scheme, its literal address.
    /// Names are checked when they are resolved, at each delivery.
    pub fn check_webhook_url(&self, url: &str) -> Result<(), String> {
        parse(url, self.options.allow_private_webhooks).map(drop)
    }

    /// Posts once. The addresses that the name resolves to are checked, and only checked ones are connected to.
    pub async fn post_webhook(
        &self,
        url: &str,
        headers: &[Header],
        body: Bytes,
    ) -> Result<WebhookReply, TransportError> {
        let private = self.options.allow_private_webhooks;
        let url = parse(url, private).map_err(blocked)?;
        let mut map = HeaderMap::with_capacity(headers.len());
        for header in headers {
            let (name, value) = headers::check_one(header).map_err(blocked)?;
            map.insert(name, value);
        }
        let client = self.client(private);
        within(self.options.webhook_timeout, async {
            let sent = client.post(url).headers(map).body(body).send().await;
            let response = sent.map_err(|e| transport(&e))?;
            let reply = WebhookReply {
                status: response.status().as_u16(),
                retry_after: retry_after(response.headers(), SystemTime::now()),
            };
            finish(response, self.options.max_webhook_reply).await;
            Ok(reply)
        })
        .await
    }
}

/// Reads the rest of a short reply, so that the connection can be used again. The status is known: what goes wrong
/// here changes nothing, and a reply that drips is cut off.
async fn finish(mut response: Response, limit: usize) {
    let rest = async {
        let mut read = 0;
        while let Ok(Some(chunk)) = response.chunk().await {
            read += chunk.len();
            if read > limit {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(1), rest).await;
}

fn parse(text: &str, allow_private: bool) -> Result<Url, String> {
    if text.len() > MAX_URL {
        return Err(format!("a webhook's URL has at most {MAX_URL} bytes"));
    }
    let url = Url::parse(text).map_err(|e| format!("it is no URL: {e}"))?;
    match url.scheme() {
        "https" => {}
        "http" if allow_private => {}
        "http" => return Err("a webhook needs https".into()),
        other => return Err(format!("the scheme `{other}` is not https")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it contains a user name or a password".into());
    }
    let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    if host.is_empty() {
        return Err("it has no host".into());
    }
    if allow_private {
        return Ok(url);
    }
    // The URL library has turned every spelling of an IPv4 address (decimal, octal, short) into dots.
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    if address.is_some_and(|ip| !is_public(ip)) {
        return Err("its address is not public".into());
    }
    if host == "localhost" || host.ends_with(".localhost") {
        return Err("its host is this machine".into());
    }
    Ok(url)
}

/// Seconds, or an HTTP date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_inside_are_refused_in_every_spelling() {
        for url in [
            "http://example.com/hook",
            "ftp://example.com/",
            "file:///etc/passwd",
            "https://",
            "not a url",
            "https://user:pw@example.com/",
            "https://user@example.com/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://0/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://10.0.0.1/",
            "https://192.168.0.1:8443/",
            "https://169.254.169.254/latest/meta-data",
            "https://100.64.0.1/",
            "https://[fe80::1]/",
            "https://[fd00::1]/",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://a.localhost/",
            "https://127.0.0.1./",
            "https://\u{ff11}27.0.0.1/",
        ] {
            assert!(parse(url, false).is_err(), "{url}");
        }
        assert!(parse(&format!("https://example.com/{}", "x".repeat(MAX_URL)), false).is_err());
    }

    #[test]
    fn public_addresses_pass_and_private_ones_where_allowed() {
        for url in ["https://example.com/hook?x=1", "https://8.8.8.8:8443/a", "https://[2606:4700::1111]/"] {
            assert!(parse(url, false).is_ok(), "{url}");
        }
        for url in ["http://127.0.0.1:9/x", "http://localhost/x", "https://10.1.1.1/"] {
            assert!(parse(url, true).is_ok(), "{url}");
        }
        assert!(parse("https://user@10.1.1.1/", true).is_err());
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("retry-after", text.parse().unwrap());
            retry_after(&headers, now)
        };
        assert_eq!(read("120"), Some(Duration::from_secs(120)));
        assert_eq!(
            read(&httpdate::fmt_http_date(now + Duration::from_secs(90))),
            Some(Duration::from_secs(90))
        );
        assert_eq!(read(&httpdate::fmt_http_date(now - Duration::from_secs(90))), Some(Duration::ZERO));
        assert_eq!(read("-1"), None);
        assert_eq!(read("soon"), None);
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
