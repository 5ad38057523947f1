//! The report of an assessment: one HTML file for the person who has to trust, or to doubt, the result.
//!
//! The file is self-contained: no script, no font, no image and no style from elsewhere. It is pure: the same
//! view gives the same bytes, and nothing here knows a clock, a file or a socket.

mod facts;
mod page;
mod palette;
mod plots;
mod sections;
mod text;

use docket_types::assessment::{AssessmentView, ComparisonView};

/// Essays up to which every essay has a labelled row in the plots; more are drawn as a curve, or in groups.
pub const LABELLED_ESSAYS: usize = 60;

/// The report as an HTML document.
///
/// `view` may be in any state; parts that need what is not there say so. `comparisons` are all of the assessment,
/// in any order; without them the matrix and the failures are left out, with the reason.
pub fn html(view: &AssessmentView, comparisons: &[ComparisonView]) -> String {
    page::document(&facts::Facts::new(view, comparisons)).into_string()
}
