//! The OpenAPI document: as it was committed, complete, and served.

use crate::harness::*;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// Set it to write the document anew.
const UPDATE: &str = "UPDATE_OPENAPI";

fn document() -> Value {
    serde_json::from_str(&docket_api::document().to_pretty_json().unwrap()).unwrap()
}

#[test]
fn the_committed_document_is_the_routes_own() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let text = docket_api::document().to_pretty_json().unwrap() + "\n";
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "docs/openapi.json is out of date: {UPDATE}=1 cargo test -p docket-tests-api openapi"
    );
}

#[test]
fn the_document_is_openapi_3_1_and_has_every_route() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let paths: BTreeSet<&str> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let expected = BTreeSet::from([
        "/admin/mock-mode",
        "/admin/plugins",
        "/admin/v1/anchors/assignment/{assignment_id}",
        "/admin/v1/assessment-instructions",
        "/admin/v1/assessment-instructions/assignment/{assignment_id}",
        "/admin/v1/judge-rubrics",
        "/admin/v1/judge-rubrics/assignment/{assignment_id}",
        "/admin/v1/student-prompts",
        "/admin/v1/student-prompts/assignment/{assignment_id}",
        "/api/v1/anchors/register",
        "/api/v1/assessments",
        "/api/v1/assessments/status",
        "/api/v1/assessments/{id}",
        "/api/v1/assessments/{id}/cancel",
        "/api/v1/assessments/{id}/comparisons",
        "/api/v1/assessments/{id}/decisions",
        "/api/v1/assessments/{id}/events",
        "/api/v1/assessments/{id}/report",
        "/api/v1/comparison",
        "/api/v1/content",
        "/api/v1/content/{storage_id}",
        "/api/v1/deliveries",
        "/api/v1/deliveries/{id}/redeliver",
        "/api/v1/events",
        "/api/v1/models",
        "/api/v1/providers",
        "/api/v1/providers/{provider}/test",
        "/api/v1/requests/{id}",
        "/api/v1/requests/{id}/events",
        "/api/v1/results/{queue_id}",
        "/api/v1/status/{queue_id}",
        "/api/v1/topics/{topic}/events",
        "/healthz",
        "/metrics",
        "/openapi.json",
        "/readyz",
    ]);
    assert_eq!(paths, expected);
}

/// Every `$ref` below `value`.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(target)) = members.get("$ref") {
                found.insert(target.clone());
            }
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_is_described() {
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path}"));
            assert!(ids.insert(id), "{id} twice");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{method} {path}");
            for (name, _) in path.match_indices('{').map(|(at, _)| path[at + 1..].split_once('}').unwrap()) {
                let parameters = operation["parameters"].as_array().unwrap();
                let named = parameters
                    .iter()
                    .any(|p| p["name"] == name && p["in"] == "path" && p["required"] == true);
                assert!(named, "{method} {path} {name}");
            }
        }
    }
}

#[tokio::test]
async fn the_document_is_served() {
    let (status, body) = Host::start().await.get("/openapi.json").await;
    assert_eq!(status, 200);
    assert_eq!(body, document());
}
