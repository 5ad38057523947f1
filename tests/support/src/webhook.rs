//! A receiver of webhooks that answers as it is told.

use anyhow::{Result, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

/// A webhook that came.
#[derive(Debug, Clone)]
pub struct Received {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// What it was answered.
    pub status: u16,
}

#[derive(Default)]
struct Inner {
    received: Mutex<Vec<Received>>,
    answers: Mutex<VecDeque<u16>>,
    came: Notify,
}

/// A receiver on loopback; it ends with this value.
pub struct Receiver {
    inner: Arc<Inner>,
    url: String,
    task: JoinHandle<()>,
}

impl Receiver {
    /// Listens. The first webhooks are answered with `answers`, in order; all later ones with 200.
    pub async fn start(answers: &[u16]) -> Result<Self> {
        let inner = Arc::new(Inner::default());
        lock(&inner.answers).extend(answers);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        let app = Router::new().route("/hook", post(receive)).with_state(Arc::clone(&inner));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                eprintln!("the webhook receiver ended: {error}");
            }
        });
        Ok(Self { inner, url, task })
    }

    /// Where to send webhooks.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Everything that came so far.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.inner.received).clone()
    }

    /// Everything that came, once there are at least `count`.
    pub async fn wait_for(&self, count: usize, within: Duration) -> Result<Vec<Received>> {
        let deadline = Instant::now() + within;
        loop {
            let came = self.inner.came.notified();
            let received = self.received();
            if received.len() >= count {
                return Ok(received);
            }
            let in_time = timeout_at(deadline, came).await.is_ok();
            ensure!(in_time, "{} of {count} webhooks came in {within:?}", received.len());
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn receive(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let status = lock(&inner.answers).pop_front().unwrap_or(200);
    lock(&inner.received).push(Received { headers, body, status });
    inner.came.notify_waiters();
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn answers_as_told_and_keeps_what_came() {
        let receiver = Receiver::start(&[503]).await.unwrap();
        let authority = receiver.url().trim_start_matches("http://").trim_end_matches("/hook").to_owned();
        for wanted in ["503", "200"] {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let mut stream = tokio::net::TcpStream::connect(&authority).await.unwrap();
            let text = "POST /hook HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
            stream.write_all(text.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert_eq!(answer.split(' ').nth(1), Some(wanted));
        }
        let received = receiver.wait_for(2, Duration::from_secs(5)).await.unwrap();
        assert_eq!((received[0].status, &received[1].body[..]), (503, &b"ok"[..]));
        assert!(receiver.wait_for(3, Duration::from_millis(1)).await.is_err());
    }
}
