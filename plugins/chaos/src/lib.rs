//! docket-plugin-chaos
