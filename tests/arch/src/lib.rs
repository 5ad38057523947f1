//! docket-tests-arch
