//! The grade scales that assessments may use, for those who check grades before there is an assessment.

use docket_judgement::grades::Scale;

/// Every scale: its id, and its grades from low to high.
pub fn scales() -> Vec<(String, Vec<String>)> {
    let known = Scale::IDS.iter().filter_map(|id| Scale::by_id(id).ok());
    known.map(|scale| (scale.id().to_owned(), scale.grades().to_vec())).collect()
}
