//! One HTTP/1.1 connection that sends one request after the other.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// A connection to a host.
#[derive(Debug)]
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    authority: String,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: Bytes,
}

impl Connection {
    /// Connects to `host:port`.
    pub async fn open(authority: &str) -> Result<Self> {
        let stream =
            TcpStream::connect(authority).await.with_context(|| format!("connecting to {authority}"))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, authority: authority.to_owned() })
    }

    /// Sends a GET.
    pub async fn get(&mut self, path: &str) -> Result<Answer> {
        let request = Request::get(path).header("host", &self.authority).body(Full::default())?;
        self.send(request).await
    }

    /// Sends a POST with a JSON body.
    pub async fn post(&mut self, path: &str, body: Bytes) -> Result<Answer> {
        let request = Request::post(path)
            .header("host", &self.authority)
            .header("content-type", "application/json")
            .body(Full::new(body))?;
        self.send(request).await
    }

    /// Submits a comparison; anything but 202 is an error.
    pub async fn submit(&mut self, body: Bytes) -> Result<()> {
        let answer = self.post("/api/v1/comparison", body).await?;
        if answer.status != 202 {
            bail!("status {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
        }
        Ok(())
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Answer> {
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        Ok(Answer { status, body })
    }
}

/// A comparison whose prompt has about `bytes` bytes, to this topic.
pub fn comparison(topic: &str, bytes: usize, number: usize) -> Bytes {
    let mut prompt = format!("Comparison {number}. Which essay is better?\n\n");
    while prompt.len() < bytes {
        prompt.push_str("The quick brown fox jumps over the lazy dog, \"twice\" on Sundays.\n");
    }
    let body: Value = json!({
        "user_prompt": prompt,
        "callback_topic": topic,
        "llm_config_overrides": {"provider_override": "mock"},
        "correlation_id": uuid::Uuid::now_v7(),
        "metadata": {"essay_a_id": "a", "essay_b_id": "b"},
    });
    Bytes::from(body.to_string())
}
