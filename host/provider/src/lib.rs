//! docket-provider
