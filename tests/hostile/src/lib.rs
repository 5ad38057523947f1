//! docket-tests-hostile
