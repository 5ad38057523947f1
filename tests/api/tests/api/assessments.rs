//! Assessments: accepted, judged, followed, given up.

use crate::harness::*;
use docket_test_support::Metrics;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const STRANGER: &str = "018bcfe5-687b-7000-8000-000000000001";

/// An assessment of so many essays.
pub(crate) fn assessment(name: &str, essays: usize, provider: &str) -> Value {
    let essay =
        |n: usize| json!({"id": format!("essay-{n}"), "text": format!("Essay number {n} is about cats.")});
    json!({
        "name": name,
        "essays": (0..essays).map(essay).collect::<Vec<_>>(),
        "judging": {"provider": provider, "seed": 7},
    })
}

pub(crate) async fn send(host: &Host, path: &str, body: &Value) -> Response {
    host.client.post(host.url(path)).json(body).send().await.unwrap()
}

/// Asks for an assessment and returns its id.
pub(crate) async fn assess(host: &Host, body: &Value) -> String {
    let (status, receipt) = read(send(host, "/api/v1/assessments", body).await).await;
    assert_eq!(status, 202, "{receipt}");
    receipt["id"].as_str().unwrap().to_owned()
}

/// The assessment, once `done` is true of it.
pub(crate) async fn when(host: &Host, id: &str, done: impl Fn(&Value) -> bool) -> Value {
    eventually(|| async {
        let (_, view) = host.get(&format!("/api/v1/assessments/{id}")).await;
        done(&view).then_some(view)
    })
    .await
}

/// The assessment, once it has ended.
pub(crate) async fn ended(host: &Host, id: &str) -> Value {
    when(host, id, |view| view["state"] != "running").await
}

#[tokio::test]
async fn an_assessment_is_accepted_judged_and_ranked() {
    let host = Host::start().await;
    let response = send(&host, "/api/v1/assessments", &assessment("class 9b", 5, "mock")).await;
    assert_eq!(response.status(), 202);
    assert!(!response.headers().contains_key("idempotency-replayed"));
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let (_, receipt) = read(response).await;
    let id = receipt["id"].as_str().unwrap();
    assert_eq!(location, format!("/api/v1/assessments/{id}"));
    assert_eq!((&receipt["name"], &receipt["replayed"]), (&json!("class 9b"), &json!(false)));
    assert_eq!(receipt["links"]["self"], location);
    for (_, link) in receipt["links"].as_object().unwrap() {
        assert!(link.as_str().unwrap().starts_with(&location), "{link}");
    }

    let view = ended(&host, id).await;
    assert_eq!((&view["state"], &view["current_phase"]), (&json!("completed"), &Value::Null), "{view}");
    assert_eq!((&view["provider"], &view["seed"]), (&json!("mock"), &json!(7)));
    let ranking = view["ranking"].as_array().unwrap();
    let ids: BTreeSet<_> = ranking.iter().map(|essay| essay["essay_id"].as_str().unwrap()).collect();
    assert_eq!(ids, BTreeSet::from(["essay-0", "essay-1", "essay-2", "essay-3", "essay-4"]));
    let scores: Vec<_> = ranking.iter().map(|essay| essay["score"].as_f64().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    assert_eq!(ranking[0]["rank"], 1);
    assert!(ranking.iter().all(|essay| essay["standard_error"].as_f64().unwrap() > 0.0));
    assert!(view["end"]["reason"].is_string() && view["ended_at"].is_string());
    let progress = &view["progress"];
    assert_eq!((&progress["pending"], &progress["failed"]), (&json!(0), &json!(0)));
    let answered = progress["answered"].as_u64().unwrap();
    assert!(answered >= 5 && answered <= progress["budget"].as_u64().unwrap(), "{progress}");

    let comparisons = pages(&host, id, "comparisons", 4).await;
    assert_eq!(comparisons.len() as u64, answered);
    for one in &comparisons {
        assert_eq!((&one["status"], &one["provider"]), (&json!("answered"), &json!("mock")), "{one}");
        assert!([&one["essay_a_id"], &one["essay_b_id"]].contains(&&one["winner"]));
        assert_eq!(one["prompt_sha256"].as_str().unwrap().len(), 64);
    }
    let text = host.send(Method::GET, "/metrics").await.text().await.unwrap();
    let labels = [("method", "POST"), ("endpoint", "/api/v1/assessments"), ("status_code", "202")];
    assert!(Metrics(text).total("cj_assessment_http_requests_total", &labels) >= 1.0);
    let decisions = pages(&host, id, "decisions", 1).await;
    assert!(decisions.len() >= 2, "a wave and an end: {decisions:?}");
    assert!(decisions.iter().all(|one| one["at"].is_string() && one["decision"]["reason"] != Value::Null));
}

/// All entries of a paged list, which are numbered without a gap.
async fn pages(host: &Host, id: &str, list: &str, limit: usize) -> Vec<Value> {
    let (mut all, mut from) = (Vec::new(), 0);
    loop {
        let path = format!("/api/v1/assessments/{id}/{list}?from={from}&limit={limit}");
        let (status, page) = host.get(&path).await;
        assert_eq!(status, 200, "{page}");
        let entries = page[list].as_array().unwrap();
        if entries.is_empty() {
            assert_eq!(page["next"], from, "the end is the end");
            break;
        }
        assert!(entries.len() <= limit);
        let next = page["next"].as_u64().unwrap();
        assert!(next > from, "it goes on: {page}");
        from = next;
        all.extend(entries.iter().cloned());
    }
    let numbers: Vec<_> = all.iter().map(|one| one["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..all.len() as u64).collect::<Vec<_>>());
    all
}

#[tokio::test]
async fn the_same_name_is_the_same_assessment_or_a_conflict() {
    let host = Host::start().await;
    let body = assessment("n", 3, "mock");
    let id = assess(&host, &body).await;
    ended(&host, &id).await;
    let response = send(&host, "/api/v1/assessments", &body).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["idempotency-replayed"]),
        (202, &"true".parse().unwrap())
    );
    let (_, receipt) = read(response).await;
    assert_eq!((&receipt["id"], &receipt["replayed"]), (&json!(id), &json!(true)));
    let mut other = body.clone();
    other["essays"][0]["text"] = json!("Another text.");
    let (status, refused) = read(send(&host, "/api/v1/assessments", &other).await).await;
    assert_eq!((status.as_u16(), &refused["error"]["code"]), (409, &json!("NAME_CONFLICT")));
    assert_eq!(
        (&refused["error"]["param"], &refused["error"]["details"]["id"]),
        (&json!("name"), &json!(id))
    );
    let (_, list) = host.get("/api/v1/assessments").await;
    assert_eq!(list["assessments"].as_array().unwrap().len(), 1);
    assert_eq!(host.events("huleedu.cj_assessment.completed.v1").await.len(), 1);
}

#[tokio::test]
async fn assessments_are_listed_newest_first_page_by_page() {
    let host = Host::start().await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(assess(&host, &assessment(&format!("n{n}"), 2, "slow")).await);
    }
    ids.reverse();
    let (mut seen, mut path) = (Vec::new(), "/api/v1/assessments?limit=2".to_owned());
    loop {
        let (status, page) = host.get(&path).await;
        assert_eq!(status, 200, "{page}");
        for one in page["assessments"].as_array().unwrap() {
            assert_eq!(one.get("ranking"), None, "a list has no scores");
            assert_eq!((&one["state"], &one["current_phase"]), (&json!("running"), &json!("cj_assessment")));
            seen.push(one["id"].as_str().unwrap().to_owned());
        }
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/assessments?limit=2&before={next}");
    }
    assert_eq!(seen, ids);
    let (_, named) = host.get("/api/v1/assessments?name=n3").await;
    assert_eq!((&named["assessments"][0]["id"], &named["next"]), (&json!(ids[1]), &Value::Null));
    assert_eq!(host.get("/api/v1/assessments?name=nobody").await.1["assessments"], json!([]));
    for (query, param) in [("limit=0", "limit"), ("limit=201", "limit"), ("before=x", "before"), ("x=1", "x")]
    {
        let (status, body) = host.get(&format!("/api/v1/assessments?{query}")).await;
        assert_eq!((status.as_u16(), &body["error"]["param"]), (400, &json!(param)), "{query}");
    }
}

#[tokio::test]
async fn progress_is_streamed_until_the_end() {
    let mut setup = Setup::default();
    // Only hints can wake it.
    setup.api.poll = LIMIT * 2;
    let host = Host::with(setup).await;
    let id = assess(&host, &assessment("n", 4, "mock")).await;
    let response = host.send(Method::GET, &format!("/api/v1/assessments/{id}/events")).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["x-accel-buffering"]),
        (200, &"no".parse().unwrap())
    );
    let (events, finished) = sse(response, 10_000).await;
    assert!(finished, "the stream ends by itself");
    let (end, progress) = events.split_last().unwrap();
    assert_eq!(end.event, "end");
    let data: Value = serde_json::from_str(&end.data).unwrap();
    let view = ended(&host, &id).await;
    assert_eq!((&data["state"], &data["end"]), (&json!("completed"), &view["end"]));
    assert!(!progress.is_empty() && progress.iter().all(|event| event.event == "progress"));
    let progress: Vec<Value> =
        progress.iter().map(|event| serde_json::from_str(&event.data).unwrap()).collect();
    assert!(progress.windows(2).all(|pair| pair[0] != pair[1]), "only changes are sent");
    let answered: Vec<_> = progress.iter().map(|one| one["progress"]["answered"].as_u64().unwrap()).collect();
    assert!(answered.is_sorted(), "{answered:?}");
    assert_eq!(progress.last().unwrap()["progress"], view["progress"]);
    // An ended one is told at once.
    let response = host.send(Method::GET, &format!("/api/v1/assessments/{id}/events")).await;
    let (again, finished) = sse(response, 10).await;
    assert_eq!((again.len(), again[1].event.as_str(), finished), (2, "end", true));
}

#[tokio::test]
async fn a_stream_ends_with_the_host() {
    let host = Host::start().await;
    let id = assess(&host, &assessment("n", 2, "slow")).await;
    let response = host.send(Method::GET, &format!("/api/v1/assessments/{id}/events")).await;
    host.shutdown.cancel();
    let (events, finished) = sse(response, 1000).await;
    assert!(finished && events.iter().all(|event| event.event == "progress"), "{events:?}");
}

#[tokio::test]
async fn many_are_asked_about_with_one_question() {
    let host = Host::start().await;
    let done = assess(&host, &assessment("done", 3, "mock")).await;
    let running = assess(&host, &assessment("running", 3, "slow")).await;
    ended(&host, &done).await;
    let ids = json!({"ids": [done, running, STRANGER, "nonsense"]});
    let (status, answer) = read(send(&host, "/api/v1/assessments/status", &ids).await).await;
    assert_eq!(status, 200);
    let all = &answer["assessments"];
    assert_eq!(all.as_object().unwrap().len(), 4);
    assert_eq!((&all[STRANGER], &all["nonsense"]), (&Value::Null, &Value::Null));
    assert_eq!((&all[&done]["state"], &all[&done]["current_phase"]), (&json!("completed"), &Value::Null));
    assert_eq!(
        (&all[&running]["state"], &all[&running]["current_phase"]),
        (&json!("running"), &json!("cj_assessment"))
    );
    assert!(all[&done]["progress"]["answered"].as_u64().unwrap() >= 3);
    let many: Vec<_> = (0..501).map(|n| n.to_string()).collect();
    for (body, param) in [(json!({"ids": many}), "ids"), (json!({}), "ids"), (json!({"ids": [1]}), "ids[0]")]
    {
        let (status, refused) = read(send(&host, "/api/v1/assessments/status", &body).await).await;
        assert_eq!((status.as_u16(), &refused["error"]["param"]), (400, &json!(param)));
    }
}

#[tokio::test]
async fn an_assessment_is_given_up_once_and_its_event_says_so() {
    let host = Host::start().await;
    let id = assess(&host, &assessment("n", 4, "slow")).await;
    when(&host, &id, |view| view["progress"]["requested"].as_u64() > Some(0)).await;
    let path = format!("/api/v1/assessments/{id}/cancel");
    let (status, answer) = read(host.send(Method::POST, &path).await).await;
    assert_eq!((status.as_u16(), answer), (202, json!({"id": id, "status": "cancel_requested"})));
    let view = ended(&host, &id).await;
    assert_eq!((&view["state"], &view["end"]["reason"]), (&json!("cancelled"), &json!("cancelled")));
    assert_eq!(view["current_phase"], Value::Null);
    let (status, refused) = read(host.send(Method::POST, &path).await).await;
    assert_eq!((status.as_u16(), &refused["error"]["code"]), (409, &json!("ALREADY_TERMINAL")));
    assert_eq!(refused["error"]["details"]["state"], "cancelled");
    let events = host.events("huleedu.cj_assessment.failed.v1").await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["event"]["data"]["status"], "cancelled");
    assert!(host.events("huleedu.cj_assessment.completed.v1").await.is_empty());
}

#[tokio::test]
async fn a_report_is_a_page_that_runs_nothing() {
    let host = Host::start().await;
    let mut body = assessment("<script>alert(1)</script>", 3, "mock");
    body["essays"][0]["id"] = json!("<b>anna</b>");
    let id = assess(&host, &body).await;
    ended(&host, &id).await;
    let running = assess(&host, &assessment("n", 2, "slow")).await;
    for (id, word) in [(&id, "essay-1"), (&running, "<html")] {
        let response = host.send(Method::GET, &format!("/api/v1/assessments/{id}/report")).await;
        assert_eq!(response.status(), 200);
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "text/html; charset=utf-8");
        assert!(header("content-security-policy").starts_with("default-src 'none'"));
        let page = response.text().await.unwrap();
        assert!(page.contains(word), "{word}");
        assert!(!page.contains("<script") && !page.contains("<b>anna"), "what callers write is text");
    }
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let host = Host::start().await;
    for id in [STRANGER, "nonsense", "%20"] {
        for (method, part) in [
            (Method::GET, ""),
            (Method::GET, "/comparisons"),
            (Method::GET, "/decisions"),
            (Method::GET, "/events"),
            (Method::GET, "/report"),
            (Method::POST, "/cancel"),
        ] {
            let path = format!("/api/v1/assessments/{id}{part}");
            let (status, body) = read(host.send(method.clone(), &path).await).await;
            assert_eq!(
                (status.as_u16(), &body["error"]["code"]),
                (404, &json!("RESOURCE_NOT_FOUND")),
                "{method} {path}"
            );
        }
    }
    let id = assess(&host, &assessment("n", 2, "slow")).await;
    for (query, param) in [("limit=0", "limit"), ("limit=1001", "limit"), ("from=-1", "from"), ("to=3", "to")]
    {
        for list in ["comparisons", "decisions"] {
            let (status, body) = host.get(&format!("/api/v1/assessments/{id}/{list}?{query}")).await;
            assert_eq!((status.as_u16(), &body["error"]["param"]), (400, &json!(param)), "{list}?{query}");
        }
    }
}
