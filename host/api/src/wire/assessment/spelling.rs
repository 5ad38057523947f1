//! What a caller calls a field: docket's own name, or the envelope's.

/// The form in which an assessment was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// `POST /api/v1/assessments`.
    Own,
    /// An event envelope.
    Envelope,
}

/// Fields of an envelope by docket's names for them.
const ENVELOPE: &[(&str, &str)] = &[
    ("name", "data.entity_id"),
    ("essays", "data.essays_for_cj"),
    ("assignment_id", "data.assignment_id"),
    ("materials.student_prompt", "data.student_prompt_ref"),
    ("materials.rubric", "data.llm_config_overrides.judge_rubric_override"),
    ("judging.provider", "data.llm_config_overrides.provider_override"),
    ("judging.overrides.model", "data.llm_config_overrides.model_override"),
    ("judging.overrides.temperature", "data.llm_config_overrides.temperature_override"),
    ("judging.overrides.system_prompt", "data.llm_config_overrides.system_prompt_override"),
    ("judging.overrides.max_tokens", "data.llm_config_overrides.max_tokens_override"),
    ("judging.overrides.reasoning_effort", "data.llm_config_overrides.reasoning_effort"),
    ("judging.overrides.output_verbosity", "data.llm_config_overrides.output_verbosity"),
    ("judging.max_comparisons", "metadata.max_comparisons"),
    ("judging.batching_mode", "metadata.batch_config_overrides.llm_batching_mode_override"),
    ("attribution.user_id", "data.user_id"),
    ("attribution.org_id", "data.org_id"),
    ("attribution.assignment_id", "data.assignment_id"),
    ("attribution.course_code", "data.course_code"),
    ("attribution.language", "data.language"),
    ("attribution.correlation_id", "correlation_id"),
];

impl Spelling {
    /// The caller's name of a field.
    pub(crate) fn field(self, own: &str) -> String {
        if self == Self::Own {
            return own.to_owned();
        }
        if let Some((index, part)) = own.strip_prefix("essays[").and_then(|rest| rest.split_once(']')) {
            let part = match part {
                ".text" | ".text_storage_id" => ".text_storage_id",
                ".id" => ".essay_id",
                other => other,
            };
            return format!("data.essays_for_cj[{index}]{part}");
        }
        let known = ENVELOPE.iter().find(|(name, _)| *name == own);
        known.map_or_else(|| own.to_owned(), |(_, theirs)| (*theirs).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_named_as_the_caller_knows_them() {
        for (own, theirs) in [
            ("essays", "data.essays_for_cj"),
            ("essays[3].text", "data.essays_for_cj[3].text_storage_id"),
            ("essays[12].id", "data.essays_for_cj[12].essay_id"),
            ("essays[1]", "data.essays_for_cj[1]"),
            ("judging.overrides.temperature", "data.llm_config_overrides.temperature_override"),
            ("judging.seed", "judging.seed"),
        ] {
            assert_eq!(Spelling::Envelope.field(own), theirs);
            assert_eq!(Spelling::Own.field(own), own);
        }
    }
}
