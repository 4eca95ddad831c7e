//! Is this module a policy? What can be seen without compiling it.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

use edge_abi::manifest::Manifest;
use edge_abi::{MANIFEST_SECTION, export};
use wasmparser::{ConstExpr, ExternalKind, MemoryType, Operator, Parser, Payload};

/// Most bytes of memory that a policy may have.
pub const MEMORY_CAP: u64 = 256 << 20;

/// Why bytes are not a policy that this host can run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Not valid WebAssembly.
    #[error("not a valid WebAssembly module: {0}")]
    Wasm(String),
    /// A component or something else that is not a core module.
    #[error("not a core WebAssembly module")]
    NotAModule,
    /// It imports something: a policy can reach nothing.
    #[error("the module imports `{0}`; a policy has no imports")]
    Import(String),
    /// It wants to run code before it is asked.
    #[error("the module has a start function; a policy runs only when it is called")]
    Start,
    /// Its memory is not as the ABI says.
    #[error("the module's memory {0}")]
    Memory(&'static str),
    /// An export of the ABI is missing.
    #[error("the module does not export `{0}`")]
    MissingExport(&'static str),
    /// An export has another type than the ABI says.
    #[error("the module's export `{0}` has another type than the ABI says")]
    ExportType(&'static str),
    /// An export that the ABI does not know.
    #[error("the module exports `{0}`, which is not a part of the ABI")]
    UnknownExport(String),
    /// Another version of the ABI.
    #[error("the module speaks version {0} of the ABI; this host speaks version 1")]
    Version(i64),
    /// There is no manifest.
    #[error("the module has no section `edge.manifest`")]
    MissingManifest,
    /// There are several manifests.
    #[error("the module has more than one section `edge.manifest`")]
    ManyManifests,
    /// The manifest can't be read: also an unknown fact, kind or capability, by name.
    #[error("the manifest can't be read: {0}")]
    Manifest(String),
    /// The module is not the one that the manifest was made for.
    #[error(
        "the module's bytes have changed since it was built: their SHA-256 is {0}; build it again"
    )]
    Digest(String),
    /// The manifest contradicts itself.
    #[error("the manifest is wrong: {0}")]
    Inconsistent(String),
}

/// Whether a host would take this module, as far as can be said without compiling it.
///
/// # Errors
/// Why it would not.
pub fn check(wasm: &[u8]) -> Result<(), LoadError> {
    inspect(wasm).map(drop)
}

/// Reads a module's structure and its manifest, and refuses what is not as the ABI says.
pub(super) fn inspect(wasm: &[u8]) -> Result<Manifest, LoadError> {
    if !Parser::is_core_wasm(wasm) {
        return Err(LoadError::NotAModule);
    }
    let mut found = Found::default();
    let mut end = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(|error| invalid(&error))?;
        let section = payload.as_section().map(|(_, range)| range.end);
        if matches!(&payload, Payload::CustomSection(section) if section.name() == MANIFEST_SECTION)
        {
            found.place = end..payload.as_section().map_or(end, |(_, range)| range.end);
        }
        end = section.unwrap_or(end);
        found.take(payload)?;
    }
    found.judge_memory()?;
    found.judge_exports()?;
    let manifest: Manifest =
        serde_json::from_slice(found.manifest.ok_or(LoadError::MissingManifest)?)
            .map_err(|error| LoadError::Manifest(error.to_string()))?;
    super::consistency::check(&manifest)?;
    // A guest that was written by hand need not say it.
    if !manifest.module_digest.is_empty() {
        found.judge_digest(wasm, &manifest.module_digest)?;
    }
    Ok(manifest)
}

/// What matters of a module's sections.
#[derive(Default)]
struct Found<'a> {
    manifest: Option<&'a [u8]>,
    /// Where the manifest's section is.
    place: std::ops::Range<u64>,
    memories: Vec<MemoryType>,
    /// The constant that each global begins with, if it is an immutable `i32`.
    globals: Vec<Option<i32>>,
    exports: BTreeMap<&'a str, (ExternalKind, u32)>,
}

impl<'a> Found<'a> {
    fn take(&mut self, payload: Payload<'a>) -> Result<(), LoadError> {
        match payload {
            Payload::ImportSection(imports) => {
                if let Some(import) = imports.into_imports().next() {
                    let import = import.map_err(|error| invalid(&error))?;
                    return Err(LoadError::Import(format!(
                        "{}.{}",
                        import.module, import.name
                    )));
                }
            }
            Payload::StartSection { .. } => return Err(LoadError::Start),
            Payload::MemorySection(memories) => {
                for memory in memories {
                    self.memories.push(memory.map_err(|error| invalid(&error))?);
                }
            }
            Payload::GlobalSection(globals) => {
                for global in globals {
                    let global = global.map_err(|error| invalid(&error))?;
                    let constant = (!global.ty.mutable)
                        .then(|| constant(&global.init_expr))
                        .flatten();
                    self.globals.push(constant);
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export.map_err(|error| invalid(&error))?;
                    self.exports
                        .insert(export.name, (export.kind, export.index));
                }
            }
            Payload::CustomSection(section) if section.name() == MANIFEST_SECTION => {
                let earlier = self.manifest.replace(section.data());
                return earlier.map_or(Ok(()), |_| Err(LoadError::ManyManifests));
            }
            _ => {}
        }
        Ok(())
    }

    /// The digest is over the module without the manifest.
    fn judge_digest(&self, wasm: &[u8], expected: &str) -> Result<(), LoadError> {
        let [start, end] =
            [self.place.start, self.place.end].map(|at| usize::try_from(at).unwrap_or(usize::MAX));
        let mut hash = Sha256::new();
        hash.update(wasm.get(..start).unwrap_or(wasm));
        hash.update(wasm.get(end..).unwrap_or_default());
        let digest = hash.finalize();
        let digest = digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>();
        if digest == expected {
            Ok(())
        } else {
            Err(LoadError::Digest(digest))
        }
    }

    fn judge_memory(&self) -> Result<(), LoadError> {
        let [memory] = self.memories.as_slice() else {
            return Err(LoadError::Memory("must be exactly one"));
        };
        if memory.memory64 || memory.shared || memory.page_size_log2.is_some() {
            return Err(LoadError::Memory("must be a plain 32-bit one"));
        }
        if memory.maximum != Some(memory.initial) {
            return Err(LoadError::Memory("must have a maximum that is its minimum"));
        }
        if memory.initial.saturating_mul(64 << 10) > MEMORY_CAP {
            return Err(LoadError::Memory("is larger than 256 MiB"));
        }
        Ok(())
    }

    fn judge_exports(&self) -> Result<(), LoadError> {
        const EXPECTED: [(&str, ExternalKind); 4] = [
            (export::MEMORY, ExternalKind::Memory),
            (export::ABI, ExternalKind::Global),
            (export::INPUT, ExternalKind::Func),
            (export::RUN, ExternalKind::Func),
        ];
        for (name, kind) in EXPECTED {
            match self.exports.get(name) {
                None => return Err(LoadError::MissingExport(name)),
                Some((found, _)) if *found != kind => return Err(LoadError::ExportType(name)),
                Some(_) => {}
            }
        }
        if let Some(name) = self
            .exports
            .keys()
            .find(|name| EXPECTED.iter().all(|(known, _)| known != *name))
        {
            return Err(LoadError::UnknownExport((*name).to_owned()));
        }
        let abi = self
            .exports
            .get(export::ABI)
            .and_then(|(_, index)| self.globals.get(*index as usize));
        match abi.copied().flatten() {
            Some(version) if version == i32::from(edge_abi::VERSION) => Ok(()),
            Some(version) => Err(LoadError::Version(i64::from(version))),
            None => Err(LoadError::ExportType(export::ABI)),
        }
    }
}

/// The value of `i32.const N end`.
fn constant(expression: &ConstExpr<'_>) -> Option<i32> {
    let mut operators = expression.get_operators_reader();
    let Ok(Operator::I32Const { value }) = operators.read() else {
        return None;
    };
    matches!(operators.read(), Ok(Operator::End)).then_some(value)
}

fn invalid(error: &wasmparser::BinaryReaderError) -> LoadError {
    LoadError::Wasm(error.to_string())
}
