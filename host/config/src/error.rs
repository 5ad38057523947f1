//! What is wrong with a configuration, with the place shown.

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use std::fmt;
use std::ops::Range;

/// A configuration that cannot be used: everything that is wrong with it, at once.
#[derive(Debug, Clone)]
pub struct Error {
    problems: Vec<Problem>,
}

impl Error {
    /// What is wrong, at least one.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Every problem with its line and a caret, as plain text for a terminal. Secrets are masked.
    pub fn report(&self) -> String {
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
            .with_context_lines(1)
            .with_width(110)
            .with_links(false);
        let mut out = String::new();
        for problem in &self.problems {
            if handler.render_report(&mut out, problem).is_err() {
                out.push_str(&problem.to_string());
            }
            out.push('\n');
        }
        out
    }
}

impl From<Vec<Problem>> for Error {
    fn from(problems: Vec<Problem>) -> Self {
        Self { problems }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

/// One line a problem.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.problems.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            if let Some(spot) = &problem.spot {
                write!(f, "{}:{}: ", spot.source.name(), spot.line)?;
            }
            write!(f, "{problem}")?;
            if let Some(help) = &problem.help {
                write!(f, " ({help})")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub struct Problem {
    message: String,
    spot: Option<Box<Spot>>,
    help: Option<String>,
}

#[derive(Debug, Clone)]
struct Spot {
    source: NamedSource<String>,
    span: Range<usize>,
    line: usize,
    label: String,
}

impl Problem {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), spot: None, help: None }
    }

    /// Shows `span` of a file, which must have been masked.
    pub(crate) fn at(
        mut self,
        name: &str,
        masked: &str,
        span: Range<usize>,
        label: impl Into<String>,
    ) -> Self {
        let line = line_of(masked, span.start);
        let source = NamedSource::new(name, masked.to_owned());
        self.spot = Some(Box::new(Spot { source, span, line, label: label.into() }));
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What can be done about it.
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

/// The line of a byte, from 1.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|b| *b == b'\n').count() + 1
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.spot.as_ref().map(|spot| &spot.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let spot = self.spot.as_ref()?;
        let span = LabeledSpan::new_with_span(Some(spot.label.clone()), spot.span.clone());
        Some(Box::new(std::iter::once(span)))
    }
}

/// The likely meant ones of `known`, best first, for a help text. Empty: nothing is near.
pub(crate) fn near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found: Vec<(usize, &str)> = known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 2.max(candidate.len().min(word.len()) / 4))
        .collect();
    found.sort();
    found.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// `did you mean a or b?`, and then what there is.
pub(crate) fn suggestion(word: &str, known: &[&str]) -> String {
    let near = near(word, known.iter().copied());
    let all = format!("known here: {}", known.join(", "));
    if near.is_empty() { all } else { format!("did you mean `{}`? {all}", near.join("` or `")) }
}
