//! docket-adapter
