//! docket-tests-api
