//! The events that an assessment's end causes, in the seed's form, with what really happened in place of estimates.

use super::spec::Spec;
use super::standing::Standing;
use crate::callback::EventEnvelope;
use crate::core::Core;
use docket_store::NewTopicEvent;
use docket_types::assessment::{AssessmentView, RankedEssay, State};
use docket_types::{AssessmentId, Timestamp};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use uuid::Uuid;

const COMPLETED: &str = "huleedu.cj_assessment.completed.v1";
const FAILED: &str = "huleedu.cj_assessment.failed.v1";
const RESULT: &str = "huleedu.assessment.result.published.v1";
const CONSUMPTION: &str = "huleedu.resource.consumption.v1";

/// What the events are made of.
pub(super) struct Facts<'a> {
    pub(super) core: &'a Core,
    pub(super) spec: &'a Spec,
    pub(super) standing: &'a Standing,
    pub(super) view: &'a AssessmentView,
    pub(super) now: Timestamp,
}

/// The events of an end. Their ids are functions of the assessment, so that publishing twice publishes once.
pub(super) fn events(facts: &Facts<'_>) -> Result<Vec<NewTopicEvent>, serde_json::Error> {
    let mut events = Vec::new();
    match facts.view.state {
        State::Running => {}
        State::Completed => {
            events.push(facts.event(COMPLETED, "CJAssessmentCompletedV1", facts.completed())?);
            events.push(facts.event(RESULT, "AssessmentResultV1", facts.result())?);
            events.push(facts.event(CONSUMPTION, "ResourceConsumptionV1", facts.consumption())?);
        }
        State::Failed | State::Cancelled => {
            events.push(facts.event(FAILED, "CJAssessmentFailedV1", facts.failed())?);
            if facts.view.progress.answered > 0 {
                events.push(facts.event(CONSUMPTION, "ResourceConsumptionV1", facts.consumption())?);
            }
        }
    }
    Ok(events)
}

impl Facts<'_> {
    fn id(&self) -> AssessmentId {
        self.view.id
    }

    fn event(
        &self,
        topic: &str,
        kind: &'static str,
        data: Value,
    ) -> Result<NewTopicEvent, serde_json::Error> {
        let id = format!("assessment/{}/{kind}", self.id());
        let digest: [u8; 32] = Sha256::digest(&id).into();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        let envelope = EventEnvelope {
            event_id: uuid::Builder::from_random_bytes(bytes).into_uuid(),
            event_type: kind,
            event_timestamp: self.now.to_string(),
            source_service: self.core.options.judging.source_service.clone(),
            schema_version: 1,
            correlation_id: self.correlation(),
            data_schema_uri: None,
            data,
            metadata: None,
        };
        Ok(NewTopicEvent { topic: topic.to_owned(), id, body: serde_json::to_vec(&envelope)? })
    }

    fn correlation(&self) -> Uuid {
        self.spec.correlation_id
    }

    fn students(&self) -> impl Iterator<Item = &RankedEssay> {
        self.view.ranking.iter().filter(|essay| essay.anchor_grade.is_none())
    }

    fn seconds(&self) -> f64 {
        (self.now.since(self.view.created_at).as_secs_f64() * 100.0).round() / 100.0
    }

    /// What all updates of a process have in common.
    fn update(&self, name: &str, status: &str, stage: &str, error: Value) -> Map<String, Value> {
        let name_of = &self.spec.request.name;
        let metadata = json!({
            "entity_id": name_of, "entity_type": "batch", "parent_id": null, "event": name,
            "timestamp": self.now.to_string(), "processing_stage": stage,
            "started_at": self.view.created_at.to_string(), "completed_at": self.now.to_string(),
            "error_info": error,
        });
        let mut map = Map::new();
        for (key, value) in [
            ("event_name", json!(name)),
            ("entity_id", json!(name_of)),
            ("entity_type", json!("batch")),
            ("parent_id", Value::Null),
            ("timestamp", json!(self.now.to_string())),
            ("status", json!(status)),
            ("system_metadata", metadata),
            ("cj_assessment_job_id", json!(self.id())),
        ] {
            map.insert(key.to_owned(), value);
        }
        map
    }

    fn completed(&self) -> Value {
        let successful: Vec<&str> = self.students().map(|essay| essay.essay_id.as_str()).collect();
        let total = self.spec.request.essays.iter().filter(|essay| essay.anchor_grade.is_none()).count();
        let mut map =
            self.update("cj_assessment.completed", "completed_successfully", "completed", json!({}));
        let summary = json!({
            "total_essays": total, "successful": successful.len(), "failed": total - successful.len(),
            "successful_essay_ids": successful, "failed_essay_ids": [],
            "processing_time_seconds": self.seconds(), "single_essay_batch": total == 1,
        });
        map.insert("processing_summary".to_owned(), summary);
        Value::Object(map)
    }

    fn failed(&self) -> Value {
        let end = self.view.end.as_ref();
        let progress = &self.view.progress;
        let error = json!({
            "reason": end.map(|end| end.reason.as_str()),
            "details": {
                "message": end.map(|end| end.detail.as_str()),
                "completed_comparisons": progress.answered, "failed_comparisons": progress.failed,
                "success_rate_threshold": self.core.options.judging.least_success_rate,
                "error_codes": self.codes(),
            },
        });
        let status = if self.view.state == State::Cancelled { "cancelled" } else { "failed_critically" };
        Value::Object(self.update("cj_assessment.failed", status, "failed", error))
    }

    /// Why comparisons failed, and how often.
    fn codes(&self) -> BTreeMap<&str, usize> {
        let mut codes = BTreeMap::new();
        for asked in &self.standing.session.asked {
            if let docket_judgement::session::Status::Failed { code } = &asked.status {
                *codes.entry(code.as_str()).or_insert(0) += 1;
            }
        }
        codes
    }

    fn result(&self) -> Value {
        let attribution = &self.spec.request.attribution;
        let model = self.view.cost.models.iter().find(|model| model.model != "unknown");
        let anchors: Vec<&str> =
            self.view.ranking.iter().filter_map(|essay| essay.anchor_grade.as_deref()).collect();
        let mut distribution: BTreeMap<&str, usize> = BTreeMap::new();
        for grade in &anchors {
            *distribution.entry(grade).or_insert(0) += 1;
        }
        json!({
            "event_name": "assessment.result.published",
            "entity_id": self.spec.request.name, "batch_id": self.spec.request.name,
            "cj_assessment_job_id": self.id(), "assignment_id": attribution.assignment_id,
            "assessment_method": "cj_assessment",
            "model_used": model.map(|model| model.model.as_str()),
            "model_provider": model.map_or(self.spec.provider.as_str(), |model| model.provider.as_str()),
            "model_version": null,
            "essay_results": self.view.ranking.iter().map(essay_result).collect::<Vec<_>>(),
            "assessment_metadata": {
                "anchor_essays_used": anchors.len(),
                "calibration_method": if anchors.is_empty() { "default" } else { "anchor" },
                "grade_scale": self.spec.scale,
                "anchor_grade_distribution": distribution,
                "comparison_count": self.view.progress.answered,
                "processing_duration_seconds": self.seconds(),
                "llm_temperature": self.spec.request.judging.overrides.temperature,
                "reliability": self.view.progress.reliability,
                "assignment_id": attribution.assignment_id, "course_code": attribution.course_code,
            },
            "assessed_at": self.now.to_string(),
        })
    }

    fn consumption(&self) -> Value {
        let attribution = &self.spec.request.attribution;
        json!({
            "event_name": "resource.consumption",
            "entity_id": self.spec.request.name, "entity_type": "batch",
            "user_id": attribution.user_id, "org_id": attribution.org_id,
            "resource_type": "cj_comparison", "quantity": self.view.progress.answered,
            "service_name": self.core.options.judging.source_service,
            "processing_id": self.id(), "consumed_at": self.now.to_string(),
        })
    }
}

fn essay_result(essay: &RankedEssay) -> Value {
    let grade = essay.grade.as_ref();
    let letter = essay.anchor_grade.as_deref().or_else(|| grade.map(|grade| grade.grade.as_str()));
    json!({
        "essay_id": essay.essay_id,
        "normalized_score": grade.map(|grade| grade.normalised),
        "letter_grade": letter.unwrap_or("U"),
        "confidence_score": grade.map_or(0.0, |grade| grade.confidence),
        "confidence_label": grade.map_or("LOW", |grade| grade.confidence_label.as_str()),
        "bt_score": essay.score, "bt_se": essay.standard_error, "rank": essay.rank,
        "is_anchor": essay.anchor_grade.is_some(),
        "feedback_uri": null, "metrics_uri": null,
        "display_name": essay.anchor_grade.as_ref().map(|grade| format!("ANCHOR GRADE {grade}")),
    })
}
