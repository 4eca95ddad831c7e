//! The kernels' module, taken apart: its functions come first in every policy's module, so
//! that their indices, types and globals stay what they are.

use std::collections::HashMap;
use wasm_encoder::{ConstExpr, GlobalType, ValType, reencode::Reencode};
use wasmparser::{ExternalKind, Operator, Parser, Payload};

/// A signature.
pub(super) type Signature = (Vec<ValType>, Vec<ValType>);

/// The kernels, ready to be put into a module.
#[derive(Debug, Default)]
pub(super) struct Kernels {
    /// Types, by index.
    pub types: Vec<Signature>,
    /// The type of each function.
    pub functions: Vec<u32>,
    /// Bodies of the functions.
    pub bodies: Vec<Vec<u8>>,
    /// Globals with their initial values.
    pub globals: Vec<(GlobalType, i64)>,
    /// Address and bytes of the data.
    pub data: Vec<(u32, Vec<u8>)>,
    /// Functions by the name of their export.
    pub exports: HashMap<String, u32>,
    /// Where the kernels' memory ends.
    pub heap_base: u32,
}

/// The kernels' module is part of the compiler; this says that it is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the kernels' module can't be used: {0}")]
pub struct BadKernels(String);

impl From<wasmparser::BinaryReaderError> for BadKernels {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        BadKernels(error.to_string())
    }
}

impl Kernels {
    /// Takes a module apart.
    pub fn read(wasm: &[u8]) -> Result<Kernels, BadKernels> {
        let mut kernels = Kernels::default();
        let mut heap_base = None;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::TypeSection(types) => {
                    for ty in types.into_iter_err_on_gc_types() {
                        kernels.types.push(signature(&ty?)?);
                    }
                }
                Payload::FunctionSection(functions) => {
                    for ty in functions {
                        kernels.functions.push(ty?);
                    }
                }
                Payload::GlobalSection(globals) => {
                    for global in globals {
                        let global = global?;
                        kernels.globals.push(read_global(&global)?);
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        match export.kind {
                            ExternalKind::Func => {
                                kernels.exports.insert(export.name.to_owned(), export.index);
                            }
                            ExternalKind::Global if export.name == "__heap_base" => {
                                heap_base = Some(export.index)
                            }
                            _ => {}
                        }
                    }
                }
                Payload::CodeSectionEntry(body) => kernels.bodies.push(body.as_bytes().to_vec()),
                Payload::DataSection(data) => {
                    for segment in data {
                        kernels.data.push(read_segment(&segment?)?);
                    }
                }
                Payload::ImportSection(_) => return Err(BadKernels("it has imports".into())),
                Payload::ElementSection(_) | Payload::TableSection(_) => {
                    return Err(BadKernels("it has a table".into()));
                }
                _ => {}
            }
        }
        let base = heap_base.and_then(|index| kernels.globals.get(index as usize));
        let base = base.ok_or_else(|| BadKernels("it does not export `__heap_base`".into()))?;
        kernels.heap_base =
            u32::try_from(base.1).map_err(|_| BadKernels("its memory is too large".into()))?;
        Ok(kernels)
    }
}

fn signature(ty: &wasmparser::FuncType) -> Result<Signature, BadKernels> {
    let list = |types: &[wasmparser::ValType]| {
        types
            .iter()
            .map(|ty| wasm_encoder::reencode::RoundtripReencoder.val_type(*ty))
            .collect::<Result<Vec<_>, _>>()
    };
    let bad = |error: wasm_encoder::reencode::Error| BadKernels(error.to_string());
    Ok((
        list(ty.params()).map_err(bad)?,
        list(ty.results()).map_err(bad)?,
    ))
}

fn read_global(global: &wasmparser::Global<'_>) -> Result<(GlobalType, i64), BadKernels> {
    let ty = wasm_encoder::reencode::RoundtripReencoder
        .global_type(global.ty)
        .map_err(|error| BadKernels(error.to_string()))?;
    Ok((ty, constant(&global.init_expr)?))
}

fn read_segment(segment: &wasmparser::Data<'_>) -> Result<(u32, Vec<u8>), BadKernels> {
    let wasmparser::DataKind::Active { offset_expr, .. } = &segment.kind else {
        return Err(BadKernels("it has passive data".into()));
    };
    let address = u32::try_from(constant(offset_expr)?)
        .map_err(|_| BadKernels("its data is out of range".into()))?;
    Ok((address, segment.data.to_vec()))
}

fn constant(expr: &wasmparser::ConstExpr<'_>) -> Result<i64, BadKernels> {
    match expr.get_operators_reader().read()? {
        Operator::I32Const { value } => Ok(i64::from(value)),
        Operator::I64Const { value } => Ok(value),
        _ => Err(BadKernels("a constant is not a number".into())),
    }
}

/// The initial value of a global as an expression.
pub(super) fn initial(ty: &GlobalType, value: i64) -> ConstExpr {
    match ty.val_type {
        ValType::I64 => ConstExpr::i64_const(value),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it was read from an `i32.const`"
        )]
        _ => ConstExpr::i32_const(value as i32),
    }
}
