//! docket-tests-pipeline
