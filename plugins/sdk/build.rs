//! Encodes each guest world of the contract as a `component-type` section.
//!
//! `wit_bindgen::generate!` encodes one fixed world. An adapter's world is a union of pieces (see
//! `wit/0.1.0/adapter.wit`), so the export macro places one section for each piece that the adapter has, and
//! `wit-component` merges them.

use std::error::Error;
use std::path::{Path, PathBuf};
use wit_component::StringEncoding;
use wit_parser::Resolve;

const WIT: &str = "../../wit/0.1.0";
const WORLDS: [&str; 3] = ["adapter", "batch-adapter", "streaming-adapter"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={WIT}");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(Path::new(WIT))?;
    for name in WORLDS {
        let world = resolve.select_world(&[package], Some(name))?;
        let section = wit_component::metadata::encode(&resolve, world, StringEncoding::UTF8, None, false)?;
        std::fs::write(out.join(format!("{name}.section")), section)?;
    }
    Ok(())
}
