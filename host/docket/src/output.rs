//! What people see: tables, and progress as a bar on a terminal or as plain lines elsewhere.

use comfy_table::{LineStyle, Table, TableStyle, presets};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// An empty table with this header.
pub(crate) fn table(header: &[&str]) -> Table {
    const STYLE: TableStyle = presets::NOTHING.header_separator(LineStyle::none().fill('─').junction('─'));
    let mut table = Table::new();
    table.load_style(STYLE).set_header(header);
    table
}

/// A table on standard output, without blanks at the ends of lines.
pub(crate) fn print(table: &Table) {
    println!("{}", table.trim_fmt());
}

/// How often a plain line may come.
const PLAIN_EVERY: Duration = Duration::from_secs(2);

/// Progress of something countable, on standard error.
pub(crate) struct Progress {
    bar: ProgressBar,
    plain: bool,
    label: String,
    total: u64,
    done: u64,
    note: String,
    shown_at: Option<Instant>,
}

impl Progress {
    /// Nothing of `total` is done; `quiet` shows nothing at all.
    pub(crate) fn new(label: &str, total: u64, quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target =
            if terminal && !quiet { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(total), target).with_message(label.to_owned());
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar:.cyan/blue} {pos}/{len} {elapsed}") {
            bar.set_style(style);
        }
        Self {
            bar,
            plain: !terminal && !quiet,
            label: label.to_owned(),
            total,
            done: 0,
            note: String::new(),
            shown_at: None,
        }
    }

    /// `done` are done in all.
    pub(crate) fn set(&mut self, done: u64) {
        self.done = done;
        self.bar.set_position(done);
        if self.plain && self.shown_at.is_none_or(|at| at.elapsed() >= PLAIN_EVERY) {
            self.line();
        }
    }

    /// What is known beside the number.
    pub(crate) fn note(&mut self, note: String) {
        if note != self.note {
            self.bar.set_message(format!("{} ({note})", self.label));
            self.note = note;
        }
    }

    /// No more is shown.
    pub(crate) fn finish(self) {
        if self.plain {
            self.line_now();
        }
        self.bar.finish_and_clear();
    }

    fn line(&mut self) {
        self.line_now();
        self.shown_at = Some(Instant::now());
    }

    fn line_now(&self) {
        let note = if self.note.is_empty() { String::new() } else { format!(" ({})", self.note) };
        eprintln!("{}: {} of {}{note}", self.label, self.done, self.total);
    }
}
