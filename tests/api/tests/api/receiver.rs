//! A receiver of webhooks that answers as it is told.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// What one post said.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Post {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// Statuses to answer with, first come first; then 204. `retry-after` goes with every 503.
#[derive(Clone, Default)]
pub(crate) struct Receiver {
    posts: Arc<Mutex<Vec<Post>>>,
    script: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    pub(crate) fn scripted(statuses: &[u16]) -> Self {
        let receiver = Self::default();
        receiver.script.lock().unwrap().extend(statuses);
        receiver
    }

    pub(crate) fn posts(&self) -> Vec<Post> {
        self.posts.lock().unwrap().clone()
    }

    /// Serves on a free port, or on this one.
    pub(crate) async fn serve(&self, port: u16) -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().route("/hook", post(receive)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        address
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> Response {
    receiver.posts.lock().unwrap().push(Post { headers, body });
    let status = receiver.script.lock().unwrap().pop_front().unwrap_or(204);
    let status = StatusCode::from_u16(status).unwrap();
    match status {
        StatusCode::SERVICE_UNAVAILABLE => (status, [("retry-after", "3600")]).into_response(),
        StatusCode::FOUND => (status, [("location", "/hook")]).into_response(),
        _ => status.into_response(),
    }
}
