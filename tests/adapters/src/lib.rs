//! docket-tests-adapters
