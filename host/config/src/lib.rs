//! docket-config
