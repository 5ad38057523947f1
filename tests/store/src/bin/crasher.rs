//! Works on a store until it is killed at an armed place: `crasher PATH POINT NTH`.
//!
//! What the store acknowledged goes to standard output, a line each, before anything else is asked of it.

#[cfg(debug_assertions)]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), docket_store::Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, point, nth] = arguments.as_slice() else {
        return Err(docket_store::Error::Internal("crasher PATH POINT NTH".into()));
    };
    let store = docket_store::sqlite::open(docket_store::sqlite::SqliteOptions::new(path)).await?;
    docket_store::crash::arm(point, nth.parse().unwrap_or(1));
    docket_tests_store::crash::work(&store).await?;
    println!("survived");
    Ok(())
}

#[cfg(not(debug_assertions))]
fn main() -> std::process::ExitCode {
    eprintln!("crash points are in debug builds only");
    std::process::ExitCode::from(2)
}
