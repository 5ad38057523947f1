//! docket-tests-store
