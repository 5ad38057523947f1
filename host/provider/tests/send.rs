//! Calls against a real server on loopback: what goes out, what comes back, and what is refused.
#![allow(clippy::unwrap_used, clippy::panic, clippy::type_complexity, reason = "tests")]

mod support;

use docket_provider::{Outbound, OutboundOptions, Target, TargetError};
use docket_types::chat::Texts;
use docket_types::exchange::{HttpCall, HttpReply, Payload, Segment, SpliceEncoding, TransportError};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::*;

async fn send(target: &Target, call: &HttpCall) -> Result<HttpReply, TransportError> {
    outbound().send(target, call, &Texts::default(), LIMIT).await
}

fn text(reply: &HttpReply) -> &str {
    match &reply.body {
        Payload::Text(text) => text,
        Payload::Bytes(_) => panic!("the body is text"),
    }
}

fn blocked(result: Result<HttpReply, TransportError>) -> String {
    match result {
        Err(TransportError::Blocked(why)) => why,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn a_call_goes_out_as_it_was_asked_for() {
    let (address, log) = server().await;
    let texts = Texts(Arc::from([Arc::<str>::from("say \"hi\"\n")]));
    let mut call = post("/v1/chat", "{\"p\":\"");
    call.body.push(Segment::Splice { index: 0, encoding: SpliceEncoding::Json });
    call.body.push(Segment::Literal("\"}".into()));
    call.query = vec![header("a b", "c&d=å"), header("n", "")];
    call.headers = vec![header("content-type", "application/json"), header("x-version", "2")];
    call.auth = Some("bearer".into());
    let reply = outbound().send(&target(address), &call, &texts, LIMIT).await.unwrap();
    assert_eq!(reply.status, 401);
    let seen = log.lock().unwrap()[0].clone();
    assert_eq!(seen.method, "POST");
    assert_eq!(seen.target, "/base/v1/chat?a+b=c%26d%3D%C3%A5&n=");
    assert_eq!(seen.body, r#"{"p":"say \"hi\"\n"}"#);
    assert_eq!(seen.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!(seen.header("x-version"), Some("2"));
    assert_eq!(seen.header("content-length"), Some("20"));
    assert_eq!(seen.header("accept-encoding"), None);
}

#[tokio::test]
async fn every_scheme_adds_its_credential_and_none_comes_back() {
    let (address, log) = server().await;
    for (slot, name, value) in [
        ("bearer", "authorization", format!("Bearer {KEY}")),
        ("header", "x-key", KEY.to_owned()),
        ("basic", "authorization", "Basic dXNlcjpwYXNzK3dvcmQvMQ==".to_owned()),
    ] {
        let call = HttpCall { auth: Some(slot.into()), ..call("GET", "/v1/x") };
        let reply = send(&target(address), &call).await.unwrap();
        let seen = log.lock().unwrap().pop().unwrap();
        assert_eq!(seen.header(name), Some(value.as_str()), "{slot}");
        let all = format!("{} {:?}", text(&reply), reply.headers);
        for secret in [KEY, "dXNlcjpwYXNzK3dvcmQvMQ==", "pass+word/1"] {
            assert!(!all.contains(secret), "{slot}: {all}");
        }
        assert!(text(&reply).contains("[redacted]"), "{slot}: {all}");
        let echo = &reply.headers.iter().find(|h| h.name == "x-echo").unwrap().value;
        assert!(echo.ends_with("[redacted]"), "{echo}");
        assert!(!reply.headers.iter().any(|h| h.name == "set-cookie"));
    }
    let by_query =
        HttpCall { auth: Some("query".into()), query: vec![header("q", "1")], ..call("GET", "/v1/x") };
    let reply = send(&target(address), &by_query).await.unwrap();
    assert_eq!(log.lock().unwrap().pop().unwrap().target, "/base/v1/x?q=1&key=sk-secret%2Fkey%2B1234");
    assert_eq!(json_of(text(&reply))["target"], "/base/v1/x?q=1&key=[redacted]");
    let open = HttpCall { auth: Some("open".into()), ..call("GET", "/v1/x") };
    send(&target(address), &open).await.unwrap();
    assert_eq!(log.lock().unwrap().pop().unwrap().header("authorization"), None);
}

#[tokio::test]
async fn what_the_rules_refuse_never_leaves() {
    let (address, log) = server().await;
    let target = target(address);
    let with = |change: &dyn Fn(&mut HttpCall)| {
        let mut call = call("GET", "/v1/x");
        change(&mut call);
        call
    };
    let cases: Vec<(HttpCall, &str)> = vec![
        (with(&|c| c.endpoint = "evil".into()), "main, other"),
        (with(&|c| c.path = "/v2/x".into()), "none of the manifest's"),
        (with(&|c| c.path = "/v1/../admin".into()), "dot segment"),
        (with(&|c| c.path = "//evil.com/v1".into()), "empty segment"),
        (with(&|c| c.path = "@evil.com/v1".into()), "does not start"),
        (with(&|c| c.path = "/v1/%2e%2e/x".into()), "'%'"),
        (with(&|c| c.method = "CONNECT".into()), "CONNECT"),
        (with(&|c| c.method = "get".into()), "get"),
        (with(&|c| c.method = "GET /x HTTP/1.1\r\nX".into()), "method"),
        (with(&|c| c.headers = vec![header("Host", "evil.com")]), "host"),
        (with(&|c| c.headers = vec![header("X_Key", "mine")]), "x_key"),
        (with(&|c| c.headers = vec![header("authorization", "mine")]), "authorization"),
        (with(&|c| c.headers = vec![header("x-a", "b\r\nx-c: d")]), "x-a"),
        (with(&|c| c.query = vec![header("KEY", "mine")]), "KEY"),
        (with(&|c| c.query = vec![header("q", &"x".repeat(2048))]), "2048"),
        (with(&|c| c.auth = Some("nobody".into())), "nobody"),
        (with(&|c| c.auth = Some("bare".into())), "no credential is configured"),
        (
            with(&|c| {
                c.auth = Some("bearer".into());
                c.endpoint = "other".into();
                c.path = "/v1/other".into();
            }),
            "not for the endpoint",
        ),
        (with(&|c| c.body = vec![Segment::Splice { index: 0, encoding: SpliceEncoding::Raw }]), "text 0"),
    ];
    for (call, word) in cases {
        let why = blocked(send(&target, &call).await);
        assert!(why.contains(word), "{word}: {why}");
        assert!(!why.contains(KEY));
    }
    assert!(log.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_redirect_is_a_reply_and_is_not_followed() {
    let (address, log) = server().await;
    let call = HttpCall { auth: Some("bearer".into()), ..call("GET", "/v1/redirect") };
    let reply = send(&target(address), &call).await.unwrap();
    assert_eq!((reply.status, text(&reply)), (302, "moved"));
    assert_eq!(log.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn bodies_that_are_not_text_are_bytes() {
    let (address, _) = server().await;
    let reply = send(&target(address), &call("GET", "/v1/bytes")).await.unwrap();
    assert_eq!(reply.body, Payload::Bytes(vec![0, 159, 146, 150]));
}

#[tokio::test]
async fn replies_are_bounded_whether_announced_or_not() {
    let (address, _) = server().await;
    let small = Outbound::new(OutboundOptions { max_reply: 9_999, ..Default::default() }).unwrap();
    let enough = Outbound::new(OutboundOptions { max_reply: 10_000, ..Default::default() }).unwrap();
    let large = call("GET", "/v1/large");
    let reply = small.send(&target(address), &large, &Texts::default(), LIMIT).await;
    assert_eq!(reply, Err(TransportError::TooLarge));
    assert!(enough.send(&target(address), &large, &Texts::default(), LIMIT).await.is_ok());
    let (chunked, _) = raw(|mut stream, _| async move {
        write(&mut stream, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
        for _ in 0..10 {
            write(&mut stream, &format!("400\r\n{}\r\n", "x".repeat(1024))).await;
        }
        write(&mut stream, "0\r\n\r\n").await;
    })
    .await;
    let reply = small.send(&target(chunked), &large, &Texts::default(), LIMIT).await;
    assert_eq!(reply, Err(TransportError::TooLarge));
    let body = Outbound::new(OutboundOptions { max_body: 3, ..Default::default() }).unwrap();
    let why = blocked(body.send(&target(address), &post("/v1/x", "1234"), &Texts::default(), LIMIT).await);
    assert!(why.contains("3 bytes"), "{why}");
}

#[tokio::test]
async fn a_server_that_hangs_or_drips_is_left_in_time() {
    let (hangs, _) = raw(|stream, _| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let (drips, _) = raw(|mut stream, _| async move {
        write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await;
        loop {
            write(&mut stream, "x").await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    for address in [hangs, drips] {
        let begun = Instant::now();
        let limit = Duration::from_millis(200);
        let reply = outbound().send(&target(address), &call("GET", "/v1/x"), &Texts::default(), limit).await;
        assert_eq!(reply, Err(TransportError::Timeout));
        assert!(begun.elapsed() >= limit);
        let short = HttpCall { timeout_ms: Some(100), ..call("GET", "/v1/x") };
        let begun = Instant::now();
        assert_eq!(send(&target(address), &short).await, Err(TransportError::Timeout));
        assert!(begun.elapsed() < LIMIT / 2, "the call's own limit is the shorter one");
    }
}

#[tokio::test]
async fn a_broken_connection_is_a_reset_and_a_closed_port_no_connection() {
    let (resets, count) = raw(|stream, _| async move { drop(stream) }).await;
    assert_eq!(send(&target(resets), &post("/v1/x", "{}")).await, Err(TransportError::Reset));
    assert_eq!(*count.lock().unwrap(), 1, "a POST is sent once");
    let (cut, _) = raw(|mut stream, _| async move {
        write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").await;
    })
    .await;
    assert_eq!(send(&target(cut), &call("GET", "/v1/x")).await, Err(TransportError::Reset));
    let (garbage, _) =
        raw(|mut stream, _| async move { write(&mut stream, "not http at all\r\n\r\n").await }).await;
    assert_eq!(send(&target(garbage), &call("GET", "/v1/x")).await, Err(TransportError::Reset));
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(send(&target(closed), &call("GET", "/v1/x")).await, Err(TransportError::Connect));
}

#[tokio::test]
async fn a_post_on_a_reused_connection_that_breaks_is_not_sent_again() {
    let (address, count) = raw(|mut stream, n| async move {
        if n == 1 {
            write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
            // The second request comes on the same connection: read it whole, then break off.
            assert!(read_request(&mut stream).await);
        }
    })
    .await;
    let out = outbound();
    let target = target(address);
    let first = out.send(&target, &post("/v1/x", "{}"), &Texts::default(), LIMIT).await.unwrap();
    assert_eq!(first.status, 200);
    let second = out.send(&target, &post("/v1/x", "{}"), &Texts::default(), LIMIT).await;
    assert_eq!(second, Err(TransportError::Reset));
    assert_eq!(*count.lock().unwrap(), 1, "no second connection was opened to try again");
}

#[tokio::test]
async fn plain_text_where_tls_is_due_is_a_tls_failure() {
    let (address, _) = server().await;
    let overrides = BTreeMap::from([("main".to_owned(), format!("https://{address}/"))]);
    let target = Target::new(&manifest("https://example.com"), &overrides, &credentials()).unwrap();
    assert_eq!(send(&target, &call("GET", "/v1/x")).await, Err(TransportError::Tls));
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_a_dns_failure_and_localhost_is_allowed() {
    let (address, log) = server().await;
    let local = Target::new(
        &manifest(&format!("http://localhost:{}/base", address.port())),
        &BTreeMap::new(),
        &credentials(),
    );
    assert_eq!(send(&local.unwrap(), &call("GET", "/v1/x")).await.unwrap().status, 401);
    let nowhere =
        Target::new(&manifest("https://nowhere.invalid/"), &BTreeMap::new(), &credentials()).unwrap();
    assert_eq!(send(&nowhere, &call("GET", "/v1/x")).await, Err(TransportError::Dns));
    assert_eq!(log.lock().unwrap().len(), 1);
}

#[test]
fn a_target_that_does_not_fit_is_refused_with_the_reason() {
    let none = BTreeMap::new();
    let make =
        |base: &str| Target::new(&manifest(base), &none, &credentials()).map(drop).unwrap_err().to_string();
    for (base, word) in [
        ("http://example.com/", "plain http"),
        ("https://10.0.0.1/", "not public"),
        ("https://169.254.169.254/", "not public"),
        ("https://[fd00::1]/", "not public"),
        ("ftp://example.com/", "ftp"),
        ("https://u:p@example.com/", "password"),
        ("https://example.com/?x=1", "query"),
        ("https://example.com/#x", "fragment"),
        ("nonsense", "no URL"),
        ("https://example.com/a/../%2e/b%2f", "'%'"),
    ] {
        assert!(make(base).contains(word), "{base}: {}", make(base));
    }
    let by_operator = BTreeMap::from([("main".to_owned(), "http://10.0.0.1:8080/x".to_owned())]);
    assert!(Target::new(&manifest("https://example.com"), &by_operator, &BTreeMap::new()).is_ok());
    let unknown = BTreeMap::from([("nope".to_owned(), "https://a.b/".to_owned())]);
    let error = Target::new(&manifest("https://example.com"), &unknown, &BTreeMap::new()).unwrap_err();
    assert!(
        matches!(error, TargetError::UnknownEndpoint { .. }) && error.to_string().contains("main, other")
    );
    let stray = BTreeMap::from([("stray".to_owned(), SecretString::from(KEY))]);
    let error = Target::new(&manifest("https://example.com"), &none, &stray).unwrap_err();
    assert!(matches!(error, TargetError::UnknownSlot { .. }) && !error.to_string().contains(KEY));
    for bad in ["abc", "line\nbreak", " padded-key", "nön-ascii"] {
        let credentials = BTreeMap::from([("bearer".to_owned(), SecretString::from(bad))]);
        let error = Target::new(&manifest("https://example.com"), &none, &credentials).unwrap_err();
        assert!(
            matches!(error, TargetError::BadCredential { .. }) && !error.to_string().contains(bad),
            "{bad:?}"
        );
    }
    let target = Target::new(&manifest("https://example.com"), &none, &credentials()).unwrap();
    assert_eq!(target.missing_credentials(), ["bare"]);
    assert!(!format!("{target:?}").contains("secret/key"));
}

#[test]
fn schemes_that_are_not_built_are_said_so() {
    for scheme in [
        serde_json::json!({"scheme": "sigv4", "service": "bedrock"}),
        serde_json::json!({"scheme": "oauth2_client_credentials", "token_url": "https://a.b/token"}),
        serde_json::json!({"scheme": "service_account"}),
    ] {
        let mut manifest = manifest("https://example.com");
        manifest.auth.insert("special".into(), serde_json::from_value(scheme.clone()).unwrap());
        let error = Target::new(&manifest, &BTreeMap::new(), &BTreeMap::new()).unwrap_err().to_string();
        assert!(error.contains("not supported yet by this host"), "{error}");
        assert!(error.contains(scheme["scheme"].as_str().unwrap()), "{error}");
    }
}

#[test]
fn a_proxy_that_is_no_url_is_refused() {
    let options = OutboundOptions { proxy: Some("http://[".into()), ..Default::default() };
    assert!(Outbound::new(options).is_err());
}
