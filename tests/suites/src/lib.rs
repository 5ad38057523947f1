//! docket-tests-suites
