//! No statement reads more rows than it needs: each that the store runs is explained.

use super::{accept, at, attempt, claim, plan_assessments, raw, store};
use crate::{
    CompatKey, DeliveryState, JobState, NewBatch, NewDelivery, Settlement, SharedStore, Sink, Transition,
};
use docket_types::{BatchId, ProviderName, RequestState};
use sqlx::{AssertSqlSafe, Row};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

static SEEN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// Remembers a statement that was run.
pub(in super::super) fn seen(text: &'static str) {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner).insert(text);
}

/// Runs every statement there is at least once.
async fn everything(store: &SharedStore) {
    for _ in 0..6 {
        accept(store).await;
    }
    let bundle = claim(store, Some(CompatKey(1)), 2).await;
    let one = claim(store, None, 1).await.remove(0);
    store.renew(vec![(one.id, one.epoch)], at(70)).await.unwrap();
    let sinks = [Sink::Topic("t".into()), Sink::Webhook("https://example.org".into())];
    let deliveries =
        sinks.map(|sink| NewDelivery { id: Uuid::now_v7().to_string(), sink, body: vec![] }).to_vec();
    let transition = Transition::Finish { state: RequestState::Failed, outcome: vec![], deliveries };
    let end = Settlement { id: one.id, epoch: one.epoch, at: at(2), attempt: Some(attempt()), transition };
    store.settle(vec![end]).await.unwrap();
    let batch = NewBatch {
        id: BatchId(Uuid::now_v7()),
        provider: ProviderName::from("mock"),
        model: "m".into(),
        adapter: "a".into(),
        members: bundle.iter().map(|leased| (leased.id, leased.epoch)).collect(),
        now: at(2),
    };
    store.plan(batch.clone()).await.unwrap();
    let job = store.claim_jobs(at(2), at(62), 5).await.unwrap().remove(0);
    store.renew_job(job.id, job.epoch, at(63)).await.unwrap();
    store.save_step(job.id, job.epoch, job.step.clone(), false).await.unwrap();
    assert_eq!(store.members(job.id, None, 10).await.unwrap().len(), 2);
    store.finish_job(job.id, job.epoch, JobState::Failed, at(3)).await.unwrap_err();
    store.take(bundle[0].id, at(3), at(63)).await.unwrap().unwrap();
    store.claim_expired(at(2_000), at(2_060), 10).await.unwrap();
    store.finish_job(job.id, job.epoch, JobState::Failed, at(3)).await.unwrap();
    store.wake_due(at(3_000)).await.unwrap();
    let due = store.claim_deliveries(at(2), at(62), 10).await.unwrap().remove(0);
    store.undelivered(&due.id, Some(at(3)), "no").await.unwrap();
    store.postpone(&due.id, at(3)).await.unwrap();
    store.redeliver(&due.id, at(3)).await.unwrap();
    store.delivered(&due.id, at(3)).await.unwrap();
    assert_eq!(store.list_deliveries(DeliveryState::Delivered, 1).await.unwrap().len(), 1);
    assert_eq!(store.deliveries_of(one.id).await.unwrap().len(), 1);
    assert_eq!(store.read("t", 0, 1).await.unwrap().len(), 1);
    assert!(store.get(one.id).await.unwrap().is_some());
    assert_eq!(store.list_jobs(1).await.unwrap().len(), 1);
    assert!(store.get_job(job.id).await.unwrap().is_some());
    plan_assessments::everything(store).await;
    assert_eq!(store.prune(at(9_000), 10).await.unwrap(), 1);
}

#[tokio::test]
async fn no_statement_scans_a_table_or_sorts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docket.db");
    let store = store(&path).await;
    everything(&store).await;
    store.close().await;
    let texts: Vec<&str> = SEEN.lock().unwrap().iter().copied().collect();
    assert!(texts.len() >= 30, "the store's statements were seen: {}", texts.len());
    let mut conn = raw(&path).await;
    let mut plans = String::new();
    for sql in texts.iter().flat_map(|text| text.split("; ")).filter(|sql| *sql != "COMMIT") {
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        for row in sqlx::query(explain).fetch_all(&mut conn).await.unwrap() {
            let step: String = row.get("detail");
            assert!(!step.contains("USE TEMP B-TREE"), "{step}: {sql}");
            let small = ["json_each", "j", "counters", "CONSTANT ROW", "s", "(subquery"];
            if let Some(what) = step.strip_prefix("SCAN ") {
                let word = what.split(' ').next().unwrap();
                let newest_first =
                    sql.ends_with("ORDER BY id DESC LIMIT ?1") && what.starts_with("batches USING INDEX");
                assert!(small.contains(&word) || what == "CONSTANT ROW" || newest_first, "{step}: {sql}");
            }
            plans.push_str(&step);
            plans.push('\n');
        }
    }
    let of_requests = ["ready", "compat", "due", "leased", "expiry", "member", "ended"];
    let indexes = of_requests.map(|index| format!("requests_{index}"));
    for index in indexes.into_iter().chain(["assessments_due".into(), "assessments_ended".into()]) {
        assert!(plans.contains(&format!("INDEX {index} ")), "{index} serves nothing:\n{plans}");
    }
    for search in [
        // A claim reads in the order of the index, and stops.
        "SEARCH assessments USING INDEX assessments_due (next_at<?)",
        "SEARCH assessment_comparisons USING INDEX sqlite_autoindex_assessment_comparisons_1 (a=? AND number>?)",
        "SEARCH assessment_log USING INDEX sqlite_autoindex_assessment_log_1 (a=? AND number>?)",
        // Pages of resources begin where the last one ended.
        "SEARCH resources USING INDEX sqlite_autoindex_resources_1 (kind=? AND (scope,key)>(?,?))",
        "SEARCH resources USING INDEX sqlite_autoindex_resources_1 (kind=? AND scope=? AND key>?)",
    ] {
        assert!(plans.contains(search), "{search}:\n{plans}");
    }
}
