//! Policies on disk: compiled with the files beside them, and their own tests run.

use edge_compiler::{
    Checked, Lowered,
    diagnostics::Report,
    source::{LoadError, Loader},
};
use edge_host::engine::{Engine, EngineOptions, Policy};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

/// The files of one folder.
pub struct Folder(pub PathBuf);

impl Loader for Folder {
    fn load(&self, path: &str) -> Result<Vec<u8>, LoadError> {
        fs::read(self.0.join(path)).map_err(|_| LoadError::NotFound)
    }
}

/// Compiles a file, with the files of its folder.
pub fn compile(path: &Path) -> Result<(Checked, Lowered), Report> {
    let text = fs::read_to_string(path).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    let folder = Folder(path.parent().unwrap().to_owned());
    edge_compiler::compile(name, &text, &folder)
}

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::new(&EngineOptions::default()).unwrap());

/// A compiled policy, loaded as a host loads it.
pub fn load(wasm: &[u8]) -> Arc<Policy> {
    Arc::new(Policy::load(&ENGINE, wasm).unwrap())
}

/// Runs the `test` blocks of a policy.
pub fn run_tests(checked: &Checked, lowered: &Lowered) -> edge_host::testing::Report {
    let plan = edge_abi::test_plan::TestPlan {
        files: checked
            .sources
            .files
            .iter()
            .map(|file| file.name.clone())
            .collect(),
        tests: checked.hir.tests.clone(),
    };
    edge_host::testing::run(&load(&lowered.wasm), &plan)
}
