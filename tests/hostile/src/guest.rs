//! A guest: a core module in text with the contract's exports, and a component around it.

use crate::layout::data;
use std::path::{Path, PathBuf};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Takes memory from the end and grows it where needed.
const BUMP: &str = "(local $p i32)
    (local.set $p (i32.and
        (i32.add (global.get $heap) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
    (global.set $heap (i32.add (local.get $p) (local.get $new)))
    (if (i32.gt_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536)))
        (then (if (i32.eq (i32.const -1) (memory.grow (i32.add (i32.const 1)
                (i32.shr_u (i32.sub (global.get $heap) (i32.mul (memory.size) (i32.const 65536))) (i32.const 16)))))
            (then unreachable))))
    (local.get $p)";

/// What a guest describes itself as.
const MANIFEST: &str = r#"{"schema":"docket.manifest/1","id":"hostile","version":"1.0.0",
  "endpoints":{"api":{"base_url":"https://x.test","paths":["/**"]}},"auth":{"key":{"scheme":"bearer"}}}"#;

/// A guest to be built. Every part is WebAssembly text.
#[derive(Debug, Clone)]
pub struct Guest {
    /// The body of `step`: it has `$args`, and leaves the result's address.
    pub step: String,
    /// Its locals.
    pub locals: String,
    /// Imports of the module.
    pub imports: String,
    /// Anything else at module level: data, functions, globals.
    pub items: String,
    /// The body of `cabi_realloc`.
    pub realloc: String,
    /// The body of `describe` before it returns.
    pub describe: String,
    /// What it describes.
    pub manifest: String,
    /// Initial pages of memory.
    pub pages: u32,
    /// Worlds of the contract that it is built for.
    pub worlds: Vec<&'static str>,
    /// More WIT: a package with a world `hostile`, which is used instead of `worlds`.
    pub wit: Option<String>,
    /// The contract's version.
    pub version: String,
}

impl Guest {
    /// A guest whose step has this body.
    pub fn new(step: impl Into<String>) -> Self {
        Self {
            step: step.into(),
            locals: String::new(),
            imports: String::new(),
            items: String::new(),
            realloc: BUMP.into(),
            describe: String::new(),
            manifest: MANIFEST.into(),
            pages: 2,
            worlds: vec!["adapter"],
            wit: None,
            version: "0.1.0".into(),
        }
    }

    /// With more items.
    pub fn with(mut self, items: impl AsRef<str>) -> Self {
        self.items += items.as_ref();
        self
    }

    /// The core module's text.
    pub fn text(&self) -> String {
        let Self { step, locals, imports, items, realloc, describe, manifest, pages, version, .. } = self;
        let length = u32::try_from(manifest.len()).expect("it is short");
        let result = [1024u32.to_le_bytes(), length.to_le_bytes()].concat();
        let data = data(16, &result) + &data(1024, manifest.as_bytes());
        format!(
            "(module $hostile
            {imports}
            (memory (export \"memory\") {pages})
            (global $heap (mut i32) (i32.const 65536))
            {data}
            {items}
            (func $realloc (export \"cabi_realloc\") (param $old i32) (param $size i32) (param $align i32) (param $new i32)
                (result i32) {realloc})
            (func $describe (export \"docket:provider/manifest@{version}#describe\") (result i32)
                {describe} (i32.const 16))
            (func $step (export \"docket:provider/realtime@{version}#step\") (param $args i32) (result i32)
                {locals} {step}))"
        )
    }

    /// The component.
    pub fn build(&self) -> Vec<u8> {
        let mut module = wat::parse_str(self.text()).unwrap_or_else(|e| panic!("{e}\n{}", self.text()));
        let mut resolve = contract_as(&self.version);
        let package = resolve.packages.iter().next().expect("the contract").0;
        let worlds: Vec<_> = match &self.wit {
            None => self.worlds.iter().map(|name| resolve.select_world(&[package], Some(name))).collect(),
            Some(wit) => {
                let package = resolve.push_str("hostile.wit", wit).expect("the WIT parses");
                vec![resolve.select_world(&[package], Some("hostile"))]
            }
        };
        for world in worlds {
            let world = world.expect("the world exists");
            embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false)
                .expect("it embeds");
        }
        let mut encoder = ComponentEncoder::default();
        encoder.module(&module).expect("a module").validate(true).encode().expect("it encodes")
    }
}

fn wit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit/0.1.0")
}

/// The contract, under another version.
pub fn contract_as(version: &str) -> Resolve {
    let folder = tempfile::tempdir().expect("a folder");
    for file in std::fs::read_dir(wit()).expect("the contract") {
        let file = file.expect("an entry");
        if file.path().extension().is_some_and(|e| e == "wit") {
            let text = std::fs::read_to_string(file.path())
                .expect("it reads")
                .replace("@0.1.0", &format!("@{version}"));
            std::fs::write(folder.path().join(file.file_name()), text).expect("it writes");
        }
    }
    let mut resolve = Resolve::default();
    resolve.push_dir(folder.path()).expect("the contract parses");
    resolve
}

/// A component in text, for what no toolchain would emit. `items` stand before exports that have the
/// contract's names and other types.
pub fn component(items: &str) -> Vec<u8> {
    let text = format!(
        "(component
            {items}
            (core module $fake (func (export \"f\")))
            (core instance $fake (instantiate $fake))
            (func $f (canon lift (core func $fake \"f\")))
            (instance $manifest (export \"describe\" (func $f)))
            (instance $realtime (export \"step\" (func $f)))
            (export \"docket:provider/manifest@0.1.0\" (instance $manifest))
            (export \"docket:provider/realtime@0.1.0\" (instance $realtime)))"
    );
    wat::parse_str(&text).unwrap_or_else(|e| panic!("{e}\n{text}"))
}
