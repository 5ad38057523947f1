//! Which requests may travel together: same provider, equal overrides, equal batching hint.

use docket_types::Submission;
use sha2::{Digest, Sha256};

/// A stable number: equal for compatible requests, on every machine and in every version.
///
/// Two absent hints are equal; an absent and a present one are not. The hint's value has no other meaning.
pub fn key(submission: &Submission) -> i64 {
    let o = &submission.overrides;
    let mut hash = Sha256::new_with_prefix(b"docket-compat/1\0");
    text(&mut hash, Some(submission.provider.as_str()));
    text(&mut hash, o.model.as_deref());
    // Adding zero makes one of the two zeros: 0.0 and -0.0 are the same temperature.
    number(&mut hash, o.temperature.map(|t| (t + 0.0).to_bits()));
    text(&mut hash, o.system_prompt.as_deref());
    number(&mut hash, o.max_tokens.map(u64::from));
    text(&mut hash, o.reasoning_effort.as_deref());
    text(&mut hash, o.output_verbosity.as_deref());
    text(&mut hash, submission.batching_hint());
    let digest: [u8; 32] = hash.finalize().into();
    let [a, b, c, d, e, f, g, h, ..] = digest;
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// Length first, so that two neighbours cannot be cut differently into the same bytes.
fn text(hash: &mut Sha256, value: Option<&str>) {
    match value {
        None => hash.update([0]),
        Some(value) => {
            hash.update([1]);
            hash.update((value.len() as u64).to_be_bytes());
            hash.update(value);
        }
    }
}

fn number(hash: &mut Sha256, value: Option<u64>) {
    match value {
        None => hash.update([0]),
        Some(value) => {
            hash.update([1]);
            hash.update(value.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn submission(change: serde_json::Value) -> Submission {
        let mut base = json!({
            "provider": "openai", "prompt": {"user_prompt": "p"}, "callback": {"topic": "t"},
            "correlation_id": "00000000-0000-0000-0000-000000000000", "overrides": {}, "metadata": {},
        });
        if let (Some(base), Some(change)) = (base.as_object_mut(), change.as_object()) {
            base.extend(change.clone());
        }
        serde_json::from_value(base).unwrap()
    }

    #[test]
    fn stays_what_it_is() {
        assert_eq!(key(&submission(json!({}))), KNOWN);
    }

    /// Changing this number splits the bundles of a queue that was written by an older version.
    const KNOWN: i64 = 5_215_566_942_803_246_611;

    #[test]
    fn each_override_and_the_hint_tell_apart() {
        let all = [
            json!({}),
            json!({"provider": "mock"}),
            json!({"overrides": {"model": "m"}}),
            json!({"overrides": {"temperature": 0.5}}),
            json!({"overrides": {"system_prompt": "m"}}),
            json!({"overrides": {"max_tokens": 5}}),
            json!({"overrides": {"reasoning_effort": "low"}}),
            json!({"overrides": {"output_verbosity": "low"}}),
            json!({"metadata": {"cj_llm_batching_mode": "per_request"}}),
            json!({"metadata": {"cj_llm_batching_mode": "serial_bundle"}}),
        ];
        let keys: std::collections::BTreeSet<_> = all.iter().cloned().map(|c| key(&submission(c))).collect();
        assert_eq!(keys.len(), all.len());
    }

    #[test]
    fn nothing_else_does() {
        let base = key(&submission(json!({})));
        for same in [
            json!({"prompt": {"user_prompt": "another"}}),
            json!({"callback": {"topic": "u"}}),
            json!({"metadata": {"preferred_bundle_size": 3, "cj_batch_id": "b"}}),
            json!({"metadata": {"cj_llm_batching_mode": 5}}),
            json!({"correlation_id": "00000000-0000-0000-0000-000000000001"}),
        ] {
            assert_eq!(key(&submission(same.clone())), base, "{same}");
        }
        let zero = |t| key(&submission(json!({"overrides": {"temperature": t}})));
        assert_eq!(zero(0.0), zero(-0.0));
    }
}
