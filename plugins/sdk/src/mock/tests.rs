use super::answer::{why, winner};
use super::*;

#[test]
fn justifications_have_the_recorded_sizes() {
    let words = |winner| why(winner).map(|text| text.split_whitespace().count());
    assert_eq!(words(Winner::A), [8, 9, 9, 12, 9]);
    assert_eq!(words(Winner::B), [11, 9, 9, 10, 9]);
    for text in why(Winner::A).into_iter().chain(why(Winner::B)) {
        assert!((62..=76).contains(&text.len()), "{} {text}", text.len());
    }
}

#[test]
fn rules_pick_by_the_hash() {
    assert_eq!([0, 1, 2].map(|hash| winner(WinnerRule::Even, hash)), [Winner::A, Winner::B, Winner::A]);
    let rule = WinnerRule::Share { below: 4, of: 10 };
    assert_eq!([3, 4, 13, 19].map(|hash| winner(rule, hash)), [Winner::A, Winner::B, Winner::A, Winner::B]);
    assert_eq!(winner(WinnerRule::Share { below: 1, of: 0 }, 5), Winner::B, "no division by nothing");
    assert_eq!(winner(WinnerRule::AlwaysA, 1), Winner::A);
}

#[test]
fn the_schema_and_the_struct_agree() {
    let schema: serde_json::Value =
        serde_json::from_str(&settings_schema(&[("x", r#""type":"null""#)], true)).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    assert_eq!(properties["x"]["type"], "null");
    let defaults: serde_json::Map<_, _> = properties
        .iter()
        .filter_map(|(name, property)| Some((name.clone(), property.get("default")?.clone())))
        .collect();
    assert_eq!(defaults.len(), 16);
    let settings: Settings = serde_json::from_value(defaults.into()).unwrap();
    assert_eq!(settings, Settings::default());
}
