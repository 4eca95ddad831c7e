//! What linking one kernel costs: the code of everything that its export reaches.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use wasmparser::{ExternalKind, Operator, Parser, Payload};

use crate::{Done, kernels};

/// Prints each export with its code bytes, and the sums.
pub fn print() -> Done {
    let module = fs::read(kernels::path("kernels_float.wasm"))?;
    let mut functions: Vec<(u64, BTreeSet<u32>)> = Vec::new();
    let mut exports = BTreeMap::new();
    let mut data = 0;
    for payload in Parser::new(0).parse_all(&module) {
        match payload? {
            Payload::CodeSectionEntry(body) => {
                let mut calls = BTreeSet::new();
                for operator in body.get_operators_reader()? {
                    if let Operator::Call { function_index } = operator? {
                        calls.insert(function_index);
                    }
                }
                let range = body.range();
                functions.push((range.end - range.start, calls));
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        exports.insert(export.name.to_owned(), export.index);
                    }
                }
            }
            Payload::DataSection(section) => {
                for segment in section {
                    data += segment?.data.len();
                }
            }
            _ => {}
        }
    }
    for (name, index) in exports {
        println!("{:7} {name}", reached(&functions, index));
    }
    let code: u64 = functions.iter().map(|function| function.0).sum();
    println!("{code:7} all code\n{data:7} data");
    Ok(())
}

fn reached(functions: &[(u64, BTreeSet<u32>)], start: u32) -> u64 {
    let mut seen = BTreeSet::new();
    let mut open = vec![start];
    let mut sum = 0;
    while let Some(index) = open.pop() {
        if seen.insert(index)
            && let Some((size, calls)) = functions.get(index as usize)
        {
            sum += size;
            open.extend(calls);
        }
    }
    sum
}
