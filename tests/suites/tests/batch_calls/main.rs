//! A provider's batch API through the whole host: real uploads, creates, polls and downloads, and a kill in between.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use docket_test_support::{Comparison, Setup, TestHost};
use server::{Conduct, KEY, Server};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(60);
const TOPIC: &str = "batch-calls";

fn setup(server: &Server) -> Setup {
    Setup::profile("default")
        .set("queue.mode=batch_api")
        .set("providers.local.adapter=hello-batch")
        .set(format!("providers.local.endpoints.api={}", server.url))
        .set(format!("providers.local.credentials.key={KEY}"))
        .set("queue.backoff_initial=10ms")
        .set("queue.lease=2s")
        .set("log.filter=trace")
}

/// Submits these prompts; their correlation ids.
async fn submit(host: &TestHost, prompts: &[&str]) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for prompt in prompts {
        let comparison = Comparison::new(prompt, TOPIC).overriding("provider_override", "local");
        host.submit(comparison.body()).await.unwrap();
        ids.insert(comparison.correlation_id().to_owned());
    }
    ids
}

/// Waits for an event of each, and sees that each has one, with the answer.
async fn all_answered(host: &TestHost, ids: &BTreeSet<String>) {
    let events = host.wait_for_events(TOPIC, ids.len(), WITHIN).await.unwrap();
    assert_eq!(events.len(), ids.len(), "one outcome each");
    let mut seen = BTreeSet::new();
    for event in &events {
        let data = &event.event["data"];
        assert_eq!(data["winner"], "Essay B", "{data}");
        assert_eq!(data["token_usage"]["total_tokens"], 49);
        seen.insert(data["correlation_id"].as_str().unwrap().to_owned());
    }
    assert_eq!(seen, *ids);
}

#[tokio::test]
async fn rows_in_any_shape_end_in_one_outcome_each() {
    let server = Server::start(Conduct::default()).await;
    let host = TestHost::start(setup(&server)).await.unwrap();
    let prompts = [
        "one \"åäö\"\n\\",
        "two twice",
        "three lose",
        "four",
        "five refuse",
        "six lose",
        "seven twice",
        "eight",
    ];
    let ids = submit(&host, &prompts).await;
    all_answered(&host, &ids).await;
    let metrics = host.metrics().await.unwrap();
    {
        let kept = server.kept();
        assert_eq!(kept.strangers, 0, "every call carries the credential");
        assert_eq!(kept.files.len(), kept.batches.len(), "each file became one batch");
        let sent = |prompt: &str| {
            let lines = kept.files.iter().flatten();
            lines.filter(|line| line["body"]["messages"][0]["content"] == prompt).count()
        };
        for prompt in prompts {
            let again = usize::from(prompt.contains("lose") || prompt.contains("refuse"));
            assert_eq!(sent(prompt), 1 + again, "{prompt:?}: only what has no answer is sent again");
        }
        let (batches, sent) = (kept.batches.len() as f64, (prompts.len() + 3) as f64);
        let items = |result| metrics.total("docket_batch_items_total", &[("result", result)]);
        assert_eq!(items("missing"), 2.0, "two were lost once");
        assert_eq!((items("completed"), items("failed")), (prompts.len() as f64, 1.0));
        // A stranger and a line of garbage in each file, and each second copy.
        assert_eq!(items("unknown"), 2.0 * batches + 2.0);
        assert_eq!(metrics.total("llm_provider_batch_api_items_per_job_sum", &[]), sent);
    }
    for (place, text) in [("the log", host.log()), ("the metrics", metrics.0)] {
        assert!(!text.contains(KEY), "{place} holds the credential");
    }
}

#[tokio::test]
async fn a_batch_whose_create_is_in_doubt_is_found_and_not_created_again() {
    let server = Server::start(Conduct { silent_create: true, slow: false }).await;
    let mut host = TestHost::start(setup(&server)).await.unwrap();
    let mut ids = submit(&host, &["the only one"]).await;
    server.has_created(1).await;
    host.kill().await.unwrap();
    server.kept().conduct.silent_create = false;
    host.restart().await.unwrap();
    all_answered(&host, &ids).await;
    {
        let kept = server.kept();
        assert_eq!((kept.files.len(), kept.batches.len()), (1, 1), "nothing was sent twice");
        assert_eq!(kept.searches, 1);
    }
    let metrics = host.metrics().await.unwrap();
    assert_eq!(metrics.total("docket_batch_in_doubt_total", &[("result", "adopted")]), 1.0);
    ids.extend(submit(&host, &["a later one"]).await);
    all_answered(&host, &ids).await;
    assert_eq!(server.kept().batches.len(), 2);
}

/// The plugins in a folder of the test's own, with another version of the batch adapter where that is wanted.
fn plugins(folder: &Path, other: bool) {
    std::fs::create_dir_all(folder).unwrap();
    let mut component =
        std::fs::read(docket_test_support::plugins().unwrap().join("hello-batch.wasm")).unwrap();
    if other {
        // A custom section named `x`, which means nothing: the same adapter with another digest.
        component.extend_from_slice(&[0, 2, 1, b'x']);
    }
    std::fs::write(folder.join("hello-batch.wasm"), component).unwrap();
    std::fs::copy(
        docket_test_support::plugins().unwrap().join("mock-default.wasm"),
        folder.join("mock-default.wasm"),
    )
    .unwrap();
}

#[tokio::test]
async fn a_batch_of_another_adapter_version_waits_for_the_one_that_began_it() {
    let server: Arc<Server> = Server::start(Conduct { silent_create: false, slow: true }).await;
    let mut host = TestHost::prepare(setup(&server)).unwrap();
    let folder = host.folder().join("plugins");
    plugins(&folder, false);
    host.change(setup(&server).set(format!("plugins.dir={}", folder.display())));
    host.restart().await.unwrap();
    let ids = submit(&host, &["begun by the old one"]).await;
    server.has_created(1).await;
    host.kill().await.unwrap();

    plugins(&folder, true);
    host.restart().await.unwrap();
    server.kept().conduct.slow = false;
    wait_for_quarantine(&host).await;
    assert_eq!(
        host.topic(TOPIC).await.unwrap().len(),
        0,
        "a state that only its author can read is not guessed at"
    );
    host.kill().await.unwrap();

    plugins(&folder, false);
    host.restart().await.unwrap();
    all_answered(&host, &ids).await;
    assert_eq!(server.kept().batches.len(), 1, "the old version went on with its own batch");
}

async fn wait_for_quarantine(host: &TestHost) {
    let deadline = tokio::time::Instant::now() + WITHIN;
    loop {
        let metrics = host.metrics().await.unwrap();
        if metrics.total("docket_batch_in_doubt_total", &[("result", "quarantined")]) > 0.0 {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "the job was not put aside");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
