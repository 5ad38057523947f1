//! docket-plugin-mock-default
