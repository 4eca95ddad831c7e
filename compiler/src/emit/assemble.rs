//! The sections of the module.

use super::{EmitError, Emitter, Key, Module, kernels::initial};
use edge_abi::{VERSION, export, manifest::Line};
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, ExportKind, ExportSection, FunctionSection, GlobalSection,
    GlobalType, MemorySection, MemoryType, TypeSection, ValType,
};

const PAGE: u32 = 65536;

impl Emitter<'_> {
    /// Puts everything together.
    pub(super) fn assemble(self, input_limit: u32, output: Line) -> Result<Module, EmitError> {
        let regions = self.constants.end().next_multiple_of(16);
        let end = u64::from(regions) + u64::from(self.layout.end);
        let pages =
            u32::try_from(end.div_ceil(u64::from(PAGE))).map_err(|_| EmitError::Memory(end))?;
        let mut module = wasm_encoder::Module::new();
        module.section(&self.type_section());
        module.section(&self.function_section());
        let mut memories = MemorySection::new();
        let pages64 = u64::from(pages);
        memories.memory(MemoryType {
            minimum: pages64,
            maximum: Some(pages64),
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        module.section(&memories);
        module.section(&self.global_section());
        module.section(&self.export_section());
        module.section(&self.code_section(regions));
        module.section(&self.data_section());
        Ok(Module {
            wasm: module.finish(),
            slots: self.plan.slots.clone(),
            input_limit,
            output,
            fuel: super::bounds::add(super::bounds::fuel(self.graph), self.streams.fuel()),
            memory: pages * PAGE,
            finishes: super::plan::finishes(self.graph),
            costs: self.costs(),
        })
    }

    fn type_section(&self) -> TypeSection {
        let mut section = TypeSection::new();
        for (params, results) in &self.types {
            section
                .ty()
                .function(params.iter().copied(), results.iter().copied());
        }
        section
    }

    fn function_section(&self) -> FunctionSection {
        let mut section = FunctionSection::new();
        for ty in self
            .kernels
            .functions
            .iter()
            .chain(self.functions.iter().map(|(ty, _)| ty))
        {
            section.function(*ty);
        }
        section
    }

    /// The kernels' globals, then free space, next effect, count of edits, ABI version.
    fn global_section(&self) -> GlobalSection {
        let mut section = GlobalSection::new();
        for (ty, value) in &self.kernels.globals {
            section.global(*ty, &initial(ty, *value));
        }
        let variable = GlobalType {
            val_type: ValType::I32,
            mutable: true,
            shared: false,
        };
        for _ in 0..3 {
            section.global(variable, &ConstExpr::i32_const(0));
        }
        let constant = GlobalType {
            mutable: false,
            ..variable
        };
        section.global(constant, &ConstExpr::i32_const(i32::from(VERSION)));
        section
    }

    fn export_section(&self) -> ExportSection {
        let mut section = ExportSection::new();
        let function = |key| self.index.get(&key).copied().unwrap_or(u32::MAX);
        section.export(export::MEMORY, ExportKind::Memory, 0);
        section.export(export::ABI, ExportKind::Global, self.edits() + 1);
        section.export(export::INPUT, ExportKind::Func, function(Key::Input));
        section.export(export::RUN, ExportKind::Func, function(Key::Run));
        section
    }

    fn code_section(&self, regions: u32) -> CodeSection {
        let mut section = CodeSection::new();
        for body in &self.kernels.bodies {
            section.raw(body);
        }
        for (_, code) in &self.functions {
            if let Some(code) = code {
                section.function(&code.finish(regions));
            }
        }
        section
    }

    fn data_section(&self) -> DataSection {
        let mut section = DataSection::new();
        let constants = (self.constants.base(), self.constants.all());
        let kernels = self
            .kernels
            .data
            .iter()
            .map(|(at, bytes)| (*at, bytes.as_slice()));
        for (address, bytes) in kernels.chain([constants]) {
            for (offset, piece) in segments(bytes) {
                let at = ConstExpr::i32_const(address.saturating_add(offset).cast_signed());
                section.active(0, &at, piece.iter().copied());
            }
        }
        section
    }
}

/// A row of zeros that is longer than what another segment costs.
const ZEROS: usize = 9;
/// The most segments of some data: engines have limits.
const SEGMENTS: usize = 10_000;

/// Some data without its longer rows of zeros: memory is zero to begin with.
fn segments(bytes: &[u8]) -> Vec<(u32, &[u8])> {
    let mut zeros = ZEROS;
    loop {
        let pieces = without_zeros(bytes, zeros);
        if pieces.len() <= SEGMENTS {
            return pieces;
        }
        zeros *= 4;
    }
}

/// The pieces of some data between rows of more than so many zeros, with their offsets.
fn without_zeros(bytes: &[u8], zeros: usize) -> Vec<(u32, &[u8])> {
    let mut pieces = Vec::new();
    let (mut start, mut end) = (0, 0);
    let used = bytes.iter().enumerate().filter(|(_, byte)| **byte != 0);
    for at in used.map(|(at, _)| at).chain([bytes.len() + zeros + 1]) {
        if at - end > zeros {
            let piece = bytes.get(start..end).unwrap_or_default();
            if !piece.is_empty() {
                pieces.push((u32::try_from(start).unwrap_or(u32::MAX), piece));
            }
            start = at;
        }
        end = at + 1;
    }
    pieces
}
