//! What the sandbox costs: both steps of a request, each in a fresh instance, with the body written by the host, beside
//! the same adapter compiled natively and fed copied text.
//!
//! `exchange/wasm/N` and `exchange/native/N` are one request with a prompt of N KiB; `exchange/two threads` is the rate
//! of two threads at once.

#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark that cannot be set up has no result")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use docket_adapter::{Adapter, Compiler, Engine, EngineOptions, Grants, Limits};
use docket_plugin_hello::wire::{Answer, Body, Line};
use docket_provider::write_body;
use docket_types::chat::{ChatRequest, Message, Part, Role, SCHEMA, TextRef, Texts};
use docket_types::exchange::{Context, Effect, Event, HttpReply, Payload};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::{Builder, Runtime};

const SIZES_KIB: [usize; 3] = [1, 8, 64];
const REPLY: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","model":"local","choices":[{"index":0,"message":
{"role":"assistant","content":"{\"winner\":\"Essay A\",\"justification\":\"The argument is clearer and the examples fit.\",\"confidence\":4.5}"},
"finish_reason":"stop"}],"usage":{"prompt_tokens":1445,"completion_tokens":53,"total_tokens":1498}}"#;

fn prompt(kib: usize) -> String {
    let line = "The essay says \"begin later\" and gives three reasons, of which the second is the best.\n";
    line.chars().cycle().take(kib * 1024).collect()
}

fn texts(kib: usize) -> Texts {
    Texts(Arc::from([Arc::from("You compare two essays."), Arc::from(prompt(kib).as_str())]))
}

/// What the host does for each request: the chat request with references, as JSON.
fn chat(texts: &Texts) -> String {
    let part = |index: u32| {
        let text = TextRef::to(index, texts.get(index).unwrap_or_default());
        vec![Part::Text { text, cache: None }]
    };
    let request = ChatRequest {
        schema: SCHEMA.to_owned(),
        model: "local".to_owned(),
        messages: vec![
            Message { role: Role::System, content: part(0) },
            Message { role: Role::User, content: part(1) },
        ],
        temperature: Some(0.0),
        max_tokens: Some(200),
        reasoning_effort: None,
        verbosity: None,
        response_format: None,
    };
    serde_json::to_string(&request).unwrap_or_default()
}

fn context() -> Context {
    Context {
        submission_id: "018f2f6e-0000-7000-8000-000000000000".to_owned(),
        attempt: 1,
        now_ms: 1_700_000_000_000,
        seed: 7,
        model: "local".to_owned(),
        settings: Arc::from("{}"),
        prompt_sha256: "0".repeat(64),
    }
}

fn reply() -> HttpReply {
    HttpReply { status: 200, headers: Vec::new(), body: Payload::Text(REPLY.to_owned()) }
}

/// Start, body, reply, completion: two instances.
async fn wasm(adapter: &Adapter, context: &Context, chat: &str, texts: &Texts) -> usize {
    let next = adapter.step(context, &[], Event::Start(chat.to_owned()), texts).await;
    let Ok(next) = next else { return 0 };
    let Effect::Call(call) = next.effect else { return 0 };
    let body = write_body(&call.body, texts).map(|body| body.len()).unwrap_or_default();
    let done = adapter.step(context, &next.state, Event::Reply(reply()), texts).await;
    match done.map(|next| next.effect) {
        Ok(Effect::Finish(completion)) => body + completion.json.len(),
        _ => 0,
    }
}

/// The same adapter without a sandbox: the text is copied into the message and serialised.
fn native(texts: &Texts) -> usize {
    let line = |role, index| Line { role, content: texts.get(index).unwrap_or_default().to_owned() };
    let body = Body {
        model: "local",
        messages: vec![line("system", 0), line("user", 1)],
        temperature: Some(0.0),
        max_tokens: Some(200),
    };
    let body = serde_json::to_vec(&body).map(|body| body.len()).unwrap_or_default();
    let Ok(answer) = serde_json::from_str::<Answer>(REPLY) else { return 0 };
    let text = answer.choices.first().map(|choice| choice.message.content.clone()).unwrap_or_default();
    let completion =
        serde_json::json!({"schema": "docket.completion/1", "content": [{"type": "text", "text": text}]});
    body + completion.to_string().len()
}

fn load() -> Arc<Adapter> {
    let plugins = std::env::var_os("TEST_DOCKET_PLUGINS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/plugins"), PathBuf::from);
    let file = plugins.join("hello.wasm");
    let bytes = std::fs::read(&file)
        .unwrap_or_else(|_| panic!("{}: `cargo xtask plugins` builds it", file.display()));
    let options = EngineOptions { compiler: Compiler::InProcess, ..EngineOptions::default() };
    let engine = Engine::new(options).expect("an engine");
    engine.load("hello", &bytes, Grants::default(), Limits::default()).expect("hello loads")
}

fn exchange(c: &mut Criterion) {
    let adapter = load();
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let context = context();
    let mut group = c.benchmark_group("exchange");
    for kib in SIZES_KIB {
        let texts = texts(kib);
        let chat = chat(&texts);
        assert!(runtime.block_on(wasm(&adapter, &context, &chat, &texts)) > kib * 1024, "the exchange works");
        group.throughput(Throughput::Elements(1));
        group.bench_with_input(BenchmarkId::new("wasm", kib), &kib, |b, _| {
            b.iter_custom(|n| on_worker(&runtime, n, &adapter, &context, &chat, &texts));
        });
        group.bench_with_input(BenchmarkId::new("native", kib), &kib, |b, _| {
            b.iter(|| black_box(native(black_box(&texts))));
        });
    }
    let texts = texts(8);
    let chat = chat(&texts);
    group.throughput(Throughput::Elements(2));
    group.bench_function("two threads", |b| {
        b.iter_custom(|n| two_threads(&runtime, n, &adapter, &context, &chat, &texts));
    });
    group.finish();
}

/// `n` exchanges in a row on a worker of the runtime, as in production.
fn on_worker(
    runtime: &Runtime,
    n: u64,
    adapter: &Arc<Adapter>,
    context: &Context,
    chat: &str,
    texts: &Texts,
) -> std::time::Duration {
    let (adapter, context, chat, texts) = (adapter.clone(), context.clone(), chat.to_owned(), texts.clone());
    let work = async move {
        let begun = Instant::now();
        for _ in 0..n {
            black_box(wasm(&adapter, &context, &chat, &texts).await);
        }
        begun.elapsed()
    };
    runtime.block_on(runtime.spawn(work)).expect("the work ends")
}

/// `n` exchanges on each of two workers at once; the time until both are done.
fn two_threads(
    runtime: &Runtime,
    n: u64,
    adapter: &Arc<Adapter>,
    context: &Context,
    chat: &str,
    texts: &Texts,
) -> std::time::Duration {
    let begun = Instant::now();
    let tasks: Vec<_> = (0..2)
        .map(|_| {
            let (adapter, context, chat, texts) =
                (adapter.clone(), context.clone(), chat.to_owned(), texts.clone());
            runtime.spawn(async move {
                for _ in 0..n {
                    black_box(wasm(&adapter, &context, &chat, &texts).await);
                }
            })
        })
        .collect();
    for task in tasks {
        runtime.block_on(task).expect("the work ends");
    }
    begun.elapsed()
}

criterion_group!(benches, exchange);
criterion_main!(benches);
