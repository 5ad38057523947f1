//! Times in JSON: counted in microseconds where docket stores them, written as RFC 3339 where others read them.

use docket_types::Timestamp;
use serde_json::Value;

/// The members that hold times.
const NAMES: [&str; 5] = ["at", "answered_at", "created_at", "ended_at", "updated_at"];

/// With every time written.
pub(crate) fn written(mut value: Value) -> Value {
    walk(&mut value, &|time| match time.as_i64() {
        Some(micros) => Timestamp::from_micros(micros).to_string().into(),
        None => time.clone(),
    });
    value
}

/// With every time counted. What is no time stays as it is.
pub(crate) fn counted(mut value: Value) -> Value {
    walk(&mut value, &|time| match time.as_str().map(Timestamp::parse) {
        Some(Ok(at)) => at.as_micros().into(),
        _ => time.clone(),
    });
    value
}

fn walk(value: &mut Value, change: &dyn Fn(&Value) -> Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, change)),
        Value::Object(members) => {
            for (name, member) in members {
                if NAMES.contains(&name.as_str()) {
                    *member = change(member);
                } else {
                    walk(member, change);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_change_their_form_and_nothing_else_does() {
        let stored = json!([{"at": 1_000_000, "ended_at": null, "number": 5, "deep": {"created_at": 0}}]);
        let shown = written(stored.clone());
        assert_eq!(shown[0]["number"], 5);
        assert_eq!(shown[0]["ended_at"], Value::Null);
        assert!(shown[0]["at"].as_str().unwrap().starts_with("1970-01-01T00:00:01"), "{shown}");
        assert_eq!(counted(shown), stored);
    }
}
