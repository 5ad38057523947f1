//! Assessments: what a caller asks for, and what it sees of it.

mod request;
mod view;

pub use request::{AssessmentRequest, Attribution, BatchingMode, Essay, Judging, Materials};
pub use view::{
    AssessmentView, BiasView, ComparisonView, CostView, DiagnosticsView, EndView, GradeView, GradingView,
    ModelUse, Phase, Progress, RankedEssay, State, WaveView,
};
