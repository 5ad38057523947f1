//! The grade scales, for those who may not know the judgement crate.

use docket_judgement::grades::Scale;

/// Every known scale: its id and the grades an anchor may have, from low to high.
pub fn scales() -> Vec<(&'static str, Vec<String>)> {
    let known = Scale::IDS.into_iter();
    known.filter_map(|id| Scale::by_id(id).ok().map(|scale| (id, scale.grades().to_vec()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scale_is_listed_with_its_grades_from_low_to_high() {
        let all = scales();
        assert_eq!(all.iter().map(|(id, _)| *id).collect::<Vec<_>>(), Scale::IDS);
        assert_eq!(all[0].1.first().map(String::as_str), Some("F"));
        assert_eq!(all[2].1, ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    }
}
