//! Compiled policies, and their own tests.

use edge_compiler::{Checked, Lowered};
use edge_host::engine::{Engine, EngineOptions, Policy};
use std::sync::{Arc, LazyLock};

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
