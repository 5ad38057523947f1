//! A CSV table with a header.

use super::{Found, NOT_UTF8, Problem, Problems};
use csv::ByteRecord;
use docket_types::assessment::Essay;
use std::path::Path;

/// A table: its header's names in small letters, and its rows with their lines.
pub(super) struct Table {
    header: Vec<String>,
    pub(super) rows: Vec<Row>,
}

/// A row.
pub(super) struct Row {
    /// Where it begins, counted from 1.
    pub(super) line: u64,
    cells: Vec<String>,
}

impl Table {
    /// The column of the first of these names that the header has.
    pub(super) fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.header.iter().position(|own| own == name))
    }

    /// What the header says, for messages.
    pub(super) fn header(&self) -> String {
        self.header.join(", ")
    }
}

impl Row {
    /// A cell without blanks around it.
    pub(super) fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", |cell| cell.trim())
    }
}

/// Essays with the columns `id` and `text`, and perhaps `grade`.
pub(super) fn read(path: &Path, problems: &mut Problems) -> Vec<Found> {
    let Some(table) = load(path, problems) else { return Vec::new() };
    let (Some(id), Some(text)) = (table.column(&["id"]), table.column(&["text"])) else {
        let message = format!(
            "the first line must name the columns id and text, and perhaps grade; it says: {}",
            table.header()
        );
        problems.0.push(Problem::at(path, 1, message));
        return Vec::new();
    };
    let grade = table.column(&["grade"]);
    let essay = |row: &Row| Essay {
        id: row.cell(id).to_owned(),
        text: row.cell(text).to_owned(),
        anchor_grade: grade.map(|column| row.cell(column).to_owned()).filter(|grade| !grade.is_empty()),
    };
    let found = |row: &Row| Found { essay: essay(row), place: format!("{}:{}", path.display(), row.line) };
    table.rows.iter().map(found).collect()
}

/// A table from a file; rows that cannot be read are noted and left out.
pub(super) fn load(path: &Path, problems: &mut Problems) -> Option<Table> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            problems.0.push(Problem::of(path, format!("it cannot be read: {error}")));
            return None;
        }
    };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter(bytes)).from_reader(bytes);
    let header = match reader.byte_headers() {
        Ok(header) => cells(header),
        Err(error) => {
            problems.0.push(Problem::of(path, format!("this is no CSV: {error}")));
            return None;
        }
    };
    let Some(header) = header else {
        problems.0.push(Problem::at(path, 1, NOT_UTF8));
        return None;
    };
    let header = header.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
    let mut table = Table { header, rows: Vec::new() };
    for record in reader.byte_records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                match cells(&record) {
                    Some(cells) => table.rows.push(Row { line, cells }),
                    None => problems.0.push(Problem::at(path, line, NOT_UTF8)),
                }
            }
            Err(error) => problems.0.push(unreadable(path, &error)),
        }
    }
    Some(table)
}

fn unreadable(path: &Path, error: &csv::Error) -> Problem {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos: Some(at), expected_len, len } => Problem::at(
            path,
            at.line(),
            format!(
                "this row has {len} cells, the header has {expected_len}; put texts with commas in quotes"
            ),
        ),
        _ => Problem::of(path, format!("this is no CSV: {error}")),
    }
}

/// The cells as text; none if one is not UTF-8.
fn cells(record: &ByteRecord) -> Option<Vec<String>> {
    record.iter().map(|cell| std::str::from_utf8(cell).ok().map(str::to_owned)).collect()
}

/// What stands most often between the header's names: spreadsheets of many countries write semicolons.
fn delimiter(bytes: &[u8]) -> u8 {
    let header = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let times = |wanted: u8| header.iter().filter(|byte| **byte == wanted).count();
    // The last of equals wins: the comma.
    [b'\t', b';', b','].into_iter().max_by_key(|wanted| times(*wanted)).unwrap_or(b',')
}
