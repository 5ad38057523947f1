//! How many durable accepts the store alone takes in a second: `cargo run --release --example accepts -p docket-store`.

use docket_store::{CompatKey, NewRequest};
use docket_types::{ProviderName, RequestId, Timestamp};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use uuid::Uuid;

const SECONDS: u64 = 3;

fn request(payload: &[u8]) -> NewRequest {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    let now = Timestamp::from_micros(i64::try_from(now).unwrap_or(i64::MAX));
    NewRequest {
        id: RequestId(Uuid::now_v7()),
        tenant: "default".into(),
        idempotency: None,
        provider: ProviderName::from("mock"),
        compat: CompatKey(1),
        priority: 5,
        payload: payload.to_vec(),
        accepted_at: now,
        expires_at: now + Duration::from_secs(3_600),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    println!("1 KiB payloads, WAL, synchronous=FULL, {SECONDS} s each");
    println!("{:>7} {:>10} {:>10} {:>10}", "callers", "accepts/s", "p50 us", "p99 us");
    for callers in [1_u32, 16, 64, 256] {
        let path = folder.path().join(format!("{callers}.db"));
        let store = docket_store::sqlite::open(docket_store::sqlite::SqliteOptions::new(path)).await?;
        let end = Instant::now() + Duration::from_secs(SECONDS);
        let mut tasks = Vec::new();
        for _ in 0..callers {
            let store = store.clone();
            tasks.push(tokio::spawn(async move {
                let payload = vec![b'x'; 1_024];
                let mut times = Vec::new();
                while Instant::now() < end {
                    let start = Instant::now();
                    store.accept(request(&payload)).await?;
                    times.push(start.elapsed().as_micros());
                }
                Ok::<_, docket_store::Error>(times)
            }));
        }
        let mut times = Vec::new();
        for task in tasks {
            times.extend(task.await??);
        }
        times.sort_unstable();
        let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
        println!("{callers:>7} {:>10} {:>10} {:>10}", times.len() as u64 / SECONDS, at(50), at(99));
        store.close().await;
    }
    Ok(())
}
