//! docket-pipeline
