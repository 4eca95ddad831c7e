//! The structure of a WebAssembly module.

use edge_abi::MANIFEST_SECTION;
use serde::Serialize;
use wasmparser::{ExternalKind, Parser, Payload, Validator};

/// What a module is made of.
#[derive(Debug, Default, Serialize)]
pub struct Structure {
    /// Functions with a body.
    pub functions: u32,
    /// `module.name` of what it needs; a policy needs nothing.
    pub imports: Vec<String>,
    /// What it offers.
    pub exports: Vec<Export>,
    /// Its sections, in order; together with the header, all of its bytes.
    pub sections: Vec<Section>,
}

/// Something that a module offers.
#[derive(Debug, Serialize)]
pub struct Export {
    /// Its name.
    pub name: String,
    /// `func`, `memory`, `global` …
    pub kind: &'static str,
}

/// A section.
#[derive(Debug, Serialize)]
pub struct Section {
    /// What it holds; custom sections by their own name.
    pub name: String,
    /// Its content, in bytes.
    pub bytes: u64,
}

/// Reads a module's structure and finds its manifest.
pub fn read(wasm: &[u8]) -> Result<(Structure, &[u8]), String> {
    if !wasm.starts_with(b"\0asm") {
        return Err("it is not WebAssembly".to_owned());
    }
    if !Parser::is_core_wasm(wasm) {
        return Err("it is WebAssembly, but not a core module".to_owned());
    }
    Validator::new()
        .validate_all(wasm)
        .map_err(|error| format!("it is not valid WebAssembly: {error}"))?;
    let mut structure = Structure::default();
    let mut manifest = None;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(|error| error.to_string())?;
        structure
            .take(&payload)
            .map_err(|error| error.to_string())?;
        if let Payload::CustomSection(section) = &payload
            && section.name() == MANIFEST_SECTION
        {
            manifest = Some(section.data());
        }
    }
    let manifest = manifest.ok_or(format!("it has no section `{MANIFEST_SECTION}`"))?;
    Ok((structure, manifest))
}

impl Structure {
    fn take(&mut self, payload: &Payload<'_>) -> wasmparser::Result<()> {
        if let Some((id, range)) = payload.as_section() {
            let name = match payload {
                Payload::CustomSection(section) => section.name().to_owned(),
                _ => section_name(id).to_owned(),
            };
            self.sections.push(Section {
                name,
                bytes: range.end.saturating_sub(range.start),
            });
        }
        match payload {
            Payload::CodeSectionStart { count, .. } => self.functions = *count,
            Payload::ImportSection(imports) => {
                for import in imports.clone().into_imports() {
                    let import = import?;
                    self.imports
                        .push(format!("{}.{}", import.module, import.name));
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports.clone() {
                    let export = export?;
                    self.exports.push(Export {
                        name: export.name.to_owned(),
                        kind: kind_name(export.kind),
                    });
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The name of a section in the WebAssembly specification, by its id.
fn section_name(id: u8) -> &'static str {
    match id {
        1 => "type",
        2 => "import",
        3 => "function",
        4 => "table",
        5 => "memory",
        6 => "global",
        7 => "export",
        8 => "start",
        9 => "element",
        10 => "code",
        11 => "data",
        12 => "data count",
        13 => "tag",
        _ => "other",
    }
}

fn kind_name(kind: ExternalKind) -> &'static str {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => "func",
        ExternalKind::Table => "table",
        ExternalKind::Memory => "memory",
        ExternalKind::Global => "global",
        ExternalKind::Tag => "tag",
    }
}
