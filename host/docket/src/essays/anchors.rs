//! Known grades from a file of their own.

use super::{Problem, Problems, table, unknown_grade};
use docket_judgement::grades::Scale;
use docket_types::assessment::Essay;
use std::collections::BTreeMap;
use std::path::Path;

/// Gives essays the grades of a CSV file with the columns `essay` (or `id`) and `grade`.
pub(crate) fn grades(path: &Path, scale: &Scale, essays: &mut [Essay], problems: &mut Problems) {
    let Some(table) = table::load(path, problems) else { return };
    let (Some(id), Some(grade)) = (table.column(&["essay", "id"]), table.column(&["grade"])) else {
        let message =
            format!("the first line must name the columns essay and grade; it says: {}", table.header());
        problems.0.push(Problem::at(path, 1, message));
        return;
    };
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    for row in &table.rows {
        let (id, grade) = (row.cell(id), row.cell(grade));
        let mut complain = |message: String| problems.0.push(Problem::at(path, row.line, message));
        if let Some(first) = seen.insert(id, row.line) {
            complain(format!("`{id}` has a grade in line {first} already"));
            continue;
        }
        if let Some(message) = unknown_grade(grade, scale) {
            complain(message);
        }
        match essays.iter_mut().find(|essay| essay.id == id) {
            None => complain(format!("there is no essay `{id}`")),
            Some(essay) => match &essay.anchor_grade {
                Some(own) if own != grade => {
                    complain(format!("`{id}` has the grade {own} where its text is, and {grade} here"));
                }
                _ => essay.anchor_grade = Some(grade.to_owned()),
            },
        }
    }
    if table.rows.is_empty() {
        problems.0.push(Problem::of(path, "there is no grade in this file"));
    }
}
