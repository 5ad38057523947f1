//! docket-api
