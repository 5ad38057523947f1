//! docket-test-support
