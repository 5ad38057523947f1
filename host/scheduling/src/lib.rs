//! docket-scheduling
