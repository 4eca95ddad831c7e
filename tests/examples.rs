//! Every example: its tests pass, its module is small, closed and reproducible.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "support/folder.rs"]
mod folder;
#[path = "support/policy.rs"]
mod policy;

use edge_compiler::Lowered;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The longest module, manifest included, in bytes.
const LIMIT: usize = 32 << 10;
/// The same for small jobs.
const SMALL: &[(&str, usize)] = &[
    ("geo-routing", 8 << 10),
    ("ab-testing", 8 << 10),
    ("waf-basics", 8 << 10),
];

/// The policies of `examples/`, with the names of their folders.
fn examples() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let names = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    let mut found: Vec<(String, PathBuf)> = names
        .map(|name| (name.clone(), folder.join(name).join("policy.edge")))
        .collect();
    found.sort();
    assert!(found.len() >= 6, "{found:?}");
    found
}

fn modules() -> Vec<(String, Lowered)> {
    let build = |(name, path): (String, PathBuf)| {
        let (_, lowered) =
            folder::compile(&path).unwrap_or_else(|report| panic!("{name}: {report:?}"));
        (name, lowered)
    };
    examples().into_iter().map(build).collect()
}

#[test]
fn the_tests_of_every_example_pass() {
    let mut failed = Vec::new();
    for (name, path) in examples() {
        let (checked, lowered) =
            folder::compile(&path).unwrap_or_else(|report| panic!("{name}: {report:?}"));
        let report = policy::run_tests(&checked, &lowered);
        assert!(report.tests.len() >= 3, "{name} has few tests");
        if !report.is_success() {
            failed.push(format!("{name}:\n{report}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn no_module_imports_anything() {
    for (name, lowered) in modules() {
        wasmparser::validate(&lowered.wasm).unwrap();
        for payload in wasmparser::Parser::new(0).parse_all(&lowered.wasm) {
            if let wasmparser::Payload::ImportSection(section) = payload.unwrap() {
                assert_eq!(section.count(), 0, "{name}");
            }
        }
    }
}

#[test]
fn modules_are_small() {
    let mut large = Vec::new();
    for (name, lowered) in modules() {
        let limit = SMALL
            .iter()
            .find(|(small, _)| *small == name)
            .map_or(LIMIT, |(_, limit)| *limit);
        println!("{name}: {} bytes of at most {limit}", lowered.wasm.len());
        if lowered.wasm.len() > limit {
            large.push(name);
        }
    }
    assert!(large.is_empty(), "{large:?}");
}

#[test]
fn the_same_sources_give_the_same_bytes() {
    for ((name, once), (_, again)) in modules().into_iter().zip(modules()) {
        assert!(once.wasm == again.wasm, "{name}");
    }
}

#[test]
fn every_function_of_a_module_is_reachable() {
    for (name, lowered) in modules() {
        let mut module = walrus::Module::from_buffer(&lowered.wasm).unwrap();
        let before = module.funcs.iter().count();
        walrus::passes::gc::run(&mut module);
        assert_eq!(module.funcs.iter().count(), before, "{name}");
    }
}

/// Binaryen's `wasm-opt`, the usual size optimiser, finds under 2 % to remove.
#[test]
fn little_is_left_to_optimise() {
    if Command::new("wasm-opt").arg("--version").output().is_err() {
        assert!(
            std::env::var_os("CI").is_none(),
            "wasm-opt is missing (package `binaryen`)"
        );
        println!("skipped: needs wasm-opt");
        return;
    }
    let mut wasteful = Vec::new();
    let folder = tempfile::tempdir().unwrap();
    for (name, lowered) in modules() {
        let (before, after) = (
            folder.path().join("in.wasm"),
            folder.path().join("out.wasm"),
        );
        fs::write(&before, &lowered.wasm).unwrap();
        let features = [
            "--enable-bulk-memory",
            "--enable-simd",
            "--enable-sign-ext",
            "--enable-mutable-globals",
            "--enable-nontrapping-float-to-int",
            "--enable-multivalue",
        ];
        let done = Command::new("wasm-opt")
            .arg("-O4")
            .args(features)
            .arg(&before)
            .arg("-o")
            .arg(&after)
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
        let (old, new) = (
            lowered.wasm.len(),
            fs::metadata(&after).unwrap().len() as usize,
        );
        println!("{name}: {old} bytes, {new} after wasm-opt");
        if old.saturating_sub(new) * 50 >= old {
            wasteful.push(name);
        }
    }
    assert!(wasteful.is_empty(), "{wasteful:?}");
}
