//! Events that ask for assessments, and the events that answer them.

use crate::assessments::{ended, send};
use crate::harness::*;
use crate::resources::put;
use serde_json::{Value, json};

const ID: &str = "4c0b1a3e-8a53-4f0b-9a51-0d4c5e7a9b10";
const PATH: &str = "/api/v1/events";

async fn stored(host: &Host, text: &str) -> Value {
    put(host, "/api/v1/content", &json!({"text": text})).await["storage_id"].clone()
}

/// An envelope with so many essays, all of them stored.
async fn envelope(host: &Host, name: &str, essays: usize) -> Value {
    let mut references = Vec::new();
    for n in 0..essays {
        let text = stored(host, &format!("Essay number {n} of {name}.")).await;
        references
            .push(json!({"essay_id": format!("e{n}"), "text_storage_id": text, "spellcheck_metrics": null}));
    }
    json!({
        "event_id": ID, "event_type": "huleedu.els.cj_assessment.requested.v1",
        "event_timestamp": "2026-11-23T10:00:00Z", "source_service": "essay_lifecycle_service",
        "schema_version": 1, "correlation_id": ID,
        "data": {
            "event_name": "els.cj_assessment.requested", "entity_id": name, "entity_type": "batch",
            "parent_id": null, "timestamp": "2026-11-23T10:00:00Z", "system_metadata": {},
            "essays_for_cj": references, "language": "en", "course_code": "ENG5", "user_id": "teacher-1",
            "org_id": null, "assignment_id": null,
            "llm_config_overrides": {"provider_override": "mock", "temperature_override": 0.0},
        },
        "metadata": {"max_comparisons": 40, "llm_batching_mode_hint": "per_request", "trace": "x"},
    })
}

#[tokio::test]
async fn an_event_is_assessed_and_answered_by_events() {
    let host = Host::start().await;
    let mut body = envelope(&host, "batch-1", 4).await;
    let prompt = stored(&host, "Write about cats.").await;
    body["data"]["student_prompt_ref"] =
        json!({"references": {"student_prompt_text": {"storage_id": prompt, "path": ""}}});
    let response = send(&host, PATH, &body).await;
    assert_eq!(response.status(), 202);
    let (_, receipt) = read(response).await;
    let id = receipt["id"].as_str().unwrap();
    assert_eq!((&receipt["name"], &receipt["replayed"]), (&json!("batch-1"), &json!(false)));
    let view = ended(&host, id).await;
    assert_eq!((&view["state"], &view["design"]), (&json!("completed"), &json!("coverage")), "{view}");
    assert_eq!((&view["batching_mode"], &view["progress"]["budget"]), (&json!("per_request"), &json!(40)));
    let answered = &view["progress"]["answered"];

    let the = async |topic: &str| {
        let events = host.events(topic).await;
        assert_eq!(events.len(), 1, "{topic}");
        let envelope = events[0]["event"].clone();
        assert_eq!((&envelope["correlation_id"], &envelope["schema_version"]), (&json!(ID), &json!(1)));
        assert_eq!(envelope["data"]["entity_id"], "batch-1");
        (envelope["event_type"].clone(), envelope["data"].clone())
    };
    let (kind, completed) = the("huleedu.cj_assessment.completed.v1").await;
    assert_eq!(
        (kind, &completed["status"]),
        (json!("CJAssessmentCompletedV1"), &json!("completed_successfully"))
    );
    assert_eq!(completed["processing_summary"]["successful"], 4);
    assert_eq!(completed["cj_assessment_job_id"], id);
    let (kind, result) = the("huleedu.assessment.result.published.v1").await;
    assert_eq!((kind, result["essay_results"].as_array().unwrap().len()), (json!("AssessmentResultV1"), 4));
    assert_eq!(result["assessment_metadata"]["llm_temperature"], 0.0, "zero is a temperature");
    assert_eq!(&result["assessment_metadata"]["comparison_count"], answered, "a count, not an estimate");
    assert_eq!(result["assessment_metadata"]["course_code"], "ENG5");
    let (kind, used) = the("huleedu.resource.consumption.v1").await;
    assert_eq!((kind, &used["user_id"]), (json!("ResourceConsumptionV1"), &json!("teacher-1")));
    assert_eq!((&used["quantity"], &used["resource_type"]), (answered, &json!("cj_comparison")));
    assert!(host.events("huleedu.cj_assessment.failed.v1").await.is_empty());
    let request = host.pipeline.handle().assessment_request(id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(request.materials.student_prompt.as_deref(), Some("Write about cats."));

    // Events are delivered at least once; assessed once.
    let (status, again) = read(send(&host, PATH, &body).await).await;
    assert_eq!((status.as_u16(), &again["id"], &again["replayed"]), (202, &json!(id), &json!(true)));
    body["data"]["essays_for_cj"].as_array_mut().unwrap().pop();
    let (status, refused) = read(send(&host, PATH, &body).await).await;
    assert_eq!((status.as_u16(), &refused["error"]["param"]), (409, &json!("data.entity_id")));
    assert_eq!(host.events("huleedu.cj_assessment.completed.v1").await.len(), 1);
}

#[tokio::test]
async fn essay_ids_belong_to_their_assessment() {
    let host = Host::start().await;
    let mut views = Vec::new();
    for name in ["one", "two"] {
        let (status, receipt) = read(send(&host, PATH, &envelope(&host, name, 3).await).await).await;
        assert_eq!(status, 202, "{receipt}");
        views.push(receipt["id"].as_str().unwrap().to_owned());
    }
    for id in views {
        let view = ended(&host, &id).await;
        assert_eq!(view["ranking"].as_array().unwrap().len(), 3, "{view}");
    }
}

#[tokio::test]
async fn an_essay_without_its_text_is_named() {
    let host = Host::start().await;
    let mut body = envelope(&host, "b", 4).await;
    for n in [1, 3] {
        body["data"]["essays_for_cj"][n]["text_storage_id"] = json!(format!("gone-{n}"));
    }
    let (status, refused) = read(send(&host, PATH, &body).await).await;
    let error = &refused["error"];
    assert_eq!((status.as_u16(), &error["param"]), (400, &json!("data.essays_for_cj[1].text_storage_id")));
    assert_eq!(error["details"]["missing_essays"], json!(["e1", "e3"]));
    assert_eq!(error["correlation_id"], ID);
    let (_, list) = host.get("/api/v1/assessments").await;
    assert_eq!(list["assessments"], json!([]), "no essay vanishes silently");
}

#[tokio::test]
async fn what_is_no_such_event_is_refused_and_the_field_is_named() {
    let host = Host::start().await;
    let good = envelope(&host, "b", 2).await;
    for (pointer, value, param) in [
        ("/event_type", json!("LLMComparisonResultV1"), "event_type"),
        ("/event_type", json!(null), "event_type"),
        ("/schema_version", json!(2), "schema_version"),
        ("/correlation_id", json!("x"), "correlation_id"),
        ("/data", json!([]), "data"),
        ("/data/entity_id", json!(""), "data.entity_id"),
        ("/data/entity_id", json!(7), "data.entity_id"),
        ("/data/user_id", json!(""), "data.user_id"),
        ("/data/essays_for_cj", json!([]), "data.essays_for_cj"),
        ("/data/essays_for_cj/1/essay_id", json!("e0"), "data.essays_for_cj[1].essay_id"),
        ("/data/assignment_id", json!("unknown"), "data.assignment_id"),
        (
            "/data/student_prompt_ref",
            json!({"references": {"student_prompt_text": {"storage_id": "x"}}}),
            "data.student_prompt_ref",
        ),
        (
            "/data/llm_config_overrides/provider_override",
            json!("x"),
            "data.llm_config_overrides.provider_override",
        ),
        (
            "/data/llm_config_overrides/temperature_override",
            json!(2.5),
            "data.llm_config_overrides.temperature_override",
        ),
        (
            "/data/llm_config_overrides/max_tokens_override",
            json!(0),
            "data.llm_config_overrides.max_tokens_override",
        ),
        (
            "/metadata/batch_config_overrides",
            json!({"llm_batching_mode_override": "turbo"}),
            "metadata.batch_config_overrides.llm_batching_mode_override",
        ),
    ] {
        let mut body = good.clone();
        if pointer.starts_with("/metadata") {
            body["metadata"] = json!({});
        }
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = body.pointer_mut(parent).unwrap();
        match parent.as_array_mut() {
            Some(list) => list[key.parse::<usize>().unwrap()] = value,
            None => parent[key] = value,
        }
        let (status, refused) = read(send(&host, PATH, &body).await).await;
        assert_eq!(
            (status.as_u16(), &refused["error"]["param"]),
            (400, &json!(param)),
            "{pointer}: {refused}"
        );
    }
    for text in ["", "{", "[]", "null"] {
        let post = host.client.post(host.url(PATH)).header("content-type", "application/json").body(text);
        let (status, body) = read(post.send().await.unwrap()).await;
        assert!(status == 400 && body["error"]["code"].is_string(), "{text}: {status}");
    }
    // A hint that is none is no error.
    let mut hinted = good;
    hinted["metadata"]["llm_batching_mode_hint"] = json!("turbo");
    assert_eq!(send(&host, PATH, &hinted).await.status(), 202);
}

#[tokio::test]
async fn an_event_cannot_raise_the_budget() {
    let host = Host::start().await;
    let mut body = envelope(&host, "b", 3).await;
    body["metadata"] = json!({"max_comparisons": 1000});
    let (_, receipt) = read(send(&host, PATH, &body).await).await;
    let (_, view) = host.get(receipt["links"]["self"].as_str().unwrap()).await;
    assert_eq!(view["progress"]["budget"], 120);
}

#[tokio::test]
async fn an_assignments_anchors_grade_the_students_of_an_event() {
    let host = Host::start().await;
    put(&host, "/admin/v1/assessment-instructions", &json!({
        "assignment_id": "as", "instructions_text": "Judge how clear it is.", "grade_scale": "eng5_np_national_9_step",
    })).await;
    for grade in ["2", "5", "8"] {
        let text = format!("{grade} {}", "x".repeat(100));
        put(
            &host,
            "/api/v1/anchors/register",
            &json!({"assignment_id": "as", "grade": grade, "essay_text": text}),
        )
        .await;
    }
    let mut body = envelope(&host, "b", 3).await;
    body["data"]["assignment_id"] = json!("as");
    // Not read where there is an assignment.
    body["data"]["student_prompt_ref"] =
        json!({"references": {"student_prompt_text": {"storage_id": "gone"}}});
    let (status, receipt) = read(send(&host, PATH, &body).await).await;
    assert_eq!(status, 202, "{receipt}");
    let view = ended(&host, receipt["id"].as_str().unwrap()).await;
    assert_eq!(view["state"], "completed", "{view}");
    let events = host.events("huleedu.assessment.result.published.v1").await;
    let data = &events[0]["event"]["data"];
    let results = data["essay_results"].as_array().unwrap();
    let anchors: Vec<_> = results.iter().filter(|one| one["is_anchor"] == true).collect();
    assert_eq!((anchors.len(), results.len()), (3, 6));
    assert!(anchors.iter().all(|one| one["letter_grade"] != "U"), "{results:?}");
    assert_eq!(data["assessment_metadata"]["anchor_grade_distribution"], json!({"2": 1, "5": 1, "8": 1}));
    let events = host.events("huleedu.cj_assessment.completed.v1").await;
    assert_eq!(
        events[0]["event"]["data"]["processing_summary"]["total_essays"], 3,
        "anchors are no students"
    );
}
