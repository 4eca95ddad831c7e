//! The policies that are attacked: those of the conformance vectors, with their inputs.

use crate::{
    raw::Raw,
    vector::{Vector, unhex},
};
use edge_abi::manifest::Manifest;
use edge_compiler::source::NoFiles;
use std::{fs, path::Path};

/// A compiled policy and inputs that it is used to.
pub struct Target {
    pub name: String,
    pub wasm: Vec<u8>,
    pub manifest: Manifest,
    pub inputs: Vec<Vec<u8>>,
}

impl Target {
    pub fn fresh(&self) -> Raw {
        Raw::new(&self.wasm, &self.manifest)
    }
}

pub fn all() -> Vec<Target> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|file| file.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    let read = |file: &std::path::PathBuf| {
        let vector: Vector = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        let (wasm, manifest) = compile(&(vector.policy.join("\n") + "\n"));
        Target {
            name: file.file_stem().unwrap().to_string_lossy().into_owned(),
            wasm,
            manifest,
            inputs: vector.calls.iter().map(|call| unhex(&call.input)).collect(),
        }
    };
    files.iter().map(read).collect()
}

pub fn compile(policy: &str) -> (Vec<u8>, Manifest) {
    let (_, lowered) = edge_compiler::compile("policy.edge", policy, &NoFiles)
        .unwrap_or_else(|report| panic!("{report:?}"));
    (lowered.wasm, lowered.manifest)
}
