//! How large the examples' modules are, and what of.

use crate::{
    Outcome,
    clock::Budget,
    examples::Example,
    report::{Cell, Section},
};
use wasmparser::{Parser, Payload};

/// The sizes of each example's module.
pub fn measure(_: &Budget) -> Outcome<Vec<Section>> {
    let mut rows = Vec::new();
    for example in Example::all()? {
        let sizes = Sizes::of(&example.lower()?.wasm)?;
        rows.push(vec![
            Cell::text(example.name),
            Cell::Count(sizes.module),
            Cell::Count(sizes.code),
            Cell::Count(sizes.data),
            Cell::Count(sizes.manifest),
            Cell::Count(sizes.functions),
        ]);
    }
    Ok(vec![Section {
        title: "Sizes of modules, bytes".into(),
        columns: vec!["example", "module", "code", "data", "manifest", "functions"],
        rows,
    }])
}

/// The parts of a module.
#[derive(Debug, Default)]
struct Sizes {
    module: u64,
    code: u64,
    data: u64,
    manifest: u64,
    functions: u64,
}

impl Sizes {
    fn of(wasm: &[u8]) -> Outcome<Sizes> {
        let mut sizes = Sizes {
            module: wasm.len() as u64,
            ..Sizes::default()
        };
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::CodeSectionStart { size, count, .. } => {
                    sizes.code = u64::from(size);
                    sizes.functions = u64::from(count);
                }
                Payload::DataSection(section) => {
                    let range = section.range();
                    sizes.data = range.end - range.start;
                }
                Payload::CustomSection(section) if section.name() == edge_abi::MANIFEST_SECTION => {
                    sizes.manifest = section.data().len() as u64;
                }
                _ => {}
            }
        }
        Ok(sizes)
    }
}
