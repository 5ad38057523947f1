//! What `docket __compile` is for docket: the compiler child, for the tests of this crate.

use std::process::ExitCode;

fn main() -> ExitCode {
    docket_adapter::compile_child_main(std::env::args().skip(1))
}
