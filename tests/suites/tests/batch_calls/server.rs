//! A server that speaks Files and Batches, keeps what came, and can be told to misbehave.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::watch;

pub(crate) const KEY: &str = "sk-docket-test-batch-0123456789";

/// What the server does wrong.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Conduct {
    /// Creates a batch, and never answers.
    pub(crate) silent_create: bool,
    /// Batches do not end.
    pub(crate) slow: bool,
}

/// What came, and what exists.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) conduct: Conduct,
    /// Lines of each file.
    pub(crate) files: Vec<Vec<Value>>,
    /// Number of the file, and metadata, of each batch.
    pub(crate) batches: Vec<(usize, Value)>,
    /// How often the list of batches was read.
    pub(crate) searches: usize,
    /// Prompts whose first attempt was spoiled.
    spoiled: BTreeSet<String>,
    /// What came without the right credential.
    pub(crate) strangers: usize,
}

pub(crate) struct Server {
    kept: Mutex<Kept>,
    created: watch::Sender<usize>,
    pub(crate) url: String,
}

impl Server {
    pub(crate) async fn start(conduct: Conduct) -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let kept = Mutex::new(Kept { conduct, ..Kept::default() });
        let server = Arc::new(Self { kept, created: watch::Sender::new(0), url });
        let app = Router::new()
            .route("/v1/files", post(upload))
            .route("/v1/files/{id}/content", get(content))
            .route("/v1/batches", post(create).get(list))
            .route("/v1/batches/{id}", get(look))
            .with_state(Arc::clone(&server));
        tokio::spawn(async move { axum::serve(listener, app).await });
        server
    }

    pub(crate) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }

    /// Returns when so many batches exist.
    pub(crate) async fn has_created(&self, batches: usize) {
        self.created.subscribe().wait_for(|n| *n >= batches).await.unwrap();
    }

    fn enter(&self, headers: &HeaderMap) -> MutexGuard<'_, Kept> {
        let mut kept = self.kept();
        let sent = headers.get("authorization").and_then(|value| value.to_str().ok());
        kept.strangers += usize::from(sent != Some(&format!("Bearer {KEY}")));
        kept
    }
}

async fn upload(State(server): State<Arc<Server>>, headers: HeaderMap, form: String) -> Json<Value> {
    let (_, boundary) = headers["content-type"].to_str().unwrap().split_once("boundary=").unwrap();
    let part = |mark: &str| {
        let part = form.split(&format!("--{boundary}")).find(|part| part.contains(mark)).unwrap();
        let (_, value) = part.split_once("\r\n\r\n").unwrap();
        value.strip_suffix("\r\n").unwrap()
    };
    assert_eq!(part("name=\"purpose\""), "batch");
    let lines = part("filename=").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut kept = server.enter(&headers);
    kept.files.push(lines);
    Json(json!({"id": format!("file-{}", kept.files.len() - 1), "object": "file"}))
}

async fn create(State(server): State<Arc<Server>>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let silent = {
        let mut kept = server.enter(&headers);
        let file = body["input_file_id"].as_str().unwrap().trim_start_matches("file-").parse().unwrap();
        kept.batches.push((file, body["metadata"].clone()));
        server.created.send_replace(kept.batches.len());
        kept.conduct.silent_create
    };
    if silent {
        std::future::pending::<()>().await;
    }
    let kept = server.kept();
    Json(shown(&kept, kept.batches.len() - 1)).into_response()
}

fn shown(kept: &Kept, batch: usize) -> Value {
    let (file, metadata) = &kept.batches[batch];
    let (status, output) = match kept.conduct.slow {
        true => ("in_progress", Value::Null),
        false => ("completed", json!(format!("file-{file}"))),
    };
    json!({"id": format!("batch-{batch}"), "object": "batch", "status": status, "output_file_id": output,
        "metadata": metadata, "request_counts": {"total": 0, "completed": 0, "failed": 0}})
}

async fn list(State(server): State<Arc<Server>>, headers: HeaderMap) -> Json<Value> {
    let mut kept = server.enter(&headers);
    kept.searches += 1;
    let batches: Vec<Value> = (0..kept.batches.len()).rev().map(|batch| shown(&kept, batch)).collect();
    Json(json!({"object": "list", "data": batches, "has_more": false}))
}

async fn look(State(server): State<Arc<Server>>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let kept = server.enter(&headers);
    match id.trim_start_matches("batch-").parse::<usize>() {
        Ok(batch) if batch < kept.batches.len() => Json(shown(&kept, batch)).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Results in the wrong order, one of them twice, with strangers and garbage among them. A prompt that says so is
/// left out, or refused, at its first attempt.
async fn content(State(server): State<Arc<Server>>, headers: HeaderMap, Path(id): Path<String>) -> String {
    let mut kept = server.enter(&headers);
    let file: usize = id.trim_start_matches("file-").parse().unwrap();
    let mut rows = vec!["this is not JSON".to_owned(), row("stranger", 200).to_string()];
    for line in kept.files[file].clone().iter().rev() {
        let id = line["custom_id"].as_str().unwrap();
        let prompt = line["body"]["messages"][0]["content"].as_str().unwrap().to_owned();
        let first = kept.spoiled.insert(prompt.clone());
        let status = if first && prompt.contains("refuse") { 429 } else { 200 };
        if first && prompt.contains("lose") {
            continue;
        }
        rows.push(row(id, status).to_string());
        if prompt.contains("twice") {
            rows.push(row(id, 500).to_string());
        }
    }
    rows.join("\n") + "\n"
}

fn row(id: &str, status: u16) -> Value {
    let judgement = json!({"winner": "Essay B", "justification": "It is longer.", "confidence": 4});
    let choice =
        json!({"message": {"role": "assistant", "content": judgement.to_string()}, "finish_reason": "stop"});
    let usage = json!({"prompt_tokens": 40, "completion_tokens": 9});
    let body = json!({"id": "chatcmpl-7", "choices": [choice], "usage": usage});
    json!({"custom_id": id, "response": {"status_code": status, "body": body}, "error": null})
}
