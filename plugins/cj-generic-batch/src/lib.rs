//! docket-plugin-cj-generic-batch
