//! Uploads, downloads and webhooks against a real server on loopback.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use bytes::Bytes;
use docket_provider::{Outbound, OutboundOptions};
use docket_types::exchange::{HttpCall, Multipart, Segment, TransportError, Upload};
use futures_util::StreamExt as _;
use futures_util::stream;
use std::io;
use std::time::{Duration, Instant};
use support::*;

fn upload(multipart: Option<Multipart>) -> Upload {
    Upload {
        call: HttpCall { auth: Some("bearer".into()), ..call("POST", "/v1/files") },
        prefix: "[".into(),
        separator: ",\n".into(),
        suffix: "]".into(),
        multipart,
    }
}

fn items(all: &[&'static str]) -> impl futures_util::Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::iter(all.iter().map(|item| Ok(Bytes::from_static(item.as_bytes()))).collect::<Vec<_>>())
}

#[tokio::test]
async fn items_travel_between_prefix_and_suffix() {
    let (address, log) = server().await;
    for (all, body) in [(&["1", "2", "3"][..], "[1,\n2,\n3]"), (&["1"], "[1]"), (&[], "[]")] {
        let reply = outbound().upload(&target(address), &upload(None), items(all)).await.unwrap();
        assert_eq!(reply.status, 401);
        let seen = log.lock().unwrap().pop().unwrap();
        assert_eq!(seen.body, body);
        assert_eq!(seen.header("transfer-encoding"), Some("chunked"));
        assert!(seen.header("authorization").is_some());
    }
}

#[tokio::test]
async fn a_form_holds_the_fields_and_the_items_as_its_file() {
    let (address, log) = server().await;
    let form = Multipart {
        fields: vec![header("purpose", "batch"), header("note", "a\r\nb")],
        file_field: "file".into(),
        file_name: "items.jsonl".into(),
        file_type: "application/jsonl".into(),
    };
    outbound().upload(&target(address), &upload(Some(form.clone())), items(&["1", "2"])).await.unwrap();
    let seen = log.lock().unwrap().pop().unwrap();
    let boundary =
        seen.header("content-type").unwrap().strip_prefix("multipart/form-data; boundary=").unwrap();
    let expected = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\na\r\nb\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"items.jsonl\"\r\n\
         Content-Type: application/jsonl\r\n\r\n[1,\n2]\r\n--{boundary}--\r\n"
    );
    assert_eq!(String::from_utf8_lossy(&seen.body), expected);
    for bad in ["a\"b", "a\r\nb", ""] {
        let form = Multipart { file_name: bad.into(), ..form.clone() };
        let reply = outbound().upload(&target(address), &upload(Some(form)), items(&["1"])).await;
        assert!(matches!(reply, Err(TransportError::Blocked(_))), "{bad:?}");
    }
    assert!(log.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_an_error_and_is_not_sent_twice() {
    let (address, count) = raw(|stream, _| async move { drop(stream) }).await;
    let broken = items(&["1"]).chain(stream::iter([Err(io::Error::other("the store failed"))]));
    let reply = outbound().upload(&target(address), &upload(None), broken).await;
    assert!(matches!(reply, Err(TransportError::Reset)), "{reply:?}");
    assert!(*count.lock().unwrap() <= 1);
    let mut own_body = upload(None);
    own_body.call.body = vec![Segment::Literal("x".into())];
    let reply = outbound().upload(&target(address), &own_body, items(&[])).await;
    assert!(matches!(reply, Err(TransportError::Blocked(_))), "{reply:?}");
}

async fn lines(out: &Outbound, address: std::net::SocketAddr) -> Vec<Result<String, TransportError>> {
    let call = HttpCall { auth: Some("bearer".into()), ..call("GET", "/v1/results") };
    let (status, _, lines) = out.download_lines(&target(address), &call).await.unwrap();
    assert_eq!(status, 200);
    lines.collect().await
}

/// A server that sends these pieces, chunked, and ends well or not.
async fn pieces(all: &'static [&'static str], clean: bool) -> std::net::SocketAddr {
    let (address, _) = raw(move |mut stream, _| async move {
        write(&mut stream, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
        for piece in all {
            write(&mut stream, &format!("{:x}\r\n{piece}\r\n", piece.len())).await;
        }
        if clean {
            write(&mut stream, "0\r\n\r\n").await;
        }
    })
    .await;
    address
}

fn good(all: &[&str]) -> Vec<Result<String, TransportError>> {
    all.iter().map(|line| Ok((*line).to_owned())).collect()
}

#[tokio::test]
async fn lines_are_cut_wherever_the_chunks_end() {
    let out = outbound();
    let address = pieces(&["a\nb", "c\r", "\n\n", "d å", "\nlast"], true).await;
    assert_eq!(lines(&out, address).await, good(&["a", "bc", "", "d å", "last"]));
    let address = pieces(&["one\n"], true).await;
    assert_eq!(lines(&out, address).await, good(&["one"]));
    let address = pieces(&["{\"k\":\"sk-secret/", "key+1234\"}\n"], true).await;
    assert_eq!(lines(&out, address).await, good(&["{\"k\":\"[redacted]\"}"]));
}

#[tokio::test]
async fn a_download_that_is_cut_off_ends_with_an_error() {
    let address = pieces(&["a\n", "b\nha"], false).await;
    let mut all = good(&["a", "b"]);
    all.push(Err(TransportError::Reset));
    assert_eq!(lines(&outbound(), address).await, all);
}

#[tokio::test]
async fn lines_and_downloads_are_bounded() {
    let small = |max_line, max_download| {
        Outbound::new(OutboundOptions { max_line, max_download, ..Default::default() }).unwrap()
    };
    let address = pieces(&["12345\r\n", "123456\n", "1\n"], true).await;
    let mut all = good(&["12345"]);
    all.push(Err(TransportError::TooLarge));
    assert_eq!(lines(&small(5, 1000), address).await, all);
    let address = pieces(&["1234567890", "1234567890", "1234567890"], true).await;
    assert_eq!(lines(&small(10, 1000), address).await, [Err(TransportError::TooLarge)]);
    let address = pieces(&["1\n", "2\n", "3\n"], true).await;
    let mut all = good(&["1", "2"]);
    all.push(Err(TransportError::TooLarge));
    assert_eq!(lines(&small(5, 5), address).await, all);
}

#[tokio::test]
async fn a_download_that_pauses_too_long_ends() {
    let (address, _) = raw(|mut stream, _| async move {
        write(&mut stream, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\na\n\r\n").await;
        std::future::pending::<()>().await;
    })
    .await;
    let out =
        Outbound::new(OutboundOptions { idle_timeout: Duration::from_millis(100), ..Default::default() })
            .unwrap();
    let mut all = good(&["a"]);
    all.push(Err(TransportError::Timeout));
    assert_eq!(lines(&out, address).await, all);
}

fn hooks(options: OutboundOptions) -> Outbound {
    Outbound::new(OutboundOptions { allow_private_webhooks: true, ..options }).unwrap()
}

#[tokio::test]
async fn a_webhook_arrives_with_its_bytes_and_headers() {
    let (address, log) = server().await;
    let url = format!("http://{address}/hook");
    let body = Bytes::from_static(b"{\"exact\": \"bytes\"}");
    let headers = [header("webhook-id", "d1"), header("content-type", "application/json")];
    let reply = hooks(OutboundOptions::default()).post_webhook(&url, &headers, body.clone()).await.unwrap();
    assert_eq!((reply.status, reply.retry_after, reply.is_success()), (401, None, false));
    let seen = log.lock().unwrap().pop().unwrap();
    assert_eq!((seen.method.as_str(), seen.target.as_str(), &seen.body), ("POST", "/hook", &body));
    assert_eq!(seen.header("webhook-id"), Some("d1"));
}

#[tokio::test]
async fn webhook_replies_are_reported_and_redirects_are_not_followed() {
    let (address, log) = server().await;
    let out = hooks(OutboundOptions::default());
    for (path, status, retry_after) in
        [("redirect", 302, None), ("gone", 410, None), ("busy", 503, Some(Duration::from_secs(7)))]
    {
        let url = format!("http://{address}/{path}");
        let reply = out.post_webhook(&url, &[], Bytes::new()).await.unwrap();
        assert_eq!((reply.status, reply.retry_after), (status, retry_after), "{path}");
    }
    assert_eq!(log.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_receiver_that_hangs_or_talks_without_end_is_left_in_time() {
    let (hangs, _) = raw(|stream, _| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    let out = hooks(OutboundOptions { webhook_timeout: Duration::from_millis(200), ..Default::default() });
    let reply = out.post_webhook(&format!("http://{hangs}/"), &[], Bytes::new()).await;
    assert_eq!(reply, Err(TransportError::Timeout));
    let (talks, _) = raw(|mut stream, _| async move {
        write(&mut stream, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
        loop {
            write(&mut stream, &format!("400\r\n{}\r\n", "x".repeat(1024))).await;
            tokio::task::yield_now().await;
        }
    })
    .await;
    let begun = Instant::now();
    let reply =
        hooks(OutboundOptions::default()).post_webhook(&format!("http://{talks}/"), &[], Bytes::new()).await;
    assert!(reply.unwrap().is_success());
    assert!(begun.elapsed() < LIMIT);
}

#[tokio::test]
async fn private_receivers_are_refused_at_submission_and_at_delivery() {
    let (address, log) = server().await;
    let strict = outbound();
    let url = format!("https://{address}/hook");
    assert!(strict.check_webhook_url(&url).unwrap_err().contains("public"));
    let reply = strict.post_webhook(&url, &[], Bytes::new()).await;
    assert!(matches!(reply, Err(TransportError::Blocked(_))), "{reply:?}");
    assert!(log.lock().unwrap().is_empty());
    let bad = [header("x-a", "b\r\nc: d")];
    let reply = hooks(OutboundOptions::default())
        .post_webhook(&format!("http://{address}/"), &bad, Bytes::new())
        .await;
    assert!(matches!(reply, Err(TransportError::Blocked(_))), "{reply:?}");
}
