//! Assessments that are refused, and how: before anything is asked, with the field named.

use crate::assessments::{assess, assessment, ended, send};
use crate::harness::*;
use futures_util::stream;
use serde_json::{Value, json};

/// An assessment with something different, by JSON pointer.
fn with(pointer: &str, value: Value) -> Value {
    let mut body = assessment("n", 3, "mock");
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[key] = value;
    body
}

fn essays(essays: Value) -> Value {
    with("/essays", essays)
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_the_field_is_named() {
    let host = Host::start().await;
    let one = json!({"id": "a", "text": "A text."});
    let two = |second: Value| essays(json!([one, second]));
    let table = [
        (essays(json!([])), "VALIDATION_ERROR", "essays"),
        (essays(json!([one])), "VALIDATION_ERROR", "essays"),
        (essays(json!("all")), "VALIDATION_ERROR", "essays"),
        (two(one.clone()), "VALIDATION_ERROR", "essays[1].id"),
        (two(json!({"id": "", "text": "x"})), "VALIDATION_ERROR", "essays[1].id"),
        (two(json!({"id": "b", "text": ""})), "VALIDATION_ERROR", "essays[1].text"),
        (two(json!({"id": "b", "text": " \n\t "})), "VALIDATION_ERROR", "essays[1].text"),
        (two(json!({"id": "b", "text": "x".repeat((1 << 20) + 1)})), "VALIDATION_ERROR", "essays[1].text"),
        (two(json!({"id": "b"})), "VALIDATION_ERROR", "essays[1].text"),
        (two(json!({"id": "b", "text": "x", "text_storage_id": "s"})), "VALIDATION_ERROR", "essays[1].text"),
        (two(json!({"id": "b", "text_storage_id": "s"})), "VALIDATION_ERROR", "essays[1].text_storage_id"),
        (two(json!({"id": "b", "text": "x", "grade": "A"})), "VALIDATION_ERROR", "essays[1].grade"),
        (two(json!({"text": "x"})), "MISSING_REQUIRED_FIELD", "essays[1].id"),
        (
            two(json!({"id": "b", "text": "x", "anchor_grade": "Z"})),
            "VALIDATION_ERROR",
            "essays[1].anchor_grade",
        ),
        (
            two(json!({"id": "b", "text": "x", "anchor_grade": ""})),
            "VALIDATION_ERROR",
            "essays[1].anchor_grade",
        ),
        (with("/name", json!("")), "VALIDATION_ERROR", "name"),
        (with("/name", json!("x".repeat(256))), "VALIDATION_ERROR", "name"),
        (with("/nam", json!("n")), "VALIDATION_ERROR", "nam"),
        (with("/judging/provider", json!("nobody")), "UNKNOWN_PROVIDER", "judging.provider"),
        (with("/judging/grade_scale", json!("danish")), "VALIDATION_ERROR", "judging.grade_scale"),
        (with("/judging/max_comparisons", json!(1)), "VALIDATION_ERROR", "judging.max_comparisons"),
        (with("/judging/max_comparisons", json!(-1)), "VALIDATION_ERROR", "judging.max_comparisons"),
        (with("/judging/batching_mode", json!("turbo")), "VALIDATION_ERROR", "judging.batching_mode"),
        (with("/judging/design", json!("clever")), "VALIDATION_ERROR", "judging.design"),
        (with("/judging/scorer", json!("elo")), "VALIDATION_ERROR", "judging.scorer"),
        (with("/judging/evidence", json!("gut")), "VALIDATION_ERROR", "judging.evidence"),
        (with("/judging/stopping", json!("never")), "VALIDATION_ERROR", "judging.stopping"),
        (with("/judging/grading", json!("dice")), "VALIDATION_ERROR", "judging.grading"),
        (with("/judging/reliability", json!(1.5)), "VALIDATION_ERROR", "judging.reliability"),
        (with("/judging/seeds", json!(1)), "VALIDATION_ERROR", "judging.seeds"),
        (
            with("/judging/overrides", json!({"temperature": 3})),
            "VALIDATION_ERROR",
            "judging.overrides.temperature",
        ),
        (with("/judging/overrides", json!([])), "VALIDATION_ERROR", "judging.overrides"),
        (with("/assignment_id", json!("unknown")), "VALIDATION_ERROR", "assignment_id"),
        (
            with("/attribution", json!({"correlation_id": "x"})),
            "VALIDATION_ERROR",
            "attribution.correlation_id",
        ),
    ];
    for (body, code, param) in table {
        let (status, refused) = read(send(&host, "/api/v1/assessments", &body).await).await;
        let error = &refused["error"];
        let found =
            (status.as_u16(), error["code"].as_str().unwrap_or(""), error["param"].as_str().unwrap_or(""));
        assert_eq!(found, (400, code, param), "{refused}");
        assert!(error["message"].as_str().is_some_and(|text| !text.is_empty() && text.len() < 700));
        if code == "UNKNOWN_PROVIDER" {
            assert_eq!(error["details"]["known"], json!(["lost", "mock", "picky", "slow"]));
        }
    }
    let (_, list) = host.get("/api/v1/assessments").await;
    assert_eq!(list["assessments"], json!([]), "nothing was stored");
}

#[tokio::test]
async fn an_errors_correlation_id_is_the_callers() {
    let host = Host::start().await;
    let id = "4c0b1a3e-8a53-4f0b-9a51-0d4c5e7a9b10";
    let mut body = essays(json!([]));
    body["attribution"] = json!({"correlation_id": id});
    let (_, refused) = read(send(&host, "/api/v1/assessments", &body).await).await;
    assert_eq!(refused["error"]["correlation_id"], id);
}

#[tokio::test]
async fn a_body_may_be_larger_than_a_comparisons_up_to_its_own_limit() {
    let mut setup = Setup::default();
    setup.api.max_body_bytes = 1000;
    setup.api.max_assessment_bytes = 10_000;
    let host = Host::with(setup).await;
    let sized = |bytes: usize| with("/materials", json!({"rubric": "x".repeat(bytes)}));
    let id = assess(&host, &sized(5000)).await;
    assert_eq!(ended(&host, &id).await["state"], "completed");
    let (status, refused) = read(send(&host, "/api/v1/assessments", &sized(20_000)).await).await;
    assert_eq!((status.as_u16(), &refused["error"]["code"]), (413, &json!("PAYLOAD_TOO_LARGE")));
    assert_eq!(refused["error"]["details"]["max_body_bytes"], 10_000);
    let response = host.client.post(host.url("/api/v1/assessments")).body("{}").send().await.unwrap();
    assert_eq!(response.status(), 415);
}

#[tokio::test]
async fn few_large_bodies_are_read_at_the_same_time() {
    let mut setup = Setup::default();
    setup.api.max_large_bodies = 1;
    let host = Host::with(setup).await;
    // Its length is not announced, and it never ends.
    let endless = reqwest::Body::wrap_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let post = host.client.post(host.url("/api/v1/assessments")).header("content-type", "application/json");
    let hanging = tokio::spawn(post.body(endless).send());
    let chunked = || {
        let body = assessment("n", 2, "mock").to_string();
        let body = reqwest::Body::wrap_stream(stream::iter([Ok::<_, std::io::Error>(body)]));
        let post =
            host.client.post(host.url("/api/v1/assessments")).header("content-type", "application/json");
        async { post.body(body).send().await.unwrap() }
    };
    let refused = eventually(|| async {
        let response = chunked().await;
        (response.status() == 503).then_some(response)
    });
    let refused = refused.await;
    assert!(refused.headers().contains_key("retry-after"));
    // A small one is read all the same.
    assess(&host, &assessment("small", 2, "mock")).await;
    hanging.abort();
    eventually(|| async { (chunked().await.status() == 202).then_some(()) }).await;
}

#[tokio::test]
async fn when_every_comparison_fails_there_is_one_failure_event_with_the_reason() {
    let host = Host::start().await;
    let id = assess(&host, &assessment("n", 3, "picky")).await;
    let view = ended(&host, &id).await;
    assert_eq!((&view["state"], &view["ranking"]), (&json!("failed"), &json!([])), "{view}");
    assert_eq!(view["end"]["reason"], "nothing_succeeded");
    let events = host.events("huleedu.cj_assessment.failed.v1").await;
    assert_eq!(events.len(), 1);
    let error = &events[0]["event"]["data"]["system_metadata"]["error_info"];
    assert_eq!(error["reason"], view["end"]["reason"]);
    let (_, page) = host.get(&format!("/api/v1/assessments/{id}/comparisons")).await;
    let failed = page["comparisons"].as_array().unwrap();
    assert!(!failed.is_empty());
    assert!(failed.iter().all(|one| one["status"] == "failed" && one["error_code"].is_string()), "{page}");
}
