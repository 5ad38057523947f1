//! What operators keep for assessments: instructions, prompts, rubrics, anchors, texts; and their use.

use crate::assessments::{assess, assessment, ended, send};
use crate::harness::*;
use docket_test_support::Metrics;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};

const INSTRUCTIONS: &str = "/admin/v1/assessment-instructions";
const PROMPTS: &str = "/admin/v1/student-prompts";
const RUBRICS: &str = "/admin/v1/judge-rubrics";
const ANCHORS: &str = "/api/v1/anchors/register";
const CONTENT: &str = "/api/v1/content";

/// Posts and expects success.
pub(crate) async fn put(host: &Host, path: &str, body: &Value) -> Value {
    let (status, answer) = read(send(host, path, body).await).await;
    assert!(status.is_success(), "{path} {status} {answer}");
    answer
}

/// Status and field of a refusal.
async fn refused(host: &Host, path: &str, body: &Value) -> (u16, String) {
    let (status, answer) = read(send(host, path, body).await).await;
    (status.as_u16(), answer["error"]["param"].as_str().unwrap_or_default().to_owned())
}

fn instructions(assignment: &str) -> Value {
    json!({"assignment_id": assignment, "instructions_text": "Judge how clear it is."})
}

fn anchor(assignment: &str, grade: &str) -> Value {
    json!({"assignment_id": assignment, "grade": grade, "essay_text": format!("{grade} {}", "x".repeat(100))})
}

#[tokio::test]
async fn all_of_it_needs_the_token() {
    let mut setup = Setup::default();
    setup.api.admin_token = Some(SecretString::from("the-right-token"));
    let host = Host::with(setup).await;
    let below = |path: &str| format!("{path}/assignment/a");
    for (method, path) in [
        (Method::POST, INSTRUCTIONS.to_owned()),
        (Method::GET, INSTRUCTIONS.to_owned()),
        (Method::GET, below(INSTRUCTIONS)),
        (Method::DELETE, below(INSTRUCTIONS)),
        (Method::POST, PROMPTS.to_owned()),
        (Method::GET, below(PROMPTS)),
        (Method::POST, RUBRICS.to_owned()),
        (Method::GET, below(RUBRICS)),
        (Method::POST, ANCHORS.to_owned()),
        (Method::GET, below("/admin/v1/anchors")),
        (Method::POST, CONTENT.to_owned()),
        (Method::DELETE, format!("{CONTENT}/x")),
    ] {
        for token in [None, Some("wrong"), Some("the-right-token")] {
            let request = host.client.request(method.clone(), host.url(&path)).json(&instructions("a"));
            let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
            let (status, body) = read(request.send().await.unwrap()).await;
            let stopped = status == 401 && body["error"]["code"] == "AUTHENTICATION_ERROR";
            assert_eq!(
                stopped,
                token != Some("the-right-token"),
                "{method} {path} {token:?}: {status} {body}"
            );
        }
    }
}

#[tokio::test]
async fn instructions_are_kept_and_what_is_left_out_stays() {
    let host = Host::start().await;
    let first = put(&host, INSTRUCTIONS, &instructions("a")).await;
    assert_eq!(
        (&first["grade_scale"], &first["context_origin"]),
        (&json!("swedish_8_anchor"), &json!("research_experiment"))
    );
    assert_eq!(first["student_prompt_storage_id"], Value::Null);
    assert!(host.store.resource("instructions", "a", "").await.unwrap().is_some(), "it is in the store");
    let rubric =
        put(&host, RUBRICS, &json!({"assignment_id": "a", "rubric_text": "Be fair and short."})).await;
    let mut second = instructions("a");
    second["instructions_text"] = json!("Judge how true it is.");
    let second = put(&host, INSTRUCTIONS, &second).await;
    assert_eq!(second["instructions_text"], "Judge how true it is.");
    assert_eq!(second["judge_rubric_storage_id"], rubric["judge_rubric_storage_id"]);
    assert_eq!(second["created_at"], first["created_at"]);
    let path = format!("{INSTRUCTIONS}/assignment/a");
    assert_eq!(host.get(&path).await.1, second);

    for (change, param) in [
        (json!({"grade_scale": "eng5_np_national_9_step"}), "grade_scale"),
        (json!({"grade_scale": "danish"}), "grade_scale"),
        (json!({"context_origin": "canonical_national"}), "context_origin"),
        (json!({"context_origin": "x".repeat(65)}), "context_origin"),
        (json!({"instructions_text": "too short"}), "instructions_text"),
        (json!({"assignment_id": " "}), "assignment_id"),
        (json!({"assignment_id": "x".repeat(101)}), "assignment_id"),
        (json!({"student_prompt_storage_id": "nowhere"}), "student_prompt_storage_id"),
        (json!({"course_id": "c"}), "course_id"),
    ] {
        let mut body = instructions("a");
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        assert_eq!(refused(&host, INSTRUCTIONS, &body).await, (400, param.to_owned()), "{change}");
    }
    assert_eq!(host.get(&path).await.1, second, "a refusal changes nothing");

    assert_eq!(host.send(Method::DELETE, &path).await.status(), 204);
    assert_eq!(host.send(Method::DELETE, &path).await.status(), 404);
    assert_eq!(host.get(&path).await.0, 404);
    let text = host.send(Method::GET, "/metrics").await.text().await.unwrap();
    let metric = Metrics(text);
    let count = |operation, status| {
        metric.total("cj_admin_instruction_operations_total", &[("operation", operation), ("status", status)])
    };
    assert!(count("write_instructions", "success") >= 2.0 && count("write_instructions", "failure") >= 9.0);
    assert!(count("delete_instructions", "success") >= 1.0 && count("delete_instructions", "failure") >= 1.0);
}

#[tokio::test]
async fn instructions_are_listed_by_page_and_scale() {
    let host = Host::start().await;
    for n in 0..5 {
        let mut body = instructions(&format!("a{n}"));
        if n % 2 == 0 {
            body["grade_scale"] = json!("eng5_np_legacy_9_step");
        }
        put(&host, INSTRUCTIONS, &body).await;
    }
    let ids = |page: &Value| -> Vec<String> {
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["assignment_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let (_, all) = host.get(INSTRUCTIONS).await;
    assert_eq!(
        (ids(&all), &all["total"], &all["page_size"]),
        (vec!["a0".into(), "a1".into(), "a2".into(), "a3".into(), "a4".into()], &json!(5), &json!(50))
    );
    let (_, second) = host.get(&format!("{INSTRUCTIONS}?page=2&page_size=2")).await;
    assert_eq!((ids(&second), &second["total"]), (vec!["a2".into(), "a3".into()], &json!(5)));
    let (_, past) = host.get(&format!("{INSTRUCTIONS}?page=9&page_size=2")).await;
    assert!(ids(&past).is_empty());
    let (_, legacy) = host.get(&format!("{INSTRUCTIONS}?grade_scale=eng5_np_legacy_9_step")).await;
    assert_eq!((ids(&legacy).len(), &legacy["total"]), (3, &json!(3)));
    for (query, param) in [("page=0", "page"), ("page_size=201", "page_size"), ("page_size=0", "page_size")] {
        let (status, body) = host.get(&format!("{INSTRUCTIONS}?{query}")).await;
        assert_eq!((status.as_u16(), &body["error"]["param"]), (400, &json!(param)));
    }
}

#[tokio::test]
async fn prompts_and_rubrics_belong_to_instructions() {
    let host = Host::start().await;
    for (path, field) in [(PROMPTS, "prompt_text"), (RUBRICS, "rubric_text")] {
        let body = |text: &str| json!({"assignment_id": path, field: text});
        let mut wanted = instructions(path);
        wanted["assignment_id"] = json!("b");
        let body = |text: &str| {
            let mut body = body(text);
            body["assignment_id"] = json!("b");
            body
        };
        host.send(Method::DELETE, &format!("{INSTRUCTIONS}/assignment/b")).await;
        assert_eq!(refused(&host, path, &body("long enough text")).await.0, 404, "no instructions yet");
        put(&host, INSTRUCTIONS, &wanted).await;
        let get = format!("{path}/assignment/b");
        assert_eq!(host.get(&get).await.0, 404, "no text yet");
        assert_eq!(refused(&host, path, &body("too short")).await, (400, field.to_owned()));
        put(&host, path, &body("The first text.")).await;
        put(&host, path, &body("The second text, of Malmö.")).await;
        let (status, found) = host.get(&get).await;
        assert_eq!((status.as_u16(), &found[field]), (200, &json!("The second text, of Malmö.")));
        assert_eq!(found["instructions_text"], wanted["instructions_text"], "the rest stays");
    }
}

#[tokio::test]
async fn anchors_are_registered_once_per_label_on_the_assignments_scale() {
    let host = Host::start().await;
    assert_eq!(refused(&host, ANCHORS, &anchor("a", "A")).await, (400, "assignment_id".to_owned()));
    put(&host, INSTRUCTIONS, &instructions("a")).await;
    for (change, param) in [
        (json!({"grade": "9"}), "grade"),
        (json!({"grade": ""}), "anchor_label"),
        (json!({"essay_text": "x".repeat(99)}), "essay_text"),
        (json!({"anchor_label": " "}), "anchor_label"),
    ] {
        let mut body = anchor("a", "A");
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        assert_eq!(refused(&host, ANCHORS, &body).await, (400, param.to_owned()), "{change}");
    }
    let mut body = anchor("a", "A");
    body["essay_text"] = json!("x".repeat(100));
    let response = send(&host, ANCHORS, &body).await;
    assert_eq!(response.status(), 201);
    let (_, first) = read(response).await;
    assert_eq!((&first["status"], &first["grade_scale"]), (&json!("registered"), &json!("swedish_8_anchor")));
    let again = put(&host, ANCHORS, &anchor("a", "A")).await;
    assert_eq!(again["anchor_id"], first["anchor_id"]);
    assert_ne!(again["storage_id"], first["storage_id"]);
    body["anchor_label"] = json!("another A");
    assert_ne!(put(&host, ANCHORS, &body).await["anchor_id"], first["anchor_id"]);

    // On another scale after the instructions were made anew.
    host.send(Method::DELETE, &format!("{INSTRUCTIONS}/assignment/a")).await;
    assert_eq!(host.get("/admin/v1/anchors/assignment/a").await.0, 404);
    let mut other = instructions("a");
    other["grade_scale"] = json!("eng5_np_national_9_step");
    put(&host, INSTRUCTIONS, &other).await;
    put(&host, ANCHORS, &anchor("a", "9")).await;
    let (_, list) = host.get("/admin/v1/anchors/assignment/a").await;
    assert_eq!((&list["anchor_count"], &list["anchor_count_total"]), (&json!(1), &json!(3)));
    assert_eq!(list["anchor_count_by_scale"], json!({"swedish_8_anchor": 2, "eng5_np_national_9_step": 1}));
    assert_eq!(
        (&list["anchors"][0]["grade"], &list["anchors"][0]["essay_id"]),
        (&json!("9"), &json!("ANCHOR_9"))
    );
}

#[tokio::test]
async fn an_assignments_materials_and_anchors_become_part_of_the_assessment() {
    let host = Host::start().await;
    put(&host, INSTRUCTIONS, &instructions("a")).await;
    put(&host, PROMPTS, &json!({"assignment_id": "a", "prompt_text": "Write about cats."})).await;
    put(&host, RUBRICS, &json!({"assignment_id": "a", "rubric_text": "Be fair and short."})).await;
    for grade in ["A", "C", "E"] {
        put(&host, ANCHORS, &anchor("a", grade)).await;
    }
    let mut body = assessment("n", 3, "mock");
    body["assignment_id"] = json!("a");
    let id = assess(&host, &body).await;
    let view = ended(&host, &id).await;
    assert_eq!(view["state"], "completed", "{view}");
    let ranking = view["ranking"].as_array().unwrap();
    let grade = |id: &str, field: &str| {
        let essay = ranking.iter().find(|essay| essay["essay_id"] == id);
        essay.unwrap_or_else(|| panic!("{id}: {ranking:?}"))[field].clone()
    };
    assert_eq!(ranking.len(), 6);
    assert_eq!((grade("ANCHOR_C", "anchor_grade"), grade("ANCHOR_C", "grade")), (json!("C"), Value::Null));
    assert!(grade("essay-1", "grade")["grade"].is_string());
    assert_eq!(view["grading"]["scale"], "swedish_8_anchor");
    let request = host.pipeline.handle().assessment_request(id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(request.materials.student_prompt.as_deref(), Some("Write about cats."));
    assert_eq!(request.materials.rubric.as_deref(), Some("Be fair and short."));
    assert_eq!(request.materials.instructions.as_deref(), Some("Judge how clear it is."));
    assert_eq!(request.attribution.assignment_id.as_deref(), Some("a"));

    // What the request brings itself wins.
    body["name"] = json!("m");
    body["materials"] = json!({"rubric": "Be strict."});
    let id = assess(&host, &body).await;
    let request = host.pipeline.handle().assessment_request(id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(request.materials.rubric.as_deref(), Some("Be strict."));
    assert_eq!(request.materials.student_prompt.as_deref(), Some("Write about cats."));

    let path = "/api/v1/assessments";
    let mut taken = body.clone();
    taken["essays"][1]["id"] = json!("ANCHOR_E");
    assert_eq!(refused(&host, path, &taken).await, (400, "essays[1].id".to_owned()));
    let mut scale = body.clone();
    scale["judging"]["grade_scale"] = json!("eng5_np_national_9_step");
    assert_eq!(refused(&host, path, &scale).await, (400, "judging.grade_scale".to_owned()));
}

#[tokio::test]
async fn canonical_materials_cannot_be_replaced() {
    let host = Host::start().await;
    let mut canonical = instructions("c");
    canonical["context_origin"] = json!("canonical_national");
    put(&host, INSTRUCTIONS, &canonical).await;
    let mut body = assessment("n", 3, "mock");
    body["assignment_id"] = json!("c");
    body["materials"] = json!({"rubric": "Be strict."});
    assert_eq!(refused(&host, "/api/v1/assessments", &body).await, (400, "materials.rubric".to_owned()));
    body.as_object_mut().unwrap().remove("materials");
    assess(&host, &body).await;
}

#[tokio::test]
async fn texts_are_stored_under_their_digest_until_they_are_deleted() {
    let host = Host::start().await;
    let first = put(&host, CONTENT, &json!({"text": "abc"})).await;
    assert_eq!(first["storage_id"], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(put(&host, CONTENT, &json!({"text": "abc"})).await, first);
    assert_eq!(refused(&host, CONTENT, &json!({"text": " "})).await, (400, "text".to_owned()));
    let path = format!("{CONTENT}/{}", first["storage_id"].as_str().unwrap());
    assert_eq!(host.send(Method::DELETE, &path).await.status(), 204);
    assert_eq!(host.send(Method::DELETE, &path).await.status(), 404);
}

#[tokio::test]
async fn an_anchor_whose_text_is_gone_is_named() {
    let host = Host::start().await;
    put(&host, INSTRUCTIONS, &instructions("a")).await;
    let stored = put(&host, ANCHORS, &anchor("a", "B")).await;
    let path = format!("{CONTENT}/{}", stored["storage_id"].as_str().unwrap());
    assert_eq!(host.send(Method::DELETE, &path).await.status(), 204);
    let mut body = assessment("n", 3, "mock");
    body["assignment_id"] = json!("a");
    let (status, answer) = read(send(&host, "/api/v1/assessments", &body).await).await;
    assert_eq!((status.as_u16(), &answer["error"]["param"]), (400, &json!("assignment_id")));
    assert!(answer["error"]["message"].as_str().unwrap().contains("anchor `B`"), "{answer}");
}
