//! docket
fn main() {}
