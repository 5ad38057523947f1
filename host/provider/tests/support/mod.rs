//! A small server that answers with what it got, and ways to make a target for it.
#![allow(
    dead_code,
    missing_docs,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "shared by several test files"
)]

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use docket_provider::{Outbound, OutboundOptions, Target};
use docket_types::exchange::{Header, HttpCall, Segment};
use docket_types::manifest::Manifest;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const KEY: &str = "sk-secret/key+1234";
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// What a request looked like.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

pub(crate) type Log = Arc<Mutex<Vec<Seen>>>;

/// Serves `/base/...`: logs each request and answers as the path says.
pub(crate) async fn server() -> (SocketAddr, Log) {
    let log = Log::default();
    let app = Router::new().fallback(any(answer)).with_state(Arc::clone(&log));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, log)
}

async fn answer(State(log): State<Log>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let headers: Vec<_> = parts
        .headers
        .iter()
        .map(|(n, v)| (n.as_str().to_owned(), String::from_utf8_lossy(v.as_bytes()).into_owned()))
        .collect();
    let seen = Seen { method: parts.method.to_string(), target: parts.uri.to_string(), headers, body };
    log.lock().unwrap().push(seen.clone());
    match parts.uri.path().rsplit('/').next().unwrap_or_default() {
        "redirect" => (axum::http::StatusCode::FOUND, [("location", "/base/v1/ok")], "moved").into_response(),
        "large" => "x".repeat(10_000).into_response(),
        "bytes" => vec![0_u8, 159, 146, 150].into_response(),
        "gone" => axum::http::StatusCode::GONE.into_response(),
        "busy" => (axum::http::StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "7")]).into_response(),
        // Everything that it got comes back, as some providers do in their errors.
        _ => {
            let auth = seen.header("authorization").or(seen.header("x-key")).unwrap_or("").to_owned();
            let text = json!({"target": seen.target, "headers": seen.headers, "length": seen.body.len()});
            (
                axum::http::StatusCode::UNAUTHORIZED,
                [("x-echo", auth.as_str()), ("set-cookie", "a=b")],
                text.to_string(),
            )
                .into_response()
        }
    }
}

/// Accepts connections, reads one request of each, and hands the stream over. Counts the requests.
pub(crate) async fn raw<F, R>(handle: F) -> (SocketAddr, Arc<Mutex<u32>>)
where
    F: Fn(TcpStream, u32) -> R + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&count);
    let handle = Arc::new(handle);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (counter, handle) = (Arc::clone(&counter), Arc::clone(&handle));
            tokio::spawn(async move {
                if read_request(&mut stream).await {
                    let n = {
                        let mut n = counter.lock().unwrap();
                        *n += 1;
                        *n
                    };
                    handle(stream, n).await;
                }
            });
        }
    });
    (address, count)
}

/// Reads a head and, by its content-length, a body. False: the connection ended.
pub(crate) async fn read_request(stream: &mut TcpStream) -> bool {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|l| l.strip_prefix("content-length: "))
                .map_or(0, |n| n.trim().parse::<usize>().unwrap());
            if bytes.len() >= end + 4 + length {
                return true;
            }
        }
        match stream.read(&mut chunk).await {
            Ok(n) if n > 0 => bytes.extend_from_slice(&chunk[..n]),
            _ => return false,
        }
    }
}

pub(crate) async fn write(stream: &mut TcpStream, text: &str) {
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.flush().await;
}

/// One endpoint `main` with all paths below `/v1`, and a slot of each scheme that is supported.
pub(crate) fn manifest(base_url: &str) -> Manifest {
    serde_json::from_value(json!({
        "schema": "docket.manifest/1", "id": "t", "version": "1.0.0",
        "endpoints": {
            "main": {"base_url": base_url, "paths": ["/v1/**"]},
            "other": {"base_url": base_url, "paths": ["/v1/other"]},
        },
        "auth": {
            "bearer": {"scheme": "bearer", "endpoints": ["main"]},
            "header": {"scheme": "header", "name": "x-key"},
            "query": {"scheme": "query", "name": "key"},
            "basic": {"scheme": "basic"},
            "open": {"scheme": "none"},
            "bare": {"scheme": "bearer"},
        },
    }))
    .unwrap()
}

pub(crate) fn credentials() -> BTreeMap<String, SecretString> {
    ["bearer", "header", "query"]
        .into_iter()
        .map(|slot| (slot.to_owned(), SecretString::from(KEY)))
        .chain([("basic".to_owned(), SecretString::from("user:pass+word/1"))])
        .collect()
}

pub(crate) fn target(address: SocketAddr) -> Target {
    Target::new(&manifest(&format!("http://{address}/base/")), &BTreeMap::new(), &credentials()).unwrap()
}

pub(crate) fn outbound() -> Outbound {
    Outbound::new(OutboundOptions::default()).unwrap()
}

pub(crate) fn call(method: &str, path: &str) -> HttpCall {
    HttpCall {
        endpoint: "main".into(),
        method: method.into(),
        path: path.into(),
        query: vec![],
        headers: vec![],
        body: vec![],
        auth: None,
        timeout_ms: None,
        repeatable: false,
    }
}

pub(crate) fn post(path: &str, body: &str) -> HttpCall {
    HttpCall { body: vec![Segment::Literal(body.into())], ..call("POST", path) }
}

pub(crate) fn header(name: &str, value: &str) -> Header {
    Header { name: name.into(), value: value.into() }
}

pub(crate) fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
