//! A running docket as its HTTP callers see it. Errors say what to do about them.

use crate::exit::{Exit, Failure};
use anyhow::anyhow;
use docket_types::AssessmentId;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;
use uuid::Uuid;

/// How long one answer may take, besides the time that a long poll asks for.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// The most events of one page.
const PAGE: u32 = 500;

/// How long a refused submission waits when the host does not say.
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(1);

/// A host at a URL.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<SecretString>,
}

/// What the host says about mocks.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct MockMode {
    pub(crate) use_mock_llm: bool,
    pub(crate) mock_mode: Option<String>,
    #[serde(default)]
    pub(crate) queue_processing_mode: Option<String>,
}

/// A submission's receipt.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Receipt {
    pub(crate) queue_id: Uuid,
}

/// What became of a submission.
pub(crate) enum Submitted {
    /// It was accepted.
    Accepted(Receipt),
    /// The queue is full: again after this time.
    Busy(Duration),
}

/// An event of a topic.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Event {
    pub(crate) seq: i64,
    /// The envelope.
    pub(crate) event: Value,
}

#[derive(Deserialize)]
struct Page {
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Assessments {
    assessments: Vec<Value>,
}

#[derive(Deserialize)]
struct Decisions {
    decisions: Vec<Value>,
}

impl Client {
    /// A client for the host at `url`; `token` opens the admin routes.
    pub(crate) fn new(url: &str, token: Option<SecretString>) -> Result<Self, Failure> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| Failure { exit: Exit::Internal, error: e.into() })?;
        Ok(Self { http, base: url.trim_end_matches('/').to_owned(), token })
    }

    /// Where the host is.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base)).timeout(ANSWER_WITHIN);
        match &self.token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        request.send().await.map_err(|e| self.unreachable(e))
    }

    fn unreachable(&self, error: reqwest::Error) -> Failure {
        let base = &self.base;
        let text = if error.is_connect() {
            format!("no docket answers at {base}: is `docket serve` running there? (--url points elsewhere)")
        } else if error.is_timeout() {
            format!("the docket at {base} did not answer within {} s", ANSWER_WITHIN.as_secs())
        } else if error.is_builder() {
            format!("`{base}` is not an address of a docket, such as http://127.0.0.1:8490")
        } else {
            format!("the connection to {base} failed")
        };
        Failure { exit: Exit::Network, error: anyhow!(error.without_url()).context(text) }
    }

    async fn read<T: DeserializeOwned>(&self, response: Response) -> Result<T, Failure> {
        let response = self.good(response).await?;
        let text = response.text().await.map_err(|e| self.unreachable(e))?;
        serde_json::from_str(&text).map_err(|e| {
            Failure::new(
                Exit::Network,
                format!("the host at {} does not answer like a docket: {e}", self.base),
            )
        })
    }

    /// The response, unless its status is an error; then what the host says about it.
    async fn good(&self, response: Response) -> Result<Response, Failure> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let path = response.url().path().to_owned();
        let text = response.text().await.unwrap_or_default();
        Err(match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Failure::new(
                Exit::Network,
                format!(
                    "the host refuses {path} ({status}): give its admin token with --admin-token or DOCKET_ADMIN_TOKEN"
                ),
            ),
            _ => Failure::new(
                Exit::Failed,
                format!("the host answered {path} with {status}: {}", reason(&text)),
            ),
        })
    }

    /// What the host mocks.
    pub(crate) async fn mock_mode(&self) -> Result<MockMode, Failure> {
        let response = self.send(self.request(Method::GET, "/admin/mock-mode")).await?;
        self.read(response).await
    }

    /// The host's metrics as text.
    pub(crate) async fn metrics(&self) -> Result<String, Failure> {
        let response = self.send(self.request(Method::GET, "/metrics")).await?;
        let response = self.good(response).await?;
        response.text().await.map_err(|e| self.unreachable(e))
    }

    /// Submits a comparison. The key makes it safe to ask again.
    pub(crate) async fn submit(&self, body: &Value, key: &Uuid) -> Result<Submitted, Failure> {
        let request =
            self.request(Method::POST, "/api/v1/comparison").header("idempotency-key", key.to_string());
        let response = self.send(request.json(body)).await?;
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            let header = response.headers().get("retry-after").and_then(|v| v.to_str().ok());
            let seconds = header.and_then(|text| text.parse().ok()).map(Duration::from_secs);
            return Ok(Submitted::Busy(seconds.unwrap_or(DEFAULT_RETRY_AFTER)));
        }
        self.read(response).await.map(Submitted::Accepted)
    }

    /// The JSON body of a GET.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        let response = self.send(self.request(Method::GET, path)).await?;
        self.read(response).await
    }

    /// Posts JSON; the answer's JSON body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let response = self.send(self.request(Method::POST, path).json(body)).await?;
        self.read(response).await
    }

    /// The newest assessments.
    pub(crate) async fn assessments(&self, limit: u32) -> Result<Vec<Value>, Failure> {
        let path = format!("/api/v1/assessments?limit={limit}");
        let page: Assessments = self.read(self.send(self.request(Method::GET, &path)).await?).await?;
        Ok(page.assessments)
    }

    /// One assessment; none if the host knows none with this id.
    pub(crate) async fn assessment(&self, id: AssessmentId) -> Result<Option<Value>, Failure> {
        let response = self.send(self.request(Method::GET, &format!("/api/v1/assessments/{id}"))).await?;
        match response.status() {
            StatusCode::NOT_FOUND => Ok(None),
            _ => self.read(response).await.map(Some),
        }
    }

    /// Decisions of an assessment with a number of `from` or more, in order.
    pub(crate) async fn decisions(
        &self,
        id: AssessmentId,
        from: u32,
        limit: u32,
    ) -> Result<Vec<Value>, Failure> {
        let path = format!("/api/v1/assessments/{id}/decisions?from={from}&limit={limit}");
        let page: Decisions = self.read(self.send(self.request(Method::GET, &path)).await?).await?;
        Ok(page.decisions)
    }

    /// Gives an assessment up.
    pub(crate) async fn cancel_assessment(&self, id: AssessmentId) -> Result<(), Failure> {
        let path = format!("/api/v1/assessments/{id}/cancel");
        self.good(self.send(self.request(Method::POST, &path)).await?).await.map(drop)
    }

    /// A topic's events after `after`; waits up to `wait` for the first.
    pub(crate) async fn topic(&self, topic: &str, after: i64, wait: Duration) -> Result<Vec<Event>, Failure> {
        let wait_s = whole_seconds(wait);
        let path = format!("/api/v1/topics/{topic}/events?after={after}&limit={PAGE}&wait={wait_s}");
        let request = self.request(Method::GET, &path).timeout(ANSWER_WITHIN + wait);
        let page: Page = self.read(self.send(request).await?).await?;
        Ok(page.events)
    }
}

/// Rounded up, so that a rest of a second is no busy loop.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// What an error body says, in one line.
fn reason(text: &str) -> String {
    let body: Value = serde_json::from_str(text).unwrap_or_default();
    let error = body.get("error").unwrap_or(&body);
    let message = error.get("message").or(Some(error)).and_then(Value::as_str);
    let details = error.get("details").or_else(|| body.get("details")).filter(|d| !d.is_null());
    match (message, details) {
        (Some(message), Some(details)) => format!("{message} ({details})"),
        (Some(message), None) => message.to_owned(),
        (None, _) => text.chars().take(200).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_come_from_either_error_shape() {
        assert_eq!(reason(r#"{"error":{"code":"x","message":"too long"}}"#), "too long");
        assert_eq!(reason(r#"{"error":"no provider","details":"name one"}"#), "no provider (\"name one\")");
        assert_eq!(reason("<html>"), "<html>");
    }
}
