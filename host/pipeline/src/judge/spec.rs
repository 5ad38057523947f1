//! What an assessment is, resolved: the request with every choice made, stored once and never changed.

use super::admit::AssessError;
use crate::core::Core;
use crate::options::JudgingOptions;
use docket_judgement::design;
use docket_judgement::grades::Scale;
use docket_judgement::session::{DesignName, Evidence, Scorer, Settings};
use docket_judgement::stopping::{ReliabilityRule, Rules};
use docket_types::assessment::{AssessmentRequest, BatchingMode, Essay, Judging};
use docket_types::{AssessmentId, ProviderName};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use uuid::Uuid;

/// The most essays of one assessment.
const MAX_ESSAYS: usize = 100_000;
/// The most bytes of one essay.
const MAX_ESSAY: usize = 1 << 20;
/// The scale of anchors that name none.
pub(super) const DEFAULT_SCALE: &str = "swedish_8_anchor";

/// An assessment with every choice made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spec {
    pub(crate) request: AssessmentRequest,
    pub(crate) provider: ProviderName,
    pub(crate) mode: BatchingMode,
    pub(crate) design: String,
    /// The scale of the grades; none without anchors.
    pub(crate) scale: Option<String>,
    pub(crate) mixture: bool,
    /// Tell the queue how comparisons are to travel.
    pub(crate) hints: bool,
    /// Cacheable parts of prompts may be kept for an hour.
    pub(crate) long_cache: bool,
    pub(crate) correlation_id: Uuid,
}

impl Spec {
    /// Makes every choice that the request leaves open, and says what is wrong with it.
    pub(crate) fn resolve(
        core: &Core,
        id: AssessmentId,
        request: AssessmentRequest,
        seed: u64,
    ) -> Result<(Self, Settings), AssessError> {
        let options = &core.options.judging;
        name(&request.name)?;
        let scale = essays(&request)?;
        let judging = &request.judging;
        let provider = judging.provider.clone().unwrap_or_else(|| core.options.default_provider.clone());
        if !core.providers.contains_key(&provider) {
            return Err(AssessError::UnknownProvider {
                name: provider.to_string(),
                known: core.provider_names(),
            });
        }
        crate::intake::check_overrides(&judging.overrides).map_err(AssessError::from_submit)?;
        let mode = mode(options, judging, &provider);
        let design = design_name(judging)?;
        let settings = settings(options, &request, mode, design, seed)?;
        let mixture =
            one_of("judging.grading", &judging.grading, "ordinal", &["ordinal", "gaussian_mixture"])?;
        let spec = Self {
            correlation_id: request.attribution.correlation_id.unwrap_or(id.0),
            design: judging.design.clone().unwrap_or_else(|| "adaptive".to_owned()),
            mixture: mixture == "gaussian_mixture",
            hints: options.hints,
            long_cache: request.judging.long_cache || options.long_cache,
            provider,
            mode,
            scale,
            request,
        };
        Ok((spec, settings))
    }

    /// The essay of an item.
    pub(crate) fn essay(&self, item: u32) -> Option<&Essay> {
        self.request.essays.get(item as usize)
    }

    /// The id of the essay of an item.
    pub(crate) fn essay_id(&self, item: u32) -> String {
        self.essay(item).map(|essay| essay.id.clone()).unwrap_or_default()
    }
}

fn invalid(field: impl Into<String>, message: impl Into<String>) -> AssessError {
    AssessError::Invalid { field: field.into(), message: message.into() }
}

fn name(name: &str) -> Result<(), AssessError> {
    if name.trim().is_empty() || name.chars().count() > 255 || name.chars().any(char::is_control) {
        return Err(invalid("name", "must be 1 to 255 characters, without control characters"));
    }
    Ok(())
}

/// Checks the essays; the id of the scale, if there are anchors or a scale was named.
fn essays(request: &AssessmentRequest) -> Result<Option<String>, AssessError> {
    let essays = &request.essays;
    if essays.len() < 2 {
        return Err(invalid(
            "essays",
            format!("there are {}: at least 2 are needed to compare", essays.len()),
        ));
    }
    if essays.len() > MAX_ESSAYS {
        return Err(invalid(
            "essays",
            format!("there are {}: at most {MAX_ESSAYS} are possible", essays.len()),
        ));
    }
    let mut seen = HashSet::new();
    for (at, essay) in essays.iter().enumerate() {
        let field = |member: &str| format!("essays[{at}].{member}");
        if essay.id.trim().is_empty() || essay.id.chars().count() > 255 {
            return Err(invalid(field("id"), "must be 1 to 255 characters"));
        }
        if !seen.insert(essay.id.as_str()) {
            return Err(invalid(field("id"), format!("`{}` is the id of an earlier essay", essay.id)));
        }
        if essay.text.trim().is_empty() {
            return Err(invalid(field("text"), format!("the text of `{}` is empty", essay.id)));
        }
        if essay.text.len() > MAX_ESSAY {
            return Err(invalid(field("text"), format!("the text of `{}` is longer than 1 MiB", essay.id)));
        }
    }
    if essays.iter().all(|essay| essay.anchor_grade.is_some()) {
        return Err(invalid("essays", "all of them are anchors: at least one must be a student's"));
    }
    scale(request)
}

fn scale(request: &AssessmentRequest) -> Result<Option<String>, AssessError> {
    let anchors = || {
        request.essays.iter().enumerate().filter_map(|(at, essay)| Some((at, essay.anchor_grade.as_ref()?)))
    };
    let Some(id) = request.judging.grade_scale.as_deref().or_else(|| anchors().next().map(|_| DEFAULT_SCALE))
    else {
        return Ok(None);
    };
    let scale = Scale::by_id(id).map_err(|error| {
        invalid("judging.grade_scale", format!("{error}; known: {}", Scale::IDS.join(", ")))
    })?;
    for (at, grade) in anchors() {
        scale.index(grade).map_err(|_| {
            let known = scale.grades().join(", ");
            invalid(
                format!("essays[{at}].anchor_grade"),
                format!("`{grade}` is not a grade of `{id}`: {known}"),
            )
        })?;
    }
    Ok(Some(id.to_owned()))
}

/// The mode, with the guard: a provider that is not allowed to batch falls back.
fn mode(options: &JudgingOptions, judging: &Judging, provider: &ProviderName) -> BatchingMode {
    let wanted = judging.batching_mode.unwrap_or(options.batching_mode);
    let allowed = options.batch_api_providers.is_empty() || options.batch_api_providers.contains(provider);
    match (wanted, options.batching_mode) {
        (BatchingMode::ProviderBatchApi, _) if allowed => BatchingMode::ProviderBatchApi,
        (BatchingMode::ProviderBatchApi, BatchingMode::ProviderBatchApi) => BatchingMode::SerialBundle,
        (BatchingMode::ProviderBatchApi, fallback) => fallback,
        (mode, _) => mode,
    }
}

fn one_of<'a>(
    field: &str,
    value: &'a Option<String>,
    default: &'a str,
    known: &[&str],
) -> Result<&'a str, AssessError> {
    let value = value.as_deref().unwrap_or(default);
    if known.contains(&value) {
        return Ok(value);
    }
    Err(invalid(field, format!("`{value}` is unknown: {}", known.join(", "))))
}

fn design_name(judging: &Judging) -> Result<DesignName, AssessError> {
    let names = ["adaptive", "coverage", "random", "swiss"];
    Ok(match one_of("judging.design", &judging.design, "adaptive", &names)? {
        "coverage" => DesignName::Coverage,
        "random" => DesignName::Random,
        "swiss" => DesignName::Swiss,
        _ => DesignName::Adaptive,
    })
}

fn settings(
    options: &JudgingOptions,
    request: &AssessmentRequest,
    mode: BatchingMode,
    design: DesignName,
    seed: u64,
) -> Result<Settings, AssessError> {
    let judging = &request.judging;
    let items = request.essays.len();
    let scorer = one_of("judging.scorer", &judging.scorer, "ep", &["ep", "ilsr"])?;
    let evidence = one_of("judging.evidence", &judging.evidence, "winner", &["winner", "confidence"])?;
    let anchors = (0_u32..).zip(&request.essays).filter(|(_, essay)| essay.anchor_grade.is_some());
    Ok(Settings {
        items,
        anchors: anchors.map(|(item, _)| item).collect(),
        seed,
        design,
        scorer: if scorer == "ilsr" { Scorer::Ilsr } else { Scorer::Ep },
        evidence: if evidence == "confidence" { Evidence::Confidence } else { Evidence::Winner },
        budget: budget(options, judging, items)?,
        fill: mode == BatchingMode::ProviderBatchApi,
        rules: rules(options, judging, design)?,
        attempts: options.attempts.max(1),
        anchor_priority: options.anchor_priority,
    })
}

fn budget(options: &JudgingOptions, judging: &Judging, items: usize) -> Result<usize, AssessError> {
    let ceiling = options.max_comparisons as usize;
    let least = items.div_ceil(2);
    let budget = match judging.max_comparisons {
        Some(wanted) if (wanted as usize) < least => {
            let message = format!(
                "{wanted} are too few: {items} essays need at least {least}, so that each is compared once"
            );
            return Err(invalid("judging.max_comparisons", message));
        }
        Some(wanted) => (wanted as usize).min(ceiling),
        None => items.saturating_mul(options.comparisons_per_essay as usize).min(ceiling),
    };
    if budget < least {
        let message =
            format!("this docket allows {ceiling} comparisons; {items} essays need at least {least}");
        return Err(invalid("essays", message));
    }
    Ok(budget)
}

fn rules(options: &JudgingOptions, judging: &Judging, design: DesignName) -> Result<Rules, AssessError> {
    let default = if design == DesignName::Coverage { "reference" } else { "reliability" };
    let stopping = one_of("judging.stopping", &judging.stopping, default, &["reliability", "reference"])?;
    let least = Some(options.least_success_rate).filter(|rate| *rate > 0.0);
    if stopping == "reference" {
        return Ok(Rules { least_success_rate: least, ..Rules::reference() });
    }
    let target = judging.reliability.unwrap_or(options.reliability);
    if !(target > 0.0 && target < 1.0) {
        return Err(invalid("judging.reliability", format!("{target} is not between 0 and 1")));
    }
    let rule = ReliabilityRule { target, ..ReliabilityRule::default() };
    Ok(Rules { reliability: Some(rule), least_success_rate: least, ..Rules::default() })
}

/// The name of a wave's kind.
pub(super) const fn kind(kind: design::Kind) -> &'static str {
    match kind {
        design::Kind::Coverage => "coverage",
        design::Kind::Resampling => "resampling",
        design::Kind::Random => "random",
        design::Kind::Swiss => "swiss",
        design::Kind::Adaptive => "adaptive",
    }
}
