//! The grade scales that assessments may use, for those who check grades before there is an assessment.

use docket_judgement::grades::Scale;

/// Every scale: its id, and its grades from low to high.
pub fn scales() -> Vec<(String, Vec<String>)> {
    let known = Scale::IDS.iter().filter_map(|id| Scale::by_id(id).ok());
    known.map(|scale| (scale.id().to_owned(), scale.grades().to_vec())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scale_is_listed_with_its_grades_from_low_to_high() {
        let all = scales();
        assert_eq!(all.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), Scale::IDS);
        assert_eq!(all[0].1.first().map(String::as_str), Some("F"));
        assert_eq!(all[2].1, ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    }
}
