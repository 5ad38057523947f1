//! docket-sdk
