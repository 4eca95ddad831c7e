//! Unused functions out: the kernels that a policy doesn't call, and what only they need.

use wasm_encoder::{CodeSection, RawSection};
use wasmparser::{FunctionBody, Operator, Parser, Payload};

/// Why a module can't be linked: a defect of the compiler, not of a policy.
#[derive(Debug, thiserror::Error)]
#[error("the module can't be linked: {0}")]
pub struct LinkError(String);

impl From<wasmparser::BinaryReaderError> for LinkError {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        LinkError(error.to_string())
    }
}

/// Drops what no export reaches.
///
/// # Errors
/// When the module is not valid.
pub fn link(wasm: &[u8]) -> Result<Vec<u8>, LinkError> {
    let mut config = walrus::ModuleConfig::new();
    config
        .generate_name_section(false)
        .generate_producers_section(false);
    let mut module = config
        .parse(wasm)
        .map_err(|error| LinkError(format!("{error:#}")))?;
    walrus::passes::gc::run(&mut module);
    without_empty_else(&module.emit_wasm())
}

/// The module without the `else`s that nothing follows: walrus writes one for every `if`.
fn without_empty_else(wasm: &[u8]) -> Result<Vec<u8>, LinkError> {
    let mut module = wasm_encoder::Module::new();
    let mut code = CodeSection::new();
    let mut left = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::CodeSectionStart { count, .. } => left = count,
            Payload::CodeSectionEntry(body) => {
                code.raw(&trimmed(&body)?);
                left -= 1;
                if left == 0 {
                    module.section(&code);
                }
            }
            other => {
                if let Some((id, range)) = other.as_section() {
                    let data = wasm
                        .get(place(range.start)..place(range.end))
                        .unwrap_or_default();
                    module.section(&RawSection { id, data });
                }
            }
        }
    }
    Ok(module.finish())
}

/// A function's bytes without its empty `else`s. An `else` is one byte and no label.
fn trimmed(body: &FunctionBody<'_>) -> Result<Vec<u8>, LinkError> {
    let bytes = body.as_bytes();
    let start = body.range().start;
    let mut kept = Vec::with_capacity(bytes.len());
    let mut from = 0;
    let mut last_else = None;
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let (operator, offset) = operators.read_with_offset()?;
        let offset = place(offset - start);
        if let (Operator::End, Some(at)) = (&operator, last_else) {
            kept.extend_from_slice(bytes.get(from..at).unwrap_or_default());
            from = offset;
        }
        last_else = matches!(operator, Operator::Else).then_some(offset);
    }
    kept.extend_from_slice(bytes.get(from..).unwrap_or_default());
    Ok(kept)
}

/// An offset in a module, which lies in memory.
fn place(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
