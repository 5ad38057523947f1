//! What a step costs: `step_cost COMPONENT [THREADS]` prints the time of a start and a reply, each in a fresh instance.

use docket_adapter::{Adapter, Engine, EngineOptions, Grants, Limits};
use docket_types::chat::Texts;
use docket_types::exchange::{Context, Event, Header, HttpReply, Payload};
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

const ROUNDS: usize = 20_000;

fn context() -> Context {
    Context {
        submission_id: "0190b6a0-0000-7000-8000-000000000000".into(),
        attempt: 1,
        now_ms: 1_700_000_000_000,
        seed: 42,
        model: "m".into(),
        settings: "{}".into(),
        prompt_sha256: "3d02535ea04a92a666e3350199924db95bf88a4d4ee1b5606707382d1ee1a2a6".into(),
    }
}

const REQUEST: &str = r#"{"schema":"docket.chat/1","model":"m","messages":[
    {"role":"system","content":[{"type":"text","text":{"$text":0,"bytes":200,"words":30}}]},
    {"role":"user","content":[{"type":"text","text":{"$text":1,"bytes":8192,"words":1300}}]}],"temperature":0.0}"#;

fn reply() -> Event {
    let text = "It is the better essay. ".repeat(40);
    let body = format!(
        r#"{{"id":"c-1","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop"}}],
            "usage":{{"prompt_tokens":2000,"completion_tokens":250,"total_tokens":2250}}}}"#
    );
    let headers = vec![Header { name: "content-type".into(), value: "application/json".into() }];
    Event::Reply(HttpReply { status: 200, headers, body: Payload::Text(body) })
}

async fn pairs(adapter: &Adapter, rounds: usize) -> Result<Vec<Duration>, Box<dyn Error + Send + Sync>> {
    let (context, texts, reply) = (context(), Texts::default(), reply());
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let (start, reply) = (Event::Start(REQUEST.into()), reply.clone());
        let began = Instant::now();
        let next = adapter.step(&context, &[], start, &texts).await?;
        adapter.step(&context, &next.state, reply, &texts).await?;
        times.push(began.elapsed());
    }
    times.sort();
    Ok(times)
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut args = std::env::args().skip(1);
    let file = args.next().ok_or("which component?")?;
    let threads: usize = args.next().map_or(Ok(1), |n| n.parse())?;
    println!("resident before the engine: {} KiB", resident_kib());
    let engine = Engine::new(EngineOptions::default())?;
    println!("resident with the engine:   {} KiB", resident_kib());
    let adapter = engine.load("measured", &std::fs::read(file)?, Grants::default(), Limits::default())?;
    println!("loaded: {:?}, resident {} KiB", adapter.report(), resident_kib());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?;
    runtime.block_on(async {
        let began = Instant::now();
        let tasks: Vec<_> = (0..threads)
            .map(|_| {
                let adapter = Arc::clone(&adapter);
                tokio::spawn(async move { pairs(&adapter, ROUNDS).await })
            })
            .collect();
        for task in tasks {
            let times = task.await??;
            let at = |percent: usize| times[times.len() * percent / 100];
            println!("start + reply: p10 {:?}, median {:?}, p99 {:?}", at(10), at(50), at(99));
        }
        let rate = (threads * ROUNDS) as f64 / began.elapsed().as_secs_f64();
        println!("{rate:.0} pairs/s on {threads} threads, resident {} KiB", resident_kib());
        Ok(())
    })
}
