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
                    let operators = body.get_operators_reader().unwrap();
                    let operators = operators.into_iter().map(Result::unwrap);
                    let reached = reached(operators.collect());
                    // The crates behind the float kernels assert what they have proved.
                    assert!(module == WASM_FLOAT || !reached, "a panic is left");
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

/// Whether control can come to an `unreachable`, which is what a panic is here. The operator also
/// stands, for validation's sake, where no control comes.
fn reached(operators: Vec<Operator<'_>>) -> bool {
    let mut live = true;
    let mut frames = vec![Frame::default()];
    for operator in operators {
        let mut branch = |depth: u32| {
            let frame = frames.iter_mut().nth_back(depth as usize).unwrap();
            frame.end |= live && !frame.is_loop;
        };
        match operator {
            Operator::Unreachable if live => return true,
            Operator::CallIndirect { .. } | Operator::MemoryGrow { .. } => panic!("{operator:?}"),
            Operator::Block { .. } => frames.push(Frame::default()),
            Operator::Loop { .. } => frames.push(Frame {
                is_loop: true,
                ..Frame::default()
            }),
            Operator::If { .. } => frames.push(Frame {
                no_else: live,
                ..Frame::default()
            }),
            Operator::Else => {
                let frame = frames.last_mut().unwrap();
                frame.end |= live;
                live = std::mem::take(&mut frame.no_else);
            }
            Operator::End => {
                let frame = frames.pop().unwrap();
                live |= frame.end || frame.no_else;
            }
            Operator::BrIf { relative_depth } => branch(relative_depth),
            Operator::Br { relative_depth } => {
                branch(relative_depth);
                live = false;
            }
            Operator::BrTable { targets } => {
                targets.targets().map(Result::unwrap).for_each(&mut branch);
                branch(targets.default());
                live = false;
            }
            Operator::Return | Operator::Unreachable => live = false,
            _ => {}
        }
    }
    false
}

#[derive(Default)]
struct Frame {
    /// A branch to a loop goes back to its beginning.
    is_loop: bool,
    /// Control comes to the frame's end in some way seen so far.
    end: bool,
    /// Control came to an `if` that has had no `else` yet.
    no_else: bool,
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
