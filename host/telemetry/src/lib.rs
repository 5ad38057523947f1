//! docket-telemetry
