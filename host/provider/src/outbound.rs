//! Sending a call and reading its reply.

use crate::body;
use crate::client::Clients;
use crate::error::{blocked, transport};
use crate::request::{self, Prepared};
use crate::target::Target;
use docket_types::chat::Texts;
use docket_types::exchange::{Header, HttpCall, HttpReply, Payload, TransportError};
use http::HeaderMap;
use reqwest::{Body, Client, Response};
use std::sync::Arc;
use std::time::Duration;

/// How to send. Durations are upper bounds; sizes are bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundOptions {
    /// To open a connection, TLS included.
    pub connect_timeout: Duration,
    /// For a whole upload or download; [`Outbound::send`] is told its own.
    pub transfer_timeout: Duration,
    /// Between two pieces of a download.
    pub idle_timeout: Duration,
    /// A request's body.
    pub max_body: usize,
    /// A reply's body.
    pub max_reply: usize,
    /// One line of a download.
    pub max_line: usize,
    /// A whole download.
    pub max_download: u64,
    /// How long an unused connection stays open.
    pub pool_idle: Duration,
    /// Unused connections for each host.
    pub max_idle_per_host: usize,
    /// `http://host:port` of a proxy for calls to operator-chosen addresses. The environment is not looked at.
    pub proxy: Option<String>,
    /// For one webhook: connection, sending and reply.
    pub webhook_timeout: Duration,
    /// Of a webhook's reply; the rest is not read.
    pub max_webhook_reply: usize,
    /// Webhooks may go to private addresses and to plain `http`.
    pub allow_private_webhooks: bool,
}

impl Default for OutboundOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            transfer_timeout: Duration::from_secs(30 * 60),
            idle_timeout: Duration::from_secs(60),
            max_body: body::MAX_BODY,
            max_reply: 32 * 1024 * 1024,
            max_line: 8 * 1024 * 1024,
            max_download: 4 * 1024 * 1024 * 1024,
            pool_idle: Duration::from_secs(30),
            max_idle_per_host: 64,
            proxy: None,
            webhook_timeout: Duration::from_secs(20),
            max_webhook_reply: 64 * 1024,
            allow_private_webhooks: false,
        }
    }
}

/// Why an [`Outbound`] cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// The proxy's URL is not one.
    #[error("the proxy's URL cannot be used")]
    Proxy,
}

/// The way out. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct Outbound {
    pub(crate) clients: Arc<Clients>,
    pub(crate) options: Arc<OutboundOptions>,
}

impl Outbound {
    /// Prepares; connects to nothing.
    pub fn new(options: OutboundOptions) -> Result<Self, OutboundError> {
        Ok(Self { clients: Arc::new(Clients::new(options.clone())?), options: Arc::new(options) })
    }

    /// The options that it was made with.
    pub fn options(&self) -> &OutboundOptions {
        &self.options
    }

    /// Sends a call once and reads the whole reply. `timeout` bounds all of it; the call's own limit applies if it
    /// is shorter. A redirect is a reply like any other.
    pub async fn send(
        &self,
        target: &Target,
        call: &HttpCall,
        texts: &Texts,
        timeout: Duration,
    ) -> Result<HttpReply, TransportError> {
        let prepared = request::prepare(target, call)?;
        let body = body::write_body_within(&call.body, texts, self.options.max_body)
            .map_err(|e| blocked(e.to_string()))?;
        let body = if body.is_empty() { None } else { Some(Body::from(body)) };
        within(shorter(timeout, call), self.exchange(target, prepared, body)).await
    }

    /// Sends a prepared request and reads the reply, redacted.
    pub(crate) async fn exchange(
        &self,
        target: &Target,
        prepared: Prepared,
        body: Option<Body>,
    ) -> Result<HttpReply, TransportError> {
        let response = self.open(prepared, body).await?;
        let status = response.status().as_u16();
        let headers = reply_headers(target, response.headers());
        let bytes = read_within(response, self.options.max_reply).await?;
        Ok(HttpReply { status, headers, body: Payload::from_bytes(target.redactor.bytes(bytes)) })
    }

    /// Sends a prepared request and waits for the head of the reply.
    pub(crate) async fn open(
        &self,
        prepared: Prepared,
        body: Option<Body>,
    ) -> Result<Response, TransportError> {
        let client = self.client(prepared.any_address);
        let mut request = reqwest::Request::new(prepared.method, prepared.url);
        *request.headers_mut() = prepared.headers;
        *request.body_mut() = body;
        client.execute(request).await.map_err(|e| transport(&e))
    }

    pub(crate) fn client(&self, any_address: bool) -> &Client {
        if any_address { self.clients.any() } else { self.clients.public() }
    }
}

/// The shorter of the host's limit and the call's own.
pub(crate) fn shorter(limit: Duration, call: &HttpCall) -> Duration {
    call.timeout_ms.map_or(limit, |ms| limit.min(Duration::from_millis(u64::from(ms))))
}

/// Bounds a whole exchange.
pub(crate) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, TransportError>>,
) -> Result<T, TransportError> {
    tokio::time::timeout(limit, work).await.unwrap_or(Err(TransportError::Timeout))
}

/// The reply's headers as an adapter may see them: names in lower case, no credentials, no cookies.
pub(crate) fn reply_headers(target: &Target, headers: &HeaderMap) -> Vec<Header> {
    headers
        .iter()
        .filter(|(name, _)| **name != http::header::SET_COOKIE)
        .map(|(name, value)| Header {
            name: name.as_str().to_owned(),
            value: target.redactor.text(value.as_bytes()),
        })
        .collect()
}

async fn read_within(mut response: Response, limit: usize) -> Result<Vec<u8>, TransportError> {
    let announced = response.content_length().unwrap_or(0);
    if announced > limit as u64 {
        return Err(TransportError::TooLarge);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or(0));
    while let Some(chunk) = response.chunk().await.map_err(|e| transport(&e))? {
        if bytes.len() + chunk.len() > limit {
            return Err(TransportError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
