//! The look before the compiler: what a component imports and exports, and whether it is cheap enough to compile.
//!
//! A compiler's time and memory grow faster than its input, and a small file can be made to cost minutes and
//! gigabytes. The figures below are far above what the toolchains for Rust, JavaScript and Python emit, and far
//! below what hurts. What passes is compiled under limits of its own nevertheless.

use crate::LoadError;
use wasmparser::{Encoding, FunctionBody, Operator, Parser, Payload};

/// The largest component, in bytes.
pub(crate) const MAX_BYTES: usize = 64 << 20;
const MAX_DEPTH: u64 = 8;
const MAX_FUNCTIONS: u64 = 40_000;
const MAX_TYPES: u64 = 10_000;
const MAX_BODY: u64 = 1 << 20;
const MAX_LOCALS: u64 = 2_000;
const MAX_BLOCKS: u64 = 4_096;
/// Control-flow operators of a function times its locals: what SSA construction and register allocation feel.
const MAX_FLOW: u64 = 4_000_000;

/// What a component says about itself from outside.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
}

fn bounded(what: &'static str, found: u64, limit: u64) -> Result<(), LoadError> {
    if found > limit { Err(LoadError::Screened { what, found, limit }) } else { Ok(()) }
}

fn malformed(error: wasmparser::BinaryReaderError) -> LoadError {
    LoadError::Malformed(error.to_string())
}

/// Tells what the file is, by its first bytes.
fn check_kind(bytes: &[u8]) -> Result<(), LoadError> {
    if bytes.is_empty() {
        return Err(LoadError::Empty);
    }
    if bytes.len() > MAX_BYTES {
        return Err(LoadError::TooLarge { bytes: bytes.len() as u64, limit: MAX_BYTES as u64 });
    }
    if wasmtime::Engine::detect_precompiled(bytes).is_some() || bytes.starts_with(b"\x7fELF") {
        return Err(LoadError::Precompiled);
    }
    if bytes.starts_with(b"(component") || bytes.starts_with(b"(module") {
        return Err(LoadError::NotWasm("this is the text format, which docket does not read".into()));
    }
    if !bytes.starts_with(b"\0asm") {
        return Err(LoadError::NotWasm("it does not start with the bytes of WebAssembly".into()));
    }
    Ok(())
}

/// Looks at all of it once.
pub(crate) fn screen(bytes: &[u8]) -> Result<Shape, LoadError> {
    check_kind(bytes)?;
    let mut shape = Shape::default();
    let mut totals = Totals::default();
    let mut depth: u64 = 0;
    for (n, payload) in Parser::new(0).parse_all(bytes).enumerate() {
        let payload = payload.map_err(malformed)?;
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } if n == 0 => {
                return Err(LoadError::CoreModule);
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                depth += 1;
                bounded("the nesting of components", depth, MAX_DEPTH)?;
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    shape.imports.push(import.map_err(malformed)?.name.full_name().into_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    shape.exports.push(export.map_err(malformed)?.name.full_name().into_owned());
                }
            }
            payload => totals.add(&payload)?,
        }
    }
    Ok(shape)
}

/// What counts over all modules of a component.
#[derive(Default)]
struct Totals {
    functions: u64,
    types: u64,
}

impl Totals {
    fn add(&mut self, payload: &Payload<'_>) -> Result<(), LoadError> {
        match payload {
            Payload::FunctionSection(section) => self.functions += u64::from(section.count()),
            Payload::TypeSection(section) => self.types += u64::from(section.count()),
            Payload::ComponentTypeSection(section) => self.types += u64::from(section.count()),
            Payload::CoreTypeSection(section) => self.types += u64::from(section.count()),
            Payload::CodeSectionEntry(body) => check_body(body)?,
            _ => {}
        }
        bounded("the number of functions", self.functions, MAX_FUNCTIONS)?;
        bounded("the number of types", self.types, MAX_TYPES)
    }
}

/// One function: its size, its locals, its nesting, and locals times control flow.
fn check_body(body: &FunctionBody<'_>) -> Result<(), LoadError> {
    let size = body.range().end.saturating_sub(body.range().start);
    bounded("the size of a function in bytes", size, MAX_BODY)?;
    let mut locals: u64 = 0;
    for group in body.get_locals_reader().map_err(malformed)? {
        locals += u64::from(group.map_err(malformed)?.0);
    }
    bounded("the locals of a function", locals, MAX_LOCALS)?;
    let (mut flow, mut depth) = (0u64, 0u64);
    let mut operators = body.get_operators_reader().map_err(malformed)?;
    while !operators.eof() {
        match operators.read().map_err(malformed)? {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                (flow, depth) = (flow + 1, depth + 1);
                bounded("the nesting of blocks in a function", depth, MAX_BLOCKS)?;
            }
            Operator::End => depth = depth.saturating_sub(1),
            Operator::Br { .. } | Operator::BrIf { .. } | Operator::BrTable { .. } | Operator::Return => {
                flow += 1
            }
            _ => {}
        }
    }
    bounded("locals times control flow of a function", flow.saturating_mul(locals), MAX_FLOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(bytes: &[u8]) -> &'static str {
        screen(bytes).unwrap_err().kind()
    }

    #[test]
    fn tells_what_a_file_is() {
        assert_eq!(kind(b""), "empty");
        assert_eq!(kind(b"hello"), "not_wasm");
        assert_eq!(kind(b"(component)"), "not_wasm");
        assert_eq!(kind(b"\0asm\x01\0\0\0"), "core_module");
        assert_eq!(kind(b"\x7fELF\x02\x01\x01"), "precompiled");
        assert_eq!(kind(b"\0asm\x0d\0\x01\0\xff"), "malformed");
        assert_eq!(kind(b"\0asm"), "malformed");
        assert_eq!(kind(&vec![0; MAX_BYTES + 1]), "too_large");
        assert_eq!(screen(b"\0asm\x0d\0\x01\0").unwrap(), Shape::default());
    }
}
