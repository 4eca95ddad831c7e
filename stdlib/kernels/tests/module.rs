//! What the checked-in modules may hold: no way out, no panic, nothing that differs between
//! two calls.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

use edge_kernels::bounds::BOUNDS;
use edge_kernels::table::KERNELS;
use edge_kernels::{WASM, WASM_FLOAT};
use wasmparser::{Encoding, Operator, Parser, Payload, Validator};

fn exports(module: &[u8]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ExportSection(section) = payload.unwrap() {
            names.extend(
                section
                    .into_iter()
                    .map(|export| export.unwrap().name.to_owned()),
            );
        }
    }
    names
}

#[test]
fn only_functions_one_memory_and_constants() {
    for module in [WASM, WASM_FLOAT] {
        Validator::new().validate_all(module).unwrap();
        for payload in Parser::new(0).parse_all(module) {
            match payload.unwrap() {
                Payload::Version { encoding, .. } => assert_eq!(encoding, Encoding::Module),
                Payload::MemorySection(section) => assert_eq!(section.count(), 1),
                Payload::GlobalSection(section) => {
                    let globals = section.into_iter().map(|global| global.unwrap().ty.mutable);
                    let mutable = globals.filter(|&mutable| mutable).count();
                    assert_eq!(mutable, 1, "the stack pointer");
                }
                Payload::CodeSectionEntry(body) => {
                    for operator in body.get_operators_reader().unwrap() {
                        check_operator(&operator.unwrap(), module == WASM);
                    }
                }
                Payload::CustomSection(section) => assert_eq!(section.name(), "edge.kernels"),
                Payload::TypeSection(_)
                | Payload::FunctionSection(_)
                | Payload::ExportSection(_)
                | Payload::DataCountSection { .. }
                | Payload::CodeSectionStart { .. }
                | Payload::DataSection(_)
                | Payload::End(_) => {}
                other => panic!("unexpected: {other:?}"),
            }
        }
    }
}

/// A panic would be `unreachable`. The crates behind the two float kernels assert what they have
/// proved, so there the operator may stand.
fn check_operator(operator: &Operator<'_>, no_panics: bool) {
    let harmless = match operator {
        Operator::CallIndirect { .. } | Operator::MemoryGrow { .. } => false,
        Operator::Unreachable => !no_panics,
        _ => true,
    };
    assert!(harmless, "{operator:?}");
}

#[test]
fn every_kernel_is_exported() {
    let names = exports(WASM_FLOAT);
    let without_floats = exports(WASM);
    let floats = ["float_format", "float_parse"].map(str::to_owned);
    assert_eq!(&without_floats | &BTreeSet::from(floats), names);
    let known = BOUNDS
        .iter()
        .map(|row| row.0)
        .chain(KERNELS.iter().map(|row| row.0));
    for name in known.chain([
        "memory",
        "__heap_base",
        "__data_end",
        "replace",
        "input_check",
    ]) {
        assert!(names.contains(name), "{name}");
    }
}
